"""Compares this package with PyTorch, step by step; nothing else of the package needs it."""
