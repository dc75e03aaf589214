"""Vectors as pictures: made smaller, and in few bytes."""

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn.functional import avg_pool2d

STEPS = 127
"""Of magnitude: what an int8 can tell apart on either side of zero."""


def shrunk(rows: Tensor, image: Sequence[int], by: int) -> Tensor:
    """Pictures [n, height · width (· 3)] with `by` × `by` pixels made one, their mean; at the right
    and at the bottom of what is left. `image` is (height, width) or (height, width, 3), and each
    row a picture row by row.
    """
    if by == 1:
        return rows
    planes = rows.reshape(len(rows), image[0], image[1], -1).permute(0, 3, 1, 2)
    made = avg_pool2d(planes, by, ceil_mode=True, count_include_pad=False)
    return made.permute(0, 2, 3, 1).reshape(len(rows), -1)


def quantised(rows: Tensor) -> tuple[Tensor, Tensor]:
    """The largest magnitude of each row [n, d], float [n], and each number as a share of it in
    STEPS steps, int8 [n, d]; all zero in a row that is zero or not finite.
    """
    peaks = rows.abs().amax(dim=1)
    scale = torch.where(torch.isfinite(peaks) & (peaks > 0), peaks, torch.inf)
    shares = torch.nan_to_num(rows / scale[:, None] * STEPS, nan=0.0, posinf=0.0, neginf=0.0)
    return peaks, shares.round().to(torch.int8)
