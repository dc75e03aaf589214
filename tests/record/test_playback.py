"""A recording as a session: by a clock of its own, and as it was recorded."""

import json
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest

from dicttui.preset.reading import read
from dicttui.record.error import RecordError
from dicttui.record.playback import PlaybackSession
from dicttui.record.reading import Recorded
from dicttui.record.recorder import Recorder
from dicttui.training.interventions import Fork, SetLearningRate, Undo
from dicttui.training.plain import plain
from dicttui.training.session import Session
from dicttui.training.snapshot import Snapshot

BEGAN = 1_700_000_000.0


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


class Pictures(list):
    """Snapshots at these times."""

    def __init__(self, times):
        super().__init__(
            Snapshot(sequence=5 * place, state="ready", detail=str(place))
            for place in range(len(times))
        )
        self.times = [BEGAN + time for time in times]


class Made:
    id, directory = "3f2a9c", Path("/state/3f2a9c")

    def __init__(self, pictures):
        self._pictures = pictures

    def frames(self):
        return self._pictures

    def interventions(self):
        return []


def played(*times):
    clock = Clock()
    return PlaybackSession(Made(Pictures(times)), clock=clock), clock


def at(session):
    return int(session.latest().detail)


def test_pictures_come_at_their_recorded_times():
    session, clock = played(0, 1, 2.5, 9)
    seen = []
    for now in (0.0, 0.9, 1.0, 2.4, 2.6, 8.9, 9.0, 100.0):
        clock.now = now
        seen.append(at(session))
    assert seen == [0, 0, 1, 1, 2, 2, 3, 3]
    assert not session.latest().playback.playing


def test_every_other_picture_has_another_number_and_the_same_has_none():
    session, clock = played(0, 1, 2)
    numbers = [session.latest().sequence]
    for now in (0.5, 1.0, 1.5, 2.0):
        clock.now = now
        numbers.append(session.latest().sequence)
    session.scrub(-2)
    numbers.append(session.latest().sequence)
    assert numbers == sorted(numbers)
    assert [b > a for a, b in pairwise(numbers)] == [
        False, True, False, True, True
    ]  # fmt: skip


def test_a_speed_that_changes_does_not_jump():
    session, clock = played(*range(40))
    clock.now = 4.0
    session.faster()
    assert at(session) == 4
    clock.now = 5.0
    assert at(session) == 6
    session.toggle()
    clock.now = 50.0
    assert at(session) == 6
    session.toggle()
    session.slower()
    clock.now = 51.0
    assert at(session) == 7


def test_a_long_recording_begins_faster():
    session, _ = played(*range(0, 7200, 60))
    assert session.latest().playback.speed == 128
    session, _ = played(*range(50))
    assert session.latest().playback.speed == 1


def test_a_night_between_two_sessions_is_not_waited_for():
    session, clock = played(0, 1, 2, 40_000, 40_001)
    assert session.duration == pytest.approx(13)
    clock.now = 12.1
    assert at(session) == 3


def test_a_clock_that_was_set_back_does_no_harm():
    session, clock = played(0, 1, -500, -499)
    clock.now = 1.5
    assert at(session) == 2
    clock.now = 2.5
    assert at(session) == 3


def test_one_picture_is_enough_and_none_is_said():
    session, clock = played(0)
    clock.now = 5.0
    assert at(session) == 0
    session.seek(0.5)
    session.scrub(3)
    session.toggle()
    assert session.latest().playback.frames == 1
    with pytest.raises(RecordError, match="no picture was recorded"):
        played()


def test_seeking_ends_at_the_ends():
    session, _ = played(*range(11))
    for share, place in ((-3.0, 0), (0.0, 0), (0.5, 5), (1.0, 10), (7.0, 10)):
        session.seek(share)
        assert at(session) == place


def test_a_picture_that_is_damaged_is_passed_over():
    class Damaged(Pictures):
        def __getitem__(self, place):
            if place == 1:
                raise RecordError("picture 1 is gone")
            return super().__getitem__(place)

    session = PlaybackSession(Made(Damaged([0, 1, 2])), clock=Clock())
    session.scrub(1)
    assert at(session) == 0
    assert session.latest().playback.frame == 1
    session.scrub(1)
    assert at(session) == 2


PRESET = """
[network]
kind = "sparse"
[training]
steps = 60
[[runs]]
name = "adam"
optimizer = "Adam"
lr = 0.01
"""


def losses_of(run):
    return dict(zip(run.loss_series.steps, run.loss_series.last, strict=True))


def test_what_was_recorded_is_what_is_shown(tmp_path):
    path = tmp_path / "small.toml"
    path.write_text(PRESET)
    preset = read(str(path))
    recorder = Recorder.begin(preset, tmp_path / "experiments")
    session = Session(preset, observers=[recorder])
    session.advance(20)
    for asked in (SetLearningRate("adam", factor=2.0), Undo("adam"), Fork("adam", lr=0.005)):
        session.submit(asked)
        session.advance(10)
    last = session.latest()
    session.close()
    recorder.linger(60)
    (directory,) = (tmp_path / "experiments").iterdir()
    shown = PlaybackSession(Recorded.open(directory), clock=Clock())
    assert shown.submit(Undo()) == 0
    shown.scrub(10**6)
    picture = shown.latest()
    assert [run.name for run in picture.runs] == [run.name for run in last.runs]
    for there, was in zip(picture.runs, last.runs, strict=True):
        assert 0 < there.step <= was.step
        assert (there.parent, there.forked_at) == (was.parent, was.forked_at)
        shown_losses = losses_of(there)
        for step, loss in losses_of(was).items():
            assert step >= there.step or shown_losses[step] == loss
        assert [ghost.from_step for ghost in there.ghosts] == [g.from_step for g in was.ghosts]
    assert [receipt.kind for receipt in shown.receipts(0)] == ["learning_rate", "undo", "fork"]
    shown.seek(0.0)
    assert picture.playback.frames >= 2
    assert json.dumps(plain(replace(shown.latest(), runs=())))
