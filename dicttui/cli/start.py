"""`dicttui start PRESET`: the same experiment in a background process, without a terminal."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from dicttui.cli.loggers import Log, checked
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
from dicttui.cli.output import INTERRUPTED, note, refuse
from dicttui.cli.places import log_file
from dicttui.cli.recording import (
    CheckpointEvery,
    NoRecord,
    RecordDirectory,
    checkpoint_words,
    directory,
    mind_no_record,
    recorded,
)
from dicttui.cli.serving import order, say_how_to_go_on
from dicttui.cli.train import LINGER

if TYPE_CHECKING:
    from collections.abc import Callable

    from dicttui.record.recorder import Recorder
    from dicttui.serve.order import Order
    from dicttui.training.snapshot import Snapshot

LOGGING = "dicttui.report.background"
"""What runs in the background where there are live loggers."""


def start(
    preset: PresetName = "",
    seed: Seed = None,
    steps: Steps = None,
    device: Device = None,
    lr: Rates = None,
    threads: Threads = None,
    engine: Engine = None,
    record: RecordDirectory = None,
    no_record: NoRecord = False,
    checkpoint_every: CheckpointEvery = None,
    log: Log = None,
    resume: Annotated[str | None, typer.Option("--resume", hidden=True)] = None,
) -> None:
    """Train a preset in the background.

    It goes on when the terminal is closed, as fast as it goes. `dicttui attach` opens the app on
    it, `dicttui stop` ends it.
    """
    mind_no_record(no_record, record, checkpoint_every)
    config = settings()
    often = checkpoint_words(checkpoint_every, config)
    if resume is not None:
        if preset:
            refuse(["command line: --resume: is not allowed together with a preset"])
        found = recorded(resume, directory(record, config))
        begin(order(resume=found.directory, loggers=checked(log), checkpoint_every=often))
        return
    if not preset:
        refuse(["command line: PRESET: is missing; allowed: a shipped preset's name, or a path"])
    changes = overrides(seed, steps, device, lr, threads, engine, config.device)
    experiment = preset_to_train(preset, changes)
    from dicttui.preset.resolved import dumped
    from dicttui.preset.trust import code_notice

    notice = code_notice(experiment)
    if notice:
        note(notice)
    parent = None if no_record else directory(record, config).absolute()
    begin(
        order(
            preset=dumped(experiment), record=parent, loggers=checked(log), checkpoint_every=often
        ),
        experiment.source,
        wording(preset, changes),
    )


def begin(
    what: "Order",
    source: str = "",
    worded: "Callable[[Snapshot], Snapshot] | None" = None,
) -> None:
    """Start a process in the background, and say how to go on; ends the program if it does not
    come to train.

    Args:
        what: what it is to do.
        source: where the preset is from, for an error.
        worded: what is done to a snapshot that says why it failed.

    """
    from dicttui.serve.error import ServeError
    from dicttui.serve.starting import start as start_process

    try:
        outcome = start_process(what, LOGGING) if what.loggers else start_process(what)
    except ServeError as error:
        refuse([f"{_reason(str(error), source, worded)} (more in {log_file()})"])
    except KeyboardInterrupt:
        note("interrupted: nothing trains")
        raise typer.Exit(INTERRUPTED) from None
    for words in outcome.notes:
        note(words)
    if outcome.trouble:
        note(f"not recorded at the moment: {outcome.trouble}")
    say_how_to_go_on(outcome)


def in_background(
    recording: "Recorder", loggers: Sequence[str] = (), checkpoint_every: str = ""
) -> int:
    """Let a training that has been closed go on in the background; the exit status."""
    recording.linger(LINGER)
    try:
        begin(
            order(
                resume=recording.directory,
                loggers=tuple(loggers),
                checkpoint_every=checkpoint_every,
            )
        )
    except typer.Exit as ended:
        note(f"recorded as {recording.id}; dicttui resume {recording.id} goes on")
        return ended.exit_code
    return 0


def _reason(detail: str, source: str, worded: "Callable[[Snapshot], Snapshot] | None") -> str:
    from dicttui.training.snapshot import Snapshot

    said = Snapshot(0, "failed", detail, source=source)
    said = said if worded is None else worded(said)
    return f"{said.source}: {said.detail}" if said.source else said.detail
