"""`dicttui [PRESET]`: the app."""

import gc
import signal
from functools import partial
from typing import TYPE_CHECKING

import typer

from dicttui.cli.endings import Endings
from dicttui.cli.log import open_log
from dicttui.cli.loggers import Log, checked, live_loggers, say_what_was_not_logged
from dicttui.cli.options import (
    DEFAULT_PRESET,
    Ascii,
    Device,
    Engine,
    PresetName,
    Rates,
    Readonly,
    Refresh,
    Seed,
    Steps,
    Theme,
    Threads,
    overrides,
    preset_to_train,
    settings,
    theme_from,
    wording,
)
from dicttui.cli.output import INTERRUPTED, note
from dicttui.cli.places import state_directory
from dicttui.cli.recording import (
    CheckpointEvery,
    NoRecord,
    RecordDirectory,
    checkpoint_words,
    directory,
    recorder,
)
from dicttui.cli.start import in_background
from dicttui.cli.train import AT_ONCE, told
from dicttui.exit_status import SIGNALLED

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from dicttui.record.recorder import Recorder
    from dicttui.report.live.observer import LiveLogger


def open_app(
    context: typer.Context,
    preset: PresetName = DEFAULT_PRESET,
    seed: Seed = None,
    steps: Steps = None,
    device: Device = None,
    lr: Rates = None,
    threads: Threads = None,
    engine: Engine = None,
    refresh: Refresh = None,
    theme: Theme = None,
    ascii_only: Ascii = False,
    readonly: Readonly = False,
    record: RecordDirectory = None,
    no_record: NoRecord = False,
    checkpoint_every: CheckpointEvery = None,
    log: Log = None,
) -> None:
    """Open the app on a preset."""
    # Nothing that is made before the first screen becomes garbage: a collection only delays it.
    gc.disable()
    config = settings()
    changes = overrides(seed, steps, device, lr, threads, engine, config.device)
    _mind_misspelt_commands(preset, context)
    experiment = preset_to_train(preset, changes)
    open_log()
    checked(log)
    recording = recorder(experiment, record, no_record, config, checkpoint_every)
    loggers = live_loggers(log, experiment, recording)
    from dicttui.tui.launch import run
    from dicttui.tui.news import interrupted

    run_it = partial(
        run,
        experiment,
        refresh=config.refresh if refresh is None else refresh,
        theme=theme or config.theme,
        theme_from=theme_from(theme),
        ascii=ascii_only,
        readonly=readonly,
        bell=config.bell,
        worded=wording(preset, changes),
        observers=loggers if recording is None else (recording, *loggers),
        leaving=leaving(recording),
        linger=(lambda _seconds: None) if recording is None else recording.linger,
        on_background=None
        if recording is None
        else partial(
            in_background, recording, log or (), checkpoint_words(checkpoint_every, config)
        ),
        recorded_as="" if recording is None else recording.id,
        state_directory=state_directory(),
        news=partial(interrupted, directory(record, config)),
    )
    raise typer.Exit(run_and_save(run_it, recording, loggers))


def run_and_save(
    app: "Callable[[], int]", recording: "Recorder | None", loggers: "Sequence[LiveLogger]"
) -> int:
    """Run the app on a training of its own, and save all of that, whatever signals come
    meanwhile; the exit status.
    """
    status = 0
    with Endings() as endings:
        try:
            status = app()
        finally:
            with endings.held():
                if recording is not None:
                    _ended(recording, status)
                say_what_was_not_logged(loggers)
    return status


def leaving(recording: "Recorder | None") -> "Callable[[int], None]":
    """What is done with the exit status before the session is closed."""

    def by_a_signal(status: int) -> None:
        if recording is not None and status > SIGNALLED and status != INTERRUPTED:
            recording.ended_by(signal.Signals(status - SIGNALLED).name)

    return by_a_signal


def _ended(recording: "Recorder", status: int) -> None:
    """The app has been left: say what there is to know about the recording."""
    recording.close(AT_ONCE)  # where no session was ever begun
    told(recording, interrupted=status >= SIGNALLED)


def _mind_misspelt_commands(preset: str, context: typer.Context) -> None:
    """Say so if the first word was more likely meant as a command than as a preset."""
    from dicttui.preset.reading import given_by_path, names
    from dicttui.preset.wording import nearest

    if not given_by_path(preset) and preset not in names():
        assert context.parent is not None
        commands = getattr(context.parent.command, "commands", {})
        visible = [name for name, command in commands.items() if not command.hidden]
        command = nearest(preset, visible)
        if command:
            note(f'{preset}: no such command; did you mean "{command}"?')
