"""The options that several commands share, and what they come to."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

import typer

from dicttui.cli.output import refuse
from dicttui.cli.places import config_file

if TYPE_CHECKING:
    from dicttui.cli.config import Config
    from dicttui.preset.model import Preset
    from dicttui.preset.reading import Overrides
    from dicttui.training.snapshot import Snapshot

PresetName = Annotated[
    str, typer.Argument(metavar="PRESET", help="A shipped preset's name, or a path.")
]
Seed = Annotated[int | None, typer.Option("--seed", help="Seed of weights, data and batches.")]
Steps = Annotated[int | None, typer.Option("--steps", help="Updates of each run.")]
Device = Annotated[
    str | None, typer.Option("--device", help="auto, cpu, cuda, cuda:1, mps, xpu, …")
]
Rates = Annotated[
    list[str] | None,
    typer.Option(
        "--lr", metavar="X | RUN=X", help="Learning rate of all runs, or of one; repeatable."
    ),
]
Threads = Annotated[int | None, typer.Option("--threads", help="Threads of the trainer.")]
Engine = Annotated[str | None, typer.Option("--engine", help="How steps are made: auto, eager.")]
Refresh = Annotated[
    float | None,
    typer.Option(
        "--refresh", metavar="HZ", min=0.1, max=60, help="Pictures per second; 1: slow links."
    ),
]
Theme = Annotated[str | None, typer.Option("--theme", help="Colours of the app.")]
Ascii = Annotated[bool, typer.Option("--ascii", help="Draw with ASCII alone.")]
Readonly = Annotated[
    bool, typer.Option("--readonly", help="Watch only: no key changes the training.")
]


def theme_from(theme: str | None) -> str:
    """Where the theme was named, for an error."""
    return "--theme" if theme else f"{config_file()}: theme"


def overrides(
    seed: int | None,
    steps: int | None,
    device: str | None,
    rates: Sequence[str] | None,
    threads: int | None,
    engine: str | None,
    default_device: str,
) -> "Overrides":
    """What the options change in a preset; ends the program if a rate is no number."""
    from dicttui.preset.reading import Overrides

    everywhere, single, errors = None, {}, []
    for given in rates or ():
        name, equals, number = given.rpartition("=")
        try:
            rate = float(number)
        except ValueError:
            errors.append(
                f'command line: --lr: "{given}" is not allowed; '
                "allowed: a number, or RUN=number with a run's name"
            )
            continue
        if equals:
            single[name] = rate
        else:
            everywhere = rate
    if errors:
        refuse(errors)
    return Overrides(
        seed=seed,
        steps=steps,
        device=device,
        lr=everywhere,
        run_lr=single,
        threads=threads,
        engine=engine,
        default_device=default_device,
    )


def settings() -> "Config":
    """The user's settings; ends the program if they are wrong."""
    from dicttui.cli.config import read_config
    from dicttui.preset.problems import PresetError

    try:
        return read_config()
    except PresetError as error:
        refuse(error.errors)


def preset_to_train(source: str, changes: "Overrides") -> "Preset":
    """The preset with the command line's changes; ends the program if anything is wrong."""
    from dicttui.preset.problems import PresetError
    from dicttui.preset.reading import read

    try:
        return read(source, changes)
    except PresetError as error:
        refuse(error.errors)


def wording(source: str, changes: "Overrides") -> "Callable[[Snapshot], Snapshot] | None":
    """What makes the snapshot of a training that could not start for want of its device blame the
    settings; None where the settings did not name the device.
    """
    from dicttui.preset.reading import read

    device = changes.default_device
    if changes.device is not None or device in ("auto", "cpu"):
        return None
    if read(source, replace(changes, default_device="auto")).training.device != "auto":
        return None

    def worded(snapshot: "Snapshot") -> "Snapshot":
        if snapshot.state == "failed" and snapshot.detail.startswith(f"device {device!r} "):
            wrong = snapshot.detail.removeprefix("device ")
            return replace(snapshot, detail=f"{config_file()}: device: {wrong}", source="")
        return snapshot

    return worded
