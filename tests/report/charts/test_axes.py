"""Scales and their ticks."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dicttui.report.charts.axes import scale_of


def test_a_linear_axis_has_round_ticks():
    scale = scale_of([0.12, 0.87], 100.0, 0.0, log=False)
    assert scale.ticks(5) == [0.2, 0.4, 0.6, 0.8]
    assert scale.at(0.12) > scale.at(0.87)


def test_a_log_axis_has_powers_of_ten():
    assert scale_of([1e-3, 1e3], 100.0, 0.0, log=True).ticks(8) == pytest.approx(
        [1e-3, 1e-2, 1e-1, 1, 10, 100, 1000]
    )


def test_less_than_a_decade_has_ticks_too():
    assert scale_of([1.01, 1.06], 100.0, 0.0, log=True).ticks(5) == [1.02, 1.04, 1.06]


def test_what_has_no_logarithm_makes_the_axis_linear():
    assert not scale_of([0.0, 1.0], 0.0, 1.0, log=True).log


def test_far_outside_is_only_so_far():
    scale = scale_of([0.1, 1.0], 100.0, 0.0, log=True)
    assert scale.at(1e30) == -100.0
    assert math.isfinite(scale.at(0.0))


finite = st.floats(allow_nan=False)


@given(st.lists(finite | st.sampled_from([math.nan, math.inf]), max_size=5), st.booleans(),
       st.booleans(), st.integers(1, 10))  # fmt: skip
def test_any_values_have_an_axis(values, log, zero, most):
    scale = scale_of(values, 100.0, 0.0, log=log, zero=zero)
    ticks = scale.ticks(most)
    assert len(ticks) <= 3 * most + 3
    for value in (*ticks, *(v for v in values if math.isfinite(v))):
        if scale.shows(value):
            assert -100 <= scale.at(value) <= 200
            if abs(value) < 1e100 and (value > 1e-100 or not scale.log):
                assert -1 <= scale.at(value) <= 101
