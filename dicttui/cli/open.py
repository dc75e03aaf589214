"""`dicttui [PRESET]`: the app."""

import gc
from typing import Annotated

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
from dicttui.cli.output import note
from dicttui.cli.places import config_file

VISIBLE = ("train", "presets", "data")
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
) -> None:
    """Open the app on a preset."""
    # Nothing that is made before the first screen becomes garbage: a collection only delays it.
    gc.disable()
    config = settings()
    changes = overrides(seed, steps, device, lr, threads, engine, config.device)
    _mind_misspelt_commands(preset)
    experiment = preset_to_train(preset, changes)
    open_log()
    from dicttui.tui.launch import run

    status = run(
        experiment,
        refresh=config.refresh if refresh is None else refresh,
        theme=theme or config.theme,
        theme_from="--theme" if theme else f"{config_file()}: theme",
        ascii=ascii_only,
        readonly=readonly,
        bell=config.bell,
        worded=wording(preset, changes),
    )
    raise typer.Exit(status)


def _mind_misspelt_commands(preset: str) -> None:
    """Say so if the first word was more likely meant as a command than as a preset."""
    from dicttui.preset.reading import given_by_path, names
    from dicttui.preset.wording import nearest

    if not given_by_path(preset) and preset not in names():
        command = nearest(preset, VISIBLE)
        if command:
            note(f'{preset}: no such command; did you mean "{command}"?')
