"""Training runs kept in a directory: checkpoints, resuming, interrupts."""
