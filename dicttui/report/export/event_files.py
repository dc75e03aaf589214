"""A directory for TensorBoard: an event file a run, in directories named like the runs."""

from bisect import bisect_right
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from json import dumps
from pathlib import Path

from dicttui.preset.resolved import dumped
from dicttui.record.reading import Recorded
from dicttui.report.event_file import EventFile, directory_of, shown
from dicttui.report.export.changes import concerning
from dicttui.report.table import pieces
from dicttui.training.asked import from_to

PICTURES = 64
"""Recorded pictures that are asked for the time."""


def write(experiment: Recorded, runs: Collection[str], every: int, path: Path) -> None:
    """Write the event files into a directory that is there.

    Every metric is a scalar; interventions and the preset are texts. A step's wall-clock time is
    interpolated between the times that are known.
    """
    preset = dumps(dumped(experiment.preset()), indent=2)
    for run in runs:
        when = _clock(experiment, run)
        file = EventFile(path / directory_of(run), experiment.began.timestamp(), name=experiment.id)
        try:
            block = "\n".join(f"    {line}" for line in preset.splitlines())
            file.text("preset", block, 0, when(0))
            for recorded, changes in concerning(experiment, [run]):
                for change in changes:
                    words = f"{recorded.receipt.request}: {from_to(change.before, change.after)}"
                    more = change.failed or change.note
                    text = f"#{recorded.id} {words}" + (f" ({more})" if more else "")
                    at = recorded.at.timestamp()
                    file.text("interventions", shown(text), change.step, at)
            for piece in pieces(experiment, [run], every):
                for step, value in zip(piece.steps, piece.values, strict=True):
                    if value is not None:
                        file.scalar(piece.name, value, step, when(step))
        finally:
            file.close()


@dataclass(slots=True)
class _Known:
    """Steps of a run and the wall-clock times at which they had been made."""

    steps: list[int] = field(default_factory=list)
    times: list[float] = field(default_factory=list)

    def add(self, step: int, time: float) -> None:
        """Another point; what is no later step than the last is left out."""
        if not self.steps or (step > self.steps[-1] and time >= self.times[-1]):
            self.steps.append(step)
            self.times.append(time)

    def at(self, step: int) -> float:
        """The time of a step, between its neighbours in proportion."""
        right = bisect_right(self.steps, step)
        if right in (0, len(self.steps)):
            return self.times[min(right, len(self.steps) - 1)]
        low, high = self.steps[right - 1], self.steps[right]
        share = (step - low) / (high - low)
        return self.times[right - 1] + share * (self.times[right] - self.times[right - 1])


def _clock(experiment: Recorded, run: str) -> Callable[[int], float]:
    """Wall-clock times of a run's steps, by some of the recorded pictures."""
    known = _Known()
    known.add(0, experiment.began.timestamp())
    frames = experiment.frames()
    last = len(frames) - 1
    # Each picture costs a look at all losses before it.
    for index in sorted({last * place // PICTURES for place in range(PICTURES + 1)} - {-1}):
        for picture in frames[index].runs:
            if picture.name == run:
                known.add(picture.step, frames.times[index])
    return known.at
