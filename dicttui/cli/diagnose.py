"""`dicttui diagnose`: why a run does not converge, without the app."""

import os
import shutil
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dicttui.cli.export import split
from dicttui.cli.log import open_log
from dicttui.cli.options import (
    Ascii,
    Device,
    Engine,
    Rates,
    Seed,
    Steps,
    Threads,
    overrides,
    preset_to_train,
    settings,
)
from dicttui.cli.output import FAILED, INTERRUPTED, finish, note, put, put_json, refuse
from dicttui.cli.places import log_file
from dicttui.cli.recording import RecordedIn, directory
from dicttui.cli.status_line import StatusLine

if TYPE_CHECKING:
    from dicttui.cli.config import Config
    from dicttui.diagnosis.diagnosing import ExperimentDiagnosis
    from dicttui.preset.model import Preset
    from dicttui.record.reading import Recorded

PLAIN = str.maketrans("┤│└─·", "+|+-.")
"""Lines of tables and charts in ASCII."""
HAS_FINDINGS = 3
"""Exit status."""


class TierName(StrEnum):
    """What is measured."""

    ECONOMY = "economy"
    BUSINESS = "business"
    FULL = "full"


Source = Annotated[
    str,
    typer.Argument(
        metavar="PRESET | ID[/RUN]",
        help="A shipped preset's name or a path; or what `dicttui runs` lists, and a run of it.",
    ),
]
Runs = Annotated[
    list[str] | None,
    typer.Option("--run", metavar="NAME", help="Of this run alone; repeatable for a preset."),
]
Json = Annotated[
    bool, typer.Option("--json", help="One JSON document on stdout, and nothing else there.")
]


def diagnose(
    source: Source,
    run: Runs = None,
    tier: Annotated[
        TierName, typer.Option("--tier", metavar="|".join(TierName), help="What is measured.")
    ] = TierName.FULL,
    no_tests: Annotated[
        bool, typer.Option("--no-tests", help="Measure, and try no remedy.")
    ] = False,
    json: Json = False,
    seed: Seed = None,
    steps: Steps = None,
    device: Device = None,
    lr: Rates = None,
    threads: Threads = None,
    engine: Engine = None,
    record: RecordedIn = None,
    ascii_only: Ascii = False,
) -> None:
    """Say why the runs of a preset, or of a recorded experiment, do not converge.

    A preset is trained first; of a recorded experiment the newest checkpoint is examined, and the
    recording stays as it is. Then each run is measured, causes are suspected, and their remedies
    tried on forks of the run, with others beside them that go on without.

    \b
    --tier economy    a few forward passes
           business   and gradients, the optimizer's state, a step that is
                      thrown away
           full       and curvature

    Exit status: 0 healthy, 3 something is wrong, 1 every run failed, 2 bad usage, preset or data.
    """  # noqa: D301 - \b keeps typer from joining the lines
    config = settings()
    training = {"--seed": seed, "--steps": steps, "--lr": lr, "--threads": threads,
                "--engine": engine}  # fmt: skip
    given = [option for option, value in training.items() if value is not None]
    recording = _found(source, run or (), given, record, config)
    if recording is not None:
        recorded, only = recording

        def work(line: StatusLine) -> "ExperimentDiagnosis":
            from dicttui.diagnosis import recorded as of_recording

            return of_recording.diagnose(
                recorded, only=only, device=device, tier=tier.value, tests=not no_tests,
                tell=line.note, told=line.say,
            )  # fmt: skip
    else:
        changes = overrides(seed, steps, device, lr, threads, engine, config.device)
        preset = preset_to_train(source, changes)
        mind_run_names(preset, run or ())
        say_what_code_runs(preset)

        def work(line: StatusLine) -> "ExperimentDiagnosis":
            from dicttui.diagnosis import diagnosing

            return diagnosing.diagnose(
                preset, tier=tier.value, tests=not no_tests, only=run or (), told=line.say
            )

    with guarded(source), StatusLine() as line:
        line.say("loading torch…")
        found = work(line)
    raise typer.Exit(_told(found, json=json, ascii_only=ascii_only))


@contextmanager
def guarded(source: str) -> Iterator[None]:
    """While this lasts, Ctrl-C and whatever cannot be trained end the program as a person expects;
    torch is imported in it.
    """
    open_log()
    try:
        yield
    except KeyboardInterrupt:
        note("interrupted")
        # A thread that still compiles or steps would hold the program up.
        finish()
        os._exit(INTERRUPTED)
    except Exception as error:
        import logging

        from dicttui.networks import foreign
        from dicttui.record.error import RecordError
        from dicttui.training.moment import MomentError

        logging.getLogger(__name__).exception("%s could not be diagnosed", source)
        own = type(error).__module__.startswith("dicttui.")
        more = "" if own else f" (more in {log_file()})"
        about = "" if isinstance(error, (RecordError, MomentError)) else f"{source}: "
        refuse([f"{about}{foreign.told(error)}{more}"])


def say_what_code_runs(preset: "Preset") -> None:
    """Before a person's own code is imported."""
    from dicttui.preset.trust import code_notice

    notice = code_notice(preset)
    if notice:
        note(notice)


def mind_run_names(preset: "Preset", names: Sequence[str]) -> None:
    """End the program if a run is asked for that the preset does not have."""
    known = [run.name for run in preset.runs]
    wrong = [name for name in names if name not in known]
    if wrong:
        refuse(
            f'command line: --run: no run is called "{name}"; allowed: {", ".join(known)}'
            for name in wrong
        )


def terminal_width() -> int:
    """Columns of a report."""
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else 80


def written(lines: Iterator[str], *, ascii_only: bool) -> None:
    """Write a report."""
    from dicttui.tui.glyphs import ASCII, UNICODE

    glyphs = ASCII if ascii_only else UNICODE
    for line in lines:
        put(glyphs.plain(line.translate(PLAIN) if ascii_only else line))


def _found(
    source: str, runs: Sequence[str], given: Sequence[str], record: Path | None, config: "Config"
) -> "tuple[Recorded, str | None] | None":
    """The recorded experiment and the run that are meant; None: a preset is."""
    from dicttui.preset.shipped import names
    from dicttui.record.error import RecordError
    from dicttui.record.finding import find, locate

    if source in names() or source.endswith(".toml") or Path(source).expanduser().is_file():
        return None
    where = directory(record, config)
    name, run = split(source)
    try:
        locate(name, where)
    except RecordError as error:
        if "/" not in source and "beginning" not in str(error):
            refuse([*_no_preset(source), str(error)])
        refuse([str(error)])
    if given:
        refuse(
            f"command line: {option}: {source} is trained already; allowed: with a preset"
            for option in given
        )
    if len(runs) > 1 or (runs and run):
        refuse(["command line: --run: names several runs of a recording; allowed: one, or all"])
    try:
        return find(name, where), runs[0] if runs else run
    except RecordError as error:
        refuse([str(error)])


def _no_preset(source: str) -> Sequence[str]:
    from dicttui.preset.problems import PresetError
    from dicttui.preset.reading import read

    try:
        read(source)
    except PresetError as error:
        return error.errors
    return ()


def _told(found: "ExperimentDiagnosis", *, json: bool, ascii_only: bool) -> int:
    """Write what was found; the exit status."""
    from dicttui.report.diagnosis.document import document, has_findings

    if json:
        put_json(document(found.verdict, found.runs))
    else:
        from dicttui.report.diagnosis.text import report

        lines = report(found.verdict, found.runs, terminal_width())
        written(lines, ascii_only=ascii_only)
    without = [name for name, one in found.runs.items() if not one.findings]
    for name in without:
        note(f"{name}: {found.runs[name].progress}")
    if len(without) == len(found.runs):
        return FAILED
    return HAS_FINDINGS if has_findings(found.runs.values()) else 0
