"""A sparse autoencoder with ReLU codes and an L1 penalty."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from dicttui.networks.initialisation import starting_rows, unit_rows
from dicttui.networks.protocol import DictionaryNetwork, Output
from dicttui.preset.networks import ReluNetwork


class ReluAutoencoder(DictionaryNetwork):
    """code = ReLU((x − b_dec) W_enc + b_enc), reconstruction = code W_dec + b_dec.

    The decoder's bias is taken from the sample before it is encoded, as in Bricken et al. 2023,
    "Towards Monosemanticity", and by default in SAELens. Encoder and decoder are untied; the
    encoder starts at the decoder's transpose, the biases at zero. W_dec is drawn standard normal
    from torch's global stream. The dictionary and the atoms are W_dec [d_sae, d_in].
    """

    signed_code = False
    sparse_code = True
    error_summed = True
    l1_coefficient: float

    def __init__(self, d_in: int, d_sae: int, l1_coefficient: float) -> None:
        super().__init__()
        rows = torch.randn(d_sae, d_in)
        self.W_enc = nn.Parameter(rows.T.clone())
        self.b_enc = nn.Parameter(torch.zeros(d_sae))
        self.W_dec = nn.Parameter(rows)
        self.b_dec = nn.Parameter(torch.zeros(d_in))
        self.l1_coefficient = l1_coefficient

    @property
    def dictionary(self) -> Tensor:
        """W_dec [d_sae, d_in]."""
        return self.W_dec

    @property
    def atoms(self) -> Tensor:
        """W_dec [d_sae, d_in]."""
        return self.W_dec

    def forward(self, x: Tensor) -> Output:
        """Reconstruct samples x [batch, d_in]."""
        code = torch.relu((x - self.b_dec) @ self.W_enc + self.b_enc)
        return Output(code @ self.W_dec + self.b_dec, code)

    def loss_terms(self, x: Tensor, output: Output) -> dict[str, Tensor]:
        """`squared_error`, summed over features, and `l1_penalty`, l1_coefficient times the L1
        norm of the code; both averaged over samples.
        """
        return {
            "squared_error": (output.reconstruction - x).square().sum(dim=1).mean(),
            "l1_penalty": self.l1_coefficient * output.code.abs().sum(dim=1).mean(),
        }

    def lambda_field(self, batch_size: int, d_in: int) -> float | None:  # noqa: ARG002
        """The coefficient itself: this network is written in the field's units."""
        return self.l1_coefficient

    def dictionary_parameters(self) -> Sequence[nn.Parameter]:
        """The decoder; encoder and biases are the rest."""
        return [self.W_dec]

    def bottleneck(self) -> int:
        """The number of atoms."""
        return len(self.W_dec)

    @torch.no_grad()
    def initialise(self, scheme: str, samples: Tensor, generator: torch.Generator) -> None:
        """Start W_dec's rows, and the encoder at their transpose; under "data" the rows are
        samples of Euclidean norm 1.
        """
        rows = starting_rows(scheme, self.W_dec, unit_rows(samples), generator)
        self.W_dec.copy_(rows)
        self.W_enc.copy_(rows.T)


def build(specification: ReluNetwork, d_in: int) -> ReluAutoencoder:
    """The network of a preset's `[network]` with kind = "relu"."""
    return ReluAutoencoder(d_in, specification.dict_size, specification.l1_coefficient)
