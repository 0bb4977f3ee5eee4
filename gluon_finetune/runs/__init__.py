"""Training runs in a directory: checkpoints, resuming, interrupts."""
