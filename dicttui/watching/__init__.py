"""The training loop of a person's own program, watched: recorded, served, examined."""
