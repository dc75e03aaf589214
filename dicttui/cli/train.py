"""`dicttui train PRESET`: the same experiment without the app, as fast as it goes."""

import os
import signal
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from dicttui.cli.at_once import DEFAULT_PRESET
from dicttui.cli.endings import Endings
from dicttui.cli.log import open_log
from dicttui.cli.loggers import Log, checked, live_loggers, say_what_was_not_logged
from dicttui.cli.options import (
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
from dicttui.cli.output import BAD_USAGE, FAILED, INTERRUPTED, finish, note, refuse, silence
from dicttui.cli.places import log_file
from dicttui.cli.recording import CheckpointEvery, NoRecord, RecordDirectory, recorder
from dicttui.cli.standstill import why_it_stands
from dicttui.exit_status import SIGNALLED

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from dicttui.cli.progress import Progress
    from dicttui.cli.summary import Ends
    from dicttui.preset.model import Preset
    from dicttui.record.recorder import Recorder
    from dicttui.report.live.observer import LiveLogger
    from dicttui.training.observation import Observer
    from dicttui.training.script import Start
    from dicttui.training.session import Session
    from dicttui.training.snapshot import Snapshot

GRACE = 10.0
"""Seconds that runs have to end after Ctrl-C."""
AT_ONCE = 1.0
"""Seconds that a step has to end where the program is to be left at once."""
LINGER = 60.0
"""Seconds that the last checkpoint has to be written in the end."""

Json = Annotated[bool, typer.Option("--json", help="JSON lines on stdout, and nothing else there.")]
Every = Annotated[
    int | None,
    typer.Option("--every", metavar="N", min=1, help="With --json: every N-th step (1)."),
]


def train(
    preset: PresetName = DEFAULT_PRESET,
    seed: Seed = None,
    steps: Steps = None,
    device: Device = None,
    lr: Rates = None,
    threads: Threads = None,
    engine: Engine = None,
    json: Json = False,
    every: Every = None,
    record: RecordDirectory = None,
    no_record: NoRecord = False,
    checkpoint_every: CheckpointEvery = None,
    log: Log = None,
) -> None:
    """Train a preset's runs without the app."""
    mind_every(every, json)
    config = settings()
    changes = overrides(seed, steps, device, lr, threads, engine, config.device)
    experiment = preset_to_train(preset, changes)
    open_log()
    from dicttui.preset.trust import code_notice

    notice = code_notice(experiment)
    if notice:
        note(notice)
    checked(log)
    recording = recorder(experiment, record, no_record, config, checkpoint_every)
    loggers = live_loggers(log, experiment, recording)
    raise typer.Exit(
        headless(
            experiment, recording, loggers, json=json, every=every, worded=wording(preset, changes)
        )
    )


def mind_every(every: int | None, json: bool) -> None:
    """End the program if --every is of no use."""
    if every is not None and not json:
        refuse(
            ["command line: --every: says how often JSON lines are written; allowed: with --json"]
        )


def headless(
    experiment: "Preset",
    recording: "Recorder | None",
    loggers: "Sequence[LiveLogger]" = (),
    *,
    json: bool,
    every: int | None,
    worded: "Callable[[Snapshot], Snapshot] | None" = None,
    start: "Start | None" = None,
    first: "Callable[[Session], None]" = lambda _session: None,
) -> int:
    """Train an experiment to its end, or until a signal, without the app; the exit status.

    Args:
        experiment: what to train.
        recording: what keeps it; None: nothing is kept.
        loggers: what it is logged to live.
        json: whether JSON lines are written.
        every: of which steps.
        worded: what is done to the last snapshot before it is told of.
        start: where it begins, if not at step 0.
        first: what is done with the session before it starts.

    """
    from dicttui.cli.json_lines import JsonLines
    from dicttui.cli.progress import JsonProgress, LineProgress, ScreenProgress
    from dicttui.cli.summary import Ends
    from dicttui.training.session import Session

    ends = Ends()
    observers: list[Observer] = [ends] if recording is None else [ends, recording]
    observers += loggers
    progress: Progress
    if json:
        lines = JsonLines(sys.stdout, every or 1)
        observers.insert(0, lines)
        progress = JsonProgress(lines)
    else:
        progress = ScreenProgress() if sys.stdout.isatty() else LineProgress(sys.stdout)
    session = Session(experiment, paced=False, observers=observers, start=start)
    first(session)
    signalled = False
    with Endings() as endings:
        try:
            status = follow(session, progress, ends, endings, worded)
        except SystemExit as ended:
            status = int(ended.code or 0)
            signalled = status > SIGNALLED and status != INTERRUPTED
            if signalled and recording is not None:
                recording.ended_by(signal.Signals(status - SIGNALLED).name)
        except KeyboardInterrupt:
            status = INTERRUPTED
        except Exception:
            session.close(AT_ONCE)
            raise
        with endings.held():
            # A thread that is still in a step would end the interpreter by an abort.
            ended_in_time = session.close(GRACE if signalled and recording is not None else AT_ONCE)
            if recording is not None:
                waits = bool(why_it_stands(session.latest()))
                told(recording, interrupted=signalled or waits or status == INTERRUPTED)
            say_what_was_not_logged(loggers)
            if not ended_in_time:
                lost = finish()
                os._exit(silence(lost) if lost else status)
    return status


def told(recording: "Recorder", *, interrupted: bool) -> None:
    """Wait for what is still being written, and say what is to be known about the recording."""
    if recording.lingers:
        note("writing the last checkpoint…")
    recording.linger(LINGER)
    trouble = recording.recording().trouble
    if trouble:
        note(f"not all was recorded: {trouble}")
    elif interrupted and recording.began:
        note(f"recorded as {recording.id}; dicttui resume {recording.id} goes on")


def follow(
    session: "Session",
    progress: "Progress",
    ends: "Ends",
    endings: Endings,
    worded: "Callable[[Snapshot], Snapshot] | None" = None,
) -> int:
    """Train a session to its end, showing how far it is; the exit status."""
    interrupted = False
    waiting: list[str] = []
    with progress:
        session.start()
        try:
            while not session.wait(progress.interval):
                progress.show(session.latest())
                if progress.lost:
                    with endings.held():
                        session.close(GRACE)
                    return silence(progress.lost)
                waiting = why_it_stands(session.latest())
                if waiting:
                    break
        except KeyboardInterrupt:
            interrupted = True
            _stop(session)
        progress.show(session.latest())
    last = session.latest() if worded is None else worded(session.latest())
    with endings.held():
        session.close(AT_ONCE if interrupted else GRACE)
    if progress.lost:
        return silence(progress.lost)
    if last.state == "failed":
        about = f"{last.source}: " if last.source else ""
        note(f"{about}{last.detail} (more in {log_file()})")
        return 2
    if waiting:
        for line in waiting:
            note(line)
        return BAD_USAGE
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
