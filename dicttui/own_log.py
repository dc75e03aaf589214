"""The log file, for rooms that know nothing of the command line."""

import contextlib
import logging

from dicttui.own_state import log_file


class LogFile(logging.FileHandler):
    """A log that cannot be written any more, on a full disk say, is no reason to stop, nor to say
    so in the midst of everything else.
    """

    def emit(self, record: logging.LogRecord) -> None:
        """Write a record if that can be."""
        with contextlib.suppress(OSError):
            super().emit(record)

    def close(self) -> None:
        """Close the file."""
        with contextlib.suppress(OSError):
            super().close()

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - logging's name
        """Say nothing."""


def log_handler() -> logging.Handler:
    """What writes to the log file. Raises OSError where its directory cannot be made."""
    log_file().parent.mkdir(parents=True, exist_ok=True)
    handler = LogFile(log_file(), delay=True, encoding="utf-8", errors="backslashreplace")
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    return handler
