"""What the chart is told to draw, from a snapshot made by hand."""

from dataclasses import replace
from typing import get_args

import handmade
import pytest

from dicttui.preset.model import Chart
from dicttui.training.snapshot import Mark, RunSnapshot, Series, Snapshot
from dicttui.tui.charting import MEANINGS, chart_content, scatter_content
from dicttui.tui.display import SCATTER, ChartSettings

LINE = Series((0, 1), (0.1, 0.2), (2.0, 1.0), (2.0, 1.0), (2.0, 1.0))
RUN = RunSnapshot(
    name="adam",
    optimizer="Adam",
    settings="",
    network="sparse",
    device="cpu",
    engine="eager",
    state="running",
    loss_series=LINE,
    held_out_loss=1.5,
    series={"held_out_loss": LINE, "fvu": LINE, "norm_ratio": LINE},
    loss_floor=0.5,
    loss_floor_label="all codes zero: Var(x)",
)


def shown(run=RUN, **settings):
    return chart_content(Snapshot(1, "ready", runs=(run,)), ChartSettings(**settings))


@pytest.mark.parametrize(("samples", "floors"), [("train", 1), ("both", 1), ("held-out", 0)])
def test_the_floor_of_the_train_samples_is_no_line_for_held_out_ones(samples, floors):
    assert len(shown(samples=samples).floors) == floors


def test_only_the_loss_has_the_loss_floor():
    assert shown(metric="fvu").floors == ()


@pytest.mark.parametrize("metric", ["fvu", "norm_ratio"])
def test_what_is_not_measured_on_both_sets_is_drawn_whichever_is_chosen(metric):
    content = shown(metric=metric, samples="held-out")
    assert content.which == "train"
    assert content.curves[0].series == LINE


def test_fvu_says_of_which_samples_it_is():
    assert shown(metric="fvu").y_label == "fvu of held-out samples"
    assert shown(replace(RUN, held_out_loss=None, series={"fvu": LINE}), metric="fvu").y_label == (
        "fvu"
    )


def test_a_mark_names_its_run_unless_it_is_everybodys():
    both, alone = Mark(5, 0.1, "lr 0.02"), Mark(9, 0.2, "lr 0.01")
    runs = (replace(RUN, marks=(both, alone)), replace(RUN, name="sgd", marks=(both,)))
    content = chart_content(Snapshot(1, "ready", runs=runs), ChartSettings())
    labels = [[mark.label for mark in curve.marks] for curve in content.curves]
    assert labels == [["lr 0.02", "adam lr 0.01"], ["lr 0.02"]]


def test_losses_of_different_objectives_are_never_compared_unlabelled():
    one = replace(RUN, objective="kind sparse, penalty sum")
    other = replace(RUN, name="mean", objective="kind sparse, penalty mean")

    def label(*runs, metric="loss"):
        return chart_content(Snapshot(1, "ready", runs=runs), ChartSettings(metric=metric)).y_label

    assert "objectives differ" in label(one, other)
    assert label(one, one) == "loss"
    assert label(one, other, metric="mse") == "mse"


def test_a_preset_may_open_on_whatever_the_chart_can_show():
    assert get_args(Chart) == tuple(MEANINGS)


def test_a_scatter_has_the_newest_point_and_what_came_before_it():
    snapshot = handmade.scattered()
    content = scatter_content(snapshot, ChartSettings(metric=SCATTER), lambda _name: 0)
    first = content.trails[0]
    run = snapshot.runs[0]
    assert (first.x[-1], first.y[-1]) == (run.metrics["l0"], run.metrics["fvu"])
    assert first.x[:-1] == run.series["l0"].last
    assert content.samples == ""


def test_a_scatter_is_of_held_out_samples_where_there_are_some():
    snapshot = handmade.scattered()
    one = snapshot.runs[0]
    held_out = replace(
        one,
        metrics=one.metrics | {"held_out_l0": 7.0},
        series=one.series | {"held_out_l0": replace(one.series["l0"], last=one.series["fvu"].last)},
    )
    settings = ChartSettings(metric=SCATTER)
    content = scatter_content(replace(snapshot, runs=(held_out,)), settings, lambda _name: 0)
    assert content.trails[0].x == (*one.series["fvu"].last, 7.0)
    assert content.samples == ", held-out"
    assert settings.series == ("l0", "fvu")
