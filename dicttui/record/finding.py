"""Finding recorded experiments by their ids, and telling a person of interrupted ones."""

import os
from collections.abc import Callable
from pathlib import Path

from dicttui.record import places
from dicttui.record.error import RecordError
from dicttui.record.lock import held
from dicttui.record.places import Place
from dicttui.record.reading import Recorded


def find(id_or_path: str, directory: Path) -> Recorded:
    """The experiment of an id, of the beginning of one, or in a directory.

    Raises RecordError where there is none, or more than one, or it cannot be read.
    """
    if _is_path(id_or_path):
        return Recorded.open(Path(id_or_path).expanduser())
    return Recorded.open(_named(id_or_path, directory).directory)


def locate(id_or_path: str, directory: Path) -> Place:
    """Where such an experiment is; it may be damaged, or hardly have begun.

    Raises RecordError where there is none, or more than one.
    """
    if not _is_path(id_or_path):
        return _named(id_or_path, directory)
    path = Path(os.path.abspath(Path(id_or_path).expanduser()))
    if path.is_symlink():
        raise RecordError(f"{path}: is a link; allowed: the experiment's directory itself")
    if not path.is_dir():
        raise RecordError(f"{path}: is no directory; allowed: that of an experiment")
    if not places.is_experiment(path):
        raise RecordError(f"{path}: holds no recorded experiment; allowed: one's directory")
    return places.place_of(path)


def _is_path(id_or_path: str) -> bool:
    return "/" in id_or_path or id_or_path in (".", "..")


def _named(name: str, directory: Path) -> Place:
    there = list(places.places(directory))
    named = [place for place in there if place.directory.name == name]
    found = named or [place for place in there if place.id.startswith(name.lower())]
    if len(found) == 1 and name:
        return found[0]
    if not found or not name:
        raise RecordError(
            f"no recorded experiment {name!r} in {directory}; allowed: an id that "
            "`dicttui runs` lists, or the path of an experiment's directory"
        )
    ids = ", ".join(place.id for place in found)
    raise RecordError(f"{name!r} is the beginning of several ids: {ids}")


def everything(
    directory: Path, broken: Callable[[str], None] = lambda _why: None
) -> list[Recorded]:
    """Every experiment in a directory, the newest first; `broken` is told why one cannot be
    read.
    """
    found = []
    for place in places.places(directory):
        if not (place.directory / places.DATABASE).exists():
            if places.is_experiment(place.directory) and not held(place.directory):
                broken(
                    f"{place.directory}: holds no recording: its training ended before there was "
                    f"anything; `dicttui runs rm {place.id}` removes it"
                )
            continue
        try:
            found.append(Recorded.open(place.directory))
        except RecordError as error:
            broken(str(error))
    return sorted(found, key=lambda recorded: recorded.began, reverse=True)


def interrupted(directory: Path) -> list[Recorded]:
    """Experiments that ended by a crash, or by a signal, the newest first, of which nobody was told
    yet and with which dicttui could go on.
    """
    found = []
    for place in places.places(directory):
        if (place.directory / places.TOLD).exists():
            continue
        try:
            recorded = Recorded.open(place.directory)
            if was_interrupted(recorded) and not recorded.preset().of_own_loop:
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
