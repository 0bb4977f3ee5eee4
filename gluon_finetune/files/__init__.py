"""Files: reading, writing, locking, downloading and unpacking; no images and no networks."""
