"""How far each row moves in a step. Rows are [n_rows, dim], results [n_rows]; NaN is "n/a"."""

import math
from collections.abc import Callable

import torch
from torch import Tensor

from dicttui.measures.norms import row_norms

NORM_FLOOR = 1e-8
"""Rows shorter than this have no meaningful relative update: a float32 of ordinary scale rounds
coarser."""
RECENT_STEPS = 20
"""Steps over which the update ratio's median is taken."""


def update_ratio(before: Tensor, after: Tensor) -> Tensor:
    """‖Δrow‖ / ‖row before‖ of one step, without unit; NaN below NORM_FLOOR."""
    norms = row_norms(before)
    return torch.where(norms > NORM_FLOOR, row_norms(after - before) / norms, math.nan)


def effective_step(before: Tensor, after: Tensor) -> Tensor:
    """Root mean square over the row of the step the optimizer takes, learning rate included, in
    units of the weights. `after` is taken before any constraint on the rows.
    """
    return (after - before).detach().square().mean(dim=1).sqrt()


def radial_share(before: Tensor, after: Tensor) -> Tensor:
    """‖Δ's part along the row‖ ÷ ‖Δ‖, from 0 (the row turns) to 1 (it only grows or shrinks).

    NaN where the row did not move or was below NORM_FLOOR.
    """
    delta = (after - before).detach()
    lengths = row_norms(delta)
    norms = row_norms(before)
    along = (delta * before.detach()).sum(dim=1).abs() / norms
    return torch.where((lengths > 0) & (norms > NORM_FLOOR), along / lengths, math.nan)


def adam_ratio(
    exp_avg: Tensor,
    exp_avg_sq: Tensor,
    step: int,
    betas: tuple[float, float],
    eps: float,
) -> Tensor:
    """Root mean square over the row of |m̂| / (√v̂ + ε): Adam's step without the learning rate.

    Near 1 the gradient's signs agree from step to step, near 0 they cancel. exp_avg and exp_avg_sq
    [n_rows, dim] are torch's state after `step` steps (from 1), m̂ and v̂ their bias-corrected
    values (Kingma & Ba 2015, algorithm 1); for amsgrad pass max_exp_avg_sq as exp_avg_sq.
    """
    first = exp_avg / (1 - betas[0] ** step)
    second = exp_avg_sq / (1 - betas[1] ** step)
    return (first / (second.sqrt() + eps)).square().mean(dim=1).sqrt()


class RecentUpdateRatios:
    """The update ratios of the last RECENT_STEPS steps, for their median per row."""

    def __init__(self, n_rows: int, device: torch.device | str = "cpu") -> None:
        self._ratios = torch.full((RECENT_STEPS, n_rows), math.nan, device=device)
        self._next = 0

    def add(self, before: Tensor, after: Tensor) -> None:
        """Count one step of rows [n_rows, dim]. Never waits for the device."""
        self._ratios[self._next] = update_ratio(before, after)
        self._next = (self._next + 1) % RECENT_STEPS

    def take_over(self, other: "RecentUpdateRatios", chosen: Callable[[Tensor], Tensor]) -> None:
        """Go on from the steps that another has counted, of which `chosen` gives this one's rows:
        [RECENT_STEPS, its rows] → [RECENT_STEPS, n_rows].
        """
        self._ratios, self._next = chosen(other._ratios), other._next

    def median(self) -> Tensor:
        """The median per row [n_rows] of the steps counted so far; NaN where there are none.

        Of an even number of steps, the mean of the middle two.
        """
        return torch.nanquantile(self._ratios, 0.5, dim=0)
