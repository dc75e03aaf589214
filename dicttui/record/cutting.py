"""Taking out of the database what is going to be trained again after an interruption."""

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Cut:
    """Where a recording is cut."""

    at: float
    """Wall-clock time of the state from which the training goes on; -inf: from the start."""
    runs: Mapping[str, tuple[int, int | None]]
    """The segment in which each run goes on, and the step; None: it makes no more in it."""
    gone: frozenset[str]
    """Runs that are not there yet at that state, and are going to be made again."""


def apply(cut: Cut, connection: sqlite3.Connection) -> None:
    """Delete what lies beyond the cut. Raises sqlite3.Error."""
    for run in cut.gone:
        for table in ("losses", "segments", "metrics", "ends"):
            connection.execute(f"DELETE FROM {table} WHERE run = ?", (run,))
        connection.execute("DELETE FROM runs WHERE name = ?", (run,))
    for run, (segment, step) in cut.runs.items():
        for table in ("losses", "segments", "metrics"):
            connection.execute(f"DELETE FROM {table} WHERE run = ? AND segment > ?", (run, segment))
        connection.execute("DELETE FROM ends WHERE run = ?", (run,))
        if step is not None:
            _cut_losses(run, segment, step, connection)
            connection.execute(
                "DELETE FROM metrics WHERE run = ? AND segment = ? AND step >= ?",
                (run, segment, step),
            )
    connection.execute("DELETE FROM facts WHERE key IN ('signal', 'ended')")
    connection.execute("DELETE FROM frames WHERE at > ?", (cut.at,))


def _cut_losses(run: str, segment: int, step: int, connection: sqlite3.Connection) -> None:
    place = (run, segment, step)
    connection.execute(
        "DELETE FROM losses WHERE run = ? AND segment = ? AND first_step >= ?", place
    )
    # Of a row that reaches beyond the step its beginning is kept.
    connection.execute(
        "UPDATE losses SET count = :step - first_step,"
        " bytes = substr(bytes, 1, 4 * (:step - first_step))"
        " WHERE run = :run AND segment = :segment AND first_step + count > :step",
        {"run": run, "segment": segment, "step": step},
    )
