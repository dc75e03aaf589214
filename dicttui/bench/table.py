"""The results as text of at most 80 columns."""

from collections.abc import Iterator, Sequence

from dicttui.bench.results import (
    BitsResult,
    CaseResult,
    Compared,
    Results,
    ScreenResult,
    Speed,
    Spread,
)

BUSY_CORES = 0.2
"""Cores that others kept busy, from which on figures say little."""
HEAD = ("", "steps/s", "÷ bare loop", "÷ without app", "MB")
LISTED = 5
"""Runs that differ, in the table; the JSON has all."""


def told(results: Results) -> list[str]:
    """Everything, a line each."""
    machine, settings = results.machine, results.settings
    lines = [
        f"dicttui {machine.dicttui}, torch {machine.torch}, Textual {machine.textual}, "
        f"Python {machine.python}",
        f"{machine.processor}, {counted(machine.cores, 'core')}, {machine.system}",
    ]
    for case in results.cases:
        lines += ["", *_case(case)]
    if results.screen is not None:
        lines += ["", *_screen(results.screen, settings.refresh)]
    if results.bits is not None:
        lines += ["", *_bits(results.bits)]
    lines.append("")
    if results.cases:
        lines += [
            f"Medians of {counted(settings.repeats, 'round')} in which all take turns of at least "
            f"{settings.seconds:g} s; in brackets",
            "the lowest and the highest. Ratios are taken within a round. App: 120×40, "
            f"{settings.refresh:g} Hz.",
        ]
    lines.append(f"Measured in {results.seconds:.0f} s.")
    return lines


def warning(results: Results) -> str:
    """What a person is to be warned of; empty: nothing."""
    if results.others_cores <= BUSY_CORES:
        return ""
    return (
        f"something else kept {results.others_cores:.1f} cores busy meanwhile: these figures say "
        "little"
    )


def counted(number: int, noun: str) -> str:
    """So many of something: "1 core", "2 cores"."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def _case(case: CaseResult) -> Iterator[str]:
    yield f"{case.words}; {case.optimizer}, {counted(case.threads, 'thread')}"
    rows = [HEAD, *(_row(speed) for speed in case.speeds)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEAD))]
    for row in rows:
        first, *others = (
            text.ljust(width) if place == 0 else text.rjust(width)
            for place, (text, width) in enumerate(zip(row, widths, strict=True))
        )
        yield "  ".join([f"  {first}", *others]).rstrip()
    if case.capture_seconds is not None:
        yield f"  captured {case.capture_seconds:.2f} s after the first step"
    for detail in dict.fromkeys(d for speed in case.speeds for d in speed.details):
        yield f"  eager: {detail}"


def _row(speed: Speed) -> tuple[str, ...]:
    return (
        _way(speed),
        _rate(speed.steps_per_second.median),
        "1" if speed.way == "bare" else _ratio(speed.over_bare),
        "" if speed.over_headless is None else _ratio(speed.over_headless),
        f"{speed.resident_megabytes:,.0f}",
    )


def _way(speed: Speed) -> str:
    if speed.way == "bare":
        return "bare loop"
    engines = "/".join(speed.engines)
    # What is eager though it need not be is not called by the name of what is eager by order.
    name = "auto: eager" if (speed.way, engines) == ("auto", "eager") else engines
    name += f", {speed.runs} runs" if speed.runs > 1 else ""
    return f"{name}, app" if speed.app else name


def _rate(rate: float) -> str:
    return f"{rate:,.0f}" if rate >= 100 else f"{rate:.3g}"


def _ratio(spread: Spread) -> str:
    digits = 1 if spread.median >= 10 else 2
    low, high = f"{spread.low:.{digits}f}", f"{spread.high:.{digits}f}"
    return f"{spread.median:.{digits}f} ({low}–{high})"


def _screen(screen: ScreenResult, refresh: float) -> Iterator[str]:
    keys = screen.keys_milliseconds
    engines = "/".join(screen.engines) or "auto"
    yield f"the app, 120×40, {refresh:g} Hz, two {engines} runs flat out (article-sparse)"
    yield from aligned(
        [
            (
                "key to screen",
                f"p50 {keys.p50:.1f} ms, p99 {keys.p99:.1f} ms ({keys.presses:,} keys)",
            ),
            ("slowest kind of key", _slowest(keys.by_key)),
            (
                "bytes to the terminal",
                f"training {screen.kilobytes_per_second:.1f} kB/s, paused "
                f"{screen.kilobytes_per_second_paused:.1f} kB/s",
            ),
            ("processor while paused", f"{100 * screen.processor_share_paused:.1f} % of a core"),
            ("first paint", _paint(screen.first_paint_seconds)),
            ("first paint, a file", _paint(screen.first_paint_of_a_file_seconds)),
            (
                "memory",
                f"{screen.resident_megabytes:,.0f} MB resident after {screen.steps:,} steps",
            ),
        ]
    )


def _paint(seconds: Spread) -> str:
    return f"{seconds.median:.2f} s after start ({seconds.low:.2f} to {seconds.high:.2f})"


def _slowest(by_key: dict[str, float]) -> str:
    name, median = max(by_key.items(), key=lambda item: item[1])
    return f"{name}: p50 {median:.1f} ms"


def _bits(bits: BitsResult) -> Iterator[str]:
    yield "the same bits as eager (article-sparse)"
    names = list(dict.fromkeys(run.run for run in bits.runs))
    different = [run for run in bits.runs if not run.equal]
    captured = sum(run.captured_from is not None for run in bits.runs)
    yield from aligned(
        [
            (
                "compared",
                f"{counted(len(names), 'optimizer')}, {counted(bits.seeds, 'seed')}, "
                f"{bits.steps:,} steps; losses and weights",
            ),
            ("not eager at the end", f"{captured:,} of {counted(len(bits.runs), 'run')}"),
            (
                "equal to the last bit",
                f"{len(bits.runs) - len(different):,} of {counted(len(bits.runs), 'run')}",
            ),
        ]
    )
    for run in different[:LISTED]:
        yield f"  {run.run}, seed {run.seed}: {_difference(run)}"
    if len(different) > LISTED:
        yield f"  … and {len(different) - LISTED:,} more"


def _difference(run: Compared) -> str:
    if run.first_difference is None:
        return "the losses agree, and weights or state do not"
    return f"differs from step {run.first_difference:,} on"


def aligned(rows: Sequence[tuple[str, str]]) -> list[str]:
    """What something is called, and what it is."""
    width = max(len(name) for name, _ in rows)
    return [f"  {name.ljust(width)}  {value}" for name, value in rows]
