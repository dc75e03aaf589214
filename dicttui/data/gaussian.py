"""Standard normal samples, as the article draws them."""

from pathlib import Path

import torch

from dicttui.data.description import describe
from dicttui.data.memory import require_memory
from dicttui.data.samples import Samples, prepare
from dicttui.data.seeds import generator
from dicttui.preset.data import GaussianData, held_out_samples


class Gaussian:
    """`torch.randn(n, d_in)` from torch's global stream, exactly one call of it.

    Held-out samples are drawn beside the n, from a generator of their own, so that asking for them
    changes neither the train samples nor what the global stream gives next.
    """

    def __init__(self, specification: GaussianData, seed: int, _directory: Path) -> None:
        self._specification = specification
        self._seed = seed
        self._held_out = held_out_samples(specification.held_out, specification.n)
        n, self.d_in = specification.n, specification.d_in
        require_memory(4 * (n + self._held_out) * self.d_in, "data.n × data.d_in")
        self.description = describe(f"gaussian {n} × {self.d_in}", specification, n, self._held_out)

    def draw(self) -> Samples:
        """The samples; advances torch's global stream by one `torch.randn(n, d_in)`."""
        train = torch.randn(self._specification.n, self.d_in)
        held_out = None
        if self._held_out:
            stream = generator(self._seed, "gaussian", "held out")
            held_out = torch.randn(self._held_out, self.d_in, generator=stream)
        return prepare(train, held_out, self._specification, self._seed)
