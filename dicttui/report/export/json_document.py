"""One JSON document with everything: the preset, the environment, every number, every change.

A number that is not finite is null. Beside columns of numbers, `reasons` has "nan" or "inf" by the
index of the null; elsewhere the same key with `_reason` after it says so. A null without a reason
is "n/a".
"""

import json
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import asdict
from itertools import groupby
from math import isfinite, isnan
from pathlib import Path
from typing import Any, TextIO

from dicttui import __version__
from dicttui.preset.resolved import dumped
from dicttui.record.facts import RecordedRun
from dicttui.record.reading import Recorded
from dicttui.report.export.changes import concerning
from dicttui.report.table import Piece, pieces

FORMAT = 1
"""Grows when a reader of the former one would be misled."""


def write(experiment: Recorded, runs: Collection[str], every: int, path: Path) -> None:
    """Write the document into a new file."""
    with path.open("x", encoding="utf-8") as file:
        write_document(experiment, runs, every, file)


def write_document(experiment: Recorded, runs: Collection[str], every: int, stream: TextIO) -> None:
    """Write the document piece by piece: a long training fits no memory as one object."""
    preset = experiment.preset()
    heading = {
        "format": FORMAT,
        "dicttui": __version__,
        "id": experiment.id,
        "title": preset.title,
        "state": experiment.state,
        "began": experiment.began.isoformat(),
        "preset": dumped(preset),
        "environment": experiment.environment(),
        "interventions": [
            {
                "id": recorded.id,
                "at": recorded.at.isoformat(),
                "kind": recorded.receipt.kind,
                "intervention": asdict(recorded.intervention),
                "receipt": asdict(recorded.receipt) | {"changes": [asdict(c) for c in changes]},
            }
            for recorded, changes in concerning(experiment, runs)
        ],
    }
    stream.write(_json(heading)[:-1] + ', "runs": [')
    chosen = [run for run in experiment.runs() if run.name in runs]
    for place, run in enumerate(chosen):
        stream.write((",\n" if place else "\n") + _json(_facts(run))[:-1] + ', "series": {')
        for text in _series(pieces(experiment, [run.name], every)):
            stream.write(text)
        stream.write("}}")
    stream.write("\n]}\n")


def _facts(run: RecordedRun) -> dict[str, Any]:
    return {
        "name": run.name,
        "parent": run.parent or None,
        "forked_at": run.forked_at,
        "state": run.state,
        "steps": run.steps,
        "best_loss": run.best_loss,
        "best_step": run.best_step,
        "specification": run.specification,
    }


def _series(found: Iterator[Piece]) -> Iterator[str]:
    """`"loss": {"steps": [0, 1, …], "values": [0.5, 0.4, …]}, "mse": …`, in parts."""
    for place, (name, group) in enumerate(groupby(found, key=lambda piece: piece.name)):
        parts = list(group)
        yield (", " if place else "") + f'{_json(name)}: {{"steps": ['
        yield from _joined(_json(list(piece.steps))[1:-1] for piece in parts)
        yield '], "values": ['
        yield from _joined(_json(list(piece.values))[1:-1] for piece in parts)
        reasons = _reasons(value for piece in parts for value in piece.values)
        yield f'], "reasons": {_json(reasons)}}}' if reasons else "]}"


def _joined(texts: Iterator[str]) -> Iterator[str]:
    for place, text in enumerate(texts):
        yield f", {text}" if place else text


def _reasons(values: Iterable[float | None]) -> dict[str, str]:
    """Why values are no JSON numbers, by their index; those that are "n/a" have no reason."""
    return {
        str(place): _reason(value)
        for place, value in enumerate(values)
        if value is not None and not isfinite(value)
    }


def _reason(value: float) -> str:
    return "nan" if isnan(value) else "inf"


def _json(value: Any) -> str:
    return json.dumps(_plain(value), allow_nan=False)


def _plain(value: Any) -> Any:
    """A value of nothing but what JSON knows."""
    if isinstance(value, Mapping):
        plain: dict[str, Any] = {}
        for key, item in value.items():
            plain[str(key)] = _plain(item)
            if isinstance(item, float) and not isfinite(item):
                plain[f"{key}_reason"] = _reason(item)
        return plain
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, float) and not isfinite(value):
        return None
    return value if isinstance(value, bool | int | float | str | None) else str(value)
