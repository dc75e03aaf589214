"""`dicttui data inspect`: what is in a person's samples."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dicttui.cli.comparing import shown
from dicttui.cli.log import open_log
from dicttui.cli.output import put, put_json, refuse

if TYPE_CHECKING:
    from dicttui.data.activations.inspection import ShardsInspection, ShardSummary
    from dicttui.data.inspection import Inspection, Statistics

FAR_OFF_CENTRE = 1.0
"""γ above which the samples are told to lie so."""
MOST_SHARDS = 20
"""Shards without a problem that are listed one by one."""

data = typer.Typer(help="A person's own samples.", rich_markup_mode=None, no_args_is_help=True)


@data.callback()
def of_data() -> None:
    """Look into files of your own samples."""


@data.command("inspect")
def inspect(
    path: Annotated[
        Path,
        typer.Argument(
            metavar="PATH",
            help="A file (.npy, .npz, .pt, .safetensors), a directory or a pattern of shards, or a "
            "data set saved by Hugging Face's save_to_disk.",
        ),
    ],
    array: Annotated[
        str | None,
        typer.Option("--array", metavar="NAME", help="Which array, or column, of several."),
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
) -> None:
    """Say what is in a file, or in all shards of a directory: shapes, norms, rows that are not
    finite, and how far off-centre the samples lie.
    """
    open_log()  # torch warns of some files
    from dicttui.data.activations.finding import is_several
    from dicttui.data.error import DataError

    try:
        if is_several(path):
            _inspect_shards(path, array, json)
        else:
            _inspect_file(path, array, json)
    except DataError as error:
        refuse([str(error)])


def _inspect_file(path: Path, array: str | None, json: bool) -> None:
    from dataclasses import asdict

    from dicttui.data import inspection

    found = inspection.inspect(path, array)
    if json:
        put_json(asdict(found))
    else:
        for line in _told(found):
            put(line)
    if all(summary.problem for summary in found.arrays):
        refuse([f"{path}: {found.problem}"])


def _inspect_shards(path: Path, array: str | None, json: bool) -> None:
    from dataclasses import asdict

    from dicttui.data.activations.inspection import inspect_shards

    percent = -1
    with shown(100, "percent read") as show:

        def progress(read: int, rows: int) -> None:
            nonlocal percent
            if percent != (percent := 100 * read // max(1, rows)):
                show(percent)

        found = inspect_shards(path, array, progress)
    if json:
        put_json(asdict(found))
    else:
        for line in _shards(found):
            put(line)
    if found.problems:
        refuse(found.problems)


def _told(inspection: "Inspection") -> list[str]:
    lines = [f"{inspection.path}: {inspection.size:,} bytes"]
    for array in inspection.arrays:
        problem = f": {array.problem}" if array.problem else ""
        lines.append(f"  {array.name or 'array'}  {_shape(array.shape)}  {array.dtype}{problem}")
    if inspection.statistics is not None:
        return [*lines, *_of(inspection.statistics), _non_finite(inspection.statistics)]
    usable = [summary for summary in inspection.arrays if not summary.problem]
    return [*lines, inspection.problem] if usable else lines


def _shards(found: "ShardsInspection") -> list[str]:
    usable = [shard for shard in found.shards if not shard.problem]
    listed = usable if len(usable) <= MOST_SHARDS else [*usable[:3], *usable[-1:]]
    bad = [shard for shard in usable if shard.non_finite_rows]
    shards = "1 shard" if len(found.shards) == 1 else f"{len(found.shards):,} shards"
    lines = [f"{found.path}: {shards}, {found.size:,} bytes"]
    lines += [_shard(shard) for shard in listed]
    if len(listed) < len(usable):
        lines.insert(4, f"  … {len(usable) - len(listed):,} more")
    if found.statistics is None:
        return lines
    lines += _of(found.statistics)
    if not bad:
        return [*lines, "non-finite rows: none"]
    lines.append(f"non-finite rows: {found.statistics.non_finite_rows:,}")
    return lines + [
        f"  {_name(shard.path)}: {_rows(shard.non_finite_rows, shard.first_non_finite)}"
        for shard in bad
    ]


def _shard(shard: "ShardSummary") -> str:
    name = _name(shard.path) + (f"[{shard.array}]" if shard.array else "")
    return (
        f"  {name}  {_shape(shard.shape)}  {shard.dtype}  rows {shard.rows:,}  "
        f"mean norm {_number(shard.mean_norm)}"
    )


def _of(found: "Statistics") -> list[str]:
    return [
        f"samples {found.n:,}, features {found.d_in:,}",
        f"mean norm {_number(found.mean_norm)}",
        f"rms {_number(found.rms)}, standard deviation {_number(found.std)}",
        f"from {_number(found.minimum)} to {_number(found.maximum)}",
        f"γ = ‖mean‖ / ‖std‖ = {_number(found.gamma)}",
        *_off_centre(found.gamma),
        "constant features: " + _rows(found.constant_features, found.first_constant),
    ]


def _off_centre(gamma: float | None) -> list[str]:
    """What a large γ does, and what to do about it."""
    if (gamma or 0) <= FAR_OFF_CENTRE:
        return []
    return [
        "  far off-centre: at the start most atoms answer to the mean or to nothing, and many die.",
        '  center the data (scaling = "center" under [data]), or let the decoder\'s bias start at '
        'its mean (b_dec_init = "mean" under [network])',
    ]


def _non_finite(found: "Statistics") -> str:
    return "non-finite rows: " + _rows(found.non_finite_rows, found.first_non_finite)


def _rows(count: int, first: tuple[int, ...]) -> str:
    """A count of rows or columns, and the first of them."""
    if not count:
        return "none"
    some = ", ".join(map(str, first)) + (", …" if count > len(first) else "")
    return f"{count:,} ({some})"


def _shape(shape: tuple[int, ...]) -> str:
    return " × ".join(map(str, shape)) or "a single number"


def _name(path: str) -> str:
    return path.rpartition("/")[2]


def _number(value: float | None) -> str:
    return "n/a" if value is None else f"{value:.6g}"
