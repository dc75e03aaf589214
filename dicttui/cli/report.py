"""`dicttui report`: one page on a recorded experiment."""

from pathlib import Path
from typing import Annotated

import typer

from dicttui.cli.options import settings
from dicttui.cli.output import note, put, refuse
from dicttui.cli.recording import Id, RecordedIn, directory, recorded


def report(
    experiment_id: Id,
    output: Annotated[
        Path | None,
        typer.Option("-o", "--output", metavar="PATH", help="The page to write, *.html."),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace a file that is there.")] = False,
    record: RecordedIn = None,
) -> None:
    """Write one HTML page on a recorded experiment; it needs no network and nothing but itself."""
    experiment = recorded(experiment_id, directory(record, settings()))
    path = (output or Path(f"dicttui-{experiment.id}.html")).expanduser()
    if path.exists() and not force:
        refuse([f"{path}: is there already; allowed: a new file, or --force to replace it"])
    from dicttui.report.error import ReportError
    from dicttui.report.page import write_page

    try:
        write_page(experiment, path)
    except ReportError as error:
        refuse([str(error)])
    put(str(path))
    if experiment.state == "running":
        note(f"{experiment.id} is still being trained; the page is of this moment")
