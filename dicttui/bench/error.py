"""What can go wrong while it is measured."""


class BenchError(Exception):
    """Something cannot be measured here; the message is for a person."""
