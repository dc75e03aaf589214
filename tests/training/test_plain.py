"""What crosses a socket or lies in a file comes back as it was, or not at all."""

import json
import math
import struct
from dataclasses import fields

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dicttui.training.history import CAPACITY
from dicttui.training.interventions import INTERVENTIONS, Intervention, Receipt, SetPace
from dicttui.training.plain import (
    PlainError,
    parsed,
    plain,
    restored,
    restored_intervention,
    text,
)
from dicttui.training.snapshot import RunSnapshot, Series, Snapshot, View

FLOATS = (0.0, -0.0, 0.1, 5e-324, 1.7976931348623157e308, -1e308, math.inf, -math.inf, math.nan)
generously = settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from([f.name for f in fields(RunSnapshot)] + ["kind"]), inner)
    ),
    max_leaves=20,
)


def round_trip(value):
    return restored(type(value), parsed(text(plain(value))))


@pytest.mark.parametrize(
    "cls", [Snapshot, RunSnapshot, Receipt, View], ids=lambda cls: cls.__name__
)
def test_it_comes_back_as_it_was(cls):
    @generously
    @given(st.from_type(cls))
    def it_does(value):
        assert repr(round_trip(value)) == repr(value)

    it_does()


@pytest.mark.parametrize("kind", INTERVENTIONS)
def test_every_intervention_comes_back_by_its_name(kind):
    @generously
    @given(st.from_type(INTERVENTIONS[kind]))
    def it_does(intervention: Intervention):
        value = parsed(text(plain(intervention)))
        assert value["kind"] == kind
        assert repr(restored_intervention(value)) == repr(intervention)

    it_does()


def test_floats_come_back_to_the_bit():
    def bits(values):
        return [struct.pack("<d", value) for value in values]

    series = Series(tuple(range(len(FLOATS))), FLOATS, FLOATS, FLOATS, FLOATS)
    assert bits(round_trip(series).low) == bits(FLOATS)


def test_a_full_history_with_a_gap_comes_back():
    steps = tuple(range(CAPACITY))
    values = (*(step / 7 for step in steps[:-1]), math.nan)
    assert repr(round_trip(Series(steps, values, values, values, values)).last) == repr(values)


@generously
@given(st.from_type(Snapshot))
def test_the_text_is_strict_json_in_ascii(snapshot):
    def refuse(name):
        raise AssertionError(f"{name} is no JSON")

    written = text(plain(snapshot))
    assert written.isascii()
    assert "\n" not in written
    json.loads(written, parse_constant=refuse)


@generously
@given(anything)
def test_anything_else_is_an_error_in_a_few_words(value):
    for read in (
        lambda: restored(Snapshot, value),
        lambda: restored(Receipt, value),
        lambda: restored_intervention(value),
    ):
        said = ""
        try:
            made = read()
        except PlainError as error:
            made, said = None, str(error)
        assert isinstance(made, Snapshot | Receipt | Intervention) or (said and "\n" not in said)


@pytest.mark.parametrize(
    "content",
    ["", "NaN", "[Infinity]", "{", "[" * 100_000, "1" * 5000, b"\xff\xfe", b"\x00", '{"a":1}}'],
    ids=lambda content: repr(content)[:10],
)
def test_what_is_no_json_is_an_error(content):
    with pytest.raises(PlainError, match="no JSON"):
        parsed(content)


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ({"kind": "explode"}, "'explode' is no intervention"),
        ({"kind": ["pause"]}, "no intervention"),
        ({"kind": "pace", "steps_per_second": 10**400}, "steps_per_second"),
        ({"kind": "pace", "steps_per_second": "fast"}, "steps_per_second"),
        ({"kind": "advance", "steps": "nan"}, "steps"),
        ({"kind": "learning_rate", "group": "all"}, "group"),
    ],
)
def test_an_intervention_that_is_none_says_where(value, words):
    with pytest.raises(PlainError, match=words):
        restored_intervention(value)


def test_keys_of_a_later_version_are_left_out():
    assert restored(SetPace, {"steps_per_second": 3, "smoothly": True}) == SetPace(3.0)
