"""The log file, and what becomes of an error nobody foresaw."""

import sys
import threading
from types import TracebackType

from dicttui.cli.output import note
from dicttui.cli.places import log_file


def install_hooks() -> None:
    """Send tracebacks to the log, and tell a person in one line."""
    sys.excepthook = _unforeseen
    threading.excepthook = _unforeseen_in_thread


def open_log() -> None:
    """Send what the program and its libraries log, and warnings, to the log file."""
    import logging

    from dicttui.own_log import log_handler

    try:
        handler = log_handler()
    except OSError as error:
        note(f"dicttui: no log is kept: {error}")
        handler = logging.NullHandler()
    logging.basicConfig(level=logging.WARNING, handlers=[handler])
    logging.captureWarnings(True)


def _unforeseen(
    kind: type[BaseException], error: BaseException, trace: TracebackType | None
) -> None:
    if issubclass(kind, KeyboardInterrupt):
        return
    where = _write(kind, error, trace)
    note(f"dicttui: unexpected error: {kind.__name__}: {error} ({where})")


def _unforeseen_in_thread(details: threading.ExceptHookArgs) -> None:
    if details.exc_value is not None:
        _unforeseen(details.exc_type, details.exc_value, details.exc_traceback)


def _write(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> str:
    """Append a traceback to the log; where it is, in words."""
    import traceback
    from datetime import datetime

    path = log_file()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a", encoding="utf-8", errors="backslashreplace") as log:
            log.write(f"{datetime.now().astimezone():%Y-%m-%d %H:%M:%S}\n")
            log.writelines(traceback.format_exception(kind, error, trace))
    except OSError as failure:
        return f"its traceback could not be logged: {failure}"
    return f"its traceback is in {path}"
