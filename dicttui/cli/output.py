"""What the commands write: results to stdout, everything else to stderr."""

import contextlib
import os
import sys
from collections.abc import Iterable
from io import TextIOWrapper
from typing import Any, NoReturn

from dicttui.visible import visible

FAILED = 1
"""Every run diverged or failed."""
BAD_USAGE = 2
"""Bad usage, preset or data; a place for the results that takes none."""
INTERRUPTED = 130
PIPE_CLOSED = 141
"""Nobody reads stdout any more; what a shell reports for a program that SIGPIPE ended."""


def prepare() -> bool:
    """See to it that no character fails to be written; whether there is a stdout at all."""
    if sys.stderr is None:  # closed by whoever called: what is said goes nowhere
        sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115 - as long as we live
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="replace")
    if sys.stdout is None:
        note("dicttui: stdout is closed; allowed: a terminal, a file, a pipe")
    return sys.stdout is not None


def put(text: str) -> None:
    """Write a line of the result."""
    _put(visible(text))


def put_json(value: Any) -> None:
    """Write a result as JSON, in characters that every terminal and encoding has."""
    from json import dumps

    _put(dumps(value))


def _put(text: str) -> None:
    try:
        print(text)
    except OSError as error:
        raise _ended(silence(error)) from None


def note(text: str) -> None:
    """Write a line for a person."""
    with contextlib.suppress(OSError):  # there would be nowhere left to say so
        print(visible(text), file=sys.stderr, flush=True)


def refuse(errors: Iterable[str]) -> NoReturn:
    """Say what is wrong with what was asked for, and end."""
    for error in errors:
        note(error)
    raise _ended(BAD_USAGE)


def _ended(status: int) -> Exception:
    """What ends a command. Where there is a command typer is there; it takes a while to import."""
    from typer import Exit

    return Exit(status)


def finish() -> OSError | None:
    """Write what is still to be written; why that was not possible."""
    try:
        sys.stdout.flush()
    except OSError as error:
        return error
    return None


def silence(error: OSError) -> int:
    """Let what is left for a stdout that cannot be written go nowhere, and say why unless its
    reader has left; the exit status of such an end.
    """
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)
    if isinstance(error, BrokenPipeError):
        return PIPE_CLOSED
    note(f"dicttui: stdout cannot be written: {error.strerror or error}")
    return BAD_USAGE
