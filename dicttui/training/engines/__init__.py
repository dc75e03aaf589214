"""Ways to make steps, one file each, all with the same results."""
