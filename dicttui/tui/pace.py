"""The steps of `<` and `>`: paces a person can tell apart."""

PACES = (1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 500.0, 1000.0, 2000.0, 5000.0)
"""Steps per second; above the last it goes as fast as it can."""


def slower(pace: float | None, measured: float | None) -> float:
    """The next lower pace in steps/s; from full speed, the next below what was measured.

    A pace below the lowest step, as a preset may have, stays.
    """
    bound = pace if pace is not None else (measured or PACES[-1] * 2)
    return max((step for step in PACES if step < bound * 0.999), default=min(PACES[0], bound))


def faster(pace: float | None) -> float | None:
    """The next higher pace in steps/s; None is as fast as it goes."""
    if pace is None:
        return None
    return min((step for step in PACES if step > pace * 1.001), default=None)
