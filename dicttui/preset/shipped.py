"""The presets that come with the program."""

from pathlib import Path

from dicttui.preset.problems import PresetError, Problem

_PACKAGE = Path(__file__).resolve().parents[1]


def directory() -> Path:
    """Where they lie: inside the package once installed, at the top level in a checkout."""
    installed = _PACKAGE / "_presets"
    return installed if installed.is_dir() else _PACKAGE.parent / "presets"


def names() -> tuple[str, ...]:
    """The names of the shipped presets, in alphabetical order."""
    return tuple(sorted(path.stem for path in directory().glob("*.toml")))


def find(name: str) -> Path:
    """The file of a shipped preset.

    Raises PresetError if there is none of that name.
    """
    known = names()
    if name in known:
        return directory() / f"{name}.toml"
    # It imports what checks presets, and the names are asked for before that.
    from dicttui.preset.wording import listed, nearest

    suggestion = nearest(name, known)
    hint = f'did you mean "{suggestion}"? ' if suggestion else ""
    raise PresetError(
        [
            Problem(
                "",
                f"no such preset; {hint}allowed: {listed(known)}, "
                "or a path (with a / in it, or ending in .toml)",
            ).told(name)
        ]
    )
