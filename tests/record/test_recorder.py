"""What is kept of a training while it goes on."""

import json
import signal
import stat
import subprocess
import sys
import threading
import time
from array import array

import pytest

from dicttui.record import manifest, pending, places
from dicttui.record.finding import everything, find, interrupted, mark_as_told
from dicttui.record.keeper import Keeper, Order
from dicttui.record.lock import Lock, held
from dicttui.record.reading import Recorded
from dicttui.record.recorder import Recorder
from dicttui.record.schedule import Schedule
from dicttui.training.interventions import (
    Fork,
    Keep,
    Pause,
    Restart,
    Resume,
    SetLearningRate,
    Undo,
)
from dicttui.training.observation import Observer
from dicttui.training.session import Session
from dicttui.training.snapshot import Snapshot


def wait_until(true, seconds=20.0):
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def has_kept(training, note):
    directory = training.recorder.directory
    there = [manifest.read(n.path).note for n in manifest.numbered(directory, "kept")]
    return note in there


class Losses(Observer):
    """Every loss, as it was told."""

    def __init__(self):
        self.told = {}

    def made(self, run, segment, first, losses):
        self.told.setdefault((run, segment), {}).update(
            {first + i: loss for i, loss in enumerate(losses)}
        )


def test_every_loss_is_kept_to_the_bit(preset, parent):
    recorder, losses = Recorder.begin(preset, parent), Losses()
    session = Session(preset, paced=False, observers=[recorder, losses])
    session.advance(70)
    session.submit(Restart("sgd"))
    session.advance(50)
    session.close()
    recorded = Recorded.open(recorder.directory)
    assert {(r.name, s) for r in recorded.runs() for s in r.segments} == set(losses.told)
    for (run, segment), expected in losses.told.items():
        curve = recorded.segment_losses(run, segment)
        assert curve.steps == sorted(expected)
        assert curve.losses == array("f", [expected[step] for step in curve.steps])


def test_what_a_run_went_back_on_is_no_part_of_its_curve(record):
    training = record()
    training.advance(40)
    training.submit(SetLearningRate("adam", factor=2.0))
    training.advance(30)
    training.submit(Undo("adam"))
    training.advance(0)
    recorded = training.close()
    assert recorded.losses("adam").steps == list(range(40))
    assert recorded.segment_losses("adam", 0).steps == list(range(70))
    assert recorded.losses("sgd").steps == list(range(70))
    assert all(step <= 40 for values in recorded.metrics("adam").values() for step, _ in values)


def test_metrics_terms_and_rates_are_kept(record):
    training = record()
    training.advance(30)
    snapshot = training.session.latest()
    recorded = training.close()
    for run in snapshot.runs:
        metrics = recorded.metrics(run.name)
        assert {"mse", "fvu", "held_out_loss", "terms.mse", "terms.l1_penalty", "lr"} <= set(
            metrics
        )
        for name, value in run.metrics.items():
            assert metrics[name][-1] == (run.metrics_step, value)


def test_an_intervention_is_on_disk_when_its_receipt_is_out(record):
    training = record()
    training.advance(10)
    number = training.submit(SetLearningRate("sgd", lr=0.5))
    training.submit(SetLearningRate("nobody", lr=0.5))
    training.advance(0)
    # No time to write has passed, and nothing was closed.
    applied, failed = Recorded.open(training.recorder.directory).interventions()
    assert (applied.id, applied.intervention) == (number, SetLearningRate("sgd", lr=0.5))
    assert applied.before == {"sgd": 10}
    assert applied.receipt == [r for r in training.session.receipts(0) if r.id == number][-1]
    assert (failed.receipt.status, failed.before) == ("failed", {})


def test_who_else_is_not_to_read_it_cannot(record):
    training = record(steps=10)
    training.advance(30)
    recorded = training.close()
    assert stat.S_IMODE(recorded.directory.stat().st_mode) == 0o700
    for path in recorded.directory.rglob("*"):
        assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600), path


def test_the_environment_says_what_it_ran_in(record):
    training = record()
    training.advance(5)
    recorded = training.close()
    environment = recorded.environment()
    import torch

    assert environment["packages"]["torch"] == torch.__version__
    assert {"dicttui", "python", "platform", "processor", "threads", "devices"} <= set(environment)
    assert environment["devices"] == ["cpu"]
    on_disk = json.loads((recorded.directory / places.ENVIRONMENT).read_text())
    assert on_disk == environment


def test_what_happened_is_told_as_events(record):
    training = record()
    training.advance(5)
    training.submit(Keep("before I touch it"))
    training.advance(5)
    training.recorder.event("signal", "SIGUSR1")
    events = training.close().events()
    told = [(event.kind, event.text) for event in events]
    assert told[0][0] == "started"
    assert ("signal", "SIGUSR1") in told
    assert ("checkpoint", "kept-1.json (adam 5, sgd 5): before I touch it") in told
    assert told[-1] == ("closed", "stopped")
    assert [e.at for e in events] == sorted(e.at for e in events)


@pytest.mark.parametrize(
    ("steps", "state"), [(200, "finished"), (50, "stopped")], ids=["to the end", "left before"]
)
def test_the_state_is_how_it_ended(record, steps, state):
    training = record()
    training.advance(steps)
    assert Recorded.open(training.recorder.directory).state == "running"
    recorded = training.close()
    assert recorded.state == state
    assert [run.steps for run in recorded.runs()] == [steps, steps]
    assert set(recorded.ends()) == ({"adam", "sgd"} if state == "finished" else set())


def test_a_crash_is_told_once(record, crash, parent):
    training = record()
    training.advance(20)
    recorded = crash(training)
    assert recorded.state == "crashed"
    (found,) = interrupted(parent)
    assert found.id == recorded.id
    mark_as_told(found)
    assert interrupted(parent) == []


def test_a_training_that_a_signal_ended_is_told_of_too(record, parent):
    training = record()
    training.advance(20)
    training.recorder.ended_by(signal.Signals.SIGHUP.name)
    recorded = training.close()
    assert (recorded.state, recorded.signal) == ("stopped", "SIGHUP")
    assert [e.id for e in interrupted(parent)] == [recorded.id]


def test_what_never_began_leaves_nothing(preset, parent):
    recorder = Recorder.begin(preset, parent)
    recorder.picture(Snapshot(1, "loading"))
    recorder.close(20)
    assert list(parent.iterdir()) == []


def test_the_newest_two_checkpoints_are_kept_and_those_a_person_asked_for(record):
    training = record(steps=10)
    for note in ("one", "two"):
        training.advance(30)
        training.submit(Keep(note))
        training.advance(30)
        wait_until(lambda n=note: has_kept(training, n))
        training.advance(0)  # the receipt is written by the trainer
    recorded = training.close()
    directory = recorded.directory
    of_the_schedule = manifest.numbered(directory)
    assert len(of_the_schedule) == 2
    contents = [manifest.read(n.path) for n in of_the_schedule]
    assert [run.step for run in contents[-1].runs] == [120, 120]
    kept = [manifest.read(n.path) for n in manifest.numbered(directory, "kept")]
    assert [content.note for content in kept] == ["one", "two"]
    assert [content.runs[0].step for content in kept] == [30, 90]
    named = set().union(*(content.moments for content in [*contents, *kept]))
    assert {path.name for path in (directory / places.MOMENTS).iterdir()} == named
    receipts = [item.receipt for item in recorded.interventions()]
    assert [r.changes[0].after for r in receipts] == ["kept as kept-1.json", "kept as kept-2.json"]


class States(Observer):
    """The checkpoints as they were handed over."""

    def __init__(self):
        self.taken = []

    def checkpoint(self, state):
        self.taken.append(state)


def test_a_moment_is_written_once(preset, parent):
    states = States()
    recorder = Recorder.begin(preset, parent, schedule=Schedule(seconds=None))
    session = Session(preset, paced=False, observers=[recorder, states])
    session.advance(10)
    session.submit(SetLearningRate("adam", factor=2.0))
    session.advance(10)
    assert session.close()
    assert recorder.linger(20)
    directory = recorder.directory
    before = {path: path.stat().st_mtime_ns for path in (directory / places.MOMENTS).iterdir()}
    assert len(before) == 3, "two runs, and one that can be taken back to"
    # As after a restart of the program, which knows them by their content alone.
    keeper = Keeper(directory, lambda: True, lambda _s: True, lambda *_: None, lambda _why: None)
    keeper.start()
    keeper.put(Order(states.taken[-1], 0.0))
    assert keeper.close(20)
    assert len(manifest.numbered(directory)) == 2
    after = {path: path.stat().st_mtime_ns for path in (directory / places.MOMENTS).iterdir()}
    assert after == before


def test_a_divergence_is_worth_a_checkpoint_of_the_last_finite_state(record, tmp_path, preset):
    runs = tuple(
        run.model_copy(update={"lr": 1e3}) if run.name == "sgd" else run for run in preset.runs
    )
    training = record(preset.model_copy(update={"runs": runs}))
    training.advance(100)
    assert {run.name: run.state for run in training.session.latest().runs}["sgd"] == "diverged"
    recorder = training.recorder
    training.advance(0)
    recorder._keeper.close(20)
    (numbered,) = manifest.numbered(recorder.directory)
    (adam, sgd) = manifest.read(numbered.path).runs
    assert (adam.state, sgd.state) == ("running", "diverged")
    recorded = training.close()
    end = recorded.ends()["sgd"]
    assert end.state == "diverged"
    losses = recorded.losses("sgd").losses
    assert len(losses) > sgd.step
    assert not all(loss == loss and abs(loss) < float("inf") for loss in losses)


def test_pictures_are_there_to_be_watched_again(record):
    training = record()
    training.advance(20)
    training.submit(SetLearningRate("adam", factor=2.0))
    training.advance(30)
    training.submit(Undo("adam"))
    training.submit(Fork("adam", lr=0.5))
    training.advance(10)
    training.submit(Pause())
    training.advance(0)
    live = training.session.latest()
    recorded = training.close()
    frames = recorded.frames()
    shown = frames[-1]
    assert [run.name for run in shown.runs] == ["adam", "sgd", "adam-lr0.5"]
    for then, again in zip(live.runs, shown.runs, strict=True):
        assert (again.step, again.state, again.loss) == (then.step, then.state, then.loss)
        assert again.metrics == then.metrics
        assert again.loss_series.steps == then.loss_series.steps
        assert again.loss_series.last == then.loss_series.last
        assert again.loss_series.low == then.loss_series.low
        assert list(again.loss_series.seconds) == sorted(again.loss_series.seconds)
        assert [ghost.from_step for ghost in again.ghosts] == [g.from_step for g in then.ghosts]
        for one, other in zip(then.ghosts, again.ghosts, strict=True):
            assert one.series["loss"].last == other.series["loss"].last
    steps = [frame.runs[0].step for frame in frames]
    assert steps[0] == 0
    assert 50 in steps, "as it was just before it went back"
    with pytest.raises(IndexError):
        frames[len(frames)]


def test_pictures_are_thinned_and_none_is_lost_at_the_end(record, monkeypatch):
    monkeypatch.setattr(pending, "MOST_FRAMES", 16)
    training = record()
    for _ in range(40):
        training.advance(1)
        training.submit(Pause("sgd"))
        training.submit(Resume("sgd"))
        training.advance(0)
        assert training.recorder._writer.flush(20)
    frames = training.close().frames()
    assert 8 <= len(frames) <= 17
    steps = [frame.runs[0].step for frame in frames]
    assert steps == sorted(steps)
    assert steps[0] == 0
    assert steps[-1] == 40


def test_two_experiments_at_once_are_two_directories(record, parent):
    one, other = record(), record()
    one.advance(5)
    other.advance(6)
    ids = {one.close().id, other.close().id}
    assert {e.id for e in everything(parent)} == ids
    for experiment in ids:
        assert find(experiment[:5], parent).id == experiment


def test_the_lock_is_held_by_one(record, parent):
    from dicttui.record.error import RecordError

    training = record()
    training.advance(1)
    directory = training.recorder.directory
    assert held(directory)
    with pytest.raises(RecordError, match="another process"):
        Lock.take(directory)
    training.close()
    assert not held(directory)


def test_recording_takes_no_step_of_the_training(preset, parent, monkeypatch):
    """What is made while the disk does not answer is made all the same."""
    hang, hung = threading.Event(), threading.Event()
    original = pending._write

    def stuck(batch, connection):
        hung.set()
        assert hang.wait(60)
        original(batch, connection)

    monkeypatch.setattr(pending, "_write", stuck)
    monkeypatch.setattr("dicttui.record.writer.PATIENCE", 0.01)
    recorder = Recorder.begin(preset, parent, schedule=Schedule(seconds=None))
    session = Session(preset, paced=False, observers=[recorder])
    session.advance(10)
    assert hung.wait(60)
    for _ in range(20):
        session.submit(SetLearningRate("adam", factor=1.01))
        session.advance(5)
    assert session.latest().runs[0].step == 110
    hang.set()
    assert session.close()
    assert recorder.linger(20)
    recorded = Recorded.open(recorder.directory)
    assert recorded.losses("adam").steps == list(range(110))
    assert len(recorded.interventions()) == 20


def test_a_process_that_is_killed_lets_go_of_the_lock(tmp_path):
    """flock is the system's: it goes with the process."""
    program = (
        "import sys, time; from pathlib import Path; from dicttui.record.lock import Lock\n"
        "lock = Lock.take(Path(sys.argv[1])); print('held', flush=True); time.sleep(100)"
    )
    command = [sys.executable, "-c", program, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "held\n"
        assert held(tmp_path)
        process.kill()
    assert not held(tmp_path)
    Lock.take(tmp_path).release()
