"""Exchanging weights with PyTorch; imported only when asked for, as PyTorch is optional."""
