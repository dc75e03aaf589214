"""Where samples come from. The batch of a step is a function of (seed, step) alone."""
