"""The article's SimpleDictionaryNetwork."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from dicttui.networks.initialisation import starting_rows
from dicttui.networks.protocol import DictionaryNetwork, Output
from dicttui.preset.networks import SimpleNetwork


class SimpleDictionaryNetwork(DictionaryNetwork):
    """x → ReLU(encoder) → linear code on the dictionary's rows → decoder.

    The constructor draws from torch's global stream in the article's order: encoder, dictionary,
    decoder. The rows of `dictionary` [n_atoms, hidden] live in hidden space; the atoms in input
    space are the decoder's columns.
    """

    signed_code = True
    sparse_code = False
    dictionary: nn.Parameter

    def __init__(self, d_in: int, dict_size: int, hidden_size: int) -> None:
        super().__init__()
        self.encoder = nn.Linear(d_in, hidden_size)
        self.dictionary = nn.Parameter(torch.randn(dict_size, hidden_size))
        self.decoder = nn.Linear(dict_size, d_in)

    @property
    def atoms(self) -> Tensor:
        """The decoder's columns [n_atoms, d_in], a view of its weight."""
        return self.decoder.weight.T

    def forward(self, x: Tensor) -> Output:
        """Reconstruct samples x [batch, d_in]; the code is linear in the encoded sample."""
        encoded = torch.relu(self.encoder(x))
        code = torch.matmul(encoded, self.dictionary.T)
        return Output(self.decoder(code), code)

    def loss_terms(self, x: Tensor, output: Output) -> dict[str, Tensor]:
        """`mse`: mean squared error over samples and features."""
        return {"mse": nn.functional.mse_loss(output.reconstruction, x)}

    def dictionary_parameters(self) -> Sequence[nn.Parameter]:
        """The article's dictionary; encoder and decoder are the rest."""
        return [self.dictionary]

    @torch.no_grad()
    def initialise(self, scheme: str, samples: Tensor, generator: torch.Generator) -> None:
        """Start the dictionary's rows, in hidden space: under "data" they are encoded samples,
        ReLU(encoder(x)), as long as they come.
        """
        encoded = torch.relu(self.encoder(samples.to(self.dictionary)))
        self.dictionary.copy_(starting_rows(scheme, self.dictionary, encoded, generator))

    def bottleneck(self) -> int:
        """The smaller of the hidden size and the number of atoms."""
        return min(self.dictionary.shape)


def build(specification: SimpleNetwork, d_in: int) -> SimpleDictionaryNetwork:
    """The network of a preset's `[network]` with kind = "simple"."""
    return SimpleDictionaryNetwork(d_in, specification.dict_size, specification.hidden_size)
