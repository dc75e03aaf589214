"""Recorded trainings of a few steps, made in the test's own thread."""

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from dicttui.preset.model import Preset
from dicttui.preset.reading import read
from dicttui.record.finding import everything
from dicttui.record.reading import Recorded
from dicttui.record.recorder import Recorder
from dicttui.record.schedule import Schedule
from dicttui.training.session import Session

SMALL = """
title = "small"
[data]
n = 20
batch_size = 5
held_out = 4
[network]
kind = "sparse"
[training]
steps = 200
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
def preset(tmp_path: Path) -> Preset:
    path = tmp_path / "small.toml"
    path.write_text(SMALL)
    return read(str(path))


@pytest.fixture
def parent(tmp_path: Path) -> Path:
    """Where experiments are recorded."""
    return tmp_path / "experiments"


class Opened:
    """A training that is recorded."""

    def __init__(self, session: Session, recorder: Recorder) -> None:
        self.session = session
        self.recorder = recorder

    def advance(self, steps: int = 0) -> None:
        self.session.advance(steps)

    def submit(self, intervention: Any) -> int:
        return self.session.submit(intervention)

    def close(self) -> Recorded:
        """Ended; what was recorded."""
        assert self.session.close()
        assert self.recorder.linger(20)
        return Recorded.open(self.recorder.directory)


@pytest.fixture
def opened() -> Iterator[list[Opened]]:
    """All trainings of a test; closed at its end."""
    found: list[Opened] = []
    yield found
    for one in found:
        with contextlib.suppress(Exception):
            one.close()


@pytest.fixture
def record(preset: Preset, parent: Path, opened: list[Opened]) -> Callable[..., Opened]:
    """Begin to record a training of the preset, or of another."""

    def begin(
        other: Preset | None = None, steps: int | None = None, where: Path | None = None
    ) -> Opened:
        schedule = Schedule(seconds=None, steps=steps)
        recorder = Recorder.begin(other or preset, where or parent, schedule=schedule)
        session = Session(other or preset, paced=False, observers=[recorder])
        opened.append(Opened(session, recorder))
        return opened[-1]

    return begin


@pytest.fixture
def go_on(opened: list[Opened]) -> Callable[..., Opened]:
    """Go on with a recorded training."""
    from dicttui.record.resuming import resumable

    def begin(recorded: Recorded, tell: Callable[[str], None] = lambda _note: None) -> Opened:
        found = resumable(recorded, tell)
        recorder = Recorder.resume(found, schedule=Schedule(seconds=None))
        session = Session(found.preset, paced=False, observers=[recorder], start=found.start)
        opened.append(Opened(session, recorder))
        return opened[-1]

    return begin


@pytest.fixture
def crash() -> Callable[[Opened], Recorded]:
    """Leave a training as a SIGKILL would: what was handed to the writers is there, nothing else
    is said, and the system has let go of the lock.
    """

    def die(training: Opened) -> Recorded:
        recorder = training.recorder
        assert recorder._writer.flush(20)
        recorder._keeper.close(20)
        recorder._writer.close(20)
        recorder._writer.release()
        recorder._closed = True
        return Recorded.open(recorder.directory)

    return die


def only(parent: Path) -> Recorded:
    """The one experiment there is."""

    def broken(why: str) -> None:
        raise AssertionError(why)

    (found,) = everything(parent, broken)
    return found
