"""Trainings that are healthy: networks, data and optimizers in many combinations, each short."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from .tables import Table, experiment

UNIT = {"constraint": "unit_norm"}


@dataclass(frozen=True, slots=True)
class Setting:
    """A training without a fault."""

    name: str
    table: Callable[[], Table]
    measure: str
    """What it is judged by, less is better: see `outcome`; what was measured is in measured.txt."""


def planted(d_in: int, n_atoms: int, mean_l0: float, **keys: Any) -> Table:
    """Samples of a known dictionary, some held out."""
    return {
        "kind": "planted", "d_in": d_in, "n_atoms": n_atoms, "mean_l0": mean_l0, "n": 2048,
        "noise": 0.03, "batch_size": 128, "held_out": 256, **keys,
    }  # fmt: skip


def gaussian(n: int, d_in: int) -> Table:
    """Samples as the article draws them."""
    return {"kind": "gaussian", "n": n, "d_in": d_in}


def network(kind: str, dict_size: int, **keys: Any) -> Table:
    """The table of a network."""
    return {"kind": kind, "dict_size": dict_size, **keys}


def own(factory: str, **arguments: Any) -> Table:
    """The table of a network of `own_networks.py`."""
    return {"kind": "user", "factory": f"own_networks:{factory}", "arguments": arguments}


def by(optimizer: str, lr: float, **keys: Any) -> Table:
    """The table of a run."""
    return {"optimizer": optimizer, "lr": lr, **keys}


FULL = {"batch_size": 0, "held_out": 0}
DIGITS = {"kind": "digits", "held_out": 0.15, "scaling": "center", "batch_size": 128}
PATCHES = {
    "kind": "patches", "n": 6000, "patch_size": 4, "whiten": True, "held_out": 0.15,
    "batch_size": 128,
}  # fmt: skip

_ALL: list[tuple[str, str, Callable[[], Table]]] = [
    ("simple-adam", "fvu", lambda: experiment(
        gaussian(100, 10), network("simple", 5, hidden_size=8), by("Adam", 0.01), 600)),
    ("simple-momentum", "fvu", lambda: experiment(
        planted(20, 30, 3, n=256, **FULL), network("simple", 6, hidden_size=16),
        by("SGD", 0.15, momentum=0.9), 800)),
    ("simple-ripple", "fvu", lambda: experiment(
        gaussian(64, 8), network("simple", 4, hidden_size=8), by("Adam", 0.03), 1000)),
    ("sparse-adam", "loss", lambda: experiment(
        planted(12, 16, 2, n=512, **FULL),
        network("sparse", 16, hidden_size=32, l1_coefficient=0.005, penalty="mean"),
        by("Adam", 0.01, **UNIT), 800)),
    ("sparse-nadam", "loss", lambda: experiment(
        gaussian(100, 10),
        network("sparse", 6, hidden_size=10, l1_coefficient=0.01, penalty="mean"),
        by("NAdam", 0.01, **UNIT), 800)),
    ("relu-adam", "loss", lambda: experiment(
        planted(16, 24, 1.5), network("relu", 32, l1_coefficient=0.2),
        by("Adam", 0.01, **UNIT), 900)),
    ("relu-momentum", "loss", lambda: experiment(
        planted(20, 30, 1.5, noise=0.05), network("relu", 40, l1_coefficient=0.15),
        by("SGD", 0.1, momentum=0.9, **UNIT), 1000)),
    ("topk-spare", "fvu", lambda: experiment(
        planted(32, 64, 4, fresh=True, batch_size=160), network("topk", 128, k=4),
        by("Adam", 0.006, **UNIT), 900, dead_feature_window=200)),
    ("topk-adamw", "fvu", lambda: experiment(
        planted(24, 40, 2.5, amplitudes="exponential"), network("topk", 80, k=3),
        by("AdamW", 0.006, **UNIT), 900, dead_feature_window=200)),
    ("topk-rmsprop", "fvu", lambda: experiment(
        planted(16, 32, 2), network("topk", 40, k=2), by("RMSprop", 0.005), 800)),
    ("topk-sgd", "fvu", lambda: experiment(
        planted(16, 32, 2), network("topk", 40, k=2), by("SGD", 0.6, **UNIT), 1000)),
    ("batch-topk-adamax", "fvu", lambda: experiment(
        planted(18, 30, 2), network("batch_topk", 40, k=2), by("Adamax", 0.02, **UNIT), 900)),
    ("jump-relu-adam", "loss", lambda: experiment(
        planted(16, 28, 2), network("jump_relu", 40, l0_coefficient=0.05),
        by("Adam", 0.015, **UNIT), 1000)),
    ("lista-adam", "loss", lambda: experiment(
        planted(16, 24, 1.5),
        network("lista", 24, l1_coefficient=0.3, iterations=6, positive_code=True),
        by("Adam", 0.01, **UNIT), 700)),
    ("digits-topk", "fvu", lambda: experiment(
        DIGITS, network("topk", 64, k=8), by("AdamW", 0.008), 800)),
    ("digits-relu", "loss", lambda: experiment(
        DIGITS, network("relu", 64, l1_coefficient=0.1), by("NAdam", 0.006, **UNIT), 1000)),
    ("patches-relu", "loss", lambda: experiment(
        PATCHES, network("relu", 32, l1_coefficient=0.4), by("Adam", 0.015, **UNIT), 700)),
    ("patches-topk", "fvu", lambda: experiment(
        PATCHES, network("topk", 32, k=4), by("Adam", 0.01), 800)),
    ("own-relu", "loss", lambda: experiment(
        planted(14, 20, 1.5), own("autoencoder", n_atoms=28, l1=0.2),
        by("Adam", 0.01, **UNIT), 800)),
    ("own-topk", "fvu", lambda: experiment(
        planted(18, 28, 2), own("autoencoder", n_atoms=36, k=2),
        by("Adam", 0.01, **UNIT), 800)),
    ("own-relu-momentum", "loss", lambda: experiment(
        planted(16, 20, 1.5), own("autoencoder", n_atoms=28, l1=0.15),
        by("SGD", 0.1, momentum=0.9, **UNIT), 900)),
    ("own-bottleneck", "fvu", lambda: experiment(
        gaussian(120, 12), own("bottleneck", n_atoms=6, hidden=12), by("RMSprop", 0.005), 800)),
]  # fmt: skip

SETTINGS = {name: Setting(name, table, measure) for name, measure, table in _ALL}
