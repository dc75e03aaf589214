"""The whole of it, one part after the other."""

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

from dicttui.bench.bits import bits
from dicttui.bench.cases import CASES, Case
from dicttui.bench.error import BenchError
from dicttui.bench.machine import Others, machine
from dicttui.bench.results import BitsResult, Results, ScreenResult, Settings
from dicttui.bench.screen import screen
from dicttui.bench.speed import speeds

SCREEN, BITS = "screen", "bits"
PARTS = (*(case.name for case in CASES), SCREEN, BITS)
"""What can be measured, in the order in which it is."""
REFRESH = 4.0
"""Pictures per second."""


@dataclass(frozen=True, slots=True)
class Effort:
    """How thoroughly something is measured."""

    seconds: float
    """Of one measurement."""
    repeats: int
    presses: int
    """Of every key."""
    starts: int
    """Of the program."""
    steps: int
    """That are compared between the engines."""
    seeds: int


FULL = Effort(seconds=1.0, repeats=5, presses=20, starts=7, steps=3000, seeds=5)
QUICK = Effort(seconds=0.5, repeats=3, presses=4, starts=3, steps=600, seeds=1)


def bench(
    scratch: Path,
    say: Callable[[str], None],
    *,
    quick: bool = False,
    seconds: float | None = None,
    repeats: int | None = None,
    only: Sequence[str] = (),
) -> Results:
    """Measure.

    Args:
        scratch: an empty directory.
        say: told what is being done, in few words.
        quick: whether to do with little.
        seconds: of one measurement; None: as `quick` has it.
        repeats: of everything whose ratio is taken; None: as `quick` has it.
        only: the parts to be measured; empty: all, or those that are quick.

    Raises BenchError where something cannot be measured.

    """
    began = time.monotonic()
    effort = QUICK if quick else FULL
    wanted = [
        (case, optimizer)
        for case in CASES
        if case.name in only or not only
        for optimizer in (case.quick if quick and (case.quick or not only) else case.optimizers)
    ]
    _require_memory(case for case, _ in wanted)
    trained = {case.name for case, _ in wanted}
    rest = {SCREEN, BITS}.intersection(only or PARTS)
    settings = Settings(
        seconds=effort.seconds if seconds is None else seconds,
        repeats=effort.repeats if repeats is None else repeats,
        refresh=REFRESH,
        quick=quick,
        parts=tuple(part for part in PARTS if part in trained | rest),
    )
    others = Others()
    presses = effort.presses if repeats is None else repeats
    starts = effort.starts if repeats is None else repeats
    cases = tuple(
        speeds(
            case, optimizer, settings, others, _place(scratch, f"{case.name}-{optimizer}"),
            _about(f"{case.name}, {optimizer}", say),
        )
        for case, optimizer in wanted
    )  # fmt: skip
    shown: ScreenResult | None = None
    if SCREEN in rest:
        place = _place(scratch, SCREEN)
        shown = screen(settings, presses, starts, others, place, _about("the app", say))
    same: BitsResult | None = None
    if BITS in rest:
        place = _place(scratch, BITS)
        same = bits(effort.steps, effort.seeds, place, _about("the same bits", say))
    return Results(machine(), settings, cases, shown, same, others.cores, time.monotonic() - began)


def _require_memory(cases: Iterable[Case]) -> None:
    """Refuse what would not fit: a machine that swaps measures its disk."""
    available = psutil.virtual_memory().available
    for case in cases:
        if case.needed_bytes > available:
            others = ", ".join(part for part in PARTS if part != case.name)
            raise BenchError(
                f"{case.name} needs {case.needed_bytes / 1e9:.0f} GB of memory at once, and "
                f"{available / 1e9:.1f} GB are free; allowed: --quick, or --only with one of "
                f"{others}"
            )


def _place(scratch: Path, name: str) -> Path:
    """An empty directory in another."""
    place = scratch / name
    place.mkdir()
    return place


def _about(part: str, say: Callable[[str], None]) -> Callable[[str], None]:
    """What tells of one part."""
    return lambda what: say(f"{part}: {what}")
