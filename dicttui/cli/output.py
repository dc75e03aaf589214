"""What the commands write: results to stdout, everything else to stderr."""

import os
import sys
from collections.abc import Iterable
from typing import NoReturn

import typer

FAILED = 1
"""Every run diverged or failed."""
BAD_USAGE = 2
"""Bad usage, preset or data."""
INTERRUPTED = 130
PIPE_CLOSED = 141
"""Nobody reads stdout any more; what a shell reports for a program that SIGPIPE ended."""


def put(text: str) -> None:
    """Write a line of the result."""
    try:
        print(text)
    except BrokenPipeError:
        raise typer.Exit(silence()) from None


def note(text: str) -> None:
    """Write a line for a person."""
    print(text, file=sys.stderr, flush=True)


def refuse(errors: Iterable[str]) -> NoReturn:
    """Say what is wrong with what was asked for, and end."""
    for error in errors:
        note(error)
    raise typer.Exit(BAD_USAGE)


def finish() -> bool:
    """Write what is still to be written; whether somebody read it."""
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        return False
    return True


def silence() -> int:
    """Let what is left for a closed pipe go nowhere; the exit status of such an end."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)
    return PIPE_CLOSED
