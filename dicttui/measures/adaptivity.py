"""Whether Adam's second moment is what it should be. Rows are [n_rows, dim], results [n_rows]; a
vector counts as one row. Adam's effective step is `steps.adam_ratio`.
"""

from collections.abc import Sequence

import torch
from torch import Tensor


def epsilon_share(exp_avg_sq: Tensor, step: int, beta2: float, eps: float) -> Tensor:
    """Mean over the row of ε / (√v̂ + ε), from 0 (ε does nothing) to 1 (the step is that of SGD with
    a rate of lr / ε).

    exp_avg_sq is torch's state after `step` steps (from 1), v̂ its bias-corrected value; for amsgrad
    pass max_exp_avg_sq. NaN where v̂ and ε are zero.
    """
    return (eps / (_root(exp_avg_sq, step, beta2) + eps)).mean(dim=1)


def staleness(exp_avg_sq: Tensor, step: int, beta2: float, gradients: Sequence[Tensor]) -> Tensor:
    """log10 of √v̂ ÷ the root mean square of recent gradients, both over the row: 0 where the second
    moment keeps step with the gradient, +1 where it is ten times too large (steps are ten times too
    short), −1 where it is ten times too small. An element's own v̂ may be off while its row's is
    not.

    exp_avg_sq as in `epsilon_share`; gradients have its shape. inf where the gradients are zero,
    −inf where v̂ is, NaN where both are or there is no gradient.
    """
    second = _root(exp_avg_sq, step, beta2).square().mean(dim=1)
    total = torch.zeros_like(second)
    for gradient in gradients:
        total += _rows(gradient.detach()).square().mean(dim=1)
    # Of roots: half the logarithm of the squares.
    return torch.log10(second / (total / len(gradients) if gradients else total * torch.nan)) / 2


def _root(exp_avg_sq: Tensor, step: int, beta2: float) -> Tensor:
    return (_rows(exp_avg_sq.detach()) / (1 - beta2**step)).sqrt()


def _rows(tensor: Tensor) -> Tensor:
    return tensor if tensor.ndim == 2 else tensor.reshape(1, -1)
