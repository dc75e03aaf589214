"""The directory of an experiment, and the names of what is in it."""

import os
import re
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from dicttui.preset.model import Preset

PRESET = "preset.json"
ENVIRONMENT = "environment.json"
DATABASE = "experiment.sqlite"
LOCK = "lock"
MOMENTS = "moments"
TOLD = "told"
"""There once a person has been told that the experiment was interrupted."""
PARTIAL = ".partial-"
"""What the name of a file that is being written begins with."""

_NAME = re.compile(r"^\d{4}-\d\d-\d\d_.+_(?P<id>[0-9a-f]{6})$")
_OWN = re.compile(
    r"^(preset\.json|environment\.json|experiment\.sqlite.*|lock|moments|told|\.partial-.+"
    r"|(checkpoint|kept)-\d+\.json)$"
)
"""What dicttui writes into one."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where an experiment is recorded."""

    id: str
    directory: Path


def new_place(preset: Preset, parent: Path) -> Place:
    """A name for a new experiment's directory that none in `parent` has; nothing is made."""
    taken = {place.id for place in places(parent)}
    number = next(n for n in iter(lambda: secrets.token_hex(3), "") if n not in taken)
    today = datetime.now().astimezone().date().isoformat()
    return Place(number, parent.absolute() / f"{today}_{name_of(preset)}_{number}")


def name_of(preset: Preset) -> str:
    """A preset's name, in characters that are good in a file's."""
    stem = Path(preset.source).name.removesuffix(".toml")
    return re.sub(r"[^A-Za-z0-9.-]+", "-", stem).strip(".-")[:60] or "preset"


def place_of(directory: Path) -> Place:
    """The place of an experiment whose directory somebody may have renamed."""
    found = _NAME.match(directory.name)
    return Place(found["id"] if found else directory.name, directory.absolute())


def places(parent: Path) -> Iterator[Place]:
    """Every experiment's directory in `parent`; none if that cannot be read."""
    try:
        entries = sorted(os.scandir(parent), key=lambda entry: entry.name)
    except OSError:
        return
    for entry in entries:
        if (found := _NAME.match(entry.name)) and entry.is_dir(follow_symlinks=False):
            yield Place(found["id"], Path(entry.path).absolute())


def is_experiment(directory: Path) -> bool:
    """Whether this is an experiment's directory, and be it damaged: by its name, where it is empty
    or something in it is dicttui's; or by its database and preset, whatever it is called. A link
    to one is none.
    """
    if directory.is_symlink() or not directory.is_dir():
        return False
    try:
        with os.scandir(directory) as entries:
            inside = {entry.name for entry in entries if not entry.is_symlink()}
    except OSError:
        return False
    if {DATABASE, PRESET} <= inside:
        return True
    return bool(_NAME.match(directory.name)) and (not inside or any(map(_OWN.match, inside)))


def make(directory: Path) -> None:
    """Make an experiment's directory, for its owner alone. Raises OSError, also where it is
    another experiment's.
    """
    directory.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    directory.mkdir(mode=0o700, exist_ok=not (directory / DATABASE).exists())
    (directory / MOMENTS).mkdir(mode=0o700, exist_ok=True)
