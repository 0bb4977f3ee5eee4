"""Conversion of weights from and to PyTorch, which is optional."""
