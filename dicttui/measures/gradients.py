"""How large gradients are, what they come from, and how much of them is noise."""

import math
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import torch
from torch import Tensor


class PenaltyShare(NamedTuple):
    """A penalty's gradient beside the error's, without unit; on the gradients' device."""

    shares: Tensor
    """[n_tensors]: ‖g_penalty‖ / (‖g_penalty‖ + ‖g_error‖) of each; NaN where both are zero."""
    cosines: Tensor
    """[n_tensors]: the cosine between the two; −1 where they cancel, NaN where one is zero."""
    share: Tensor
    """0-d: the share of all tensors together."""
    cosine: Tensor
    """0-d: the cosine of all tensors together."""


class NoiseScale(NamedTuple):
    """How a minibatch's gradient scatters about the whole gradient."""

    noise: float
    """tr Σ: the variance of one sample's gradient, summed over all parameters; squared units of the
    gradient. NaN from fewer than two minibatches."""
    signal: float
    """|G|²: the squared norm of the gradient that all samples would give. Without bias, so that it
    can be negative where there is hardly any."""
    scale: float
    """tr Σ / |G|², the batch size at which a minibatch's noise is as large as the gradient; inf
    where no gradient can be told from the noise."""


def norm(gradients: Iterable[Tensor | None]) -> Tensor:
    """The Euclidean norm of all gradients together, 0-d, on their device without waiting for it;
    None counts as zero.
    """
    norms = [torch.linalg.vector_norm(g.detach()) for g in gradients if g is not None]
    if not norms:
        return torch.zeros(())
    total: Tensor = torch.linalg.vector_norm(torch.stack(norms))
    return total


def penalty_share(
    error_gradients: Sequence[Tensor | None], penalty_gradients: Sequence[Tensor | None]
) -> PenaltyShare:
    """How much of the gradient comes from a penalty, for each tensor and for all together.

    Both have one gradient for each tensor, of its shape; None counts as zero. The whole gradient is
    their sum, so that a share of ½ with a cosine of −1 is a balance.
    """
    pairs = [*zip(error_gradients, penalty_gradients, strict=True)]
    known = next((g for pair in pairs for g in pair if g is not None), torch.zeros(()))
    rows = [_squares(error, penalty, _zero(known)) for error, penalty in pairs]
    if not rows:
        nothing = torch.full((), math.nan)
        return PenaltyShare(torch.zeros(0), torch.zeros(0), nothing, nothing)
    table = torch.stack(rows)
    shares, cosines = _compared(table)
    share, cosine = _compared(table.sum(dim=0, keepdim=True))
    return PenaltyShare(shares, cosines, share[0], cosine[0])


def noise_scale(gradients: Iterable[Sequence[Tensor | None]], batch: int) -> NoiseScale:
    """The simple noise scale from gradients of minibatches that were drawn independently.

    McCandlish et al. 2018, "An Empirical Model of Large-Batch Training", arXiv 1812.06162, appendix
    A.1, with the mean of K minibatches as the large batch: tr Σ = b · Σ‖g_k − ḡ‖² / (K − 1) and
    |G|² = ‖ḡ‖² − tr Σ / (K b).

    Args:
        gradients: K times the gradients of a loss that is averaged over a minibatch, one for each
            tensor, None where there is none. They are taken one after the other, and two are kept.
        batch: b, samples of a minibatch.

    """
    count = 0
    scatter = 0.0
    mean: list[Tensor | None] = []
    for found in gradients:
        count += 1
        if count == 1:
            mean = [None if g is None else g.detach().clone() for g in found]
            continue
        # Welford 1962: steady where the mean is large beside the scatter.
        for place, gradient in enumerate(found):
            before = mean[place]
            if gradient is None:
                continue
            if before is None:
                before = torch.zeros_like(gradient)
            away = gradient.detach() - before
            mean[place] = before + away / count
            scatter += float((away * away).sum(dtype=_exact(away))) * (count - 1) / count
    if count < 2:
        return NoiseScale(math.nan, math.nan, math.nan)
    squared = sum(float(m.square().sum(dtype=_exact(m))) for m in mean if m is not None)
    variance = scatter / (count - 1)
    return _noise_scale(batch * variance, squared - variance / count)


def noise_scale_of_norms(
    small: float, large: float, small_batch: int, large_batch: int
) -> NoiseScale:
    """The simple noise scale from squared gradient norms alone (McCandlish et al. 2018, appendix
    A.1).

    Args:
        small: ‖g‖² of minibatches of small_batch samples, averaged over several.
        large: ‖g‖² of batches of large_batch samples, which is more.
        small_batch: samples of the small ones.
        large_batch: samples of the large ones.

    """
    if large_batch <= small_batch:
        return NoiseScale(math.nan, math.nan, math.nan)
    noise = (small - large) / (1 / small_batch - 1 / large_batch)
    signal = (large_batch * large - small_batch * small) / (large_batch - small_batch)
    return _noise_scale(noise, signal)


def _noise_scale(noise: float, signal: float) -> NoiseScale:
    if not (math.isfinite(noise) and math.isfinite(signal)):
        return NoiseScale(noise, signal, math.nan)
    if signal > 0:
        return NoiseScale(noise, signal, max(noise, 0.0) / signal)
    return NoiseScale(noise, signal, math.inf if noise > 0 else math.nan)


def _squares(error: Tensor | None, penalty: Tensor | None, zero: Tensor) -> Tensor:
    """[3]: ‖error‖², ‖penalty‖² and their scalar product."""
    one, other = (None if g is None else g.detach().to(zero.dtype) for g in (error, penalty))
    return torch.stack(
        [
            zero if one is None else one.square().sum(),
            zero if other is None else other.square().sum(),
            zero if one is None or other is None else (one * other).sum(),
        ]
    )


def _compared(table: Tensor) -> tuple[Tensor, Tensor]:
    """Shares and cosines [n] from [n, 3]."""
    error, penalty = table[:, 0].sqrt(), table[:, 1].sqrt()
    return penalty / (penalty + error), table[:, 2] / (error * penalty)


def _zero(like: Tensor) -> Tensor:
    """0-d, on a tensor's device, in the type that sums are made in."""
    return torch.zeros((), dtype=_exact(like), device=like.device)


def _exact(tensor: Tensor) -> torch.dtype:
    return torch.float32 if tensor.device.type == "mps" else torch.float64
