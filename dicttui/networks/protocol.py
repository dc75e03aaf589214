"""What every network is to the rest of the program."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import torch
from torch import Tensor, nn

from dicttui.networks import precision
from dicttui.preset.values import Precision


class NetworkError(Exception):
    """A network cannot be built or started; the message says which, why, and what to do."""


class Output(NamedTuple):
    """What a network's forward pass returns."""

    reconstruction: Tensor
    """[batch, d_in]"""
    code: Tensor
    """[batch, n_atoms]"""


class DictionaryNetwork(nn.Module, ABC):
    """A module that reconstructs samples from a code on a dictionary's atoms."""

    signed_code: bool
    """Whether codes may be negative; then an atom and its negative are the same atom."""
    sparse_code: bool
    """Whether codes can be exactly zero (ReLU, TopK, …); linear codes never are, and an atom then
    fires where |code| · ‖its atom‖ > 1e-3 · rms(x)."""
    l1_coefficient: float | None = None
    """The preset's own number; None where there is no L1 penalty."""
    error_summed: bool = False
    """Whether the error term is summed over features (the field's way) rather than averaged."""
    precision: Precision = "float32"
    """Of matrix products. Parameters, gradients, losses and measures are float32 always."""

    if TYPE_CHECKING:
        # Only for type checkers: at runtime a property here would stand in the way of families
        # that keep a parameter of this name.
        @property
        def dictionary(self) -> Tensor:
            """[n_atoms, ·]: the parameter whose rows the article calls the dictionary."""

    def __call__(self, x: Tensor) -> Output:
        """Reconstruct samples x [batch, d_in] in the network's precision; both parts of the output
        are float32.
        """
        if self.precision == "float32":
            return super().__call__(x)  # type: ignore[no-any-return]
        with precision.tf32(self.precision, x.device), precision.bfloat16(self.precision, x.device):
            output: Output = super().__call__(x)
        return Output(output.reconstruction.float(), output.code.float())

    @property
    @abstractmethod
    def atoms(self) -> Tensor:
        """[n_atoms, d_in]: what each unit of code adds to the reconstruction, in input space; a
        view of a parameter, so that writing to it constrains the network.
        """

    @abstractmethod
    def forward(self, x: Tensor) -> Output:
        """Reconstruct samples x [batch, d_in]."""

    @abstractmethod
    def loss_terms(self, x: Tensor, output: Output) -> dict[str, Tensor]:
        """Named scalars whose sum, in this order, is the loss."""

    @abstractmethod
    def dictionary_parameters(self) -> Sequence[nn.Parameter]:
        """The parameters of the dictionary's group of the optimizer."""

    @abstractmethod
    def initialise(self, scheme: str, samples: Tensor, generator: torch.Generator) -> None:
        """Start the dictionary by a scheme of `[network] init`, from samples [n, d_in].

        "article" leaves what the constructor drew. Random numbers come from the generator only.
        Raises NetworkError where the scheme needs more samples than there are.
        """

    def lambda_field(self, batch_size: int, d_in: int) -> float | None:  # noqa: ARG002
        """The L1 coefficient beside an error summed over features and averaged over samples, with
        the L1 norm averaged over samples too; None where there is no L1 penalty.
        """
        return None

    def bottleneck(self) -> int | None:
        """The narrowest width between samples and reconstruction: apart from the bias, no
        reconstruction has a larger rank. None where that is not known.
        """
        return None
