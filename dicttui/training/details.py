"""What screens show of a run beside its card."""

import logging
from dataclasses import dataclass

from dicttui.networks import foreign
from dicttui.training.run import GradientRun
from dicttui.training.snapshot import Firing, Row, RowsPage, View

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Details:
    """Of one run at a moment."""

    rows: tuple[Row, ...] = ()
    pages: tuple[RowsPage, ...] = ()
    firing: Firing | None = None


def of(run: GradientRun, view: View) -> Details:
    """What this view asks for. A person's network is asked for it: where that raises, the run has
    failed.
    """
    try:
        return _asked_for(run, view)
    except foreign.failures() as error:
        if run.state in ("running", "paused"):
            log.exception("run %s failed", run.name)
            run.fail(error)
        return Details()


def _asked_for(run: GradientRun, view: View) -> Details:
    trainable, step, standing = run.trainable, run.step, run.wants == 0
    requests = tuple(request for request in view.pages if request.run == run.name)
    every = run.name in view.rows_of
    if view.firing or (requests and not standing):
        run.firing.look(trainable, step, standing=standing)
    rows: tuple[Row, ...] = ()
    pages: tuple[RowsPage, ...] = ()
    if run.rows is not None:
        run.rows.watch(requests, every=every)
        if every:
            rows = run.rows.rows(trainable, step, standing=standing)
        pages = run.rows.pages(trainable, step, run.firing.shares, standing=standing)
    return Details(rows, pages, run.firing.facts(trainable.deadness, step, standing=standing))
