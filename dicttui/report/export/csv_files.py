"""`metrics.csv` and `interventions.csv`: for everything that reads tables."""

import csv
from collections.abc import Collection
from datetime import datetime
from pathlib import Path
from typing import TextIO

from dicttui.record.reading import Recorded
from dicttui.report.export.changes import COLUMNS, Value, rows
from dicttui.report.table import pieces


def write(experiment: Recorded, runs: Collection[str], every: int, path: Path) -> None:
    """Write both files into a directory that is there."""
    with (path / "metrics.csv").open("x", encoding="utf-8", newline="") as file:
        write_metrics(experiment, runs, every, file)
    with (path / "interventions.csv").open("x", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(COLUMNS)
        writer.writerows([_text(value) for value in row] for row in rows(experiment, runs))


def write_metrics(experiment: Recorded, runs: Collection[str], every: int, stream: TextIO) -> None:
    """Write the table of losses and metrics: run, name, step, value.

    A value is the shortest text that reads back exactly; "nan", "inf" and "-inf" are what they
    say, and nothing is "n/a".
    """
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(("run", "name", "step", "value"))
    for piece in pieces(experiment, runs, every):
        writer.writerows(
            (piece.run, piece.name, step, "" if value is None else repr(float(value)))
            for step, value in zip(piece.steps, piece.values, strict=True)
        )


def _text(value: Value) -> str:
    if value is None:
        return ""
    return value.isoformat() if isinstance(value, datetime) else str(value)
