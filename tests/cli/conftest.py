"""Running commands inside the test's process, with a state directory of their own."""

import contextlib
import json
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


SMALL = """
title = "Small \\u001b[31mand red"
[data]
n = 20
[network]
kind = "sparse"
[training]
steps = 30
[[runs]]
name = "adam"
optimizer = "Adam"
lr = 0.01
[[runs]]
name = "sgd"
optimizer = "SGD"
lr = 0.01
"""


@pytest.fixture
def small(tmp_path) -> Callable[..., str]:
    """The path of a preset that trains for so many steps."""

    def of(steps: int = 30) -> str:
        path = tmp_path / "small.toml"
        path.write_text(SMALL.replace("steps = 30", f"steps = {steps}"))
        return str(path)

    return of


@pytest.fixture
def listed(dicttui) -> Callable[..., list[dict]]:
    """What `dicttui runs --json` says."""

    def of(*options: str) -> list[dict]:
        ended = dicttui("runs", "--json", *options)
        assert ended.status == 0
        return json.loads(ended.out)

    return of


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
