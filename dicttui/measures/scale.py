"""How large samples, codes and reconstructions are beside one another. Plain numbers: all of it
waits for the device.
"""

import math
from typing import NamedTuple

import torch
from torch import Tensor

from dicttui.measures.steps import NORM_FLOOR


class Shrinkage(NamedTuple):
    """What a scalar on the reconstruction would gain."""

    factor: float
    """α that minimises ‖(x − x̄) − α (x̂ − x̄)‖: above 1 where reconstructions are too small. Its
    inverse is the relative reconstruction bias γ. NaN where the reconstruction is the mean."""
    fvu: float
    """Fraction of variance unexplained as it is; NaN where all samples equal the mean."""
    fvu_rescaled: float
    """The same for x̄ + α (x̂ − x̄)."""


def rms(x: Tensor) -> float:
    """Root mean square of samples [n, d_in] over samples and features, in units of x; NaN of
    none.
    """
    return math.sqrt(_sum_of_squares(x) / x.numel()) if x.numel() else math.nan


def code_scale(code: Tensor) -> float:
    """Root mean square of those codes [n, n_atoms] that are not zero, in units of the code; NaN
    where all are.
    """
    active = int((code != 0).sum())
    return math.sqrt(_sum_of_squares(code) / active) if active else math.nan


def growth(norms_now: Tensor, norms_start: Tensor) -> Tensor:
    """How many times as long each row is as at the start: [n_rows] from norms [n_rows], without
    unit, on their device. NaN where it started below NORM_FLOOR.
    """
    usable = norms_start > NORM_FLOOR
    return torch.where(usable, norms_now / norms_start, math.nan)


def offset(x: Tensor) -> float:
    """γ = ‖mean‖ / ‖standard deviation‖ of samples [n, d_in]: the mean's norm beside the root of
    the total variance, without unit; inf where all samples are equal, NaN where they are zero or
    there are none.
    """
    if not x.numel():
        return math.nan
    exact = _exact(x)
    mean = exact.mean(dim=0)
    spread = math.sqrt(float((exact - mean).square().sum()) / len(exact))
    length = float(torch.linalg.vector_norm(mean))
    return _ratio(length, spread)


def reconstruction_ratio(x: Tensor, reconstruction: Tensor, mean: Tensor) -> float:
    """‖x̂ − x̄‖ / ‖x − x̄‖ over all samples [n, d_in], without unit: 0 where the reconstruction is the
    mean [d_in], whatever the sample. NaN where nothing differs from the mean.
    """
    there = _sum_of_squares(x - mean)
    return _ratio(math.sqrt(_sum_of_squares(reconstruction - mean)), math.sqrt(there))


def shrinkage(x: Tensor, reconstruction: Tensor, mean: Tensor) -> Shrinkage:
    """How much smaller reconstructions [n, d_in] are than would be best for samples x [n, d_in],
    both seen from the data set's mean [d_in].

    Rajamanoharan et al. 2024, "Improving Dictionary Learning with Gated Sparse Autoencoders",
    whose relative reconstruction bias γ is 1/α; Wright & Sharkey 2024, "Addressing Feature
    Suppression in SAEs".
    """
    away, there = _exact(reconstruction - mean), _exact(x - mean)
    total = float(there.square().sum())
    made = float(away.square().sum())
    common = float((away * there).sum())
    fvu = _ratio(float((away - there).square().sum()), total)
    if made == 0:
        return Shrinkage(math.nan, fvu, fvu)
    return Shrinkage(common / made, fvu, _ratio(total - common * common / made, total))


def _ratio(above: float, below: float) -> float:
    if math.isnan(above) or math.isnan(below) or (above == 0 and below == 0):
        return math.nan
    return above / below if below else math.inf


def _sum_of_squares(x: Tensor) -> float:
    return float(_exact(x).square().sum())


def _exact(x: Tensor) -> Tensor:
    return x.detach() if x.device.type == "mps" else x.detach().double()
