"""What is measured on a run: pure functions, one matter a file."""
