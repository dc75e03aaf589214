"""A sparse autoencoder with ReLU codes and an L1 penalty."""

import torch
from torch import Tensor

from dicttui.networks.autoencoder import SparseAutoencoder, WarmUp, squared_error
from dicttui.networks.protocol import Output
from dicttui.preset.networks import ReluNetwork


class ReluAutoencoder(SparseAutoencoder):
    """code = ReLU(pre), with an L1 penalty. Bricken et al. 2023, "Towards Monosemanticity";
    Cunningham et al. 2023, "Sparse Autoencoders Find Highly Interpretable Features in Language
    Models".

    With `scale_sparsity_penalty_by_decoder_norm` each atom's code is weighted by the atom's norm,
    so that dictionary and codes gain nothing by trading scale: Conerly et al. 2024, "Update on how
    we train SAEs".
    """

    l1_coefficient: float

    def __init__(self, specification: ReluNetwork, d_in: int) -> None:
        super().__init__(specification, d_in)
        self.l1_coefficient = specification.l1_coefficient
        self._weighted = specification.scale_sparsity_penalty_by_decoder_norm
        self._warm_up = WarmUp(specification.l1_warm_up_steps)

    def activate(self, hidden_pre: Tensor) -> Tensor:
        """ReLU."""
        return torch.relu(hidden_pre)

    def loss_terms(self, x: Tensor, output: Output) -> dict[str, Tensor]:
        """`squared_error`, summed over features, and `l1_penalty`, l1_coefficient times the L1
        norm of the code; both averaged over samples. With an auxiliary loss, that too.
        """
        return {
            "squared_error": squared_error(x, output.reconstruction),
            "l1_penalty": self._warm_up(self.l1_coefficient * self._l1(output.code)),
            **self.auxiliary_terms(x, output),
        }

    def _l1(self, code: Tensor) -> Tensor:
        magnitudes = code.abs()
        if self._weighted:
            magnitudes = magnitudes * torch.linalg.vector_norm(self.W_dec, dim=1)
        return magnitudes.sum(dim=1).mean()

    def lambda_field(self, batch_size: int, d_in: int) -> float | None:  # noqa: ARG002
        """The coefficient itself: this network is written in the field's units."""
        return self.l1_coefficient

    def follow(self, code: Tensor) -> None:
        """As every autoencoder; and the warm-up of the penalty."""
        super().follow(code)
        self._warm_up.follow()


def build(specification: ReluNetwork, d_in: int) -> ReluAutoencoder:
    """The network of a preset's `[network]` with kind = "relu"."""
    return ReluAutoencoder(specification, d_in)
