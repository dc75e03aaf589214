"""Running commands inside the test's process, with a state directory of their own."""

import contextlib
import logging
import sys
import threading
import warnings
from collections.abc import Callable, Iterator
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


@pytest.fixture
def fresh_log() -> Callable[[], contextlib.AbstractContextManager[None]]:
    """For a `with`: the root logger as a process of its own would find it."""

    @contextlib.contextmanager
    def fresh() -> Iterator[None]:
        root = logging.getLogger()
        kept, root.handlers = root.handlers, []
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("always")
                yield
        finally:
            logging.captureWarnings(False)
            for handler in root.handlers:
                handler.close()
            root.handlers = kept

    return fresh
