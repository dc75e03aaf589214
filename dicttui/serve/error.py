"""The error of this room."""


class ServeError(Exception):
    """An experiment cannot be served, started or attached to; the message is for a person."""


class WireError(ServeError):
    """What came through a socket is not what this version of dicttui writes."""
