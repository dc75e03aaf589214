"""`[data] scaling`: what is done to every sample before a network sees it.

Fitted on the train set alone; the same map is applied to held-out samples and to samples drawn
later. A true dictionary is carried into the space of the scaled samples: where the map is linear,
each atom goes through its linear part and is made unit-norm again, so that an atom remains the
direction in which a unit of its code moves a scaled sample.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, Self

import torch
from torch import Tensor

from dicttui.data.error import DataError
from dicttui.data.moments import moments_of
from dicttui.preset.data import Scaling as ScalingName

LAYER_NORM_EPSILON = 1e-5
"""SAELens' and Gao et al.'s constant; added to the standard deviation."""


class Scaling(Protocol):
    """A fitted scaling."""

    def apply(self, x: Tensor) -> Tensor:
        """Samples x [batch, d_in], scaled."""

    def carry_atoms(self, atoms: Tensor) -> Tensor:
        """Unit-norm atoms [n_true, d_in] of the samples → unit-norm atoms of scaled samples."""

    def on(self, device: torch.device) -> "Scaling":
        """The same, for samples on a device."""


def unit_rows(x: Tensor) -> Tensor:
    """The rows of x [n, d_in] divided by their Euclidean norms; a row of zeros stays so."""
    norms = torch.linalg.vector_norm(x, dim=1, keepdim=True, dtype=torch.float64).to(x.dtype)
    return torch.where(norms > 0, x / norms, 0.0)


class _NoNumbers:
    """A scaling that fits nothing to the samples, or a single number."""

    def on(self, device: torch.device) -> Self:  # noqa: ARG002
        """The same, for samples on a device."""
        return self


class Unchanged(_NoNumbers):
    """`none`: x ↦ x, the very same tensor."""

    def apply(self, x: Tensor) -> Tensor:
        """The samples themselves."""
        return x

    def carry_atoms(self, atoms: Tensor) -> Tensor:
        """The atoms themselves."""
        return atoms


@dataclass(frozen=True)
class Center:
    """`center`: x ↦ x − μ, μ the train set's mean. Atoms stay: a shift moves no direction."""

    mean: Tensor
    """[d_in]"""

    def apply(self, x: Tensor) -> Tensor:
        """Samples as x − μ."""
        return x - self.mean

    def carry_atoms(self, atoms: Tensor) -> Tensor:
        """The atoms themselves."""
        return atoms

    def on(self, device: torch.device) -> "Center":
        """The same, for samples on a device."""
        return Center(self.mean.to(device))


@dataclass(frozen=True)
class Standardize:
    """`standardize`: x ↦ (x − μ) / σ for each feature, μ and σ the train set's mean and standard
    deviation (divided by n), as scikit-learn's `StandardScaler`; a constant feature becomes 0.

    An atom a goes to a / σ, made unit-norm again.
    """

    mean: Tensor
    """[d_in]"""
    deviation: Tensor
    """[d_in]; 1 where the feature is constant."""

    def apply(self, x: Tensor) -> Tensor:
        """Samples as (x − μ) / σ."""
        return (x - self.mean).div_(self.deviation)

    def carry_atoms(self, atoms: Tensor) -> Tensor:
        """Atoms as a / σ, unit-norm."""
        return unit_rows(atoms / self.deviation)

    def on(self, device: torch.device) -> "Standardize":
        """The same, for samples on a device."""
        return Standardize(self.mean.to(device), self.deviation.to(device))


@dataclass(frozen=True)
class Factor(_NoNumbers):
    """`expected_average_only_in`: x ↦ x · √d_in / mean‖x‖, so that the mean norm of the train
    samples is √d_in.

    The name is SAELens' (`normalize_activations`); the scale is that of Anthropic's *Towards
    Monosemanticity* updates (Conerly et al., April 2024), where it makes one L1 coefficient mean
    the same on any data. Atoms stay: one positive factor moves no direction.
    """

    factor: float

    def apply(self, x: Tensor) -> Tensor:
        """Samples as x · factor."""
        return x * self.factor

    def carry_atoms(self, atoms: Tensor) -> Tensor:
        """The atoms themselves."""
        return atoms


class UnitNorm(_NoNumbers):
    """`unit_norm`: x ↦ x / ‖x‖ for each sample; a sample of zeros stays so. Atoms stay: a positive
    factor per sample rescales its codes and no direction.
    """

    def apply(self, x: Tensor) -> Tensor:
        """Samples as x / ‖x‖."""
        return unit_rows(x)

    def carry_atoms(self, atoms: Tensor) -> Tensor:
        """The atoms themselves."""
        return atoms


class ConstantNorm(_NoNumbers):
    """`constant_norm_rescale`: x ↦ x · √d_in / ‖x‖ for each sample, so that every sample has the
    norm √d_in; a sample of zeros stays so. The name is SAELens'. Atoms stay: a positive factor per
    sample rescales its codes and no direction.
    """

    def apply(self, x: Tensor) -> Tensor:
        """Samples as x · √d_in / ‖x‖."""
        return unit_rows(x).mul_(x.shape[1] ** 0.5)

    def carry_atoms(self, atoms: Tensor) -> Tensor:
        """The atoms themselves."""
        return atoms


class LayerNorm(_NoNumbers):
    """`layer_norm`: x ↦ (x − m) / (s + 1e-5) for each sample, m and s the mean and the standard
    deviation (divided by d_in − 1) of its features, as SAELens and Gao et al., *Scaling and
    evaluating sparse autoencoders* (2024).

    Taking out m projects samples, and so atoms, onto the vectors of zero mean: an atom a goes to
    a − mean(a), made unit-norm again. The division by s only rescales a sample's codes.
    """

    def apply(self, x: Tensor) -> Tensor:
        """Samples as (x − m) / (s + 1e-5)."""
        centred = x - x.mean(dim=1, keepdim=True)
        return centred.div_(centred.std(dim=1, keepdim=True) + LAYER_NORM_EPSILON)

    def carry_atoms(self, atoms: Tensor) -> Tensor:
        """Atoms as a − mean(a), unit-norm."""
        return unit_rows(atoms - atoms.mean(dim=1, keepdim=True))


def _fit_none(_train: Tensor) -> Scaling:
    return Unchanged()


def _fit_center(train: Tensor) -> Scaling:
    return Center(moments_of(train).mean.float())


def _fit_standardize(train: Tensor) -> Scaling:
    moments = moments_of(train)
    deviation = moments.variance.sqrt().float()
    flat = moments.constant | (deviation == 0)
    return Standardize(moments.mean.float(), torch.where(flat, 1.0, deviation))


def _fit_unit_norm(_train: Tensor) -> Scaling:
    return UnitNorm()


def _fit_constant_norm_rescale(_train: Tensor) -> Scaling:
    return ConstantNorm()


def _fit_expected_average_only_in(train: Tensor) -> Scaling:
    mean_norm = moments_of(train).mean_norm
    if mean_norm == 0:
        raise DataError(
            'data.scaling = "expected_average_only_in" cannot scale samples that are all zero: '
            'check the samples, or take scaling = "none"'
        )
    return Factor(train.shape[1] ** 0.5 / mean_norm)


def _fit_layer_norm(train: Tensor) -> Scaling:
    if train.shape[1] < 2:
        raise DataError(
            'data.scaling = "layer_norm" needs at least 2 features and the samples have 1: take '
            'another, for example scaling = "standardize"'
        )
    return LayerNorm()


SCALINGS: dict[ScalingName, Callable[[Tensor], Scaling]] = {
    "none": _fit_none,
    "center": _fit_center,
    "standardize": _fit_standardize,
    "unit_norm": _fit_unit_norm,
    "expected_average_only_in": _fit_expected_average_only_in,
    "constant_norm_rescale": _fit_constant_norm_rescale,
    "layer_norm": _fit_layer_norm,
}
"""How each scaling is fitted on train samples [n, d_in]."""


def fit(name: ScalingName, train: Tensor) -> Scaling:
    """A scaling fitted on train samples [n, d_in].

    Raises DataError where the scaling is not defined for them.
    """
    return SCALINGS[name](train)
