"""What is in a person's file of samples, in plain numbers."""

from dataclasses import dataclass
from math import isfinite
from pathlib import Path

from dicttui.data.finiteness import FIRST, NonFiniteRows
from dicttui.data.formats.opening import choose, open_arrays, read_rows, require_usable
from dicttui.data.formats.stored import StoredArray
from dicttui.data.moments import Moments, row_ranges


@dataclass(frozen=True, slots=True)
class ArraySummary:
    """One array of the file."""

    name: str
    """Empty where the file holds one array without a name."""
    shape: tuple[int, ...]
    dtype: str
    problem: str
    """Why it cannot be samples [n, d_in]; empty if it can."""


@dataclass(frozen=True, slots=True)
class Statistics:
    """Of samples [n, d_in], as float32, over the finite rows; None where there are none."""

    array: str
    """The array's name."""
    n: int
    d_in: int
    mean_norm: float | None
    """Mean Euclidean norm of a sample."""
    rms: float | None
    """Root mean square over all numbers."""
    std: float | None
    """Standard deviation over all numbers (divided by their number)."""
    minimum: float | None
    maximum: float | None
    non_finite_rows: int
    """Samples that hold NaN or infinity."""
    first_non_finite: tuple[int, ...]
    """The indices of the first of them."""
    gamma: float | None
    """γ = ‖mean‖ ÷ ‖std‖, mean and std [d_in] being each feature's over the samples: far above 1
    the samples lie along one direction, and centering them helps. None where all are equal."""
    constant_features: int
    """Features with the same value in every sample."""
    first_constant: tuple[int, ...]
    """The indices of the first of them."""


@dataclass(frozen=True, slots=True)
class Inspection:
    """A file of samples."""

    path: str
    size: int
    """Bytes."""
    arrays: tuple[ArraySummary, ...]
    statistics: Statistics | None
    """Of the array that was asked for, or of the only one that can be samples."""
    problem: str
    """Why there are no statistics; empty if there are."""


def inspect(path: Path, array: str | None = None) -> Inspection:
    """Look into a file; it is read in chunks, so that a memory-mapped one may exceed memory.

    Raises DataError where the file cannot be read, or `array` is not in it or cannot be samples.
    """
    arrays = open_arrays(path)
    chosen: StoredArray | None = None
    problem = ""
    if array is not None:
        chosen = choose(path, arrays, array)
        require_usable(path, chosen)
    else:
        usable = [candidate for candidate in arrays if not candidate.problem]
        if len(usable) == 1:
            chosen = usable[0]
        elif len(arrays) == 1:
            problem = arrays[0].problem
        elif usable:
            names = ", ".join(repr(candidate.name) for candidate in usable)
            problem = f"several arrays can be samples: say which of {names}"
        else:
            problem = "no array can be samples"
    return Inspection(
        path=str(path),
        size=path.stat().st_size,
        arrays=tuple(ArraySummary(a.name, a.shape, a.dtype, a.problem) for a in arrays),
        statistics=None if chosen is None else _statistics(path, chosen),
        problem=problem,
    )


def _statistics(path: Path, array: StoredArray) -> Statistics:
    n, d_in = array.shape
    moments = Moments(d_in)
    bad = NonFiniteRows()
    for start, stop in row_ranges(n, d_in):
        x = read_rows(path, array, start, stop)
        moments.add(bad.add(start, x))
    return statistics_of(moments, n, bad.count, bad.first, array.name)


def statistics_of(
    moments: Moments, n: int, bad: int, first_bad: tuple[int, ...], array: str
) -> Statistics:
    """What the moments of the finite among n samples come to."""
    d_in = len(moments.mean)
    empty = moments.count == 0
    mean, variance = moments.mean, moments.variance
    spread = float(variance.sum().sqrt())
    constant = [] if empty else moments.constant.nonzero().flatten().tolist()

    def known(value: float) -> float | None:
        return float(value) if not empty and isfinite(value) else None

    return Statistics(
        array=array,
        n=n,
        d_in=d_in,
        mean_norm=known(moments.mean_norm),
        rms=known(float((variance + mean.square()).mean().sqrt())),
        std=known(float((variance.mean() + mean.var(correction=0)).sqrt())),
        minimum=known(float(moments.minimum.min())),
        maximum=known(float(moments.maximum.max())),
        non_finite_rows=bad,
        first_non_finite=first_bad,
        gamma=known(float(mean.norm()) / spread) if spread > 0 else None,
        constant_features=len(constant),
        first_constant=tuple(constant[:FIRST]),
    )
