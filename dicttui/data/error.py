"""What goes wrong with data."""


class DataError(Exception):
    """Samples that cannot be used: what is wrong, where, and what to do about it."""
