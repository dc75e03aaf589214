"""`dicttui presets`: list, print, copy to edit."""

from pathlib import Path
from typing import Annotated

import typer

from dicttui.cli.at_once import DEFAULT_PRESET
from dicttui.cli.output import put, put_json, refuse

presets = typer.Typer(
    help="The presets: list them, print one, copy one to edit.",
    rich_markup_mode=None,
    invoke_without_command=True,
)


@presets.callback()
def list_presets(
    context: typer.Context,
    json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
) -> None:
    """List the shipped presets, show one, or copy one to edit."""
    if context.invoked_subcommand is not None:
        return
    import tomllib

    from dicttui.cli.summary import table
    from dicttui.preset.shipped import find, names

    titles = {name: tomllib.loads(find(name).read_text("utf-8"))["title"] for name in names()}
    if json:
        put_json([{"name": name, "title": title} for name, title in titles.items()])
    else:
        for line in table(list(titles.items())):
            put(line)


@presets.command("show")
def show(name: Annotated[str, typer.Argument(metavar="NAME")]) -> None:
    """Print a shipped preset."""
    put(_text(name).rstrip("\n"))


@presets.command("new")
def new(
    path: Annotated[Path, typer.Argument(metavar="PATH", help="The file to write, *.toml.")],
    source: Annotated[
        str, typer.Option("--from", metavar="NAME", help="The preset to start from.")
    ] = DEFAULT_PRESET,
) -> None:
    """Copy a shipped preset to a file of your own."""
    text = _text(source)
    if path.suffix != ".toml":
        refuse([f"{path}: not the name of a preset; allowed: a path that ends in .toml"])
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        refuse([f"{path}: is there already, and is not overwritten; allowed: a new file"])
    except OSError as error:
        refuse([f"{path}: cannot be written: {error.strerror}"])
    put(f"{path} is a copy of {source}; open it with: dicttui {path}")


def _text(name: str) -> str:
    """The text of a shipped preset; ends the program if there is none of that name."""
    from dicttui.preset.problems import PresetError
    from dicttui.preset.shipped import find

    try:
        return find(name).read_text("utf-8")
    except PresetError as error:
        refuse(error.errors)
