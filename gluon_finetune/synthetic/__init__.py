"""Procedural images for the demo, the tests and the parity checks."""
