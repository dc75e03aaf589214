"""The differences that are sent make the snapshot that was taken, to the bit."""

import math
import struct
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dicttui.serve import difference
from dicttui.serve.error import WireError
from dicttui.training.history import CAPACITY, History
from dicttui.training.plain import parsed, text
from dicttui.training.snapshot import Ghost, Mark, Norms, Row, RunSnapshot, Series, Snapshot

FLOATS = st.floats() | st.sampled_from([math.nan, math.inf, -math.inf, -0.0, 0.1])
thoroughly = settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


class Client:
    """Makes of the differences what was sent."""

    def __init__(self) -> None:
        self.value = None
        self._sent = None
        self.bytes = 0

    def take(self, snapshot: Snapshot) -> Snapshot:
        change = difference.difference(self._sent, snapshot)
        self._sent = snapshot
        if change is not None:
            written = text(change)
            self.bytes = len(written)
            self.value = difference.patched(self.value, parsed(written))
        return difference.snapshot(self.value)


@st.composite
def columns(draw):
    length = draw(st.integers(0, 6))
    floats = st.lists(FLOATS, min_size=length, max_size=length).map(tuple)
    steps = draw(st.lists(st.integers(0, 2**40), min_size=length, max_size=length))
    return Series(tuple(steps), draw(floats), draw(floats), draw(floats), draw(floats))


named_columns = st.dictionaries(st.sampled_from(["mse", "l0", "held_out_loss"]), columns())
ghosts = st.builds(Ghost, from_step=st.integers(0, 9), label=st.text(), series=named_columns)
some_runs = st.builds(
    RunSnapshot,
    name=st.sampled_from(["adam", "sgd", "adam-2"]),
    loss=FLOATS,
    loss_series=columns(),
    series=named_columns,
    metrics=st.dictionaries(st.sampled_from(["mse", "l0", "fvu"]), st.none() | FLOATS),
    norms=st.none() | st.from_type(Norms),
    rows=st.lists(st.from_type(Row), max_size=3).map(tuple),
    ghosts=st.lists(ghosts, max_size=2).map(tuple),
)
some_snapshots = st.builds(Snapshot, runs=st.lists(some_runs, max_size=3).map(tuple))


@thoroughly
@given(st.lists(some_snapshots, min_size=1, max_size=4))
def test_any_snapshot_follows_any_other(snapshots):
    client = Client()
    for snapshot in snapshots:
        assert repr(client.take(snapshot)) == repr(snapshot)


@st.composite
def trainings(draw):
    """Snapshots of a training in which runs make steps, come and go; not all of them are sent."""
    histories = {"adam": (History(), 0)}
    snapshots = []
    for _ in range(draw(st.integers(1, 12))):
        name = draw(st.sampled_from(["adam", "sgd", "fork"]))
        if draw(st.integers(0, 9)) == 0 and len(histories) > 1:
            histories.pop(next(iter(histories)))
        history, step = histories.get(name, (History(), 0))
        count = draw(st.sampled_from([0, 1, 3, 500, 1024, 1500]))
        odd = draw(st.lists(FLOATS, max_size=3))
        values = [struct.unpack("f", struct.pack("f", 1 / (k + step + 1)))[0] for k in range(count)]
        values[: min(len(odd), count)] = odd[:count]
        history.extend(step, values, step / 100, (step + count) / 100)
        histories[name] = (history, step + count)
        if draw(st.booleans()):
            snapshots.append(made_of(histories, len(snapshots)))
    return [*snapshots, made_of(histories, len(snapshots))]


def run(name: str, history: History, step: int) -> RunSnapshot:
    marks = tuple(Mark(k, k / 100, "lr 0.02") for k in range(step // 1000))
    return RunSnapshot(
        name, "Adam", "", "sparse", "cpu", "eager", "running", step=step,
        loss_series=history.series(), marks=marks,
    )  # fmt: skip


def made_of(histories: dict[str, tuple[History, int]], sequence: int) -> Snapshot:
    runs = tuple(run(name, history, step) for name, (history, step) in histories.items())
    return Snapshot(sequence, "ready", runs=runs)


@thoroughly
@given(trainings())
def test_histories_that_grow_and_halve_are_followed(snapshots):
    client = Client()
    for snapshot in snapshots:
        assert repr(client.take(snapshot)) == repr(snapshot)


def test_a_history_that_halves_is_not_sent_anew():
    history, client = History(), Client()
    history.extend(0, [k / 7 for k in range(CAPACITY)], 0.0, 1.0)
    client.take(made_of({"adam": (history, CAPACITY)}, 0))
    everything = client.bytes
    history.extend(CAPACITY, [0.5] * 10, 1.0, 1.1)
    halved = made_of({"adam": (history, CAPACITY + 10)}, 1)
    assert len(halved.runs[0].loss_series.steps) < CAPACITY
    assert repr(client.take(halved)) == repr(halved)
    assert client.bytes < everything / 50


def test_nothing_is_sent_of_what_has_not_changed():
    history = History()
    history.extend(0, [0.5] * 100, 0.0, 1.0)
    snapshot = made_of({"adam": (history, 100), "sgd": (history, 100)}, 0)
    assert difference.difference(snapshot, snapshot) is None
    assert difference.difference(snapshot, replace(snapshot, sequence=1)) == {
        "fields": {"sequence": [1]}
    }


def test_zero_and_minus_zero_are_told_apart():
    client = Client()
    for loss in (0.0, -0.0, math.nan, 0.0):
        snapshot = Snapshot(1, "ready", runs=(replace(run("adam", History(), 0), loss=loss),))
        assert repr(client.take(snapshot)) == repr(snapshot)


CHANGE_KEYS = (
    *("fields", "map", "keys", "items", "length", "series", "halvings", "kept", "steps"),
    *("seconds", "low", "high", "last", "runs", "0", "loss_series", "name", "state"),
)
changes = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats() | st.text(max_size=9),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(CHANGE_KEYS), inner, max_size=5)
    ),
    max_leaves=25,
)


@settings(max_examples=150, deadline=None)
@given(changes)
def test_a_change_that_is_none_is_an_error(change):
    history = History()
    history.extend(0, [0.5] * 5, 0.0, 1.0)
    first = difference.difference(None, made_of({"adam": (history, 5)}, 0))
    known = difference.patched(None, parsed(text(first)))
    said = ""
    try:
        made = difference.snapshot(difference.patched(known, change))
    except WireError as error:
        made, said = None, str(error)
    assert isinstance(made, Snapshot) or (said and "\n" not in said)


@pytest.mark.parametrize(
    "broken",
    [
        {"halvings": 10**9},
        {"kept": 7},
        {"kept": -1},
        {"low": "f!!!!"},
        {"low": "dAAA="},
        {"low": "x"},
        {"low": None},
        {"steps": [1] * (CAPACITY + 1)},
        {"steps": [2**80]},
        {"steps": []},
    ],
    ids=str,
)
def test_a_history_that_does_not_fit_is_an_error(broken):
    whole = {"halvings": 0, "kept": 0, "steps": [1], "seconds": "fAAAAAA==", "low": "fAAAAAA=="}
    change = {"series": whole | {"high": "=", "last": "="} | broken}
    with pytest.raises(WireError):
        difference.snapshot(difference.patched(None, {"fields": {"loss_series": change}}))
