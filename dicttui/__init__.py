"""Watch dictionary networks train in the terminal, one optimizer beside another.

Importing this package imports nothing else: neither torch nor Textual is loaded until a
command needs it.
"""

__version__ = "0.1.0"
