"""Going on with a recorded experiment."""

import json
import shutil
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dicttui.preset.reading import read
from dicttui.record import environment, manifest, places
from dicttui.record.error import RecordError
from dicttui.record.reading import Recorded
from dicttui.record.recorder import Recorder
from dicttui.record.resuming import newest_whole, resumable
from dicttui.record.schedule import Schedule
from dicttui.training.finding import Setting
from dicttui.training.interventions import (
    Continue,
    Fork,
    Keep,
    Pause,
    ResetOptimizer,
    Restart,
    Resume,
    SetLearningRate,
    Stop,
    Undo,
)
from dicttui.training.session import Session


def state_of(recorded):
    """What the newest checkpoint holds, but for what tells the time."""
    from dicttui.record import moment_files

    content = manifest.read(manifest.numbered(recorded.directory)[-1].path)
    found = {}
    for run in content.runs:
        moment = moment_files.read(recorded.directory / places.MOMENTS / run.moment)
        found[run.name, "where"] = (run.step, run.segment, run.state)
        for name, tensor in moment.tensors.items():
            if not name.startswith(("past.", "ghost.")):
                found[run.name, name] = (str(tensor.dtype), tensor.tolist())
    return found


def same(one, other):
    """Every loss of every segment, the effective curves, and the final state."""
    assert [r.name for r in one.runs() if r.present] == [r.name for r in other.runs() if r.present]
    for run in one.runs():
        assert one.segments(run.name) == other.segments(run.name)
        for segment in run.segments:
            assert one.segment_losses(run.name, segment) == other.segment_losses(run.name, segment)
        assert one.losses(run.name) == other.losses(run.name)
    assert repr(state_of(one)) == repr(state_of(other))


def act(training, upto=99):
    """A training in which much is changed, or the beginning of it."""
    acts = [
        lambda: training.advance(30),
        lambda: training.submit(SetLearningRate("adam", factor=2.0)),
        lambda: training.advance(10),
        lambda: training.submit(Pause("sgd")),
        lambda: training.advance(10),
        lambda: training.submit(Resume("sgd")),
        lambda: training.submit(Fork("adam", lr=0.001)),
        lambda: training.advance(20),
        lambda: training.submit(Undo("adam")),
        lambda: training.advance(15),
        lambda: training.submit(ResetOptimizer()),
        lambda: training.advance(10),
        lambda: training.submit(Restart("sgd")),
        lambda: training.submit(Fork("sgd", optimizer="Adam", name="wild")),
        lambda: training.advance(10),
        lambda: training.submit(Undo("wild")),
        lambda: training.submit(SetLearningRate(None, factor=0.5)),
        lambda: training.advance(25),
        lambda: training.submit(
            Fork("adam", settings=(Setting("network.dict_size", "3"),), begins="step_0", name="new")
        ),
        lambda: training.submit(Stop("adam-lr0.001")),
        lambda: training.advance(5),
    ]
    for one in acts[:upto]:
        one()
    training.advance(0)
    return len(acts)


@pytest.mark.parametrize("checkpoints", [None, 7], ids=["no checkpoint", "every 7 steps"])
@pytest.mark.parametrize("upto", [3, 8, 9, 12, 15, 21])
def test_what_was_changed_is_changed_again_at_the_same_steps(
    record, crash, go_on, checkpoints, upto
):
    """Killed after some acts, and gone on with, it ends where it would have."""
    training = record(steps=checkpoints)
    act(training, upto)
    unbroken = record(steps=checkpoints)
    act(unbroken, upto)
    recorded = crash(training)
    assert recorded.state == "crashed"
    before = recorded.interventions()
    again = go_on(recorded)
    for one in (again, unbroken):
        one.advance(0)
        one.submit(Resume())
    again.advance(400)
    unbroken.advance(400)
    recorded = again.close()
    same(unbroken.close(), recorded)
    after = recorded.interventions()
    assert [(i.id, i.intervention, i.before, i.at) for i in after][: len(before)] == [
        (i.id, i.intervention, i.before, i.at) for i in before
    ]
    assert [i.receipt.status for i in after][: len(before)] == [i.receipt.status for i in before]
    assert [e.kind for e in recorded.events()].count("resumed") == 1


def test_it_goes_on_as_often_as_one_likes(record, crash, go_on):
    unbroken = record()
    unbroken.advance(200)
    training = record(steps=13)
    training.advance(20)
    for _ in range(5):
        training = go_on(crash(training))
        training.advance(20)
    training.advance(200)
    same(unbroken.close(), training.close())


def test_what_was_finished_opens_with_its_runs_ended_and_can_be_continued(record, go_on):
    training = record()
    training.advance(200)
    first = training.close()
    assert first.state == "finished"
    again = go_on(first)
    again.advance(0)
    assert [run.state for run in again.session.latest().runs] == ["finished", "finished"]
    again.submit(Continue(30))
    again.advance(500)
    recorded = again.close()
    assert recorded.state == "finished"
    assert recorded.losses("adam").steps == list(range(230))


def test_the_receipts_of_the_past_are_there_and_ids_go_on(record, go_on):
    training = record()
    training.advance(10)
    training.submit(SetLearningRate("adam", factor=2.0))
    training.submit(SetLearningRate("nobody", factor=2.0))
    training.advance(10)
    again = go_on(training.close())
    again.advance(0)
    assert [r.status for r in again.session.receipts(0)] == ["applied", "failed"]
    assert again.submit(Undo("adam")) == 3
    again.advance(5)
    assert again.session.receipts(0)[-1].status == "applied"
    assert again.session.latest().runs[0].step == 15


def test_a_mark_that_it_was_told_of_goes_when_it_goes_on(record, crash, go_on):
    from dicttui.record.finding import interrupted, mark_as_told

    training = record()
    training.advance(10)
    recorded = crash(training)
    mark_as_told(recorded)
    again = go_on(recorded)
    again.advance(5)
    crash(again)
    assert [e.id for e in interrupted(recorded.directory.parent)] == [recorded.id]


def test_two_cannot_go_on_with_one(record, crash, go_on):
    training = record()
    training.advance(10)
    recorded = crash(training)
    go_on(recorded).advance(5)
    with pytest.raises(RecordError, match="another process"):
        resumable(recorded)


def damage(path: Path):
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 4
    path.write_bytes(content)


def test_a_damaged_checkpoint_is_passed_over(record, crash, go_on):
    training = record(steps=10)
    for _ in range(6):
        training.advance(10)
        training.recorder._writer.flush(20)
        wait_for_checkpoints(training)
    recorded = crash(training)
    older, newest = manifest.numbered(recorded.directory)
    moment = manifest.read(newest.path).runs[0].moment
    damage(recorded.directory / places.MOMENTS / moment)
    told = []
    assert newest_whole(recorded.directory, told.append)[0] == older.path
    assert moment in told[0]
    assert newest.path.name in told[0]
    damage(newest.path)
    assert newest_whole(recorded.directory, told.append)[0] == older.path
    damage(older.path)
    assert newest_whole(recorded.directory, told.append) is None
    told.clear()
    again = go_on(recorded, told.append)
    assert len(told) == 2
    again.advance(200)
    unbroken = record()
    unbroken.advance(200)
    same(unbroken.close(), again.close())


def wait_for_checkpoints(training):
    import time

    deadline = time.monotonic() + 20
    step = training.session.latest().runs[0].step
    while True:
        there = manifest.numbered(training.recorder.directory)
        if there and manifest.read(there[-1].path).runs[0].step >= step - 10:
            return
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_a_checkpoint_that_a_person_asked_for_is_one_to_go_on_from(record, crash, go_on):
    training = record()
    training.advance(30)
    training.submit(Keep("here"))
    training.advance(10)
    recorded = crash(training)
    found = resumable(recorded)
    assert found.origin == "kept-1.json"
    found.release()


def test_training_that_cannot_begin_again_leaves_the_recording_as_it_was(
    record, crash, go_on, tmp_path
):
    training = record(steps=10)
    training.advance(50)
    recorded = crash(training)
    losses = recorded.losses("adam")
    table = json.loads((recorded.directory / places.PRESET).read_text())
    table["data"]["n"] = 21  # other samples
    (recorded.directory / places.PRESET).write_text(json.dumps(table))
    again = go_on(Recorded.open(recorded.directory))
    with pytest.raises(Exception, match="samples are not those"):
        again.advance(1)
    again.session.close()
    recorded = Recorded.open(recorded.directory)
    assert recorded.state == "crashed"
    assert recorded.losses("adam") == losses


def test_another_torch_or_processor_is_told_of(record, crash, go_on, monkeypatch):
    training = record()
    training.advance(10)
    recorded = crash(training)
    monkeypatch.setattr(environment, "capability", lambda: "Z80")
    told = []
    again = go_on(recorded, told.append)
    assert told == []
    again.advance(1)
    (note,) = told
    assert note.startswith("not bit for bit")
    assert note.endswith("→ Z80")
    assert ("note", note) in [(e.kind, e.text) for e in again.close().events()]


def test_a_full_disk_is_said_when_it_is_to_go_on(record, crash, monkeypatch):
    training = record()
    training.advance(10)
    recorded = crash(training)

    def read_only(*_arguments, **_keywords):
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr("dicttui.record.lock.os.open", read_only)
    with pytest.raises(RecordError, match="cannot be gone on with: read-only"):
        resumable(recorded)


def test_killed_while_it_goes_on_nothing_is_lost(record, crash, go_on):
    """Before the first step of a training that goes on its database is as it was."""
    training = record(steps=10)
    training.advance(45)
    recorded = crash(training)
    before = len(recorded.losses("adam").steps)
    found = resumable(recorded)
    recorder = Recorder.resume(found)
    recorder._writer.flush(20)
    assert len(Recorded.open(recorded.directory).losses("adam").steps) == before
    recorder.close(20)
    assert Recorded.open(recorded.directory).state == "crashed"


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck), database=None)
@given(data=st.data())
def test_whatever_is_damaged_it_is_an_error_or_an_older_checkpoint(
    crashed_once, tmp_path_factory, data
):
    copy = tmp_path_factory.mktemp("damaged") / crashed_once.name
    shutil.copytree(crashed_once, copy)
    files = sorted(path for path in copy.rglob("*") if path.is_file())
    for path in data.draw(st.lists(st.sampled_from(files), min_size=1, max_size=3, unique=True)):
        content = bytearray(path.read_bytes())
        how = data.draw(st.sampled_from(["gone", "cut", "bytes", "flip"]))
        if how == "gone":
            path.unlink()
            continue
        if how == "cut":
            content = content[: data.draw(st.integers(0, len(content)))]
        elif how == "bytes":
            content = data.draw(st.binary(max_size=300))
        elif content:
            content[data.draw(st.integers(0, len(content) - 1))] ^= 1
        path.write_bytes(content)
    try:
        found = resumable(Recorded.open(copy))
    except RecordError:
        return
    try:
        checkpoint = found.start.checkpoint()
    finally:
        found.release()
    assert (checkpoint is None) == (found.origin == "the beginning")
    if checkpoint is not None:
        steps = {run.moment.step for run in checkpoint.runs}
        assert steps <= {10, 20, 25}


@pytest.fixture(scope="module")
def crashed_once(tmp_path_factory):
    """The directory of an experiment that was left without a word."""
    base = tmp_path_factory.mktemp("crashed")
    (base / "small.toml").write_text(
        '[data]\nn = 20\n[network]\nkind = "simple"\n[training]\nsteps = 60\n'
        '[[runs]]\nname = "adam"\noptimizer = "Adam"\nlr = 0.01\n'
    )
    preset = read(str(base / "small.toml"))
    recorder = Recorder.begin(preset, base, schedule=Schedule(seconds=None, steps=10))
    session = Session(preset, paced=False, observers=[recorder])
    for steps in (10, 10, 5):
        session.advance(steps)
        session.submit(SetLearningRate("adam", factor=1.1))
    session.advance(0)
    session.close()
    assert recorder.linger(20)
    return recorder.directory
