"""Starting a process that trains in the background, without a terminal."""

import contextlib
import subprocess
import sys
from pathlib import Path

from pydantic import ValidationError

from dicttui.own_process import environment
from dicttui.serve.error import ServeError
from dicttui.serve.order import Order, Outcome

MODULE = "dicttui.serve.background"
ENDING = 10.0
"""Seconds that a process has to end whose start was interrupted."""
LAST_LINES = 5
"""Of the log that are told where a process ended without a word."""


def start(order: Order, module: str | None = None) -> Outcome:
    """Start the process, and wait until it trains; it goes on when this process has ended.

    `module` is what runs in it, if it is not `dicttui.serve.background` itself but calls that.

    Raises ServeError where it cannot, with what went wrong: in the network, in the data, or
    elsewhere. An interruption meanwhile ends that process as well.
    """
    try:
        order.log.parent.mkdir(parents=True, exist_ok=True)
        log = order.log.open("ab")
    except OSError as error:
        raise ServeError(f"{order.log}: cannot be written: {error.strerror}") from error
    with log:
        began = log.tell()
        child = subprocess.Popen(
            [sys.executable, "-P", "-m", module or MODULE],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            env=environment(),
            start_new_session=True,
        )
    said = b""
    try:
        assert child.stdin is not None
        assert child.stdout is not None
        with child.stdin, child.stdout, contextlib.suppress(BrokenPipeError):
            child.stdin.write(order.model_dump_json().encode())
            child.stdin.close()
            said = child.stdout.read()
    except BaseException:
        child.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            child.wait(ENDING)
        raise
    try:
        outcome = Outcome.model_validate_json(said)
    except ValidationError as error:
        with contextlib.suppress(subprocess.TimeoutExpired):
            child.wait(ENDING)
        raise ServeError(_without_a_word(child, order.log, began)) from error
    if outcome.failed:
        child.wait()
        raise ServeError(outcome.failed)
    child.returncode = 0  # it is on its own now: nobody here waits for it
    return outcome


def _without_a_word(child: "subprocess.Popen[bytes]", log: Path, began: int) -> str:
    """What a person is told of a process that ended before it trained."""
    status = child.poll()
    how = "has not started" if status is None else f"ended with status {status}"
    try:
        with log.open("rb") as written:
            written.seek(began)
            lines = written.read(65536).decode("utf-8", "replace").strip().splitlines()
    except OSError:
        lines = []
    return "\n".join([f"the process in the background {how}; {log} has more", *lines[-LAST_LINES:]])
