"""`dicttui replay ID`: train a recorded experiment again, and compare every loss."""

import math
from typing import TYPE_CHECKING, Annotated, Any

import typer

from dicttui.cli.comparing import shown
from dicttui.cli.log import open_log
from dicttui.cli.options import Ascii, Theme, settings, theme_from
from dicttui.cli.output import FAILED, INTERRUPTED, note, put, put_json, refuse
from dicttui.cli.places import log_file, state_directory
from dicttui.cli.recording import Id, RecordedIn, directory, recorded
from dicttui.cli.standstill import why_it_stands

if TYPE_CHECKING:
    from dicttui.record.reading import Recorded
    from dicttui.record.replaying import Comparison, Difference

LOOK = 0.1
"""Seconds between two looks at how far it is."""
PATIENCE = 10.0
"""Seconds that the last step has."""


def replay(
    experiment_id: Id,
    record: RecordedIn = None,
    json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
    watch: Annotated[
        bool, typer.Option("--watch", help="Show the recording in the app; nothing is trained.")
    ] = False,
    refresh: Annotated[
        float | None,
        typer.Option("--refresh", metavar="HZ", min=0.1, max=60, help="With --watch: pictures."),
    ] = None,
    theme: Theme = None,
    ascii_only: Ascii = False,
) -> None:
    """Train a recorded experiment again and compare: identical, or the first step that differs.

    Exit status: 0 identical, 1 not, 2 it cannot be trained again.
    """
    config = settings()
    experiment = recorded(experiment_id, directory(record, config))
    open_log()
    from dicttui.record.error import RecordError

    if watch:
        from dicttui.tui.launch import watch as watch_in_the_app

        try:
            status = watch_in_the_app(
                experiment,
                refresh=config.refresh if refresh is None else refresh,
                theme=theme or config.theme,
                theme_from=theme_from(theme),
                ascii=ascii_only,
                state_directory=state_directory(),
            )
        except RecordError as error:
            refuse([str(error)])
        raise typer.Exit(status)
    try:
        comparison = _trained_again(experiment)
    except RecordError as error:
        refuse([str(error)])
    except KeyboardInterrupt:
        note("interrupted")
        raise typer.Exit(INTERRUPTED) from None
    if not comparison.identical:
        from dicttui.record.resuming import differences_of_machine

        for text in differences_of_machine(experiment.environment()):
            note(text)
    if json:
        put_json(_as_json(comparison))
    else:
        for line in _told(comparison):
            put(line)
    raise typer.Exit(0 if comparison.identical else FAILED)


def _trained_again(experiment: "Recorded") -> "Comparison":
    from dicttui.preset.trust import code_notice
    from dicttui.record.replaying import Comparer, start_again
    from dicttui.training.session import Session

    preset = experiment.preset()
    start = start_again(experiment)
    notice = code_notice(preset)
    if notice:
        note(notice)
    comparer = Comparer(experiment)
    session = Session(preset, paced=False, observers=[comparer], start=start)
    session.start()
    waiting: list[str] = []
    try:
        with shown(comparer.total) as show:
            while not comparer.complete.wait(LOOK):
                show(comparer.compared)
                waiting = why_it_stands(session.latest())
                if session.wait(0) or waiting:
                    break
    finally:
        session.close(PATIENCE)
    if waiting:
        refuse(waiting)
    last = session.latest()
    if last.state == "failed":
        refuse([f"{last.source}: {last.detail} (more in {log_file()})"])
    return comparer.comparison()


def _told(comparison: "Comparison") -> list[str]:
    if comparison.identical:
        return [f"identical to the bit: {comparison.steps:,} losses"]
    return [
        *(f"not applied again: {words}" for words in comparison.not_applied),
        *(_difference(difference) for difference in comparison.differences),
    ]


def _difference(difference: "Difference") -> str:
    went_back = f" (after going back {difference.segment}×)" if difference.segment else ""
    where = f"{difference.run}: differs from step {difference.step:,} on{went_back}"
    if difference.replayed is None:
        return f"{where}: recorded {difference.recorded!r}, and no such step was made again"
    apart = "" if difference.apart is None else f", apart by {difference.apart:.3g}"
    return f"{where}: recorded {difference.recorded!r}, now {difference.replayed!r}{apart}"


def _as_json(comparison: "Comparison") -> dict[str, Any]:
    return {
        "identical": comparison.identical,
        "losses": comparison.steps,
        "not_applied": list(comparison.not_applied),
        "differences": [
            {
                "run": difference.run,
                "segment": difference.segment,
                "step": difference.step,
                "recorded": _number(difference.recorded),
                "replayed": _number(difference.replayed),
                "apart": difference.apart,
            }
            for difference in comparison.differences
        ],
    }


def _number(value: float | None) -> float | str | None:
    """JSON has no number for what is not finite."""
    return value if value is None or math.isfinite(value) else str(value)
