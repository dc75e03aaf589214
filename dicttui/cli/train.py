"""`dicttui train PRESET`: the same experiment without the app, as fast as it goes."""

import os
import signal
import sys
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from dicttui.cli.log import open_log
from dicttui.cli.options import (
    DEFAULT_PRESET,
    Device,
    Engine,
    PresetName,
    Rates,
    Seed,
    Steps,
    Threads,
    overrides,
    preset_to_train,
    settings,
    wording,
)
from dicttui.cli.output import FAILED, INTERRUPTED, finish, note, refuse, silence
from dicttui.cli.places import log_file

if TYPE_CHECKING:
    from collections.abc import Callable

    from dicttui.cli.progress import Progress
    from dicttui.cli.summary import Ends
    from dicttui.training.session import Session
    from dicttui.training.snapshot import Snapshot

GRACE = 10.0
"""Seconds that runs have to end after Ctrl-C."""
AT_ONCE = 1.0
"""Seconds that a step has to end where the program is to be left at once."""
SIGNALLED = 128


def train(
    preset: PresetName = DEFAULT_PRESET,
    seed: Seed = None,
    steps: Steps = None,
    device: Device = None,
    lr: Rates = None,
    threads: Threads = None,
    engine: Engine = None,
    json: Annotated[
        bool, typer.Option("--json", help="JSON lines on stdout, and nothing else there.")
    ] = False,
    every: Annotated[
        int | None,
        typer.Option("--every", metavar="N", min=1, help="With --json: every N-th step (1)."),
    ] = None,
) -> None:
    """Train a preset's runs without the app."""
    if every is not None and not json:
        refuse(
            ["command line: --every: says how often JSON lines are written; allowed: with --json"]
        )
    config = settings()
    changes = overrides(seed, steps, device, lr, threads, engine, config.device)
    experiment = preset_to_train(preset, changes)
    open_log()
    from dicttui.cli.json_lines import JsonLines
    from dicttui.cli.progress import JsonProgress, LineProgress, ScreenProgress
    from dicttui.cli.summary import Ends
    from dicttui.preset.trust import code_notice
    from dicttui.training.session import Session

    notice = code_notice(experiment)
    if notice:
        note(notice)
    ends = Ends()
    progress: Progress
    if json:
        lines = JsonLines(sys.stdout, every or 1)
        session = Session(experiment, paced=False, observers=[lines, ends])
        progress = JsonProgress(lines)
    else:
        session = Session(experiment, paced=False, observers=[ends])
        progress = ScreenProgress() if sys.stdout.isatty() else LineProgress(sys.stdout)
    before = {number: signal.signal(number, _end) for number in (signal.SIGTERM, signal.SIGHUP)}
    try:
        status = follow(session, progress, ends, wording(preset, changes))
    except SystemExit as signalled:
        status = int(signalled.code or 0)
    except KeyboardInterrupt:
        status = INTERRUPTED
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    # A thread that is still in a step would end the interpreter by an abort.
    if not session.close(AT_ONCE):
        lost = finish()
        os._exit(silence(lost) if lost else status)
    raise typer.Exit(status)


def follow(
    session: "Session",
    progress: "Progress",
    ends: "Ends",
    worded: "Callable[[Snapshot], Snapshot] | None" = None,
) -> int:
    """Train a session to its end, showing how far it is; the exit status."""
    interrupted = False
    with progress:
        session.start()
        try:
            while not session.wait(progress.interval):
                progress.show(session.latest())
                if progress.lost:
                    session.close(GRACE)
                    return silence(progress.lost)
        except KeyboardInterrupt:
            interrupted = True
            _stop(session)
        progress.show(session.latest())
    last = session.latest() if worded is None else worded(session.latest())
    session.close(AT_ONCE if interrupted else GRACE)
    if progress.lost:
        return silence(progress.lost)
    if last.state == "failed":
        about = f"{last.source}: " if last.source else ""
        note(f"{about}{last.detail} (more in {log_file()})")
        return 2
    progress.end(ends.told())
    if progress.lost:
        return silence(progress.lost)
    if interrupted:
        note("interrupted")
        return INTERRUPTED
    return FAILED if ends.all_failed else 0


def _stop(session: "Session") -> None:
    """End every run after the step it is in; a second Ctrl-C leaves at once."""
    from dicttui.training.interventions import Stop

    try:
        session.submit(Stop())
        session.wait(GRACE)
    except KeyboardInterrupt:
        raise SystemExit(INTERRUPTED) from None


def _end(number: int, _frame: object) -> NoReturn:
    """Leave on a signal, the terminal as it was; the exit status is what a shell reports."""
    raise SystemExit(SIGNALLED + number)
