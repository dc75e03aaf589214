"""What a failure mode is to the diagnosis."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from dicttui.diagnosis.quantities import Quantities
from dicttui.training.finding import Answer, Evidence, Remedy

Measure = Literal[
    "loss",
    "fvu",
    "rescaled_loss",
    "silent_fraction",
    "duplicate_fraction",
    "missed_fraction",
    "held_out_fvu",
    "norm_ratio",
]
"""What forks are compared by; of each less is better. loss: the objective on the fixed set;
rescaled_loss: the same as if every atom had length 1, its scale moved into its code; fvu: of train
samples, outliers left out; silent_fraction: atoms that fire on no sample; missed_fraction: true
atoms that are not recovered."""


@dataclass(frozen=True, slots=True)
class Suspicion:
    """That the numbers of a run speak for a cause."""

    strength: float
    """From 0 to 1: how much of what one would expect under this cause is seen."""
    line: str
    """For a person, in plain words, with the chief number."""
    evidence: tuple[Evidence, ...]
    remedies: tuple[Remedy, ...] = ()
    """The likeliest first. Each is tried on one fork; the best of them on more."""
    measure: Measure | None = None
    """What forks are compared by, where it is not the cause's own."""
    untested: str = ""
    """Why no remedy can be tried."""


@dataclass(frozen=True, slots=True)
class Cause:
    """A failure mode: one file of `dicttui.diagnosis.causes` each."""

    id: str
    answer: Answer
    """What it makes the answer to "is it the optimizer?"; of a state, "undetermined": it depends on
    what has led to it."""
    mechanism: str
    """Two sentences: how it comes about."""
    source: str
    """Where that is shown."""
    against: str
    """What would speak against it."""
    suspect: Callable[[Quantities], Suspicion | None]
    leads_to: tuple[str, ...] = ()
    """States, and lesser causes, of which it is the root: where both are seen, this is reported and
    they are its evidence."""
    measure: Measure = "loss"
    least_effect: float = 0.1
    """The share by which a remedy must lower the measure to count."""
    state: bool = False
    """Whether it is a state with a cause behind it, rather than a cause."""
