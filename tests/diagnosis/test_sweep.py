"""Learning rates swept, and what that says of optimizers."""

import math
from dataclasses import replace
from pathlib import Path

import pytest

from dicttui.diagnosis.comparison import (
    Point,
    SweepResult,
    Swept,
    against_the_best,
    as_given,
    compared,
    mended_by_its_rate,
)
from dicttui.diagnosis.sweep import SweepError, measured_by, swept
from dicttui.diagnosis.verdict import verdict
from dicttui.preset.reading import read
from dicttui.training.finding import Diagnosis, Finding

PRESET = """
[data]
n = 20
d_in = 6
[network]
kind = "simple"
dict_size = 3
hidden_size = 4
[training]
steps = 20
engine = "eager"
[[runs]]
name = "sgd"
optimizer = "SGD"
lr = 0.001
[[runs]]
name = "lasso"
optimizer = "Adam"
lr = 0.05
[runs.network]
kind = "sparse"
"""


@pytest.fixture
def preset(tmp_path: Path):
    path = tmp_path / "small.toml"
    path.write_text(PRESET)
    return read(str(path))


def test_rates_are_added_on_the_side_of_the_best(preset):
    told = []
    found = swept(preset, rates=3, seeds=2, only=["sgd"], told=told.append)
    (sgd,) = found.runs
    assert [p.rate for p in sgd.points] == [0.000316, 0.001, 0.00316, 0.01, 0.0316, 0.1, 0.316]
    assert found.seeds == (0, 1000)
    losses = [p.median("loss") for p in sgd.points]
    assert losses == sorted(losses, reverse=True)
    assert sgd.best == sgd.points[-1]
    assert sgd.best_at_edge
    assert told[-1] == "training 14 of 14: sgd at lr 0.316, seed 1000"


def test_runs_of_different_objectives_are_compared_by_fvu(preset):
    assert measured_by(preset.runs)[0] == "fvu"
    assert measured_by(preset.runs[:1]) == ("loss", "")


def test_a_sweep_that_takes_too_long_is_not_made(preset):
    expected = []
    with pytest.raises(SweepError, match="it would take about"):
        swept(preset, only=["sgd"], seconds=0, expects=expected.append)
    assert len(expected) == 1


def _swept(run: str, optimizer: str, given: float, **losses: tuple[float, ...]) -> Swept:
    points = [Point(float(rate.strip("r").replace("_", ".")), v, v) for rate, v in losses.items()]
    return Swept(run, optimizer, "the same", given, tuple(points))


ADAM = _swept("adam", "Adam", 0.1, r0_1=(1.0, 1.02, 0.98), r1=(0.5, 0.51, 0.49))
SGD = _swept("sgd", "SGD", 1.0, r0_1=(2.0, 2.0, 2.0), r1=(0.5, 0.52, 0.5))
SWEEP = SweepResult((ADAM, SGD), (0, 1000, 2000), 100, "loss")


def test_best_against_best_they_end_alike_and_as_given_they_do_not():
    best, given = compared(SWEEP), compared(SWEEP, as_given)
    assert best is not None
    assert given is not None
    assert (best.better, best.lower, best.worse) == (None, "adam", "sgd")
    assert (given.better, given.worse) == ("sgd", "adam")
    assert given.by == pytest.approx(1.0 - 1.52 / 3)
    assert "adam at lr 1 instead of 0.1" in mended_by_its_rate(ADAM, SWEEP)
    assert not mended_by_its_rate(SGD, SWEEP)


def test_one_seed_or_another_network_proves_nothing_of_the_optimizer():
    single = replace(
        SWEEP,
        runs=(_swept("a", "Adam", 1.0, r1=(0.1,)), _swept("b", "SGD", 1.0, r1=(9.0,))),
        seeds=(0,),
    )
    found = compared(single)
    assert found is not None
    assert found.better is None
    assert compared(replace(SWEEP, runs=(ADAM, replace(SGD, rest="another network")))) is None
    assert len(against_the_best(replace(SWEEP, runs=(ADAM, replace(SGD, rest="other"))))) == 1


def test_one_that_diverges_at_every_rate_is_worse():
    lost = _swept("sgd", "SGD", 1.0, r1=(math.inf, math.inf, math.inf))
    found = compared(replace(SWEEP, runs=(lost, ADAM)))
    assert found is not None
    assert (found.better, found.worse, found.by) == ("adam", "sgd", math.inf)


def _diagnosis(cause: str, status: str, answer: str) -> Diagnosis:
    return Diagnosis(1, (Finding(cause, status, 0.9, f"{cause} it is", "m", "s", answer),))  # type: ignore[arg-type]


def test_a_verdict_on_the_optimizer_needs_it_to_be_worse_at_its_best_rate():
    blamed = {
        "adam": _diagnosis("epsilon_dominates", "confirmed", "optimizer"),
        "sgd": _diagnosis("healthy", "suspected", "none"),
    }
    alone = verdict(blamed)
    assert alone is not None
    assert alone.answer == "optimizer"
    weighed = verdict(blamed, SWEEP)
    assert weighed is not None
    assert weighed.answer == "step_size"
    slow = _swept("adam", "Adam", 0.1, r0_1=(1.0, 1.0, 1.0), r1=(0.9, 0.9, 0.9))
    worse = verdict(blamed, replace(SWEEP, runs=(slow, SGD)))
    assert worse is not None
    assert worse.answer == "optimizer"
    assert "sgd (lr 1)" in worse.because
