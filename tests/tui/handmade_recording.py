"""A recording made by hand, and a clock that stands until it is told to go on."""

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import handmade

from dicttui.training.interventions import Change, Receipt
from dicttui.training.snapshot import Snapshot

BEGAN = 1_700_000_000.0
SECONDS = 2.0
"""Between two pictures."""


@dataclass
class Clock:
    """Seconds that pass when a test says so."""

    now: float = 0.0

    def __call__(self) -> float:
        return self.now


@dataclass
class Pictures:
    """As `Recorded.frames` gives them."""

    snapshots: list[Snapshot]
    times: list[float]

    def __len__(self) -> int:
        return len(self.snapshots)

    def __getitem__(self, index: int) -> Snapshot:
        return self.snapshots[index]


@dataclass
class Told:
    """A recorded intervention, as far as it is shown."""

    receipt: Receipt
    at: datetime


@dataclass
class Recording:
    """What a playback needs of a recorded experiment."""

    pictures: Pictures
    told: list[Told] = field(default_factory=list)
    id: str = "3f2a9c"
    directory: Path = Path("/state/experiments/2026-11-24_article-sparse_3f2a9c")

    def frames(self) -> Any:
        return self.pictures

    def interventions(self) -> Any:
        return self.told


def picture(place: int) -> Snapshot:
    """Two runs in training, a little further at every place; from the sixth on with a fork."""
    step = 100 + 100 * place
    runs = [handmade.adam(step), handmade.sgd(step)]
    if place >= 6:
        fork = replace(handmade.adam(step), name="adam-lr0.005", parent="adam", forked_at=650)
        runs.append(replace(fork, lr=0.005, base_lr=0.005, dictionary_lr=0.005))
    return replace(handmade.recorded(handmade.snapshot(*runs)), sequence=7 * place, pace=20.0)


def recording(count: int = 40) -> Recording:
    """So many pictures; the learning rate was doubled shortly before the fourth."""
    pictures = Pictures([picture(i) for i in range(count)],
                        [BEGAN + SECONDS * i for i in range(count)])  # fmt: skip
    change = Change("adam", 390, "lr 0.01", "lr 0.02")
    receipt = Receipt(1, "learning_rate", "adam", "applied", "lr × 2", (change,), seconds=5.9)
    return Recording(pictures, [Told(receipt, datetime.fromtimestamp(BEGAN + 5.9, UTC))])
