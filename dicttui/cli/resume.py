"""`dicttui resume [ID]`: go on with a recorded experiment."""

import gc
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dicttui.cli.log import open_log
from dicttui.cli.loggers import Log, checked, live_loggers
from dicttui.cli.options import Ascii, Refresh, Theme, settings, theme_from
from dicttui.cli.output import note, refuse
from dicttui.cli.places import state_directory
from dicttui.cli.recording import (
    CheckpointEvery,
    RecordedIn,
    checkpoint_words,
    directory,
    recorded,
    schedule,
)
from dicttui.cli.running import Kept, run_and_save
from dicttui.cli.train import Every, Json, headless, mind_every

if TYPE_CHECKING:
    from dicttui.record.reading import Recorded
    from dicttui.record.resuming import Resumable
    from dicttui.training.session import Session


def resume(
    experiment_id: Annotated[
        str | None,
        typer.Argument(metavar="[ID]", help="Of an experiment; none: the newest unfinished one."),
    ] = None,
    record: RecordedIn = None,
    headless_only: Annotated[
        bool, typer.Option("--headless", help="Train on without the app, as `train` does.")
    ] = False,
    device: Annotated[
        str | None, typer.Option("--device", help="Go on there; none: where it was.")
    ] = None,
    checkpoint_every: CheckpointEvery = None,
    json: Json = False,
    every: Every = None,
    log: Log = None,
    refresh: Refresh = None,
    theme: Theme = None,
    ascii_only: Ascii = False,
) -> None:
    """Go on with a recorded experiment from its newest checkpoint.

    What was changed after that is changed again at the same steps. One whose runs have ended opens
    with them ended.
    """
    if json and not headless_only:
        refuse(["command line: --json: JSON lines are written; allowed: with --headless"])
    mind_every(every, json)
    checked(log)
    config = settings()
    often = checkpoint_words(checkpoint_every, config)
    where = directory(record, config)
    experiment = _newest(where) if experiment_id is None else recorded(experiment_id, where)
    open_log()
    from dicttui.record.error import RecordError
    from dicttui.record.recorder import Recorder
    from dicttui.record.resuming import resumable

    try:
        found = resumable(experiment, note, device)
    except RecordError as error:
        refuse([str(error)])
    recording = Recorder.resume(found, schedule=schedule(often))
    loggers = live_loggers(log, found.preset, recording)
    if headless_only:
        raise typer.Exit(
            headless(
                found.preset, recording, loggers, json=json, every=every, start=found.start,
                first=lambda session: _set_going(session, found),
            )
        )  # fmt: skip
    kept = Kept(recording, loggers)
    found.tell = lambda _note: None  # the terminal is the app's
    # Nothing that is made before the first screen becomes garbage: a collection only delays it.
    gc.disable()
    from dicttui.tui.launch import run
    from dicttui.tui.opening import Opened

    opened = Opened(
        preset=found.preset, start=found.start, **kept.told_to_the_app(log or (), often)
    )
    run_it = partial(
        run,
        opened,
        refresh=config.refresh if refresh is None else refresh,
        theme=theme or config.theme,
        theme_from=theme_from(theme),
        ascii=ascii_only,
        bell=config.bell,
        state_directory=state_directory(),
    )
    status = run_and_save(run_it, kept)
    for text in found.late:
        note(text)
    raise typer.Exit(status)


def _set_going(session: "Session", found: "Resumable") -> None:
    """Who asks for more of what was stopped last, by Ctrl-C say, or paused, means that it is to go
    on: without the app nothing else could make it.
    """
    from dicttui.training.interventions import Resume, Undo

    if found.last_stop:
        note("what was stopped goes on: the stop is taken back")
        session.submit(Undo())
    if found.paused:
        note("what was paused goes on")
        session.submit(Resume())


def _newest(where: Path) -> "Recorded":
    """The newest experiment that can be gone on with; ends the program if there is none."""
    from dicttui.record.finding import everything

    unfinished = [
        experiment
        for experiment in everything(where)
        if experiment.state in ("crashed", "stopped") and not experiment.preset().of_own_loop
    ]
    if not unfinished:
        refuse([f"no unfinished experiment in {where}; dicttui runs lists all there are"])
    return unfinished[0]
