"""The loss that training should be seen against, where one is known."""

from typing import NamedTuple

import torch
from torch import Tensor


class Floor(NamedTuple):
    """A line for the loss chart."""

    value: float | None
    """In the units of the network's error term; None where there is no informative line."""
    label: str
    """What the line is, or why there is none."""


def loss_floor(
    x: Tensor, *, bottleneck: int | None, penalised: bool, full_batch: bool, error_summed: bool
) -> Floor:
    """The line for a network trained on samples x [n, d_in].

    - With a penalty on the code: Var(x), the loss where all codes are zero and the bias is the
      mean. Training goes below it only where codes are worth their price.
    - Without one, full batch, with fewer than d_in dimensions to pass (`bottleneck`): the residual
      of the best approximation of that rank, which no such network can pass below.
    - Otherwise none: an overcomplete code can reconstruct everything, the loss of a minibatch has
      no fixed floor, and of a person's own network the bottleneck is not known (None).

    error_summed: whether the network's error term is summed over features rather than averaged.
    """
    if bottleneck is None:
        return Floor(None, "not known for this network")
    scale = x.shape[1] if error_summed else 1
    if penalised:
        return Floor(variance(x) * scale, "all codes zero: Var(x)")
    if bottleneck >= min(x.shape[1], x.shape[0] - 1):
        return Floor(None, "not informative: overcomplete code")
    if not full_batch:
        return Floor(None, "not informative: minibatches")
    return Floor(rank_residual(x, bottleneck) * scale, f"best rank-{bottleneck} approximation")


def without_codes(x: Tensor) -> Floor:
    """The line for a loss of half the squared error, summed over features, and a penalty, where
    nothing but codes reconstructs samples x [n, d_in]: the loss where they are all zero.
    """
    return Floor(float(x.double().square().mean()) * x.shape[1] / 2, "all codes zero: ½ ‖x‖²")


def variance(x: Tensor) -> float:
    """Var(x): mean over samples and features of (x − x̄)², x [n, d_in], x̄ [d_in]; in mse units."""
    return float((x.double() - x.double().mean(dim=0)).square().mean())


def rank_residual(x: Tensor, rank: int) -> float:
    """The mse of the best approximation of x [n, d_in] by its mean plus a matrix of this rank.

    Eckart & Young 1936: the sum of the covariance's smallest d_in − rank eigenvalues, here divided
    by d_in. A decoder's bias supplies the mean.
    """
    centred = x.double() - x.double().mean(dim=0)
    eigenvalues = torch.linalg.eigvalsh(centred.T @ centred / x.shape[0])
    left = eigenvalues[: max(x.shape[1] - rank, 0)]
    return float(left.clamp(min=0).sum() / x.shape[1])
