"""Step-by-step comparison with PyTorch."""
