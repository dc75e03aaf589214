"""A sweep of learning rates as a report for a terminal."""

from collections.abc import Iterator, Sequence
from math import inf

from dicttui.diagnosis.comparison import (
    Point,
    SweepResult,
    Swept,
    against_the_best,
    as_given,
    best,
)
from dicttui.report.diagnosis.paragraphs import paragraph
from dicttui.report.diagnosis.sweep_chart import chart
from dicttui.report.diagnosis.text import capital
from dicttui.report.wording import count, number

GAP, SIGNS = 2, 3
DIVERGED = "diverged"
LEGEND = "* best rate of its run   = the preset's rate   ! diverged from some seeds"


def report(sweep: SweepResult, width: int, markers: str) -> Iterator[str]:
    """The lines of the report: a table, a chart, and each optimizer at its best rate.

    Args:
        sweep: what was found.
        width: columns.
        markers: a character for each run, in their order; they repeat.

    """
    seeds = ", ".join(str(seed) for seed in sweep.seeds)
    of = f"the median of seeds {seeds}" if len(sweep.seeds) > 1 else f"seed {seeds}"
    yield from paragraph(
        f"{capital(sweep.measure)} after {count(sweep.steps)} steps by learning rate: {of}", width
    )
    if sweep.why:
        yield from paragraph(f"Measured by {sweep.measure}: {sweep.why}.", width)
    yield ""
    yield from _table(sweep, width)
    yield ""
    yield from chart(sweep, width, markers)
    for which, heading in ((best, "At their best rates"), (as_given, "At the preset's rates")):
        yield ""
        yield heading
        for swept in sweep.runs:
            yield from paragraph(_told(swept, which(swept), sweep), width, indent=2, hanging=4)
        for comparison in against_the_best(sweep, which):
            words = comparison.sentence.partition("steps, ")[2]
            yield from paragraph(f"→ {words}", width, indent=2, hanging=4)


def _told(swept: Swept, point: Point | None, sweep: SweepResult) -> str:
    if point is None:
        return f"{swept.run}: diverged at every rate"
    known = point.values(sweep.measure)
    rate = "" if point.rate is None else f" at lr {number(point.rate, 3)}"
    values = ", ".join(number(value, 3) for value in known)
    edge = ""
    if swept.best_at_edge and point == swept.best:
        edge = "; the best stands at the edge of what was tried, a better one may lie beyond"
    median = number(point.median(sweep.measure), 3)
    return f"{swept.run}{rate}: median {sweep.measure} {median} (of {values}){edge}"


# -- the table -----------------------------------------------------------------------------------


def _table(sweep: SweepResult, width: int) -> Iterator[str]:
    """Rates down, runs across; in several tables where they are too many for the width."""
    known = {p.rate for swept in sweep.runs for p in swept.points if p.rate is not None}
    rates: list[float | None] = [*sorted(known)]
    if any(point.rate is None for swept in sweep.runs for point in swept.points):
        rates = [None, *rates]
    names = [_rate(rate) for rate in rates]
    first = max([len("lr"), *(len(name) for name in names)])
    for runs in _blocks(sweep, width - first):
        columns = [
            [f"{swept.run}{'':{SIGNS + 1}}", *(_cell(swept, rate, sweep) for rate in rates)]
            for swept in runs
        ]
        for place, name in enumerate(["lr", *names]):
            row = [column[place] for column in columns]
            if not any(row):
                continue
            cells = "".join(
                f"{'':{GAP}}{text:>{max(map(len, column))}}"
                for text, column in zip(row, columns, strict=True)
            )
            yield f"{name:>{first}}{cells}".rstrip()
        yield ""
    yield from paragraph(LEGEND, width)


def _blocks(sweep: SweepResult, width: int) -> Iterator[Sequence[Swept]]:
    """The runs that have room beside each other."""
    block, taken = list[Swept](), 0
    for swept in sweep.runs:
        needed = GAP + max(len(swept.run), len(DIVERGED)) + 1 + SIGNS
        if block and taken + needed > width:
            yield block
            block, taken = [], 0
        block.append(swept)
        taken += needed
    yield block


def _cell(swept: Swept, rate: float | None, sweep: SweepResult) -> str:
    """Empty at a rate that was not tried."""
    point = next((point for point in swept.points if point.rate == rate), None)
    if point is None:
        return ""
    signs = ("*" if point == swept.best else "") + ("=" if rate == swept.given else "")
    median = point.median(sweep.measure)
    lost = point.diverged == len(point.losses)
    signs += "!" if point.diverged and not lost else ""
    value = number(median, 3) if median < inf else DIVERGED
    return f"{value} {signs:<{SIGNS}}"


def _rate(rate: float | None) -> str:
    return "none" if rate is None else number(rate, 3)
