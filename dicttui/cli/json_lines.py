"""The JSON lines of `train --json`."""

import json
import threading
from collections.abc import Mapping
from dataclasses import asdict
from math import isfinite, isnan
from typing import Any, TextIO

from dicttui.training.interventions import Receipt
from dicttui.training.observation import EndObservation, Observer, StepObservation


class JsonLines(Observer):
    """Writes one JSON object a line; called on the trainer thread.

    A number that is not finite is `null`, with `"nan"` or `"inf"` beside it under the same key
    with `_reason` after it.
    """

    def __init__(self, stream: TextIO, every: int) -> None:
        self.every = every
        self.lost: OSError | None = None
        """Why the lines can no longer be written."""
        self._stream = stream
        self._lock = threading.Lock()

    def step(self, observation: StepObservation) -> None:
        """Write a step."""
        self._write({"event": "step"} | _plain(asdict(observation)))

    def receipt(self, receipt: Receipt) -> None:
        """Write what became of an intervention."""
        self._write({"event": "receipt"} | _plain(asdict(receipt)))

    def end(self, observation: EndObservation) -> None:
        """Write how a run ended."""
        self._write({"event": "end"} | _plain(asdict(observation)))

    def flush(self) -> None:
        """Hand what has been written to the reader."""
        with self._lock:
            try:
                self._stream.flush()
            except OSError as error:
                self.lost = error

    def _write(self, event: Mapping[str, Any]) -> None:
        line = json.dumps(event, allow_nan=False)
        with self._lock:
            try:
                self._stream.write(line + "\n")
            except OSError as error:
                self.lost = error


def _plain(table: Mapping[str, Any]) -> dict[str, Any]:
    """A table without numbers that JSON does not know."""
    plain: dict[str, Any] = {}
    for key, value in table.items():
        if isinstance(value, Mapping):
            reasons = {name: _reason(item) for name, item in value.items() if _reason(item)}
            plain[key] = {name: None if name in reasons else item for name, item in value.items()}
            if reasons:
                plain[f"{key}_reason"] = reasons
        elif isinstance(value, tuple) and any(_reason(item) for item in value):
            plain[key] = [None if _reason(item) else item for item in value]
            plain[f"{key}_reason"] = [_reason(item) for item in value]
        else:
            reason = _reason(value)
            plain[key] = None if reason else value
            if reason:
                plain[f"{key}_reason"] = reason
    return plain


def _reason(value: Any) -> str | None:
    """Why a value is no JSON number; None if it is one, or no number at all."""
    if not isinstance(value, float) or isfinite(value):
        return None
    return "nan" if isnan(value) else "inf"
