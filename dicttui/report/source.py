"""What exports and reports read of a recorded experiment; `Recorded` is one."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

from dicttui.preset.model import Preset
from dicttui.record.facts import Curve, Event, RecordedIntervention, RecordedRun
from dicttui.training.snapshot import Snapshot

__all__ = ["Curve", "Event", "Experiment", "Frames", "RecordedIntervention", "RecordedRun"]


class Frames(Protocol):
    """The recorded pictures, each read when it is asked for."""

    def __len__(self) -> int: ...
    def __getitem__(self, index: int, /) -> Snapshot: ...


class Experiment(Protocol):
    """A recorded experiment."""

    @property
    def id(self) -> str:
        """What names it on the command line."""
        ...

    @property
    def directory(self) -> Path:
        """Where it is."""
        ...

    @property
    def state(self) -> str:
        """One of "running", "finished", "stopped" or "crashed"."""
        ...

    @property
    def began(self) -> datetime:
        """When it was begun."""
        ...

    def preset(self) -> Preset:
        """The preset as it was resolved."""
        ...

    def environment(self) -> Mapping[str, Any]:
        """What it ran in."""
        ...

    def runs(self) -> Sequence[RecordedRun]:
        """Every run that ever was."""
        ...

    def losses(self, run: str, /) -> Curve:
        """A run's losses as it stands."""
        ...

    def segments(self, run: str, /) -> Mapping[int, int | None]:
        """The segments of a run, and the step with which each begins, if that is no loss."""
        ...

    def segment_losses(self, run: str, segment: int, /) -> Curve:
        """The losses of one segment."""
        ...

    def metrics(self, run: str, /) -> Mapping[str, Sequence[tuple[int, float | None]]]:
        """The metrics of a run as it stands, by name; None is n/a."""
        ...

    def interventions(self) -> Sequence[RecordedIntervention]:
        """Applied or failed, in their order."""
        ...

    def events(self) -> Sequence[Event]:
        """What happened to the recording."""
        ...

    def frames(self) -> Frames:
        """The recorded pictures."""
        ...
