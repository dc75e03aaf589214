"""Wall-clock time that never goes back: what is newer is told by it, and a machine's clock may be
set, or be another machine's.
"""

import threading
import time

_LEAST = 1e-6
"""Seconds between two times."""

_guard = threading.Lock()
_latest = 0.0


def now() -> float:
    """Seconds since 1970, later than at every call before."""
    global _latest  # noqa: PLW0603
    with _guard:
        _latest = max(time.time(), _latest + _LEAST)
        return _latest


def not_before(at: float) -> None:
    """What is to come is later than this, whatever the machine's clock says."""
    global _latest  # noqa: PLW0603
    with _guard:
        _latest = max(_latest, at)
