"""Training a network: devices, loop, evaluation, history."""
