"""A sparse autoencoder with a threshold for each atom that is learned."""

import math
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

from dicttui.networks.autoencoder import SparseAutoencoder, WarmUp, squared_error
from dicttui.networks.protocol import Activated, Output
from dicttui.preset.networks import JumpReluNetwork


class JumpReluAutoencoder(SparseAutoencoder):
    """code = pre where pre > θ, 0 elsewhere; θ = exp(log_threshold) [d_sae] is trained by
    straight-through gradients. Rajamanoharan et al. 2024, "Jumping Ahead: Improving Reconstruction
    Fidelity with JumpReLU Sparse Autoencoders", equations 9 to 12.

    The penalty is l0_coefficient times the number of atoms that fire, whose gradient is straight-
    through as well ("step"), or times Σ tanh(tanh_scale · code · ‖atom‖), a smooth count ("tanh"),
    where dead atoms may be pulled up to their thresholds by pre_act_loss_coefficient · Σ ReLU(θ −
    pre) · ‖atom‖: Conerly et al. 2025, "Dictionary Learning
    Optimization Techniques".
    """

    atom_axes: Mapping[str, tuple[int, ...]] = {
        **SparseAutoencoder.atom_axes,
        "log_threshold": (0,),
    }

    def __init__(self, specification: JumpReluNetwork, d_in: int) -> None:
        super().__init__(specification, d_in)
        self.bandwidth = specification.bandwidth
        self.l0_coefficient = specification.l0_coefficient
        self.tanh_scale = specification.tanh_scale
        self._smooth = specification.sparsity_loss == "tanh"
        self._pre_act = specification.pre_act_loss_coefficient
        self._first = math.log(specification.init_threshold)
        self.log_threshold = nn.Parameter(torch.full((specification.dict_size,), self._first))
        self._warm_up = WarmUp(specification.l0_warm_up_steps)
        if self._pre_act > 0 and self.auxk_alpha == 0:
            self.count_since_fired()

    @property
    def threshold(self) -> Tensor:
        """θ [d_sae]."""
        return self.log_threshold.exp()

    def activate(self, hidden_pre: Tensor) -> Tensor:
        """The pre-activations above their threshold."""
        code: Tensor = _Jump.apply(hidden_pre, self.threshold, self.bandwidth)  # type: ignore[no-untyped-call]
        return code

    def loss_terms(self, x: Tensor, output: Output) -> dict[str, Tensor]:
        """`squared_error`, summed over features, `l0_penalty`, and where asked for
        `pre_act_penalty`; all averaged over samples. With an auxiliary loss, that too.
        """
        assert isinstance(output, Activated)
        threshold = self.threshold
        if self._smooth:
            norms = torch.linalg.vector_norm(self.W_dec, dim=1)
            count = torch.tanh(self.tanh_scale * output.code * norms)
        else:
            count = _Step.apply(output.hidden_pre, threshold, self.bandwidth)  # type: ignore[no-untyped-call]
        terms = {
            "squared_error": squared_error(x, output.reconstruction),
            "l0_penalty": self._warm_up(self.l0_coefficient * count.sum(dim=1).mean()),
        }
        if self._pre_act > 0:
            below = torch.relu(threshold - output.hidden_pre) * self.dead
            weighted = below * torch.linalg.vector_norm(self.W_dec, dim=1)
            terms["pre_act_penalty"] = self._pre_act * weighted.sum(dim=1).mean()
        return {**terms, **self.auxiliary_terms(x, output)}

    def follow(self, code: Tensor) -> None:
        """As every autoencoder; and the warm-up of the penalty."""
        super().follow(code)
        self._warm_up.follow()

    @torch.no_grad()
    def renew(self, which: Tensor, directions: Tensor) -> None:
        """As every autoencoder; thresholds start anew as well."""
        super().renew(which, directions)
        self.log_threshold[which] = self._first


def _near(hidden_pre: Tensor, threshold: Tensor, bandwidth: float) -> Tensor:
    """Where a pre-activation is within half a bandwidth of its threshold: the rectangle kernel."""
    return ((hidden_pre - threshold).abs() < bandwidth / 2).to(hidden_pre.dtype)


class _Jump(torch.autograd.Function):
    """pre · [pre > θ]; ∂/∂θ is taken as −(θ / bandwidth) · [|pre − θ| < bandwidth / 2]."""

    @staticmethod
    def forward(ctx: Any, hidden_pre: Tensor, threshold: Tensor, bandwidth: float) -> Tensor:
        ctx.save_for_backward(hidden_pre, threshold)
        ctx.bandwidth = bandwidth
        return hidden_pre * (hidden_pre > threshold)

    @staticmethod
    def backward(ctx: Any, *outer: Tensor) -> tuple[Tensor, Tensor, None]:
        hidden_pre, threshold = ctx.saved_tensors
        near = _near(hidden_pre, threshold, ctx.bandwidth)
        of_threshold = (outer[0] * near).sum(dim=0) * threshold / -ctx.bandwidth
        return outer[0] * (hidden_pre > threshold), of_threshold, None


class _Step(torch.autograd.Function):
    """[pre > θ]; ∂/∂θ is taken as −(1 / bandwidth) · [|pre − θ| < bandwidth / 2], ∂/∂pre as 0."""

    @staticmethod
    def forward(ctx: Any, hidden_pre: Tensor, threshold: Tensor, bandwidth: float) -> Tensor:
        ctx.save_for_backward(hidden_pre, threshold)
        ctx.bandwidth = bandwidth
        return (hidden_pre > threshold).to(hidden_pre.dtype)

    @staticmethod
    def backward(ctx: Any, *outer: Tensor) -> tuple[None, Tensor, None]:
        hidden_pre, threshold = ctx.saved_tensors
        near = _near(hidden_pre, threshold, ctx.bandwidth)
        return None, (outer[0] * near).sum(dim=0) / -ctx.bandwidth, None


def build(specification: JumpReluNetwork, d_in: int) -> JumpReluAutoencoder:
    """The network of a preset's `[network]` with kind = "jump_relu"."""
    return JumpReluAutoencoder(specification, d_in)
