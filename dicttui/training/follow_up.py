"""Receipts of moves, completed when the speed on the new device is known."""

from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass, replace

from dicttui.training.asked import number
from dicttui.training.interventions import Receipt
from dicttui.training.run import GradientRun

STEPS_TIMED = 20
"""Steps on a new device before its speed is said."""


@dataclass(slots=True)
class Stopwatch:
    """Times a run's steps on the device it was moved to."""

    run: GradientRun
    step: int = 0
    began: float | None = None

    def seconds_per_step(self) -> float | None:
        """The speed, once enough steps have been made since the first look."""
        if self.began is None:
            # The first chunk on a device warms it up.
            self.began, self.step = self.run.seconds, self.run.step
            return None
        made = self.run.step - self.step
        return (self.run.seconds - self.began) / made if made >= STEPS_TIMED else None


class FollowUp:
    """A receipt of a move, completed run by run as their speeds on the new device are known."""

    def __init__(self, applied: Receipt, moved: Sequence[GradientRun]) -> None:
        self.receipt = applied
        self._waiting = [Stopwatch(run) for run in moved]

    @property
    def over(self) -> bool:
        """Whether no run is left to be timed."""
        return not self._waiting

    def forget(self, names: Container[str]) -> None:
        """What was to be timed of these runs is no longer there."""
        self._waiting = [watch for watch in self._waiting if watch.run.name not in names]

    def look(self, trained: Container[GradientRun]) -> bool:
        """After a chunk of steps of these runs; whether the receipt has changed."""
        before = self.receipt
        for watch in list(self._waiting):
            if watch.run in trained and (took := watch.seconds_per_step()) is not None:
                self._waiting.remove(watch)
                self.receipt = _with_speed(self.receipt, watch.run.name, took)
        return self.receipt is not before


def _with_speed(receipt: Receipt, run: str, seconds: float) -> Receipt:
    changes = tuple(
        replace(change, note=f"{change.note}, now {number(1000 * seconds)} ms/step")
        if change.run == run
        else change
        for change in receipt.changes
    )
    return replace(receipt, changes=changes)


class FollowUps:
    """Those that wait."""

    def __init__(self) -> None:
        self._waiting: list[FollowUp] = []

    def add(self, follow_up: FollowUp) -> None:
        """Wait for one more."""
        self._waiting.append(follow_up)

    def forget(self, names: Container[str]) -> None:
        """What was to be timed of these runs is no longer there."""
        for follow_up in self._waiting:
            follow_up.forget(names)

    def looked(self, trained: Container[GradientRun]) -> Iterable[Receipt]:
        """After a chunk of steps of these runs: the receipts that have changed."""
        changed = [follow_up.receipt for follow_up in self._waiting if follow_up.look(trained)]
        self._waiting = [follow_up for follow_up in self._waiting if not follow_up.over]
        return changed
