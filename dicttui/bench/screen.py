"""What the app on the screen costs, and how fast it answers, while two runs train flat out."""

import random
import statistics
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path

from dicttui.bench.begun import begun
from dicttui.bench.cases import ARTICLE_SPARSE
from dicttui.bench.machine import Others
from dicttui.bench.process import PATIENCE, Process, settle
from dicttui.bench.results import KeyLatency, ScreenResult, Settings, Spread
from dicttui.bench.speed import drawn, watched

NO_ANSWER = 20.0
"""Seconds."""
PAUSE = (0.1, 0.4)
"""Seconds between two keys, drawn evenly: they fall on any moment between two pictures."""
LEAST_COUNTED = 2.0
"""Seconds in which bytes are counted: less than a few pictures make no rate."""
QUIET = 1.0
"""Seconds that a paused app gets to draw what it still has to."""
KEYS = (
    ("help opens", b"?", rb"Keys and screens"),
    ("help closes", b"?", rb" dicttui "),
    ("y linear", b"y", rb"loss over steps"),
    ("y logarithmic", b"y", rb"\(log\)"),
    ("lr doubled, applied", b"+", rb"0\.01 \S+ 0\.02"),
    ("lr halved, applied", b"-", rb"0\.02 \S+ 0\.01"),
    ("rows open", b"r", rb"Rows of"),
    ("rows close", b"r", rb" dicttui "),
)
"""What is pressed, and what is written once the screen has changed."""
OPEN = "import sys; from dicttui.cli import main; sys.exit(main())"
"""The program, as its command starts it."""


def screen(
    settings: Settings,
    presses: int,
    starts: int,
    others: Others,
    scratch: Path,
    say: Callable[[str], None],
) -> ScreenResult:
    """Measure the app.

    Args:
        settings: pictures per second, and how long bytes are counted, in rounds.
        presses: of every key.
        starts: of the program.
        others: counts what else the machine does.
        scratch: an empty directory.
        say: told what is being done.

    """
    preset = scratch / f"{ARTICLE_SPARSE.name}.toml"
    preset.write_text(ARTICLE_SPARSE.preset("Adam", runs=2), "utf-8")
    say("first paint")
    paints = [
        Spread.of([_first_paint(arguments, scratch) for _ in range(starts)])
        for arguments in ((ARTICLE_SPARSE.name,), (str(preset), "--no-record"))
    ]
    say("starting")
    with ExitStack() as ended:
        app = begun(ended, lambda: watched(preset, settings.refresh, scratch))
        settle([app], drawn)
        with others.counted(app):
            return _looked_at(app, settings, paints, presses, say)


def _looked_at(
    app: Process,
    settings: Settings,
    paints: Sequence[Spread],
    presses: int,
    say: Callable[[str], None],
) -> ScreenResult:
    """What there is to be measured of an app that trains."""
    seconds = max(LEAST_COUNTED, settings.seconds * settings.repeats)
    say("bytes")
    training = _kilobytes_per_second(app, seconds)
    say("keys")
    keys = _key_latency(app, presses, say)
    say("paused")
    app.type(b" ")
    app.listen_for(QUIET)
    began, spent = time.monotonic(), app.processor_seconds()
    paused = _kilobytes_per_second(app, seconds)
    share = (app.processor_seconds() - spent) / (time.monotonic() - began)
    return ScreenResult(
        engines=() if app.runs is None else app.runs.engines,
        keys_milliseconds=keys,
        kilobytes_per_second=training,
        kilobytes_per_second_paused=paused,
        processor_share_paused=share,
        first_paint_seconds=paints[0],
        first_paint_of_a_file_seconds=paints[1],
        resident_megabytes=app.resident() / 1e6,
        steps=app.last.steps,
    )


def _kilobytes_per_second(app: Process, seconds: float) -> float:
    began, before = time.monotonic(), app.received
    app.listen_for(seconds)
    return (app.received - before) / 1000 / (time.monotonic() - began)


def _first_paint(arguments: Sequence[str], scratch: Path) -> float:
    """Seconds from the start of the program until something is written on the screen."""
    command = ["-c", OPEN, *arguments]
    with ExitStack() as ended:
        app = begun(ended, lambda: Process(command, scratch, screen=True))
        app.see(rb"dicttui", PATIENCE, "the app's first screen")
        return time.monotonic() - app.began


def _key_latency(app: Process, presses: int, say: Callable[[str], None]) -> KeyLatency:
    chance = random.Random(0)
    taken: dict[str, list[float]] = {name: [] for name, _, _ in KEYS}
    for press in range(presses):
        say(f"keys, round {press + 1} of {presses}")
        for name, keys, mark in KEYS:
            app.listen_for(chance.uniform(*PAUSE))
            began = time.monotonic()
            app.type(keys)
            app.see(mark, NO_ANSWER, f"an answer to the key {keys.decode()}")
            taken[name].append(1000 * (time.monotonic() - began))
    every = sorted(t for times in taken.values() for t in times)
    return KeyLatency(
        p50=statistics.median(every),
        p99=every[min(len(every) - 1, int(0.99 * len(every)))],
        presses=len(every),
        by_key={name: statistics.median(times) for name, times in taken.items()},
    )
