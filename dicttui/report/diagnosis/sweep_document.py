"""A sweep of learning rates as one JSON document."""

from typing import Any

from dicttui.diagnosis.comparison import (
    Comparison,
    Point,
    SweepResult,
    Swept,
    against_the_best,
    as_given,
    best,
)
from dicttui.report.diagnosis.document import finite


def document(sweep: SweepResult) -> dict[str, Any]:
    """The document of `dicttui sweep --json`; null where a training diverged."""
    return {
        "steps": sweep.steps,
        "seeds": list(sweep.seeds),
        "measure": sweep.measure,
        "why": sweep.why,
        "runs": [_run(swept, sweep) for swept in sweep.runs],
        "best_against_best": [_comparison(one) for one in against_the_best(sweep, best)],
        "as_given": [_comparison(one) for one in against_the_best(sweep, as_given)],
    }


def _run(swept: Swept, sweep: SweepResult) -> dict[str, Any]:
    found = swept.best
    return {
        "run": swept.run,
        "optimizer": swept.optimizer,
        "lr": swept.given,
        "rates": [_point(point) for point in swept.points],
        "best": None if found is None else {
            "lr": found.rate,
            "median": finite(found.median(sweep.measure)),
            "at_edge": swept.best_at_edge,
        },
    }  # fmt: skip


def _point(point: Point) -> dict[str, Any]:
    return {
        "lr": point.rate,
        "loss": [finite(value) for value in point.losses],
        "fvu": [finite(value) for value in point.fvus],
        "median_loss": finite(point.median("loss")),
        "median_fvu": finite(point.median("fvu")),
        "diverged": point.diverged,
    }


def _comparison(one: Comparison) -> dict[str, Any]:
    return {
        "better": one.better,
        "lower": one.lower,
        "worse": one.worse,
        "by": finite(one.by),
        "spread": finite(one.spread),
        "sentence": one.sentence,
    }
