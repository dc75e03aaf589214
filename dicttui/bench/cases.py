"""What is trained: networks, samples and optimizers as presets."""

from dataclasses import dataclass
from typing import Literal

Engine = Literal["auto", "eager"]
ENDLESS = 10**12
"""Steps: whatever is measured ends before that."""

PRESET = """
title = "bench: {name}, {optimizer}"
[data]
kind = "gaussian"
n = {n}
d_in = {d_in}
[network]
{network}
[training]
steps = {steps}
engine = "{engine}"
device = "cpu"
{runs}
"""
RUN = """
[[runs]]
name = "{name}"
optimizer = "{optimizer}"
lr = {lr}
"""


@dataclass(frozen=True, slots=True)
class Case:
    """One network on one set of samples, in full batches."""

    name: str
    words: str
    n: int
    d_in: int
    network: str
    """The lines of `[network]`."""
    optimizers: tuple[str, ...]
    quick: tuple[str, ...]
    """Those of the short form."""
    lr: float = 0.01
    most_runs: int = 2
    """How many are trained at once."""
    long: bool = False
    """Whether a step takes long enough to be timed by itself."""

    needed_bytes: int = 10**9
    """Of all its processes together, roughly."""

    def preset(
        self, optimizer: str, engine: Engine = "auto", runs: int = 1, steps: int = ENDLESS
    ) -> str:
        """As TOML; several runs differ in their names alone."""
        names = [f"{optimizer.lower()}-{place}" for place in range(1, runs + 1)]
        return PRESET.format(
            name=self.name, optimizer=optimizer, n=self.n, d_in=self.d_in,
            network=self.network, steps=steps, engine=engine,
            runs="".join(RUN.format(name=n, optimizer=optimizer, lr=self.lr) for n in names),
        )  # fmt: skip


ARTICLE_SPARSE = Case(
    "article-sparse",
    "the article's sparse network: 10 → 8 → 5, 100 samples",
    n=100,
    d_in=10,
    network='kind = "sparse"\nhidden_size = 8\ndict_size = 5\nl1_coefficient = 0.01',
    optimizers=("Adam", "SGD"),
    quick=("Adam", "SGD"),
)
ARTICLE_SIMPLE = Case(
    "article-simple",
    "the article's simple network: 10 → 8 → 5, 100 samples",
    n=100,
    d_in=10,
    network='kind = "simple"\nhidden_size = 8\ndict_size = 5',
    optimizers=("Adam",),
    quick=(),
)
MIDDLE = Case(
    "64-256",
    "the same network larger: 64 → 64 → 256, batch 256",
    n=256,
    d_in=64,
    network='kind = "sparse"\nhidden_size = 64\ndict_size = 256\nl1_coefficient = 0.01',
    optimizers=("Adam",),
    quick=("Adam",),
    lr=0.001,
)
LARGE = Case(
    "768-12288",
    "a ReLU autoencoder: 768 → 12,288, batch 2048",
    n=2048,
    d_in=768,
    network='kind = "relu"\nd_sae = 12288',
    optimizers=("Adam",),
    quick=(),
    lr=0.001,
    most_runs=1,
    long=True,
    needed_bytes=6 * 10**9,
)
CASES = (ARTICLE_SPARSE, ARTICLE_SIMPLE, MIDDLE, LARGE)
