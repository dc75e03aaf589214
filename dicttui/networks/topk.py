"""A sparse autoencoder that keeps the k largest codes of each sample."""

import torch
from torch import Tensor

from dicttui.networks.autoencoder import SparseAutoencoder, squared_error
from dicttui.networks.protocol import Output
from dicttui.preset.networks import TopKNetwork


class TopKAutoencoder(SparseAutoencoder):
    """code = ReLU(pre) where pre is among its sample's k largest, 0 elsewhere; no penalty.

    Gao et al. 2024, "Scaling and evaluating sparse autoencoders"; after Makhzani & Frey 2013.
    """

    def __init__(self, specification: TopKNetwork, d_in: int) -> None:
        super().__init__(specification, d_in)
        self.k = specification.k

    def activate(self, hidden_pre: Tensor) -> Tensor:
        """The k largest of each sample, those that are positive."""
        largest, places = hidden_pre.topk(self.k, dim=1)
        return torch.zeros_like(hidden_pre).scatter(1, places, torch.relu(largest))

    def loss_terms(self, x: Tensor, output: Output) -> dict[str, Tensor]:
        """`squared_error`, summed over features and averaged over samples. With an auxiliary loss,
        that too.
        """
        return {
            "squared_error": squared_error(x, output.reconstruction),
            **self.auxiliary_terms(x, output),
        }


def build(specification: TopKNetwork, d_in: int) -> TopKAutoencoder:
    """The network of a preset's `[network]` with kind = "topk"."""
    return TopKAutoencoder(specification, d_in)
