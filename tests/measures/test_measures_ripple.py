"""Ripple."""

import math

import pytest

from dicttui.measures.ripple import ripple


def test_interquartile_range_and_share_of_rises():
    found = ripple([5.0, 1.0, 4.0, 2.0, 3.0])
    assert found.iqr == pytest.approx(4.0 - 2.0)
    assert found.rising_share == pytest.approx(2 / 4)


def test_only_the_last_200_evaluations_count():
    found = ripple([1000.0 * k for k in range(50)] + [1.0] * 200)
    assert found.iqr == 0
    assert found.rising_share == 0
    assert ripple([0.0, 0.0] + [1.0, 2.0] * 99).iqr == 1.0


def test_quartiles_are_interpolated():
    assert ripple([0.0, 1.0]).iqr == pytest.approx(0.5)


def test_too_few_evaluations_have_no_ripple():
    assert ripple([]) == (None, None)
    assert ripple([1.0]) == (None, None)
    assert ripple([1.0, math.nan]) == (None, None)


def test_losses_that_are_not_finite_are_left_out():
    assert ripple([1.0, math.inf, 2.0, math.nan, 3.0]) == ripple([1.0, 2.0, 3.0])
