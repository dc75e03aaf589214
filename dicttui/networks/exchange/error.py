"""What goes wrong when weights are exchanged."""


class ExchangeError(Exception):
    """Weights cannot be written in a form, or read from one; the message says why, and what to do
    instead.
    """
