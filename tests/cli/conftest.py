"""Running commands inside the test's process, with a state directory of their own."""

import logging
import sys
import threading
from collections.abc import Iterator
from typing import NamedTuple

import pytest


class Ended(NamedTuple):
    status: int
    out: str
    err: str


@pytest.fixture
def state(tmp_path, monkeypatch):
    """The state directory of the commands a test runs."""
    directory = tmp_path / "state"
    directory.mkdir()
    monkeypatch.setenv("DICTTUI_STATE_DIR", str(directory))
    return directory


@pytest.fixture
def dicttui(state, capsys) -> Iterator:
    """Call with arguments, as on the command line."""
    from dicttui.cli.application import run

    hooks = sys.excepthook, threading.excepthook

    def call(*arguments: str) -> Ended:
        status = run(arguments)
        out, err = capsys.readouterr()
        return Ended(status, out, err)

    yield call
    sys.excepthook, threading.excepthook = hooks
    logging.captureWarnings(False)
