"""What every network is to the rest of the program."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple, Self

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

    def in_float32(self) -> "Output":
        """Both parts in float32."""
        return Output(self.reconstruction.float(), self.code.float())

    def twice(self) -> "Output":
        """Of the same samples two times."""
        return Output(*(torch.cat((part, part)) for part in self))


class Activated(Output):
    """An output whose code was made of pre-activations that the loss needs as well."""

    hidden_pre: Tensor
    """[batch, n_atoms]"""

    def __new__(cls, reconstruction: Tensor, code: Tensor, hidden_pre: Tensor) -> Self:
        """The output with its pre-activations; as a tuple it is a pair like any other."""
        made = super().__new__(cls, reconstruction, code)
        made.hidden_pre = hidden_pre
        return made

    def in_float32(self) -> Self:
        """All parts in float32."""
        return type(self)(self.reconstruction.float(), self.code.float(), self.hidden_pre.float())

    def twice(self) -> Self:
        """Of the same samples two times."""
        return type(self)(*(torch.cat((p, p)) for p in (*self, self.hidden_pre)))


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
    ema_decay: float = 0.0
    """Of the running mean of weights (`averaging`); 0: there is none."""
    dead_feature_window: int = 1000
    """Steps without firing after which an atom is dead."""
    only_on: str = ""
    """The kind of device that it can be on, where that is one alone."""
    dear_code: bool = False
    """Whether a code takes so long to find that few samples can be measured."""
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
        return output.in_float32()

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

    def follow(self, code: Tensor) -> None:
        """A step has been made with this code [batch, n_atoms]: what is counted or averaged from
        step to step, in place in buffers; nothing where there is nothing. Called after the update,
        without gradients; it must not look at a number to decide what to do.
        """

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
