"""What works in this installation, what does not, and what to do: the command `doctor`."""
