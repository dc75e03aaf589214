"""Removing recorded experiments for good."""

import errno
import shutil
from collections.abc import Callable, Iterable
from contextlib import ExitStack

from dicttui.record import places
from dicttui.record.error import RecordError, reason
from dicttui.record.lock import Lock
from dicttui.record.places import Place

NO_LOCK = (errno.ELOOP, errno.EISDIR, errno.ENXIO)
"""What opening a lock comes to that nobody can hold: it is a link, or no file."""


def remove(experiments: Iterable[Place], removed: Callable[[Place], None]) -> None:
    """Remove experiments, none of them if one is being trained: each is locked first, so that none
    is begun to be trained meanwhile. Links are never followed.

    Args:
        experiments: what to remove.
        removed: called with each once it is gone.

    Raises:
        RecordError: one is being trained, cannot be removed, or is none.

    """
    found = list({place.directory: place for place in experiments}.values())
    with ExitStack() as locks:
        for place in found:
            if not places.is_experiment(place.directory):
                raise RecordError(f"{place.directory}: holds no recorded experiment any more")
            _lock(place, locks)
        for place in found:
            try:
                shutil.rmtree(place.directory)
            except OSError as error:
                raise RecordError(_cannot(error, place)) from error
            removed(place)


def _lock(place: Place, locks: ExitStack) -> None:
    try:
        locks.callback(Lock.take(place.directory).release)
    except RecordError as error:
        raise RecordError(
            f"{place.id}: is being trained, and is not removed; allowed: once it has ended"
        ) from error
    except OSError as error:
        if error.errno not in NO_LOCK:
            raise RecordError(_cannot(error, place)) from error


def _cannot(error: OSError, place: Place) -> str:
    return f"{place.directory}: cannot be removed: {reason(error, place.directory)}"
