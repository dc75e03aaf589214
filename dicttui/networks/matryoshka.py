"""A sparse autoencoder whose dictionary's beginnings are dictionaries of their own."""

from torch import Tensor

from dicttui.networks.autoencoder import squared_error
from dicttui.networks.batch_topk import BatchTopKAutoencoder
from dicttui.networks.protocol import Output
from dicttui.preset.networks import MatryoshkaNetwork


class MatryoshkaAutoencoder(BatchTopKAutoencoder):
    """A BatchTopK autoencoder whose first w atoms, for each w of `widths`, must reconstruct samples
    without the others: Bussmann, Nabeshima, Karvonen & Nanda 2025, "Learning Multi-Level Features
    with Matryoshka Sparse Autoencoders". The codes are chosen once, from all atoms.
    """

    def __init__(self, specification: MatryoshkaNetwork, d_in: int) -> None:
        super().__init__(specification, d_in)
        self.widths = tuple(specification.widths)

    def loss_terms(self, x: Tensor, output: Output) -> dict[str, Tensor]:
        """`squared_error` of the whole dictionary and `squared_error_w` of its first w atoms, each
        summed over features and averaged over samples. With an auxiliary loss, that too.
        """
        terms = {"squared_error": squared_error(x, output.reconstruction)}
        partial: Tensor = self.b_dec
        first = 0
        for width in self.widths:
            partial = partial + output.code[:, first:width] @ self.W_dec[first:width]
            terms[f"squared_error_{width}"] = squared_error(x, partial)
            first = width
        return {**terms, **self.auxiliary_terms(x, output)}


def build(specification: MatryoshkaNetwork, d_in: int) -> MatryoshkaAutoencoder:
    """The network of a preset's `[network]` with kind = "matryoshka"."""
    return MatryoshkaAutoencoder(specification, d_in)
