"""`dicttui sweep PRESET`: each run at several learning rates."""

from typing import TYPE_CHECKING, Annotated

import typer

from dicttui.cli.diagnose import (
    Json,
    guarded,
    mind_run_names,
    say_what_code_runs,
    terminal_width,
    written,
)
from dicttui.cli.options import (
    Ascii,
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
)
from dicttui.cli.output import FAILED, put_json
from dicttui.cli.status_line import StatusLine

if TYPE_CHECKING:
    from dicttui.diagnosis.comparison import SweepResult

WORTH_SAYING = 15.0
"""Seconds from which on it is said how long it will take."""


def sweep(
    preset: PresetName,
    rates: Annotated[
        int, typer.Option("--rates", metavar="N", min=1, max=99, help="Rates of each run.")
    ] = 5,
    seeds: Annotated[
        int, typer.Option("--seeds", metavar="N", min=1, max=99, help="Seeds of each rate.")
    ] = 3,
    run: Annotated[
        list[str] | None, typer.Option("--run", metavar="NAME", help="This run; repeatable.")
    ] = None,
    json: Json = False,
    seed: Seed = None,
    steps: Steps = None,
    device: Device = None,
    lr: Rates = None,
    threads: Threads = None,
    engine: Engine = None,
    ascii_only: Ascii = False,
) -> None:
    """Compare a preset's optimizers, each at its own best learning rate.

    Each run is trained at five rates, a factor √10 apart, around its own, and from three seeds;
    where the best of them stands at the edge, up to four more are added on that side. What counts
    is the median of the loss over five looks in the last quarter of a training. Two runs differ if
    one ends lower from every seed, by more than either spreads over seeds, and by 5 %. Where runs
    have different objectives fvu is compared instead.

    Exit status: 0 done, 1 every run diverged at every rate, 2 bad usage, preset or data.
    """
    config = settings()
    changes = overrides(seed, steps, device, lr, threads, engine, config.device)
    experiment = preset_to_train(preset, changes)
    mind_run_names(experiment, run or ())
    say_what_code_runs(experiment)
    with guarded(preset), StatusLine() as line:
        line.say("loading torch…")
        from dicttui.diagnosis.sweep import swept

        def expects(seconds: float) -> None:
            if seconds >= WORTH_SAYING:
                line.note(f"≈ {_rough(seconds)} for all; --steps shortens it")

        found = swept(
            experiment, rates=rates, seeds=seeds, only=run or (), told=line.say, expects=expects
        )
    raise typer.Exit(_told(found, json=json, ascii_only=ascii_only))


def _told(found: "SweepResult", *, json: bool, ascii_only: bool) -> int:
    if json:
        from dicttui.report.diagnosis.sweep_document import document

        put_json(document(found))
    else:
        from dicttui.report.diagnosis.sweep_text import report
        from dicttui.tui.glyphs import ASCII, UNICODE

        markers = (ASCII if ascii_only else UNICODE).run_markers
        written(report(found, terminal_width(), markers), ascii_only=ascii_only)
    return FAILED if all(one.best is None for one in found.runs) else 0


def _rough(seconds: float) -> str:
    """A time that nobody takes for exact."""
    if seconds < 90:
        return f"{10 * max(1, round(seconds / 10))} s"
    if seconds < 90 * 60:
        return f"{round(seconds / 60)} min"
    return f"{seconds / 3600:.1f} h"
