"""How `train` shows how far it is: a bar on a terminal, a line now and then in a pipe."""

import contextlib
from collections.abc import Callable, Iterator
from time import monotonic
from types import TracebackType
from typing import TYPE_CHECKING, Protocol, Self, TextIO

from dicttui.cli.json_lines import JsonLines
from dicttui.cli.summary import number
from dicttui.training.snapshot import RunSnapshot, Snapshot
from dicttui.tui.numbers import duration, samples_rate
from dicttui.visible import visible

if TYPE_CHECKING:
    from rich.progress import TaskID

BETWEEN_LINES = 5.0
"""Seconds."""


class Progress(Protocol):
    """Shows the snapshots of a training."""

    interval: float
    """Seconds between two snapshots."""

    @property
    def lost(self) -> OSError | None:
        """Why it can no longer be shown."""

    def __enter__(self) -> Self:
        """Begin to show."""

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Leave the terminal as it was."""

    def show(self, snapshot: Snapshot) -> None:
        """Show where the training is."""

    def end(self, summary: str) -> None:
        """Show how it ended."""


class ScreenProgress:
    """A bar for each run, on a terminal."""

    interval = 0.25
    lost: OSError | None = None

    def __init__(self) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
        from rich.progress import Progress as Bars

        console = Console(highlight=False)
        # A narrow terminal leaves columns out, so that the others' numbers are not cut.
        columns = [
            (0, TextColumn("{task.description}", markup=False)),
            (80, BarColumn()),
            (46, MofNCompleteColumn()),
            (0, TextColumn("{task.fields[facts]}", markup=False)),
            (60, TimeRemainingColumn()),
        ]
        width = console.width
        self._wide = width >= 120
        self._bars = Bars(
            *(column for least, column in columns if width >= least),
            console=console,
            auto_refresh=False,
        )
        self._tasks: dict[str, TaskID] = {}
        self._loading = self._bars.add_task("loading torch…", total=None, facts="")

    def __enter__(self) -> Self:
        with self._writing():
            self._bars.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with self._writing():
            self._bars.stop()

    def show(self, snapshot: Snapshot) -> None:
        """Move the bars."""
        if snapshot.runs or snapshot.state != "loading":
            self._bars.update(self._loading, visible=False)
        for run in snapshot.runs:
            if run.name not in self._tasks:
                name = visible(run.name)
                self._tasks[run.name] = self._bars.add_task(name, total=None, facts="")
            self._bars.update(
                self._tasks[run.name],
                completed=run.step,
                total=run.target or None,
                facts=_facts(run, whole=self._wide),
            )
        with self._writing():
            self._bars.refresh()

    def end(self, summary: str) -> None:
        """Print the summary below the bars."""
        with self._writing():
            self._bars.console.print(visible(summary), markup=False, soft_wrap=True)

    @contextlib.contextmanager
    def _writing(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            self.lost = error


class LineProgress:
    """A line every few seconds, in a pipe or a file."""

    interval = 0.25
    lost: OSError | None = None

    def __init__(self, stream: TextIO, clock: Callable[[], float] = monotonic) -> None:
        self._stream = stream
        self._clock = clock
        self._began = self._told = clock()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        return

    def show(self, snapshot: Snapshot) -> None:
        """Write a line if the last one is old enough."""
        now = self._clock()
        if now - self._told < BETWEEN_LINES or self.lost:
            return
        self._told = now
        runs = [
            f"{run.name} {run.step:,}/{run.target:,} {_facts(run, whole=True)}{_left(run)}"
            for run in snapshot.runs
        ]
        self._put(f"{now - self._began:.0f} s: {'; '.join(runs) or snapshot.state}")

    def end(self, summary: str) -> None:
        """Write the summary."""
        self._put(summary)

    def _put(self, text: str) -> None:
        try:
            print(visible(text), file=self._stream, flush=True)
        except OSError as error:
            self.lost = error


class JsonProgress:
    """Nothing of its own: the JSON lines say it all."""

    interval = 0.25

    def __init__(self, lines: JsonLines) -> None:
        self._lines = lines

    @property
    def lost(self) -> OSError | None:
        """Why the lines can no longer be written."""
        return self._lines.lost

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._lines.flush()

    def show(self, snapshot: Snapshot) -> None:  # noqa: ARG002
        """Hand on what has been written."""
        self._lines.flush()

    def end(self, summary: str) -> None:
        """The last lines have said it."""


def _facts(run: RunSnapshot, *, whole: bool) -> str:
    """A run's loss, and its speed while it trains; where there is room, samples and epochs."""
    if run.state in ("diverged", "failed", "stopped"):
        return f"{run.state} at step {run.step:,}"
    facts = [f"loss {number(run.loss)}"]
    if run.state == "running" and run.steps_per_second:
        facts.append(f"{run.steps_per_second:,.0f} steps/s")
        if whole and run.samples_per_second is not None:
            facts.append(samples_rate(run.samples_per_second))
    if whole and run.epoch is not None and run.steps_per_epoch != 1:
        facts.append(f"epoch {run.epoch:,.1f}")
    return ", ".join(facts)


def _left(run: RunSnapshot) -> str:
    return "" if run.seconds_left is None else f", about {duration(run.seconds_left)} left"
