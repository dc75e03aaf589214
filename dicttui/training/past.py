"""What a run has done so far, in bounded memory: losses, measurements, interventions."""

import bisect
import math
from array import array
from collections import deque
from typing import Any

import torch
from torch import Tensor

from dicttui.measures import ripple
from dicttui.measures.ripple import Ripple
from dicttui.training import alerts
from dicttui.training.history import History
from dicttui.training.measurement import Measurement
from dicttui.training.snapshot import Ghost, Mark, Series

MARKS_KEPT = 256
GHOSTS_KEPT = 4
FEWEST_EVALUATIONS = 20
"""For a share of rising steps; the ripple itself takes a whole window."""
DEAD_KEPT = 4096
"""Measurements of dead_fraction among which a jump is looked for."""


class Past:
    """The past of one run. Plain numbers; it can be taken down and put up again exactly."""

    def __init__(self) -> None:
        self.losses = History()
        self.histories: dict[str, History] = {}
        self.loss: float | None = None
        self.best_loss: float | None = None
        self.best_step: int | None = None
        self.recent: deque[float] = deque(maxlen=ripple.WINDOW)
        """Losses on one fixed batch, oldest first: the train losses if training is full batch, else
        the probe's, every so many steps."""
        self.marks: list[Mark] = []
        self._dead: deque[tuple[int, float]] = deque(maxlen=DEAD_KEPT)

    def made(self, first: int, values: list[float], began: float, ended: float) -> None:
        """Steps were made, the first with this index, between two training seconds."""
        self.losses.extend(first, values, began, ended)
        finite = values
        if not math.isfinite(sum(values)):
            finite = [v for v in values if math.isfinite(v)]
        if finite:
            low = min(finite)
            if self.best_loss is None or low < self.best_loss:
                self.best_loss, self.best_step = low, first + values.index(low)
        self.loss = values[-1]

    def measured(self, measured: Measurement, seconds: float) -> None:
        """A step was measured."""
        for name, value in measured.all_metrics.items():
            if value is not None:
                self.histories.setdefault(name, History()).append(measured.step, seconds, value)
        dead = measured.metrics.get("dead_fraction")
        if dead is not None:
            self._dead.append((measured.step, dead))

    def mark(self, step: int, seconds: float, label: str) -> None:
        """Remember an intervention for the chart."""
        self.marks.append(Mark(step, seconds, label))
        del self.marks[:-MARKS_KEPT]

    def ripple(self, *, full_batch: bool) -> Ripple:
        """On one fixed batch; rising_share only where training is full batch."""
        if len(self.recent) < FEWEST_EVALUATIONS:
            return Ripple(None, None)
        found = ripple.ripple(list(self.recent))
        whole = len(self.recent) == ripple.WINDOW
        return Ripple(found.iqr if whole else None, found.rising_share if full_batch else None)

    @property
    def dead_jump(self) -> tuple[float, float, int] | None:
        """(share before, share now, step) if many atoms died lately."""
        if len(self._dead) < 1:
            return None
        step, now = self._dead[-1]
        since = step - alerts.DEAD_JUMP_STEPS
        lately = [share for s, share in self._dead if s >= since]
        # A fast run is measured less often than that: the last one before counts too.
        lately += [share for s, share in self._dead if s < since][-1:]
        before = min(lately)
        return (before, now, step) if now - before >= alerts.DEAD_JUMP else None

    def since(self, step: int, label: str) -> Ghost:
        """What there is from a step on, as a piece of its own."""
        histories = {"loss": self.losses} | self.histories
        pieces = {name: _since(history.series(), step) for name, history in histories.items()}
        return Ghost(step, label, {name: piece for name, piece in pieces.items() if piece.steps})

    # -- taken down and put up again -----------------------------------------------------------

    def taken_down(self) -> tuple[dict[str, Any], dict[str, Tensor]]:
        """As plain JSON and tensors."""
        histories = {"loss": self.losses} | self.histories
        facts = {
            "loss": _exact(self.loss),
            "best_loss": _exact(self.best_loss),
            "best_step": self.best_step,
            "marks": [[mark.step, mark.seconds, mark.label] for mark in self.marks],
            "histories": {name: history.place for name, history in histories.items()},
        }
        tensors = {
            f"history.{name}": as_tensor(history.series()) for name, history in histories.items()
        }
        tensors["recent"] = torch.tensor(list(self.recent), dtype=torch.float64)
        tensors["dead"] = torch.tensor(list(self._dead), dtype=torch.float64).reshape(-1, 2)
        return facts, tensors

    @classmethod
    def put_up(cls, facts: dict[str, Any], tensors: dict[str, Tensor]) -> "Past":
        """What `taken_down` took down."""
        past = cls()
        past.loss, past.best_loss = _float(facts["loss"]), _float(facts["best_loss"])
        past.best_step = facts["best_step"]
        past.marks = [Mark(step, seconds, label) for step, seconds, label in facts["marks"]]
        for name, (stride, fill) in facts["histories"].items():
            history = History.of(as_series(tensors[f"history.{name}"]), stride, fill)
            if name == "loss":
                past.losses = history
            else:
                past.histories[name] = history
        past.recent.extend(tensors["recent"].tolist())
        past._dead.extend((int(step), share) for step, share in tensors["dead"].tolist())
        return past


def as_tensor(series: Series) -> Tensor:
    """[5, buckets] float64, which holds step indices to 2**53 exactly."""
    numbers = array("d")  # torch.tensor takes ten times as long over as many numbers
    for row in (series.steps, series.seconds, series.low, series.high, series.last):
        numbers.extend(row)
    if not numbers:
        return torch.empty(5, 0, dtype=torch.float64)
    return torch.frombuffer(numbers, dtype=torch.float64).reshape(5, -1)


def as_series(tensor: Tensor) -> Series:
    """The series of such a tensor."""
    steps, seconds, low, high, last = (tuple(row) for row in tensor.tolist())
    return Series(tuple(int(step) for step in steps), seconds, low, high, last)


def _since(series: Series, step: int) -> Series:
    first = bisect.bisect_left(series.steps, step)
    return Series(
        series.steps[first:], series.seconds[first:], series.low[first:], series.high[first:],
        series.last[first:],
    )  # fmt: skip


def _exact(value: float | None) -> str | None:
    """Every float, nan and inf too, in strict JSON."""
    return None if value is None else value.hex()


def _float(text: str | None) -> float | None:
    return None if text is None else float.fromhex(text)
