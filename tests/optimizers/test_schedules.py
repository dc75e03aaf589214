"""Learning-rate schedules."""

import math

import pytest

from dicttui.optimizers.schedules import factor, place
from dicttui.preset.networks import SimpleNetwork
from dicttui.preset.optimizers import SGD
from dicttui.preset.runs import RunSpecification


def scheduled(**keys):
    return RunSpecification(
        name="run",
        optimizer="SGD",
        lr=0.1,
        arguments=SGD(),
        network=SimpleNetwork(kind="simple"),
        **keys,
    )


def curve(run, steps, total):
    return [factor(run, step, total) for step in range(steps)]


def test_constant_stays():
    run = scheduled()
    assert curve(run, 30, 10) == [1.0] * 30
    assert place(run, 5, 10) == ""


def test_warm_up_moves_at_once_and_arrives():
    run = scheduled(schedule="warmup", warmup_steps=4)
    assert curve(run, 6, 100) == [0.25, 0.5, 0.75, 1.0, 1.0, 1.0]
    assert place(run, 0, 100) == "warm-up 1/4"
    assert place(run, 3, 100) == "warm-up 4/4"
    assert place(run, 4, 100) == ""


def test_linear_falls_to_what_is_left_at_the_experiments_end():
    run = scheduled(schedule="linear", final_lr_scale=0.2)
    assert curve(run, 11, 10) == pytest.approx([1 - 0.08 * k for k in range(10)] + [0.2])
    assert factor(run, 500, 10) == pytest.approx(0.2)
    assert place(run, 3, 10) == "linear 3/10"
    assert place(run, 500, 10) == "linear 10/10"


def test_cosine_is_half_way_down_at_half_time():
    run = scheduled(schedule="cosine")
    assert factor(run, 0, 100) == 1.0
    assert factor(run, 50, 100) == pytest.approx(0.5)
    assert factor(run, 25, 100) == pytest.approx((1 + math.sqrt(0.5)) / 2)
    assert factor(run, 100, 100) == pytest.approx(0)
    assert factor(run, 101, 100) == pytest.approx(0)


@pytest.mark.parametrize("schedule", ["constant", "linear", "cosine"])
def test_any_schedule_may_begin_with_a_warm_up(schedule):
    run = scheduled(schedule=schedule, warmup_steps=100)
    assert factor(run, 39, 1000) == pytest.approx(0.4)
    assert place(run, 39, 1000) == "warm-up 40/100"
    assert factor(run, 100, 1000) == 1.0
    expected = "" if schedule == "constant" else f"{schedule} 300/900"
    assert place(run, 400, 1000) == expected


def test_decay_steps_replace_the_experiments_length():
    run = scheduled(schedule="linear", warmup_steps=2, decay_steps=4)
    assert curve(run, 9, 1000) == pytest.approx([0.5, 1, 1, 0.75, 0.5, 0.25, 0, 0, 0])
    assert place(run, 4, 1000) == "linear 2/4"


@pytest.mark.parametrize("schedule", ["linear", "cosine"])
def test_a_warm_up_as_long_as_the_experiment_is_no_division_by_zero(schedule):
    run = scheduled(schedule=schedule, warmup_steps=10)
    assert factor(run, 10, 10) == 1.0
    assert factor(run, 11, 10) == pytest.approx(0)


@pytest.mark.parametrize(
    ("schedule", "warmup"),
    [("warmup", 7), *((s, w) for s in ("constant", "linear", "cosine") for w in (0, 7))],
)
def test_the_factor_is_positive_at_first_and_never_leaves_zero_to_one(schedule, warmup):
    run = scheduled(schedule=schedule, warmup_steps=warmup)
    factors = curve(run, 60, 40)
    assert factors[0] > 0
    assert all(0 <= value <= 1 for value in factors)
