"""Where a session begins that has a past: a resumed one, a replayed one."""

import sys
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from dicttui.preset.model import Preset
from dicttui.training.interventions import Intervention, Receipt
from dicttui.training.moment import ExperimentCheckpoint


@dataclass(frozen=True, slots=True)
class Scripted:
    """An intervention that was applied once, and is to be applied again at the same steps."""

    number: int
    """Its id."""
    intervention: Intervention
    before: Mapping[str, int]
    """The completed updates of each run that it changed, just before it did."""


class Script:
    """What is still to be applied again, oldest first."""

    def __init__(self, items: Iterable[Scripted]) -> None:
        self._items = deque(items)

    def __bool__(self) -> bool:
        return bool(self._items)

    def limit(self, run: str, step: int) -> int:
        """Steps that a run at this step may make before something is to be applied to it."""
        item = next((item for item in self._items if run in item.before), None)
        return sys.maxsize if item is None else max(0, item.before[run] - step)

    def until(self, run: str) -> int | None:
        """The step of a run at which the last thing is to be applied to it; None: nothing is."""
        steps = [item.before[run] for item in self._items if run in item.before]
        return steps[-1] if steps else None

    def due(self, steps: Mapping[str, int]) -> Scripted | None:
        """The next item, once every run that it concerns stands at its step."""
        if self._items and all(steps.get(r) == s for r, s in self._items[0].before.items()):
            return self._items[0]
        return None

    def applied(self) -> None:
        """The next item has been applied."""
        self._items.popleft()

    def abandon(self) -> list[Scripted]:
        """What was left, no longer to be applied."""
        left, self._items = list(self._items), deque()
        return left


@dataclass(frozen=True, slots=True)
class Start:
    """The beginning of a session, if that is not the preset's step 0."""

    checkpoint: Callable[[], ExperimentCheckpoint | None] = lambda: None
    """Reads the state to go on from, on the trainer's thread; None: the preset's step 0."""
    script: tuple[Scripted, ...] = ()
    """What is applied again, oldest first."""
    receipts: tuple[Receipt, ...] = ()
    """Of the past."""
    next_id: int = 1
    """Of the next intervention."""
    segments: Mapping[str, int] = field(default_factory=dict)
    """Every run that ever was, with its newest segment: no name is given twice."""
    seconds: float = 0.0
    """Since the first session's start, when this one begins."""
    device: str | None = None
    """Where everything goes on, whatever the preset and the checkpoint say; None: where it was."""


def placed(preset: Preset, device: str | None) -> Preset:
    """A preset whose runs begin on another device, if one is given."""
    if device is None:
        return preset
    training = preset.training.model_copy(update={"device": device})
    return preset.model_copy(update={"training": training})
