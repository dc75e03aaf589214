"""What has been measured on a run for its diagnosis: named plain numbers, each of which may be
missing for a reason.
"""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal

from dicttui.training.finding import Evidence


@dataclass(frozen=True, slots=True)
class Quantity:
    """One number."""

    value: float
    note: str = ""
    """What a person must know to read it."""
    steps: tuple[int, ...] = ()
    history: tuple[float, ...] = ()
    """The same earlier in the run, at these steps."""


@dataclass(slots=True)
class Quantities(Mapping[str, float]):
    """Numbers by name. `q["fvu"]` is NaN where a number is not known, so that every comparison with
    it is false; `q.why` says why it is not.
    """

    known: dict[str, Quantity] = field(default_factory=dict)
    why: dict[str, str] = field(default_factory=dict)
    """By name, why a quantity could not be had."""
    facts: dict[str, str] = field(default_factory=dict)
    """What is no number: the optimizer's name, the names of parameters that never moved."""

    def put(self, name: str, value: float | None, why: str = "", *, note: str = "") -> None:
        """Know a number; None or NaN is not known, and `why` says why. `note` is what a person must
        know to read it.
        """
        if value is None or math.isnan(value):
            self.why.setdefault(name, why or "not defined here")
        else:
            self.known[name] = Quantity(float(value), note)
            self.why.pop(name, None)

    def __getitem__(self, name: str) -> float:
        found = self.known.get(name)
        return math.nan if found is None else found.value

    def __iter__(self) -> Iterator[str]:
        return iter(self.known)

    def __len__(self) -> int:
        return len(self.known)

    def fact(self, name: str) -> str:
        """What is no number; empty if it is not known."""
        return self.facts.get(name, "")

    def evidence(
        self,
        name: str,
        label: str,
        threshold: float | None = None,
        *,
        below: bool = False,
    ) -> Evidence:
        """A number as a person reads it beside a finding: it speaks for it where it is above the
        threshold, or below it, and where there is none.
        """
        found = self.known.get(name)
        if found is None:
            note = self.why.get(name, "not measured")
            return Evidence(name, label, None, threshold, "for", note)
        beyond = (
            found.value < threshold
            if below and threshold is not None
            else (threshold is None or found.value > threshold)
        )
        speaks: Literal["for", "against"] = "for" if beyond else "against"
        return Evidence(
            name, label, found.value, threshold, speaks, found.note, found.steps, found.history
        )
