"""Images: where they come from, which can be used, and how they become mini-batches."""
