"""What the page is made of, read from the recording once."""

import math
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dicttui.preset.model import Preset
from dicttui.record.facts import Curve, Event, RecordedIntervention, RecordedRun
from dicttui.record.frames import Frames
from dicttui.record.reading import Recorded
from dicttui.training.snapshot import Norms, RunSnapshot, Snapshot

Values = Sequence[tuple[int, float | None]]
"""A metric's values by step."""


@dataclass(frozen=True, slots=True)
class Undone:
    """A piece of a run's curve that was taken back."""

    from_step: int
    steps: Sequence[int]
    losses: Sequence[float]


@dataclass(frozen=True, slots=True)
class RunMaterial:
    """All about one run."""

    place: int
    """Among the runs, from 0: its colour and marker."""
    recorded: RecordedRun
    losses: Curve
    undone: tuple[Undone, ...]
    metrics: Mapping[str, Values]
    picture: RunSnapshot | None
    """The last; None if there is none of it."""
    norms_before: Norms | None
    atom_norms_before: Norms | None

    @property
    def name(self) -> str:
        """What it is called."""
        return self.recorded.name

    @property
    def diverged(self) -> bool:
        """Whether its loss left the finite numbers."""
        return self.recorded.state == "diverged"

    @property
    def last_loss(self) -> float | None:
        """Of the last step that was recorded; not a number where it was none."""
        losses = self.losses.losses
        return losses[-1] if losses else None


@dataclass(frozen=True, slots=True)
class Material:
    """Everything the parts of the page draw from."""

    experiment: Recorded
    preset: Preset
    environment: Mapping[str, Any]
    runs: tuple[RunMaterial, ...]
    taken_back: tuple[RunMaterial, ...]
    """Forks that are no longer there."""
    interventions: tuple[RecordedIntervention, ...]
    events: tuple[Event, ...]
    last: Snapshot | None
    """The last picture; None if none was recorded."""

    @property
    def title(self) -> str:
        """What the experiment is called."""
        return self.preset.title or self.preset.source

    @property
    def objectives_differ(self) -> bool:
        """Whether the runs' losses are sums of different things."""
        pictures = [run.picture.objective for run in self.runs if run.picture]
        objectives = pictures or [run.objective for run in self.preset.runs]
        return len(set(objectives)) > 1


def gather(experiment: Recorded) -> Material:
    """Read everything."""
    frames = experiment.frames()
    first = frames[0] if len(frames) else None
    last = frames[len(frames) - 1] if len(frames) else None
    runs = []
    for place, recorded in enumerate(experiment.runs()):
        name = recorded.name
        before = _of(first, name) or _of(_first_with(frames, name), name)
        runs.append(
            RunMaterial(
                place=place,
                recorded=recorded,
                losses=experiment.losses(name),
                undone=_undone(experiment, name),
                metrics=experiment.metrics(name),
                picture=_of(last, name),
                norms_before=before.norms if before else None,
                atom_norms_before=before.atom_norms if before else None,
            )
        )
    return Material(
        experiment=experiment,
        preset=experiment.preset(),
        environment=experiment.environment(),
        runs=tuple(run for run in runs if run.recorded.present),
        taken_back=tuple(run for run in runs if not run.recorded.present),
        interventions=tuple(experiment.interventions()),
        events=tuple(experiment.events()),
        last=last,
    )


def best(values: Values, *, largest: bool) -> tuple[int, float] | None:
    """The first step with the smallest, or largest, value that is finite."""
    finite = [(value, step) for step, value in values if value is not None and math.isfinite(value)]
    if not finite:
        return None
    extreme = max(finite)[0] if largest else min(finite)[0]
    return next((step, value) for value, step in finite if value == extreme)


def _of(snapshot: Snapshot | None, run: str) -> RunSnapshot | None:
    if snapshot is None:
        return None
    return next((shown for shown in snapshot.runs if shown.name == run), None)


def _first_with(frames: Frames, run: str) -> Snapshot | None:
    """The first picture that shows a run which was not there from the start."""
    low, high = 0, len(frames)
    while low < high:
        middle = (low + high) // 2
        if _of(frames[middle], run) is None:
            low = middle + 1
        else:
            high = middle
    return frames[low] if low < len(frames) else None


def _undone(experiment: Recorded, run: str) -> tuple[Undone, ...]:
    """What each segment of a run had beyond the step at which a later one begins."""
    pieces = []
    cut = math.inf
    for number, begins in sorted(experiment.segments(run).items(), reverse=True):
        segment = experiment.segment_losses(run, number)
        kept = bisect_left(segment.steps, cut)
        if kept < len(segment.steps):
            steps, losses = segment.steps[kept:], segment.losses[kept:]
            pieces.append(Undone(steps[0], steps, losses))
        if begins is not None or segment.steps:
            cut = min(cut, segment.steps[0] if begins is None else begins)
    return tuple(reversed(pieces))
