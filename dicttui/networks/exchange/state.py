"""The weights of a network as a recording keeps them: tensors by name, and what they belong to."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from safetensors.torch import save_file
from torch import Tensor

from dicttui.data.affine import Facts
from dicttui.networks import averaging

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
        """The parameters by which the network is judged, by its own names: their running means
        where it has those.
        """
        own, buffers = _named(self.tensors, PARAMETER), _named(self.tensors, BUFFER)
        return {name: buffers.get(averaging.buffer_of(name), own[name]) for name in own}

    @property
    def averaged(self) -> bool:
        """Whether the parameters are running means."""
        return f"{BUFFER}{averaging.STEPS}" in self.tensors

    def buffers(self) -> dict[str, Tensor]:
        """The buffers, by the network's own names, but for those that hold means."""
        buffers = _named(self.tensors, BUFFER)
        return {n: t for n, t in buffers.items() if not n.startswith(averaging.PREFIX)}


def saved(
    tensors: dict[str, Tensor], path: Path, metadata: Mapping[str, str] | None = None
) -> None:
    """Write a new .safetensors file. Raises OSError."""
    # The library makes files for their owner alone, whatever the umask says.
    path.open("xb").close()
    mode = path.stat().st_mode
    save_file(tensors, path, metadata={"format": "pt", **(metadata or {})})
    path.chmod(mode)


def _named(tensors: Mapping[str, Tensor], prefix: str) -> dict[str, Tensor]:
    return {
        name.removeprefix(prefix): tensor
        for name, tensor in tensors.items()
        if name.startswith(prefix)
    }
