"""Steps per second of one network in several ways, which take turns."""

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from dicttui.bench.begun import begun
from dicttui.bench.cases import Case, Engine
from dicttui.bench.machine import Others
from dicttui.bench.process import PATIENCE, Process, Slice, settle
from dicttui.bench.results import CaseResult, Settings, Speed, Spread

SETTLING = 0.25
"""Seconds at the beginning of each turn that are not counted: chunks and timers find their pace."""
TITLE = rb"bench: "
"""How the titles of our cases begin; the main screen shows them."""
ENTERED = 0.5
"""Seconds after its first picture that the app is still busy with its start."""


@dataclass(frozen=True, slots=True)
class Way:
    """One way to train a network."""

    way: str
    """bare | eager | auto"""
    runs: int = 1
    app: bool = False

    @property
    def headless(self) -> "Way":
        """The same without the app."""
        return Way(self.way, self.runs)


BARE, EAGER, AUTO = Way("bare"), Way("eager"), Way("auto")
WAYS = (BARE, EAGER, AUTO, Way("auto", app=True), Way("auto", 2), Way("auto", 2, app=True))


def speeds(
    case: Case,
    optimizer: str,
    settings: Settings,
    others: Others,
    scratch: Path,
    say: Callable[[str], None],
) -> CaseResult:
    """Measure one case under one optimizer.

    Args:
        case: what is trained.
        optimizer: by which of torch's.
        settings: how often, how long.
        others: counts what else the machine does.
        scratch: an empty directory.
        say: told what is being done.

    """
    ways = [way for way in WAYS if way.runs <= case.most_runs]
    with ExitStack() as ended:
        racers: dict[Way, Process] = {}

        def start(way: Way, threads: int) -> Process:
            racers[way] = begun(
                ended,
                lambda: started(way, case, optimizer, settings.refresh, scratch, threads),
            )
            return racers[way]

        # By itself, so that nothing takes from the time of its capture; and the bare loop gets as
        # many threads as it has.
        say("starting")
        first = start(AUTO, 0)
        stop = _stop_after_a_step if case.long else _stop
        settle([first], stop)
        threads = 1 if first.runs is None else first.runs.threads
        for way in ways:
            if way != AUTO:
                process = start(way, threads)
                if case.long:
                    settle([process], stop)
        if not case.long:
            settle((racers[way] for way in ways if way != AUTO), stop)
        slices: dict[Way, list[Slice]] = {way: [] for way in ways}
        for repeat in range(settings.repeats):
            say(f"round {repeat + 1} of {settings.repeats}")
            # There and back, so that what changes steadily favours nobody.
            for way in ways if repeat % 2 == 0 else reversed(ways):
                with others.counted(racers[way]):
                    made = racers[way].measured(settings.seconds, None if case.long else SETTLING)
                slices[way].append(made)
        return CaseResult(
            case.name, case.words, optimizer, threads, capture_seconds(first),
            tuple(_speed(way, racers[way], slices) for way in ways),
        )  # fmt: skip


def started(
    way: Way, case: Case, optimizer: str, refresh: float, scratch: Path, threads: int
) -> Process:
    """A process that trains in this way."""
    directory = scratch / f"{way.way}-{way.runs}-{'app' if way.app else 'headless'}"
    directory.mkdir(parents=True)
    preset = directory / f"{case.name}.toml"
    engine: Engine = "eager" if way.way == "eager" else "auto"
    preset.write_text(case.preset(optimizer, engine, way.runs), "utf-8")
    if way.app:
        return watched(preset, refresh, directory)
    if way == BARE:
        command = ["-m", "dicttui.bench.bare", "PIPE", str(preset), str(threads)]
        return Process(command, directory)
    command = ["-m", "dicttui.bench.headless", "PIPE", str(preset)]
    return Process(command, directory, tells_of_engines=True)


def watched(preset: Path, refresh: float, scratch: Path) -> Process:
    """The app on a terminal, training a preset."""
    command = ["-m", "dicttui.bench.watched", "PIPE", str(preset), str(refresh)]
    return Process(command, scratch, screen=True, tells_of_engines=True)


def drawn(app: Process) -> None:
    """Wait until an app that trains one of our cases has its main screen, and is done with all
    that it does then.
    """
    app.see(TITLE, PATIENCE, "the app's main screen")
    app.listen_for(ENTERED)


def _stop(process: Process) -> None:
    """Once its screen is there, if it has one."""
    if process.has_screen:
        drawn(process)
    process.stop()


def _stop_after_a_step(process: Process) -> None:
    """The same, and so that it goes on with a whole step."""
    if process.has_screen:
        drawn(process)
    process.next_step()
    process.stop()


def capture_seconds(process: Process) -> float | None:
    """From the first step until another engine than eager had taken its place."""
    runs, first = process.runs, process.first
    if runs is None or first is None or runs.engines == ("eager",):
        return None
    return max(0.0, runs.at - first.at)


def _speed(way: Way, process: Process, slices: dict[Way, list[Slice]]) -> Speed:
    made = slices[way]
    seconds = sum(s.seconds for s in made)
    runs = process.runs
    return Speed(
        way=way.way,
        runs=way.runs,
        app=way.app,
        engines=() if runs is None else runs.engines,
        details=() if runs is None or way == EAGER else runs.details,
        steps_per_second=Spread.of([s.rate for s in made]),
        over_bare=_ratio(made, slices[BARE]),
        over_headless=_ratio(made, slices[way.headless]) if way.app else None,
        kilobytes_per_second=sum(s.received for s in made) / 1000 / seconds if way.app else None,
        resident_megabytes=process.resident() / 1e6,
        steps=process.last.steps,
    )


def _ratio(of: Sequence[Slice], to: Sequence[Slice]) -> Spread:
    """Of the rates, round by round."""
    return Spread.of([a.rate / b.rate for a, b in zip(of, to, strict=True)])
