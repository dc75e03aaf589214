"""A scaling as numbers that can be kept, and as what exported weights need of it: one affine map
behind at most one normalisation of each sample.
"""

from dataclasses import dataclass
from typing import Any, Literal, Self

import torch
from torch import Tensor

from dicttui.data import scaling as scalings
from dicttui.data.scaling import Scaling

PerSample = Literal["none", "constant_norm_rescale", "layer_norm"]
"""What is done to each sample by its own numbers, in SAELens' words: nothing; x · √d_in / ‖x‖;
(x − mean) / standard deviation."""

Facts = dict[str, Any]
"""Plain JSON: `name`, as `[data] scaling` has it, and the numbers that were fitted."""


def facts_of(scaling: Scaling) -> Facts:
    """A fitted scaling in plain JSON; float32 numbers are written so that they read back exactly.

    Raises TypeError for a scaling that is not known here.
    """
    match scaling:
        case scalings.Unchanged():
            return {"name": "none"}
        case scalings.Center(mean):
            return {"name": "center", "mean": mean.tolist()}
        case scalings.Standardize(mean, deviation):
            return {
                "name": "standardize",
                "mean": mean.tolist(),
                "deviation": deviation.tolist(),
            }
        case scalings.Factor(factor):
            return {"name": "expected_average_only_in", "factor": factor}
        case scalings.UnitNorm():
            return {"name": "unit_norm"}
        case scalings.ConstantNorm():
            return {"name": "constant_norm_rescale"}
        case scalings.LayerNorm():
            return {"name": "layer_norm"}
    raise TypeError(f"{type(scaling).__name__} is no scaling that can be kept")


@dataclass(frozen=True, slots=True)
class Affine:
    """y = (n(x) − shift) · scale for samples x [batch, d_in], n a normalisation per sample."""

    shift: Tensor
    """[d_in], float64"""
    scale: Tensor
    """[d_in], float64, nowhere zero"""
    per_sample: PerSample = "none"

    @classmethod
    def of(cls, facts: Facts, d_in: int) -> Self:
        """What a scaling does to samples of d_in features.

        Raises ValueError where the facts are those of no scaling.
        """
        shift = torch.zeros(d_in, dtype=torch.float64)
        scale = torch.ones(d_in, dtype=torch.float64)
        try:
            match facts["name"]:
                case "none":
                    return cls(shift, scale)
                case "center":
                    return cls(_row(facts["mean"], d_in), scale)
                case "standardize":
                    return cls(_row(facts["mean"], d_in), 1 / _row(facts["deviation"], d_in))
                case "expected_average_only_in":
                    return cls(shift, scale * float(facts["factor"]))
                case "unit_norm":
                    return cls(shift, scale / d_in**0.5, "constant_norm_rescale")
                case "constant_norm_rescale" | "layer_norm" as per_sample:
                    return cls(shift, scale, per_sample)
        except (KeyError, TypeError) as error:
            raise ValueError(f"the scaling {facts!r:.80} lacks numbers") from error
        raise ValueError(f"there is no scaling {facts['name']!r}")

    @property
    def inverse(self) -> "Affine":
        """From y back to n(x)."""
        return Affine(-self.shift * self.scale, 1 / self.scale)


def _row(numbers: list[float], d_in: int) -> Tensor:
    row = torch.tensor(numbers, dtype=torch.float64)
    if row.shape != (d_in,):
        raise ValueError(f"a scaling of {row.numel()} features does not fit samples of {d_in}")
    return row
