"""Curves of millions of steps, in little memory."""

import sqlite3
import sys
import tracemalloc
from array import array

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dicttui.record import curves, places
from dicttui.record.curves import Piece
from dicttui.record.facts import Curve
from dicttui.record.frames import Frames
from dicttui.record.steps import Steps


@st.composite
def some_steps(draw):
    """Steps with gaps, and the same as a list."""
    ranges, end = [], 0
    for gap, length in draw(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 4)), max_size=5)):
        ranges.append(range(end + gap, end + gap + length))
        end += gap + length
    return Steps(ranges), [step for one in ranges for step in one]


@given(some_steps(), st.integers(-3, 25), st.integers(-3, 25))
def test_they_are_as_a_list(given_steps, begin, end):
    steps, listed = given_steps
    assert steps == listed
    assert list(steps) == listed
    assert len(steps) == len(listed)
    assert steps[begin:end] == listed[begin:end]
    assert np.asarray(steps).tolist() == listed
    for place in (*range(len(listed)), *range(-len(listed), 0)):
        assert steps[place] == listed[place]
    with pytest.raises(IndexError):
        steps[len(listed)]
    assert steps != [*listed, 99]
    assert not listed or steps != listed[1:]


def test_neighbours_are_one_range_and_equal_to_it():
    steps = Steps([range(3), range(3), range(3, 7)][1:])
    assert steps.ranges == (range(7),)
    assert steps == range(7)
    assert steps != range(8)
    assert Steps() == []


def segment(first, *losses):
    return curves.joined([Piece(first, array("f", losses))])


def test_what_was_taken_back_is_replaced():
    whole = curves.effective(
        [(None, segment(0, 1, 2, 3, 4)), (2, segment(2, 7)), (3, Curve(Steps(), array("f")))]
    )
    assert whole == Curve(Steps([range(3)]), array("f", [1, 2, 7]))
    again = curves.effective([(None, segment(0, 1, 2)), (0, segment(0, 5))])
    assert again == segment(0, 5)
    went_back = curves.effective([(None, segment(0, 1, 2)), (1, Curve(Steps(), array("f")))])
    assert went_back == segment(0, 1)


def test_no_step_takes_memory_of_its_own():
    pieces = [Piece(first, array("f", bytes(4 * 5000))) for first in range(0, 1_000_000, 5000)]
    curve = curves.effective([(None, curves.joined(pieces)), (900_000, segment(900_000, 1.0))])
    assert curve.steps.ranges == (range(900_001),)
    assert sys.getsizeof(curve.losses) < 5 * len(curve.steps)


def test_reading_a_long_training_makes_no_objects_for_its_steps(record):
    training = record()
    training.advance(10)
    recorded = training.close()
    steps = 400_000
    connection = sqlite3.connect(recorded.directory / places.DATABASE)
    with connection:
        connection.execute("DELETE FROM losses WHERE run = 'adam'")
        connection.executemany(
            "INSERT INTO losses VALUES ('adam', 0, ?, 5000, ?)",
            [(first, array("f", range(first, first + 5000))) for first in range(0, steps, 5000)],
        )
        connection.execute("UPDATE frames SET places = ?", (f'{{"adam": [0, {steps}, 1.0]}}',))
    connection.close()
    Frames(recorded)[-1]  # whatever is imported for the first time
    tracemalloc.start()
    try:
        curve = recorded.losses("adam")
        assert curve.steps == range(steps)
        assert curve.losses[-1] == steps - 1
        series = Frames(recorded)[-1].runs[0].loss_series
        assert series.steps[-1] == steps - 1
        assert (series.low[0], series.high[-1]) == (0, steps - 1)
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert most < 24 * steps, "a list of the steps alone takes 40 bytes each"
