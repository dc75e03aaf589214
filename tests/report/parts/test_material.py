"""What the page is made of."""

import math
from array import array

from handmade_experiment import Handmade, curve, handmade, picture, recorded_run

from dicttui.record.facts import Curve
from dicttui.report.parts.material import best, gather
from dicttui.training.snapshot import Snapshot


def test_what_was_taken_back_is_beside_the_curve():
    material = gather(handmade())
    adam, sgd, _ = material.runs
    (piece,) = adam.undone
    assert (piece.from_step, piece.steps[-1]) == (400, 599)
    assert adam.losses.steps == list(range(1_000))
    assert sgd.undone == ()


def test_taken_back_twice_and_not_gone_on():
    experiment = handmade()
    experiment.segments_["adam"] = {
        0: curve(float, 0, 50),
        1: curve(float, 20, 60),
        2: Curve([], array("f")),
    }
    experiment.segments = lambda run: {0: None, 1: None, 2: 40} if run == "adam" else {0: None}
    adam = gather(experiment).runs[0]
    assert [(piece.from_step, piece.steps[-1]) for piece in adam.undone] == [(20, 49), (40, 59)]


def test_a_fork_has_the_norms_of_the_first_picture_that_shows_it():
    experiment = handmade()
    preset = experiment.preset()
    adam, fork = recorded_run(preset, 0), experiment.runs_[2]
    experiment.frames_ = [
        Snapshot(1, "ready", runs=(picture(adam, 0, [1.0, 1.0]),)),
        Snapshot(2, "ready", runs=(picture(adam, 5, [1.0, 1.0]), picture(fork, 5, [2.0, 3.0]))),
        Snapshot(3, "ready", runs=(picture(adam, 9, [1.0, 1.0]), picture(fork, 9, [4.0, 5.0]))),
    ]
    found = gather(experiment).runs[2]
    assert found.norms_before.values == (2.0, 3.0)
    assert found.picture.norms.values == (4.0, 5.0)


def test_nothing_but_a_preset():
    material = gather(Handmade())
    assert material.runs == ()
    assert material.last is None
    assert not material.objectives_differ


def test_the_best_is_the_first_finite_one():
    values = [(0, math.nan), (1, 3.0), (2, 1.0), (3, None), (4, 1.0), (5, -math.inf)]
    assert best(values, largest=False) == (2, 1.0)
    assert best(values, largest=True) == (1, 3.0)
    assert best([(0, None)], largest=True) is None
