"""Training a recorded experiment again, and comparing."""

import sqlite3
import struct
from array import array

import pytest

from dicttui.record import places
from dicttui.record.curves import Piece
from dicttui.record.error import RecordError
from dicttui.record.reading import Recorded
from dicttui.record.replaying import Comparer, start_again
from dicttui.training.interventions import (
    Advance,
    Continue,
    Fork,
    MoveToDevice,
    Pause,
    Restart,
    Resume,
    SetLearningRate,
    SetPace,
    Stop,
    Undo,
)
from dicttui.training.session import Session


def replay(recorded):
    comparer = Comparer(recorded)
    session = Session(
        recorded.preset(), paced=False, observers=[comparer], start=start_again(recorded)
    )
    session.start()
    while not comparer.complete.wait(0.02):
        if session.wait(0):
            break
    assert session.close()
    return comparer.comparison()


@pytest.fixture
def eventful(record):
    """Pauses, rates, a move to the same device and to another and back, an undo and a fork."""
    training = record()
    training.advance(20)
    training.submit(SetLearningRate("adam", factor=2.0))
    training.submit(Pause())
    training.advance(10)
    training.submit(Resume("adam"))
    training.advance(10)
    training.submit(Resume())
    training.submit(MoveToDevice("cpu"))
    training.submit(SetPace(1000.0))
    training.submit(MoveToDevice("sim:0", "sgd"))
    training.advance(10)
    training.submit(MoveToDevice("cpu"))
    training.submit(Fork("adam", lr=0.1))
    training.advance(20)
    training.submit(Undo("adam"))
    training.submit(Advance(5, "sgd"))
    training.advance(15)
    training.submit(Resume("sgd"))
    training.submit(Restart("sgd"))
    training.advance(30)
    training.submit(Stop("adam"))
    training.submit(Continue(10, "sgd"))
    training.advance(7)
    return training


def test_it_is_identical(eventful):
    recorded = eventful.close()
    comparison = replay(recorded)
    assert comparison.identical
    losses = sum(
        len(recorded.segment_losses(run.name, segment).losses)
        for run in recorded.runs()
        for segment in run.segments
    )
    assert comparison.steps == losses


def test_as_far_as_it_was_recorded(record):
    training = record()
    training.advance(37)
    comparison = replay(training.close())
    assert comparison.identical
    assert comparison.steps == 2 * 37


def test_to_its_end(record):
    training = record()
    training.advance(200)
    assert replay(training.close()).steps == 2 * 200


def test_after_it_was_gone_on_with(eventful, crash, go_on):
    again = go_on(crash(eventful))
    again.advance(30)
    again.submit(SetLearningRate(None, factor=0.5))
    again.advance(30)
    assert replay(again.close()).identical


def change_a_loss(recorded, run, step):
    """By one bit."""
    connection = sqlite3.connect(recorded.directory / places.DATABASE)
    rows = connection.execute(
        "SELECT rowid, first_step, bytes FROM losses WHERE run = ? AND segment = 0", (run,)
    ).fetchall()
    for number, first, data in rows:
        if first <= step < first + len(data) // 4:
            place = 4 * (step - first)
            (bits,) = struct.unpack_from("<I", data, place)
            changed = data[:place] + struct.pack("<I", bits ^ 1) + data[place + 4 :]
            with connection:
                connection.execute("UPDATE losses SET bytes = ? WHERE rowid = ?", (changed, number))
    connection.close()


def test_the_first_step_that_differs_is_said_and_by_how_much(record):
    training = record()
    training.advance(60)
    recorded = training.close()
    before = recorded.losses("sgd").losses[41]
    change_a_loss(recorded, "sgd", 41)
    change_a_loss(recorded, "sgd", 50)
    comparison = replay(recorded)
    (difference,) = comparison.differences
    assert (difference.run, difference.segment, difference.step) == ("sgd", 0, 41)
    assert difference.replayed == before
    assert difference.recorded == recorded.losses("sgd").losses[41]
    assert 0 < difference.apart < 1e-6
    assert not comparison.identical


def test_steps_that_are_not_made_again_are_a_difference(record):
    """A recorded stop that is left out of the script, or a training that now diverges."""
    training = record()
    training.advance(200)
    training.submit(Continue(20, "adam"))
    training.advance(100)
    recorded = training.close()
    connection = sqlite3.connect(recorded.directory / places.DATABASE)
    with connection:
        connection.execute("DELETE FROM interventions")
    connection.close()
    comparison = replay(Recorded.open(recorded.directory))
    (difference,) = comparison.differences
    assert (difference.run, difference.step, difference.replayed) == ("adam", 200, None)


def test_diverging_is_the_same_again(record, preset):
    runs = tuple(r.model_copy(update={"lr": 1e3}) if r.name == "sgd" else r for r in preset.runs)
    training = record(preset.model_copy(update={"runs": runs}))
    training.advance(60)
    training.submit(SetLearningRate("adam", factor=2.0))
    training.advance(20)
    recorded = training.close()
    assert recorded.ends()["sgd"].state == "diverged"
    assert replay(recorded).identical


def test_where_nothing_was_recorded_there_is_nothing_to_replay(record):
    training = record()
    training.advance(0)
    with pytest.raises(RecordError, match="nothing to replay"):
        start_again(training.close())


def test_what_was_done_after_a_run_had_diverged_is_done_after_it_has_again(record, preset):
    runs = tuple(r.model_copy(update={"lr": 1e3}) if r.name == "sgd" else r for r in preset.runs)
    training = record(preset.model_copy(update={"runs": runs}))
    training.advance(60)
    training.submit(Restart("sgd"))
    training.submit(SetLearningRate("sgd", lr=0.01))
    training.advance(20)
    recorded = training.close()
    assert recorded.runs()[1].segments == (0, 1)
    assert replay(recorded).identical


def test_a_long_recording_is_not_looked_through_for_every_step(record):
    """Thousands of pieces, each of a second: only those that meet the new losses are looked at."""
    training = record(steps=1)
    training.advance(200)
    comparer = Comparer(training.close())

    class Counted(list):
        looked = 0

        def __getitem__(self, place):
            Counted.looked += 1
            return super().__getitem__(place)

    pieces = comparer._expected["sgd", 0]
    losses = [loss for piece in pieces for loss in piece.losses]
    single = [Piece(step, array("f", [loss])) for step, loss in enumerate(losses)]
    comparer._expected["sgd", 0] = Counted(single)
    for step, loss in enumerate(losses):
        comparer.made("sgd", 0, step, [loss])
    assert comparer.compared == len(losses) == comparer.total // 2
    assert Counted.looked < 12 * len(losses)
    assert not comparer.comparison().differences[1:], "adam has not been made again"
