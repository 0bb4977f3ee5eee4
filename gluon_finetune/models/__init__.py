"""Networks: sources, fine-tuning, output layers, freezing, other graphs, weight files."""
