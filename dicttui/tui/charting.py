"""What the chart shows of a snapshot, by the display's settings."""

from collections.abc import Callable
from dataclasses import replace

from dicttui.training.snapshot import RunSnapshot, Series, Snapshot
from dicttui.tui.display import SCATTER, ChartSettings
from dicttui.tui.widgets.chart_content import ChartContent, Curve, Floor, Which
from dicttui.tui.widgets.scatter_content import ScatterContent, Trail

WHICH: dict[str, Which] = {"train": "train", "held-out": "held_out", "both": "both"}
MEANINGS = {
    "loss": "the sum of the network's loss terms",
    "mse": "mean squared error",
    "fvu": "share of variance left",
    SCATTER: "each run a point: error over sparsity",
    "l1": "sum of |code|, per sample",
    "l0": "atoms that fire, per sample",
    "dead_fraction": "share of atoms that do not fire",
    "mmcs": "mean largest cosine to the true atoms",
    "recovered": "share of true atoms found",
    "precision": "share of living atoms that are true",
    "norm_ratio": "largest ÷ smallest row norm",
    "norm_max": "largest row norm",
    "norm_min": "smallest row norm",
}
"""What the chart can show, in the order of its list, and what that is."""


def chartable(snapshot: Snapshot) -> list[str]:
    """What can be charted of these runs: the loss, and what has been measured on any of them."""
    measured = {name for run in snapshot.runs for name in (*run.metrics, *run.series)}
    if {"l0", "fvu"} <= measured:
        measured.add(SCATTER)
    return ["loss", *(name for name in MEANINGS if name in measured and name != "loss")]


def chart_content(
    snapshot: Snapshot, settings: ChartSettings, look_of: Callable[[str], int] | None = None
) -> ChartContent:
    """The runs' curves of the chosen metric, on the chosen axes; `look_of` a run's name is the
    place of its colour and marker in the palette, if that is not the run's own place.
    """
    metric = settings.metric
    samples = settings.samples if _is_held_out_too(snapshot, metric) else "train"
    shared = _shared_marks(snapshot)
    looks = [look_of(run.name) if look_of else place for place, run in enumerate(snapshot.runs)]
    return ChartContent(
        curves=tuple(
            _curve(run, look, metric, shared)
            for run, look in zip(snapshot.runs, looks, strict=True)
        ),
        y_label=_label(snapshot, metric),
        x_quantity="seconds" if settings.seconds else "steps",
        x_scale="log" if settings.log_x else "linear",
        y_scale="log" if settings.log_y else "linear",
        smoothing=settings.smoothing,
        which=WHICH[samples],
        # A floor is computed from the train samples, so it says nothing of held-out ones.
        floors=_floors(snapshot) if metric == "loss" and samples != "held-out" else (),
    )


def scatter_content(
    snapshot: Snapshot, settings: ChartSettings, look_of: Callable[[str], int]
) -> ScatterContent:
    """Each run's fvu over its l0, both on held-out samples where there are some."""
    held_out = any("held_out_l0" in run.metrics for run in snapshot.runs)
    return ScatterContent(
        trails=tuple(_trail(run, look_of(run.name)) for run in snapshot.runs),
        x_label="l0",
        y_label="fvu",
        samples=", held-out" if held_out else "",
        note="left: sparser; low: less error",
        x_scale="log" if settings.log_l0 else "linear",
        y_scale="log" if settings.log_y else "linear",
    )


def _trail(run: RunSnapshot, look: int) -> Trail:
    name = "held_out_l0" if "held_out_l0" in run.metrics else "l0"
    l0, fvu = run.series.get(name, Series()), run.series.get("fvu", Series())
    at = dict(zip(fvu.steps, fvu.last, strict=True))
    points = [(x, at[s]) for s, x in zip(l0.steps, l0.last, strict=True) if s in at]
    newest = run.metrics.get(name), run.metrics.get("fvu")
    if newest[0] is not None and newest[1] is not None:
        points.append((newest[0], newest[1]))
    return Trail(run.name, look, look, tuple(x for x, _ in points), tuple(y for _, y in points))


def _is_held_out_too(snapshot: Snapshot, metric: str) -> bool:
    """Whether a metric is measured on held-out samples beside the train samples: norms are of no
    samples, and the fvu is measured once.
    """
    return any(f"held_out_{metric}" in run.series for run in snapshot.runs)


def _label(snapshot: Snapshot, metric: str) -> str:
    """A metric's name, and what it needs to be read rightly where the name does not say that."""
    if metric == "loss" and len({run.objective for run in snapshot.runs}) > 1:
        return "loss (objectives differ: compare mse)"
    held_out = any(run.held_out_loss is not None for run in snapshot.runs)
    return "fvu of held-out samples" if metric == "fvu" and held_out else metric


def _curve(run: RunSnapshot, look: int, metric: str, shared: set[tuple[int, str]]) -> Curve:
    series = run.loss_series if metric == "loss" else run.series.get(metric, Series())
    held_out = run.series.get(f"held_out_{metric}")
    ghosts = tuple(ghost.series[metric] for ghost in run.ghosts if metric in ghost.series)
    marks = tuple(
        mark
        if (mark.step, mark.label) in shared
        else replace(mark, label=f"{run.name} {mark.label}")
        for mark in run.marks
    )
    return Curve(run.name, look, look, series, held_out, marks, ghosts)


def _shared_marks(snapshot: Snapshot) -> set[tuple[int, str]]:
    """What was done to every run at the same step; any other mark has to name its run."""
    of_runs = [{(mark.step, mark.label) for mark in run.marks} for run in snapshot.runs]
    return set.intersection(*of_runs) if of_runs else set()


def _floors(snapshot: Snapshot) -> tuple[Floor, ...]:
    """Every floor once."""
    known = {
        (run.loss_floor, run.loss_floor_label)
        for run in snapshot.runs
        if run.loss_floor is not None
    }
    return tuple(Floor(value, label) for value, label in sorted(known))
