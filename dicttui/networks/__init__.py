"""Dictionary networks, one file a family."""
