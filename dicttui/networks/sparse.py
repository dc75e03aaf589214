"""The article's SparseDictionaryNetwork."""

from typing import Literal

import torch
from torch import Tensor

from dicttui.networks.protocol import Output
from dicttui.networks.simple import SimpleDictionaryNetwork
from dicttui.preset.networks import SparseNetwork


class SparseDictionaryNetwork(SimpleDictionaryNetwork):
    """The simple network with an L1 penalty on the code.

    With penalty "sum" the penalty is the article's, l1_coefficient · Σ|code| over the whole batch;
    with "mean" it is that per sample.
    """

    l1_coefficient: float

    def __init__(
        self,
        d_in: int,
        dict_size: int,
        hidden_size: int,
        l1_coefficient: float,
        penalty: Literal["sum", "mean"],
    ) -> None:
        super().__init__(d_in, dict_size, hidden_size)
        self.l1_coefficient = l1_coefficient
        self.penalty = penalty

    def loss_terms(self, x: Tensor, output: Output) -> dict[str, Tensor]:
        """`mse`, and `l1_penalty`, the weighted L1 norm of the batch's code or of its mean
        sample.
        """
        l1 = torch.sum(torch.abs(output.code))
        if self.penalty == "mean":
            l1 = l1 / len(x)
        return {**super().loss_terms(x, output), "l1_penalty": self.l1_coefficient * l1}

    def lambda_field(self, batch_size: int, d_in: int) -> float | None:
        """The mse averages over features, so d_in times the coefficient; the sum over the batch
        is batch_size times the mean over samples.
        """
        samples = batch_size if self.penalty == "sum" else 1
        return self.l1_coefficient * samples * d_in


def build(specification: SparseNetwork, d_in: int) -> SparseDictionaryNetwork:
    """The network of a preset's `[network]` with kind = "sparse"."""
    return SparseDictionaryNetwork(
        d_in,
        specification.dict_size,
        specification.hidden_size,
        specification.l1_coefficient,
        specification.penalty,
    )
