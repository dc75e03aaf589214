"""Finding recorded experiments by their ids, and telling a person of interrupted ones."""

from collections.abc import Callable
from pathlib import Path

from dicttui.record import places
from dicttui.record.error import RecordError
from dicttui.record.reading import Recorded


def find(id_or_path: str, directory: Path) -> Recorded:
    """The experiment of an id, of the beginning of one, or in a directory.

    Raises RecordError where there is none, or more than one.
    """
    if "/" in id_or_path or id_or_path in (".", ".."):
        return Recorded.open(Path(id_or_path).expanduser())
    there = list(places.places(directory))
    named = [place for place in there if place.directory.name == id_or_path]
    found = named or [place for place in there if place.id.startswith(id_or_path.lower())]
    if len(found) == 1:
        return Recorded.open(found[0].directory)
    if not found or not id_or_path:
        raise RecordError(
            f"no recorded experiment {id_or_path!r} in {directory}; allowed: an id that "
            "`dicttui runs` lists, or the path of an experiment's directory"
        )
    ids = ", ".join(place.id for place in found)
    raise RecordError(f"{id_or_path!r} is the beginning of several ids: {ids}")


def everything(
    directory: Path, broken: Callable[[str], None] = lambda _why: None
) -> list[Recorded]:
    """Every experiment in a directory, the newest first; `broken` is told why one cannot be
    read.
    """
    found = []
    for place in places.places(directory):
        if not (place.directory / places.DATABASE).exists():
            continue  # it has just begun, or was killed before there was anything
        try:
            found.append(Recorded.open(place.directory))
        except RecordError as error:
            broken(str(error))
    return sorted(found, key=lambda recorded: recorded.began, reverse=True)


def interrupted(directory: Path) -> list[Recorded]:
    """Experiments that ended by a crash, or by a signal, the newest first, and of which nobody
    was told yet.
    """
    found = []
    for place in places.places(directory):
        if (place.directory / places.TOLD).exists():
            continue
        try:
            recorded = Recorded.open(place.directory)
            if was_interrupted(recorded):
                found.append(recorded)
        except RecordError:
            continue
    return sorted(found, key=lambda recorded: recorded.began, reverse=True)


def was_interrupted(recorded: Recorded) -> bool:
    """Whether it ended neither by itself nor because somebody left it."""
    state = recorded.state
    return state == "crashed" or (state == "stopped" and bool(recorded.signal))


def mark_as_told(recorded: Recorded) -> None:
    """Somebody has been told that it was interrupted. Where that cannot be written down, it is
    told again.
    """
    try:
        (recorded.directory / places.TOLD).touch(mode=0o600)
    except OSError:
        return
