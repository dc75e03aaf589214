"""Whether a loss term grows with the batch."""

import math
from collections.abc import Callable, Mapping

import torch
from torch import Tensor


@torch.no_grad()
def doubling(terms_of: Callable[[Tensor], Mapping[str, Tensor]], x: Tensor) -> dict[str, float]:
    """Each loss term on a batch ÷ its mean over the batch's two halves: 1 for a term that is
    averaged over samples, 2 for one that is summed, so that its weight beside an averaged term
    doubles with the batch. Without unit; waits for the device.

    Args:
        terms_of: the named terms, 0-d, of samples [n, d_in]; called three times, without gradients.
        x: samples [n, d_in]. Of an odd number the last is left out; NaN with fewer than two, and
            where a term is zero on either half and the whole.

    """
    half = len(x) // 2
    whole = terms_of(x[: 2 * half] if half else x)
    if not half:
        return dict.fromkeys(whole, math.nan)
    one, other = terms_of(x[:half]), terms_of(x[half : 2 * half])
    return {
        name: _ratio(float(term), (float(one[name]) + float(other[name])) / 2)
        for name, term in whole.items()
    }


def _ratio(above: float, below: float) -> float:
    if below == 0:
        return math.nan if above == 0 or math.isnan(above) else math.copysign(math.inf, above)
    return above / below
