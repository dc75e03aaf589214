"""`dicttui bench`: how fast it trains here, as ratios to a bare loop."""

import contextlib
import shutil
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from time import monotonic
from types import TracebackType
from typing import TYPE_CHECKING, Annotated, Self, TextIO

import typer

from dicttui.cli.endings import Endings
from dicttui.cli.output import FAILED, INTERRUPTED, note, put, put_json, refuse
from dicttui.visible import visible

if TYPE_CHECKING:
    from dicttui.bench.results import Results

CLEAR_LINE = "\r\x1b[2K"
BETWEEN_LINES = 5.0
"""Seconds."""

Quick = Annotated[
    bool, typer.Option("--quick", help="About a minute and a half: fewer networks and rounds.")
]
Seconds = Annotated[
    float | None,
    typer.Option("--seconds", min=0.05, max=600, help="Of one turn (1; quick: 0.5)."),
]
Repeats = Annotated[
    int | None, typer.Option("--repeats", min=1, max=1000, help="Rounds (5; quick: 3).")
]
Only = Annotated[
    list[str] | None,
    typer.Option(
        "--only",
        metavar="PART",
        help="article-sparse, article-simple, 64-256, 768-12288, screen or bits; repeatable.",
    ),
]
Json = Annotated[bool, typer.Option("--json", help="JSON on stdout, and nothing else there.")]


def bench(
    quick: Quick = False,
    seconds: Seconds = None,
    repeats: Repeats = None,
    only: Only = None,
    json: Json = False,
) -> None:
    """Measure how fast it trains here, beside a bare loop.

    Takes about eight minutes, in which nothing else should run on the machine.

    \b
    steps/s          of all runs of a row together; the median of the rounds
    ÷ bare loop      that, divided by the steps/s of the bare loop in the same
                     round: forward, loss, backward and optimizer.step in a
                     process of its own, and nothing else
    ÷ without app    with the app, divided by the same without it
    MB               resident memory of the process in the end
    bare loop        plain PyTorch on the same network, samples and threads
    eager            a session that makes steps as the bare loop does
    captured         a session as it is by default; called eager where that is
                     what it uses
    2 runs           two networks at once, in one session
    app              the app on a terminal of its own, 120×40, four pictures
                     a second
    captured … after the first step
                     until then a run trains eager
    key to screen    from a key to the changed screen, while two runs train;
                     p50 is the median, p99 what one key in a hundred exceeds
    bytes            that the app writes to its terminal
    processor        that a paused app takes
    first paint      from the start of dicttui with a preset of ours, and with a
                     file and an option, to something on the screen
    same bits        whether losses, weights and optimizer state are those of
                     eager, for many optimizers

    The parts, for --only: article-sparse and article-simple are the article's networks, 64-256 a
    larger one (64 features, 256 atoms, batch 256), 768-12288 a large autoencoder (batch 2048);
    screen is the app, bits the comparison with eager.
    """  # noqa: D301 - \b keeps typer from joining the lines
    from dicttui.bench.bench import PARTS
    from dicttui.bench.bench import bench as measure
    from dicttui.bench.error import BenchError

    wrong = [part for part in only or () if part not in PARTS]
    if wrong:
        refuse(
            f'command line: --only: "{part}" is not allowed; allowed: {", ".join(PARTS)}'
            for part in wrong
        )
    try:
        with (
            Endings(),
            tempfile.TemporaryDirectory(prefix="dicttui-bench-") as scratch,
            Progress(sys.stderr) as progress,
        ):
            results = measure(
                Path(scratch), progress.say, quick=quick, seconds=seconds, repeats=repeats,
                only=only or (),
            )  # fmt: skip
    except BenchError as error:
        note(f"dicttui bench: {error}")
        raise typer.Exit(FAILED) from None
    except KeyboardInterrupt:
        note("interrupted")
        raise typer.Exit(INTERRUPTED) from None
    _show(results, json)


def _show(results: "Results", json: bool) -> None:
    from dicttui.bench.table import told, warning

    if json:
        from dataclasses import asdict

        put_json(asdict(results))
    else:
        for line in told(results):
            put(line)
    if words := warning(results):
        note(f"dicttui bench: {words}")


class Progress:
    """What is being done: on a terminal one line that changes, elsewhere a line now and then."""

    def __init__(self, stream: TextIO, clock: Callable[[], float] = monotonic) -> None:
        self._stream = stream
        self._on_terminal = stream.isatty()
        self._clock = clock
        self._told = float("-inf")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._on_terminal:
            self._put(CLEAR_LINE)

    def say(self, what: str) -> None:
        """Say it, in the place of what was said before."""
        if self._on_terminal:
            width = shutil.get_terminal_size().columns
            self._put(f"{CLEAR_LINE}{visible(what)[: width - 1]}")
        elif self._clock() - self._told >= BETWEEN_LINES:
            self._told = self._clock()
            self._put(f"{visible(what)}\n")

    def _put(self, text: str) -> None:
        with contextlib.suppress(OSError):  # there would be nowhere left to say so
            self._stream.write(text)
            self._stream.flush()
