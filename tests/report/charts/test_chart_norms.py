"""Norms before and after as SVG."""

import math
from dataclasses import replace
from xml.etree import ElementTree

import pytest
from handmade_experiment import norms_of

from dicttui.report.charts.norms import draw


def count(svg, kind):
    return sum(kind in one.get("class", "").split() for one in ElementTree.fromstring(svg).iter())


def test_a_needle_for_each_row():
    svg = draw(0, norms_of([1.0, 1.0, 1.0]), norms_of([2.0, 0.5, 1.5]))
    assert (count(svg, "needle"), count(svg, "before"), count(svg, "after")) == (3, 3, 3)
    assert "row 1: 1 → 0.5" in svg


def test_many_rows_stand_in_the_order_of_their_norms():
    values = [1 + (row * 37 % 100) / 100 for row in range(100)]
    svg = draw(0, norms_of([1.0] * 100), norms_of(values))
    assert "rows by their norm at the end" in svg
    heights = [float(one.get("cy")) for one in ElementTree.fromstring(svg).iter("circle")
               if one.get("class") == "after"]  # fmt: skip
    assert heights == sorted(heights, reverse=True)


def test_without_norms_before_there_are_no_needles():
    svg = draw(0, None, norms_of([2.0, 0.5, 1.5]))
    assert (count(svg, "needle"), count(svg, "after")) == (0, 3)


@pytest.mark.parametrize("values", [[0.0] * 5, [math.nan, 1.0], [1e-9, 1e9], [1.0] * 5])
def test_strange_norms_are_drawn(values):
    ElementTree.fromstring(draw(0, norms_of(values), norms_of(values)))


def test_more_rows_than_were_recorded_one_by_one_are_histograms():
    def norms(low, high, histogram):
        whole = norms_of([low, (low + high) / 2, high])
        return replace(whole, count=1_000, values=(), histogram=histogram)

    svg = draw(0, norms(1.0, 1.0, (1000, 0, 0)), norms(0.5, 3.0, (200, 500, 300)))
    assert count(svg, "histogram") == 2
    assert "norms of 1000 rows" in svg
