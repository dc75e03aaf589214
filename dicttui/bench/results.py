"""What comes out, in plain numbers."""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

from dicttui.bench.machine import Machine


@dataclass(frozen=True, slots=True)
class Spread:
    """A figure that was taken several times."""

    median: float
    low: float
    high: float
    each: tuple[float, ...]

    @classmethod
    def of(cls, values: Sequence[float]) -> Self:
        """Of at least one value."""
        return cls(statistics.median(values), min(values), max(values), tuple(values))


@dataclass(frozen=True, slots=True)
class Speed:
    """One way to train a network."""

    way: str
    """bare | eager | auto"""
    runs: int
    app: bool
    """Whether the app is on the screen."""
    engines: tuple[str, ...]
    details: tuple[str, ...]
    """Why it is these engines, where the program says why."""
    steps_per_second: Spread
    """Of all runs together."""
    over_bare: Spread
    """Steps per second ÷ those of the bare loop in the same round."""
    over_headless: Spread | None
    """With the app: steps per second ÷ those without it in the same round."""
    kilobytes_per_second: float | None
    """With the app: to its terminal."""
    resident_megabytes: float
    """At the end."""
    steps: int
    """Made by then."""


@dataclass(frozen=True, slots=True)
class CaseResult:
    """One network under one optimizer."""

    case: str
    words: str
    optimizer: str
    threads: int
    """Of every process."""
    capture_seconds: float | None
    """From the first step of a run to the first by another engine than it started with; None: it
    goes on with that."""
    speeds: tuple[Speed, ...]


@dataclass(frozen=True, slots=True)
class KeyLatency:
    """Milliseconds from a key to the changed screen."""

    p50: float
    p99: float
    presses: int
    by_key: dict[str, float]
    """The medians."""


@dataclass(frozen=True, slots=True)
class ScreenResult:
    """What the app costs, and how fast it answers: two runs flat out, 120×40."""

    engines: tuple[str, ...]
    keys_milliseconds: KeyLatency
    kilobytes_per_second: float
    """To the terminal, while it trains."""
    kilobytes_per_second_paused: float
    processor_share_paused: float
    """Of a core."""
    first_paint_seconds: Spread
    """From the start of `dicttui PRESET` with a preset of ours."""
    first_paint_of_a_file_seconds: Spread
    """The same with a file and an option, which are read before."""
    resident_megabytes: float
    steps: int
    """Made when that was looked at."""


@dataclass(frozen=True, slots=True)
class Compared:
    """One run under the chosen engine beside the same under eager."""

    run: str
    seed: int
    engine: str
    detail: str
    captured_from: int | None
    """The first step that was surely not eager; None: all were."""
    first_difference: int | None
    """The first step whose loss differs in a bit."""
    state_equal: bool
    """Whether weights and optimizer state are the same bits in the end."""

    @property
    def equal(self) -> bool:
        """Whether nothing differs."""
        return self.first_difference is None and self.state_equal


@dataclass(frozen=True, slots=True)
class BitsResult:
    """Whether the engine that is chosen comes to the losses and weights of eager."""

    steps: int
    """Of each run."""
    seeds: int
    runs: tuple[Compared, ...]


@dataclass(frozen=True, slots=True)
class Settings:
    """How it was measured."""

    seconds: float
    """Of one measurement."""
    repeats: int
    refresh: float
    """Pictures per second that are asked for."""
    quick: bool
    parts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Results:
    """Everything."""

    machine: Machine
    settings: Settings
    cases: tuple[CaseResult, ...]
    screen: ScreenResult | None
    bits: BitsResult | None
    others_cores: float
    """Cores that whatever else runs on the machine kept busy meanwhile."""
    seconds: float
    """That it all took."""
