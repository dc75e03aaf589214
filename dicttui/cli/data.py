"""`dicttui data inspect`: what is in a person's samples."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dicttui.cli.log import open_log
from dicttui.cli.output import put, put_json, refuse

if TYPE_CHECKING:
    from dicttui.data.inspection import Inspection, Statistics

data = typer.Typer(help="A person's own samples.", rich_markup_mode=None, no_args_is_help=True)


@data.callback()
def of_data() -> None:
    """Look into a file of your own samples."""


@data.command("inspect")
def inspect(
    path: Annotated[Path, typer.Argument(metavar="PATH", help=".npy, .npz, .pt or .safetensors.")],
    array: Annotated[
        str | None, typer.Option("--array", metavar="NAME", help="Which array of several.")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
) -> None:
    """Say what is in a file of samples [n, d_in]."""
    open_log()  # torch warns of some files
    from dicttui.data.error import DataError
    from dicttui.data.inspection import inspect as look_into

    try:
        inspection = look_into(path, array)
    except DataError as error:
        refuse([str(error)])
    if json:
        from dataclasses import asdict

        put_json(asdict(inspection))
    else:
        for line in _told(inspection):
            put(line)
    if all(summary.problem for summary in inspection.arrays):
        refuse([f"{path}: {inspection.problem}"])


def _told(inspection: "Inspection") -> list[str]:
    lines = [f"{inspection.path}: {inspection.size:,} bytes"]
    for array in inspection.arrays:
        shape = " × ".join(map(str, array.shape)) or "a single number"
        problem = f": {array.problem}" if array.problem else ""
        lines.append(f"  {array.name or 'array'}  {shape}  {array.dtype}{problem}")
    if inspection.statistics is not None:
        return [*lines, *_of(inspection.statistics)]
    usable = [summary for summary in inspection.arrays if not summary.problem]
    return [*lines, inspection.problem] if usable else lines


def _of(found: "Statistics") -> list[str]:
    def number(value: float | None) -> str:
        return "n/a" if value is None else f"{value:.6g}"

    return [
        f"samples {found.n:,}, features {found.d_in:,}",
        f"mean norm {number(found.mean_norm)}",
        f"rms {number(found.rms)}, standard deviation {number(found.std)}",
        f"from {number(found.minimum)} to {number(found.maximum)}",
        f"γ = ‖mean‖ / ‖std‖ = {number(found.gamma)}"
        + (': center the data (scaling = "center")' if (found.gamma or 0) > 1 else ""),
        _rows("non-finite rows", found.non_finite_rows, found.first_non_finite),
        _rows("constant features", found.constant_features, found.first_constant),
    ]


def _rows(what: str, count: int, first: tuple[int, ...]) -> str:
    """A count of rows or columns, and the first of them."""
    if not count:
        return f"{what}: none"
    some = ", ".join(map(str, first)) + (", …" if count > len(first) else "")
    return f"{what}: {count:,} ({some})"
