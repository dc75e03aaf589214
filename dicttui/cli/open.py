"""`dicttui [PRESET]`: the app."""

import gc
import signal
from functools import partial
from typing import TYPE_CHECKING, Annotated

import typer

from dicttui.cli.log import open_log
from dicttui.cli.loggers import Log, checked, live_loggers, say_what_was_not_logged
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
from dicttui.cli.output import INTERRUPTED, note
from dicttui.cli.places import config_file, state_directory
from dicttui.cli.recording import NoRecord, RecordDirectory, directory, recorder
from dicttui.cli.start import in_background
from dicttui.cli.train import AT_ONCE, SIGNALLED, told

if TYPE_CHECKING:
    from collections.abc import Callable

    from dicttui.record.recorder import Recorder

VISIBLE = ("train", "presets", "data", "runs", "resume", "replay")
"""Commands that a person may have meant."""


def open_app(
    preset: PresetName = DEFAULT_PRESET,
    seed: Seed = None,
    steps: Steps = None,
    device: Device = None,
    lr: Rates = None,
    threads: Threads = None,
    engine: Engine = None,
    refresh: Annotated[
        float | None,
        typer.Option(
            "--refresh", metavar="HZ", min=0.1, max=60, help="Pictures per second; 1: slow links."
        ),
    ] = None,
    theme: Annotated[str | None, typer.Option("--theme", help="Colours of the app.")] = None,
    ascii_only: Annotated[bool, typer.Option("--ascii", help="Draw with ASCII alone.")] = False,
    readonly: Annotated[
        bool, typer.Option("--readonly", help="Watch only: no key changes the training.")
    ] = False,
    record: RecordDirectory = None,
    no_record: NoRecord = False,
    log: Log = None,
) -> None:
    """Open the app on a preset."""
    # Nothing that is made before the first screen becomes garbage: a collection only delays it.
    gc.disable()
    config = settings()
    changes = overrides(seed, steps, device, lr, threads, engine, config.device)
    _mind_misspelt_commands(preset)
    experiment = preset_to_train(preset, changes)
    open_log()
    checked(log)
    recording = recorder(experiment, record, no_record, config)
    loggers = live_loggers(log, experiment, recording)
    from dicttui.tui.launch import run
    from dicttui.tui.news import interrupted

    status = run(
        experiment,
        refresh=config.refresh if refresh is None else refresh,
        theme=theme or config.theme,
        theme_from="--theme" if theme else f"{config_file()}: theme",
        ascii=ascii_only,
        readonly=readonly,
        bell=config.bell,
        worded=wording(preset, changes),
        observers=loggers if recording is None else (recording, *loggers),
        leaving=leaving(recording),
        linger=(lambda _seconds: None) if recording is None else recording.linger,
        on_background=None if recording is None else partial(in_background, recording, log or ()),
        state_directory=state_directory(),
        news=partial(interrupted, directory(record, config)),
    )
    if recording is not None:
        ended(recording, status)
    say_what_was_not_logged(loggers)
    raise typer.Exit(status)


def leaving(recording: "Recorder | None") -> "Callable[[int], None]":
    """What is done with the exit status before the session is closed."""

    def by_a_signal(status: int) -> None:
        if recording is not None and status > SIGNALLED and status != INTERRUPTED:
            recording.ended_by(signal.Signals(status - SIGNALLED).name)

    return by_a_signal


def ended(recording: "Recorder", status: int) -> None:
    """The app has been left: say what there is to know about the recording."""
    recording.close(AT_ONCE)  # where no session was ever begun
    told(recording, interrupted=status >= SIGNALLED)


def _mind_misspelt_commands(preset: str) -> None:
    """Say so if the first word was more likely meant as a command than as a preset."""
    from dicttui.preset.reading import given_by_path, names
    from dicttui.preset.wording import nearest

    if not given_by_path(preset) and preset not in names():
        command = nearest(preset, VISIBLE)
        if command:
            note(f'{preset}: no such command; did you mean "{command}"?')
