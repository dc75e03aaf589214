"""Checkpoints: a small file that names the moments it is made of. A checkpoint is there as soon as
this file is.
"""

import re
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from dicttui.record import files, moment_files
from dicttui.record.error import RecordError
from dicttui.record.places import MOMENTS, PARTIAL

KEPT = 2
"""Checkpoints of the schedule; those that a person asked for are all kept."""
_NUMBERED = re.compile(r"^(?P<kind>checkpoint|kept)-(?P<number>\d{1,9})\.json$")


class _Strict(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)


Text = Annotated[str, Field(max_length=10_000)]
Count = Annotated[int, Field(ge=0, lt=2**63)]


class UndoEntry(_Strict):
    """What can be taken back."""

    intervention: Count
    words: Text
    label: Text
    since: Count
    moment: Text | None


class RunEntry(_Strict):
    """One run."""

    name: Text
    step: Count
    segment: Count
    state: Text
    moment: Text
    undo: list[UndoEntry]


class Manifest(_Strict):
    """One checkpoint."""

    at: float
    """Wall-clock time at which its state was taken."""
    note: Text = ""
    last_intervention: Count
    pace: float | None
    samples: Text
    weights: dict[Text, Text] = Field(default_factory=dict)
    """By run, a digest of the weights that it was given to start with, where it was."""
    runs: Annotated[list[RunEntry], Field(min_length=1, max_length=1000)]

    @property
    def moments(self) -> set[str]:
        """The names of the files it needs."""
        undo = (point.moment for run in self.runs for point in run.undo)
        return {run.moment for run in self.runs} | {name for name in undo if name is not None}


@dataclass(frozen=True, slots=True, order=True)
class Numbered:
    """A manifest's place."""

    number: int
    path: Path


def numbered(directory: Path, kind: str = "checkpoint") -> list[Numbered]:
    """The manifests of a directory, oldest first: of the schedule, or "kept"."""
    found = []
    with suppress(OSError):
        for path in directory.iterdir():
            match = _NUMBERED.match(path.name)
            if match and match["kind"] == kind:
                found.append(Numbered(int(match["number"]), path))
    return sorted(found)


def path_of(directory: Path, kind: str, number: int) -> Path:
    """Where a manifest is."""
    return directory / f"{kind}-{number}.json"


def write(manifest: Manifest, path: Path) -> None:
    """Write a manifest, whole or not at all. Raises OSError."""
    files.write_json(path, files.sealed(manifest.model_dump(mode="json")))


def read(path: Path) -> Manifest:
    """A manifest. Raises RecordError where it is damaged or none."""
    content: Any = files.unsealed(path)
    try:
        manifest = Manifest.model_validate(content)
    except ValidationError as error:
        raise RecordError(f"{path}: is damaged, or no checkpoint of this version") from error
    wrong = [name for name in manifest.moments if not moment_files.is_file_name(name)]
    if wrong:
        raise RecordError(f"{path}: is damaged: {wrong[0]!r} is no file of a moment")
    return manifest


def prune(directory: Path) -> None:
    """Remove older checkpoints, the moments that no manifest names, and what was left half
    written. What a manifest needs that cannot be read is not known: nothing that was written before
    it is removed.
    """
    for old in numbered(directory)[:-KEPT]:
        with suppress(OSError):
            old.path.unlink()
    needed: set[str] = set()
    unknown = float("-inf")
    for place in (*numbered(directory), *numbered(directory, "kept")):
        try:
            needed |= read(place.path).moments
        except RecordError:
            with suppress(OSError):
                unknown = max(unknown, place.path.lstat().st_mtime)
    with suppress(OSError):
        for path in (directory / MOMENTS).iterdir():
            if path.name not in needed and path.name.endswith(moment_files.SUFFIX):
                with suppress(OSError):
                    if path.lstat().st_mtime > unknown:
                        path.unlink()
    for pattern in (f"{MOMENTS}/{PARTIAL}*", f"{PARTIAL}checkpoint-*", f"{PARTIAL}kept-*"):
        with suppress(OSError):
            for path in directory.glob(pattern):
                with suppress(OSError):
                    path.unlink()
