"""What one injection is."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from dicttui.preset.model import Preset

from ..settings import SETTINGS
from ..tables import Table, preset_of

HEALTHY = "healthy"
Change = Callable[[Table, int], Table]
"""From a setting's table and the seed to the table with the fault."""


@dataclass(frozen=True, slots=True)
class Injection:
    """One fault in one setting."""

    cause: str
    setting: str
    change: Change
    accepted: frozenset[str]
    """Causes that explain the training, the injected one among them."""
    why: str
    """Why the others explain it as well; empty where there are none."""
    measure: str
    """By which it is shown that it harms: see `outcome`."""

    def make(self, seed: int) -> Preset:
        """The preset with the fault."""
        table = self.change(SETTINGS[self.setting].table(), seed)
        return preset_of(table, seed, f"{self.cause}-in-{self.setting}")


def healthy(setting: str, seed: int) -> Preset:
    """The preset of a setting without a fault."""
    return preset_of(SETTINGS[setting].table(), seed, f"healthy-{setting}")


def injected(
    cause: str,
    changes: dict[str, Change],
    *,
    also: Iterable[str] = (),
    why: str = "",
    measure: str | None = None,
) -> list[Injection]:
    """One injection of a cause for each setting that is named."""
    others = frozenset(also)
    if bool(others) != bool(why):
        raise ValueError(f"{cause}: other causes are accepted exactly where it is said why")
    return [
        Injection(
            cause, setting, change, others | {cause}, why, measure or SETTINGS[setting].measure
        )
        for setting, change in changes.items()
    ]
