"""Interventions as rows: one for each run that an intervention changed."""

from collections.abc import Collection, Iterator
from datetime import datetime

from dicttui.record.facts import RecordedIntervention
from dicttui.record.reading import Recorded
from dicttui.training.interventions import Change

Value = int | float | str | datetime | None

COLUMNS = {
    "id": int,
    "at": datetime,
    "seconds": float,
    "kind": str,
    "target": str,
    "request": str,
    "status": str,
    "reason": str,
    "run": str,
    "step": int,
    "before": str,
    "after": str,
    "note": str,
    "failed": str,
}
"""The columns and what stands in them; those from "run" on are None where nothing changed."""


def concerning(
    experiment: Recorded, runs: Collection[str]
) -> Iterator[tuple[RecordedIntervention, tuple[Change, ...]]]:
    """The interventions that concern these runs, with what they changed in them.

    What concerns all runs at once, a checkpoint, concerns each.
    """
    others = {run.name for run in experiment.runs()}.difference(runs)
    for recorded in experiment.interventions():
        changes = tuple(change for change in recorded.receipt.changes if change.run not in others)
        if changes or not recorded.receipt.changes:
            yield recorded, changes


def rows(experiment: Recorded, runs: Collection[str]) -> Iterator[tuple[Value, ...]]:
    """A row for each change of these runs; one without a change where there is none."""
    for recorded, changes in concerning(experiment, runs):
        receipt = recorded.receipt
        whole = (
            recorded.id,
            recorded.at,
            receipt.seconds,
            receipt.kind,
            receipt.target,
            receipt.request,
            receipt.status,
            receipt.reason,
        )
        for change in changes:
            yield (
                *whole,
                change.run,
                change.step,
                change.before,
                change.after,
                change.note,
                change.failed,
            )
        if not changes:
            yield (*whole, None, None, None, None, None, None)
