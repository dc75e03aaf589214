"""The weights of a network as a recording keeps them: tensors by name, and what they belong to."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from torch import Tensor

from dicttui.data.affine import Facts

PARAMETER, BUFFER = "parameter.", "buffer."


@dataclass(frozen=True, slots=True)
class NetworkState:
    """One network at one step."""

    specification: Mapping[str, Any]
    """`[network]` as the preset was resolved, with its `kind`."""
    tensors: Mapping[str, Tensor]
    """Parameters and buffers, named "parameter.W_enc" and "buffer.threshold"."""
    scaling: Facts | None
    """What was done to the samples; None where the recording does not say."""
    about: Mapping[str, Any]
    """Plain JSON for whoever finds the file: which experiment, run and step, what samples."""

    @property
    def kind(self) -> str:
        """The network's kind."""
        return str(self.specification["kind"])

    def parameters(self) -> dict[str, Tensor]:
        """The parameters, by the network's own names."""
        return _named(self.tensors, PARAMETER)

    def buffers(self) -> dict[str, Tensor]:
        """The buffers, by the network's own names."""
        return _named(self.tensors, BUFFER)


def _named(tensors: Mapping[str, Tensor], prefix: str) -> dict[str, Tensor]:
    return {
        name.removeprefix(prefix): tensor
        for name, tensor in tensors.items()
        if name.startswith(prefix)
    }
