"""Where a loss is going, told from how it jumps about."""

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

WINDOWS = 20
"""Windows of the last half of a run, of which medians are taken."""
FEWEST = 4
"""Windows that a slope needs."""

_Numbers = NDArray[np.float64]


class Trend(NamedTuple):
    """Of a run's losses; those that are not finite are left out, and NaN is "n/a"."""

    slope: float
    """Theil–Sen slope of the last half's windowed medians, times the length of the whole run, ÷ the
    last median's magnitude: −0.1 says that as many steps again at the present pace would take off
    a tenth of the loss. Without unit."""
    rising_share: float
    """Share of the last half's losses that are higher than the one before. About a half where they
    are noise."""
    best: float
    """The lowest median of a window, over the whole run; in units of the loss."""
    last: float
    """The last window's median."""
    best_over_last: float
    """best ÷ last: 1 where the run ends at its best, ½ where it has been twice as good. NaN where
    the loss is below zero."""
    spread: float
    """Interquartile range of the last quarter's losses about their Theil–Sen line, ÷ the magnitude
    of their median: how much the loss jumps about, without unit."""
    nonfinite: int
    """Losses that were left out."""


def trend(losses: Sequence[float], steps: Sequence[float] | None = None) -> Trend:
    """Where losses, oldest first, are going (Sen 1968, "Estimates of the Regression Coefficient
    Based on Kendall's Tau": up to 29 % of the medians may be anything).

    Args:
        losses: of single steps, or each of several.
        steps: the step of each, ascending; None where they are equally far apart. The last half and
            quarter are those of the steps.

    """
    all_losses = np.asarray(losses, dtype=np.float64).reshape(-1)
    places = np.arange(len(all_losses)) if steps is None else np.asarray(steps, dtype=np.float64)
    finite = np.isfinite(all_losses)
    values, places = all_losses[finite], places[finite].astype(np.float64)
    nonfinite = int(len(all_losses) - len(values))
    if not len(values):
        return Trend(math.nan, math.nan, math.nan, math.nan, math.nan, math.nan, nonfinite)
    half = int(np.searchsorted(places, (places[0] + places[-1]) / 2))
    quarter = int(np.searchsorted(places, places[0] + 0.75 * (places[-1] - places[0])))
    middles, medians = _medians(places[half:], values[half:])
    last = float(medians[-1])
    width = max(1, math.ceil((len(values) - half) / WINDOWS))
    before = [float(np.median(values[max(0, at - width) : at])) for at in range(half, 0, -width)]
    best = min([float(medians.min()), *before])
    pace = _theil_sen(middles, medians)
    rises = np.diff(values[half:])
    return Trend(
        slope=_over(pace * (places[-1] - places[0]), abs(last)),
        rising_share=float((rises > 0).mean()) if len(rises) else math.nan,
        best=best,
        last=last,
        best_over_last=math.nan if best < 0 else (1.0 if best == last else best / last),
        spread=_spread(places[quarter:], values[quarter:]),
        nonfinite=nonfinite,
    )


def _medians(places: _Numbers, values: _Numbers) -> tuple[_Numbers, _Numbers]:
    """The middles and the medians of up to WINDOWS windows with equally many values."""
    windows = min(WINDOWS, len(values))
    parts = zip(np.array_split(places, windows), np.array_split(values, windows), strict=True)
    found = np.array([(at.mean(), np.median(part)) for at, part in parts])
    return found[:, 0], found[:, 1]


def _theil_sen(places: _Numbers, values: _Numbers) -> float:
    """The median slope between two of few points; NaN from fewer than FEWEST."""
    if len(values) < FEWEST:
        return math.nan
    one, other = np.triu_indices(len(values), 1)
    apart = places[other] - places[one]
    risen = values[other] - values[one]
    return float(np.median(risen[apart > 0] / apart[apart > 0])) if (apart > 0).any() else math.nan


def _spread(places: _Numbers, values: _Numbers) -> float:
    pace = _theil_sen(*_medians(places, values))
    if math.isnan(pace):
        return math.nan
    low, high = np.percentile(values - pace * places, [25, 75])
    return _over(float(high - low), abs(float(np.median(values))))


def _over(above: Any, below: float) -> float:
    if math.isnan(above):
        return math.nan
    if below == 0:
        return 0.0 if above == 0 else math.copysign(math.inf, above)
    return float(above / below)
