"""A disk that is full, read-only, locked or gone: the training goes on, and the recording when it
can.
"""

import os
import shutil
import sqlite3
import subprocess
import threading
import time
from array import array
from contextlib import contextmanager
from pathlib import Path

import pytest

from dicttui.preset.reading import read
from dicttui.record import database, environment, lock, manifest, places, waiting
from dicttui.record.reading import Recorded
from dicttui.record.recorder import Recorder
from dicttui.record.schedule import Schedule
from dicttui.training.interventions import Keep, SetLearningRate
from dicttui.training.observation import Observer
from dicttui.training.session import Session


@contextmanager
def mounted(where: Path, size: str):
    """A small filesystem of its own."""
    where.mkdir(exist_ok=True)
    if os.geteuid() != 0:
        pytest.skip("only root may mount a filesystem")
    command = ["mount", "-t", "tmpfs", "-o", f"size={size},mode=0755", "tmpfs", str(where)]
    if not shutil.which("mount") or subprocess.run(command, check=False).returncode:
        pytest.skip("a filesystem cannot be mounted here")
    try:
        yield where
    finally:
        subprocess.run(["umount", "-l", str(where)], check=True)


def fill(where: Path) -> bool:
    """Leave no room on it, not even what a file that was given up has left."""
    with open(where / "other", "ab", buffering=0) as other:
        try:
            while True:
                other.write(bytes(4096))
        except OSError:
            return True


def remount(where: Path, options: str) -> None:
    subprocess.run(["mount", "-o", f"remount,{options}", str(where)], check=True)


class Told(Observer):
    """Every loss."""

    def __init__(self):
        self.losses = {}

    def made(self, run, segment, first, losses):
        self.losses.setdefault(run, []).extend(losses)


class Training:
    def __init__(self, preset, where, seconds=None):
        self.recorder = Recorder.begin(preset, where, schedule=Schedule(seconds=seconds))
        self.told = Told()
        self.session = Session(preset, paced=False, observers=[self.recorder, self.told])

    def until(self, true, steps=5, seconds=60.0):
        """Train until something is so."""
        deadline = time.monotonic() + seconds
        while not true():
            assert time.monotonic() < deadline, self.trouble
            self.session.advance(steps)
            time.sleep(0.02)

    @property
    def trouble(self):
        return self.recorder.recording().trouble

    def check(self):
        """Closed, every loss is there, and none twice."""
        assert self.session.close()
        assert self.recorder.linger(20)
        recorded = Recorded.open(self.recorder.directory)
        for run, losses in self.told.losses.items():
            curve = recorded.losses(run)
            assert curve.steps == list(range(len(losses)))
            assert curve.losses == array("f", losses)
        return recorded


@pytest.fixture(autouse=True)
def impatient(monkeypatch):
    """Seconds are hundredths of them."""
    monkeypatch.setattr("dicttui.record.writer.BETWEEN_FLUSHES", 0.02)
    monkeypatch.setattr("dicttui.record.writer.LONGEST_BACK_OFF", 0.1)
    monkeypatch.setattr("dicttui.record.keeper.LONGEST_BACK_OFF", 0.1)


@pytest.fixture
def long(tmp_path):
    path = tmp_path / "long.toml"
    path.write_text(
        '[network]\nkind = "simple"\n[training]\nsteps = 1000000\n'
        '[[runs]]\noptimizer = "SGD"\nlr = 0.01\n[[runs]]\noptimizer = "Adam"\nlr = 0.01\n'
    )
    return read(str(path))


def test_on_a_full_disk_training_goes_on_and_recording_resumes(tmp_path, long):
    with mounted(tmp_path / "small", "256k") as small:
        training = Training(long, small, seconds=0.2)
        training.until(lambda: training.trouble.startswith("disk full"))
        assert str(training.recorder.directory) in training.trouble
        fill(small)
        training.session.submit(SetLearningRate("sgd", factor=2.0))
        training.session.submit(Keep("does not fit"))
        step = training.session.latest().runs[0].step
        training.until(
            lambda: fill(small) and training.session.latest().runs[0].step > step + 500, steps=50
        )
        training.until(
            lambda: (
                fill(small) and training.session.latest().recording.trouble.startswith("disk full")
            )
        )
        applied = [r for r in training.session.receipts(0) if r.status == "applied"]
        assert [r.kind for r in applied] == ["learning_rate"]
        remount(small, "size=64m")
        training.until(lambda: not training.trouble)
        recorded = training.check()
        assert [i.id for i in recorded.interventions()] == [1, 2]
        kinds = [event.kind for event in recorded.events()]
        assert kinds.index("trouble") < kinds.index("recovered")
        newest = manifest.read(manifest.numbered(recorded.directory)[-1].path)
        assert newest.runs[0].step == len(training.told.losses["sgd"])
        recorded.close()


def test_a_disk_that_is_full_from_the_start(tmp_path, long):
    with mounted(tmp_path / "small", "64k") as small:
        (small / "other").write_bytes(bytes(60 * 1024))
        training = Training(long, small)
        training.until(lambda: training.trouble.startswith("disk full"))
        (small / "other").unlink()
        remount(small, "size=64m")
        training.until(lambda: not training.trouble)
        training.check().close()


def test_checkpoints_that_cannot_be_written_any_more(tmp_path, long):
    training = Training(long, tmp_path / "experiments", seconds=0.05)
    training.until(lambda: training.recorder.recording().checkpoint_seconds is not None)
    moments = training.recorder.directory / places.MOMENTS
    with read_only(moments):
        training.until(lambda: training.trouble.startswith("read-only"))
        step = training.session.latest().runs[0].step
        training.until(lambda: training.session.latest().runs[0].step > step)
    training.until(lambda: not training.trouble)
    recorded = training.check()
    newest = manifest.read(manifest.numbered(recorded.directory)[-1].path)
    assert newest.runs[0].step == len(training.told.losses["sgd"])


@contextmanager
def read_only(where: Path):
    """A directory on which nothing can be written, as long as this lasts."""
    if os.geteuid() != 0 or not shutil.which("mount"):
        pytest.skip("only root may mount a filesystem")
    bound = ["mount", "--bind", str(where), str(where)]
    if subprocess.run(bound, check=False).returncode:
        pytest.skip("a filesystem cannot be mounted here")
    try:
        remount(where, "bind,ro")
        yield
    finally:
        subprocess.run(["umount", "-l", str(where)], check=True)


def test_a_directory_that_is_read_only_from_the_start(tmp_path, long):
    with mounted(tmp_path / "small", "64m") as small:
        remount(small, "ro")
        training = Training(long, small)
        training.until(lambda: training.trouble.startswith("read-only"))
        assert list(small.iterdir()) == []
        remount(small, "rw")
        training.until(lambda: not training.trouble)
        training.check().close()


def test_a_parent_that_is_a_file(tmp_path, long):
    (tmp_path / "file").write_text("mine")
    training = Training(long, tmp_path / "file")
    training.until(lambda: training.trouble)
    assert "not a directory" in training.trouble or "file exists" in training.trouble
    training.session.submit(Keep("nowhere"))
    training.until(lambda: training.session.receipts(0)[-1].status == "failed")
    assert training.session.close()
    assert (tmp_path / "file").read_text() == "mine"


def test_a_database_that_another_program_locks(tmp_path, long, monkeypatch):
    monkeypatch.setattr(database, "BUSY", 0.01)
    training = Training(long, tmp_path / "experiments")
    training.until(lambda: len(training.told.losses.get("sgd", ())) > 50)
    assert training.recorder._writer.flush(20)
    other = sqlite3.connect(training.recorder.directory / places.DATABASE, isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    training.until(lambda: "locked by another program" in training.trouble)
    other.execute("ROLLBACK")
    other.close()
    training.until(lambda: not training.trouble)
    training.check()


def test_a_directory_that_is_removed(tmp_path, long):
    training = Training(long, tmp_path / "experiments")
    training.until(lambda: len(training.told.losses.get("sgd", ())) > 50)
    assert training.recorder._writer.flush(20)
    shutil.rmtree(training.recorder.directory)
    training.until(lambda: "removed" in training.trouble)
    step = training.session.latest().runs[0].step
    training.until(lambda: training.session.latest().runs[0].step > step)
    assert training.session.close()
    assert not training.recorder.directory.exists()


def test_a_database_that_is_damaged_under_way(tmp_path, long):
    training = Training(long, tmp_path / "experiments")
    training.until(lambda: len(training.told.losses.get("sgd", ())) > 50)
    assert training.recorder._writer.flush(20)
    training.recorder._writer._let_go()  # so that nothing is left in memory
    path = training.recorder.directory / places.DATABASE
    for beside in path.parent.glob(f"{path.name}-*"):
        beside.unlink()
    path.write_bytes(os.urandom(8192))
    training.until(lambda: "database" in training.trouble)
    assert training.session.close()


def test_losses_that_are_dropped_are_told_of(tmp_path, long, monkeypatch):
    monkeypatch.setattr(waiting, "MOST_LOSSES", 400)
    monkeypatch.setattr(waiting, "LONGEST_BLOCK", 20)
    where = tmp_path / "file"
    where.write_text("in the way")
    training = Training(long, where)
    training.until(lambda: len(training.told.losses.get("sgd", ())) > 600, steps=40)
    where.unlink()
    training.until(lambda: not training.trouble)
    assert training.session.close()
    assert training.recorder.linger(20)
    recorded = Recorded.open(training.recorder.directory)
    (told,) = [event.text for event in recorded.events() if "missing" in event.text]
    lost = int(told.split()[0].replace(",", ""))
    there = sum(len(recorded.losses(run.name).losses) for run in recorded.runs())
    assert lost > 0
    for run in recorded.runs():
        assert recorded.losses(run.name).steps[-1] == run.steps - 1, "the newest are there"
    assert there + lost == sum(len(losses) for losses in training.told.losses.values())


def test_while_a_checkpoint_hangs_nobody_else_trains_it(tmp_path, long, monkeypatch):
    hangs, answers = threading.Event(), threading.Event()
    original = manifest.write

    def write(*arguments):
        hangs.set()
        assert answers.wait(60)
        original(*arguments)

    monkeypatch.setattr(manifest, "write", write)
    training = Training(long, tmp_path / "experiments", seconds=0.01)
    training.until(hangs.is_set)
    assert training.session.close(0.0)
    recorder = training.recorder
    assert not recorder.linger(0.0)
    assert lock.held(recorder.directory)
    answers.set()
    assert recorder.linger(60)
    assert not lock.held(recorder.directory)


def test_what_is_slow_to_say_where_it_runs_keeps_nobody_waiting(tmp_path, long, monkeypatch):
    """git, say, in a repository on a network."""
    answers = threading.Event()
    original = environment.gathered

    def gathered(*arguments):
        assert answers.wait(60)
        return original(*arguments)

    monkeypatch.setattr(environment, "gathered", gathered)
    training = Training(long, tmp_path / "experiments")
    training.session.advance(5)
    training.session.submit(SetLearningRate("sgd", factor=2.0))
    training.session.advance(5)
    assert training.recorder._writer.flush(20)
    recorded = Recorded.open(training.recorder.directory)
    assert len(recorded.interventions()) == 1
    assert recorded.environment() == {}
    answers.set()
    assert training.check().environment()["devices"] == ["cpu"]
