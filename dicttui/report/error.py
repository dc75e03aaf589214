"""What goes wrong on the way out."""


class ReportError(Exception):
    """An export or a report cannot be made; the message says to a person what and where, and what
    to do.
    """
