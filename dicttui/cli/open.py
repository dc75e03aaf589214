"""`dicttui [PRESET]`: the app."""

from functools import partial

import typer

from dicttui.cli.at_once import DEFAULT_PRESET
from dicttui.cli.log import open_log
from dicttui.cli.loggers import Log, checked, live_loggers
from dicttui.cli.options import (
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
from dicttui.cli.output import note
from dicttui.cli.places import state_directory
from dicttui.cli.recording import (
    CheckpointEvery,
    NoRecord,
    RecordDirectory,
    checkpoint_words,
    directory,
    recorder,
)
from dicttui.cli.running import Kept, run_and_save


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
    config = settings()
    changes = overrides(seed, steps, device, lr, threads, engine, config.device)
    _mind_misspelt_commands(preset, context)
    experiment = preset_to_train(preset, changes)
    open_log()
    checked(log)
    kept = Kept(recorder(experiment, record, no_record, config, checkpoint_every))
    kept.loggers = live_loggers(log, experiment, kept.recording)
    from dicttui.tui.launch import run
    from dicttui.tui.news import interrupted
    from dicttui.tui.opening import Opened

    opened = Opened(
        preset=experiment,
        worded=wording(preset, changes),
        news=partial(interrupted, directory(record, config)),
        **kept.told_to_the_app(log or (), checkpoint_words(checkpoint_every, config)),
    )
    run_it = partial(
        run,
        opened,
        refresh=config.refresh if refresh is None else refresh,
        theme=theme or config.theme,
        theme_from=theme_from(theme),
        ascii=ascii_only,
        readonly=readonly,
        bell=config.bell,
        state_directory=state_directory(),
    )
    raise typer.Exit(run_and_save(run_it, kept))


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
