"""Faults of the objective: what the penalty asks for."""

from ..tables import Table, changed, scaled
from .injection import Change, Injection, injected

STRONG = ["code_collapse", "shrinkage", "dead_atoms"]


def coefficient(factor: float, key: str = "l1_coefficient") -> Change:
    """Another coefficient of the penalty."""

    def change(table: Table, seed: int) -> Table:
        if table["network"]["kind"] == "user":
            before = table["network"]["arguments"]["l1"]
            return changed(table, network={"arguments": {"l1": before * factor}})
        return scaled(table, factor, "network", key)

    return change


def free_rows(table: Table, seed: int) -> Table:
    """Atoms that nothing keeps from growing."""
    return changed(table, run={"constraint": "none"})


def summed(table: Table, seed: int) -> Table:
    """The coefficient that is right for one sample, on a penalty summed over the batch."""
    if table["network"]["kind"] == "user":
        return changed(table, network={"arguments": {"penalty": "sum"}})
    return changed(table, network={"penalty": "sum"})


def thresholds(table: Table, seed: int) -> Table:
    """Thresholds that the penalty alone moves: however small its coefficient, Adam's step is whole,
    so that they rise until hardly a code is left.
    """
    atoms = table["network"]["arguments"]["n_atoms"]
    made = changed(table, run={"optimizer": "Adam", "lr": 0.01, "momentum": None})
    network = {"kind": "user", "factory": "own_networks:thresholds", "arguments": {
        "n_atoms": atoms, "count_coefficient": 0.02,
    }}  # fmt: skip
    return {**made, "network": network}


def norm_term(weight: float) -> Change:
    """A penalty on the length of atoms whose length is held at 1 already: a gradient along each
    atom, and nothing else.
    """
    return lambda table, seed: changed(table, network={"arguments": {"norm_term": weight}})


INJECTIONS: list[Injection] = [
    *injected(
        "penalty_too_strong",
        {
            "relu-adam": coefficient(8),
            "lista-adam": coefficient(8),
            "patches-relu": coefficient(10),
            "relu-momentum": coefficient(6),
            "digits-relu": coefficient(15),
            "jump-relu-adam": coefficient(20, "l0_coefficient"),
        },
        also=STRONG,
        why="a strong penalty shrinks codes, then silences them: its states, by degree",
        measure="fvu",
    ),
    *injected(
        "shrinkage",
        {
            "relu-adam": coefficient(4),
            "own-relu": coefficient(4),
            "lista-adam": coefficient(3),
            "relu-momentum": coefficient(4),
            "own-relu-momentum": coefficient(4),
            "digits-relu": coefficient(8),
        },
        also=["penalty_too_strong"],
        why="its root: shrinkage is what an L1 penalty does to codes, by its strength",
        measure="fvu",
    ),
    *injected(
        "code_collapse",
        {
            "sparse-adam": coefficient(200),
            "relu-adam": coefficient(40),
            "sparse-nadam": coefficient(100),
            "digits-relu": coefficient(60),
        },
        also=["penalty_too_strong"],
        why="the state and its root",
        measure="fvu",
    ),
    *injected(
        "penalty_depends_on_batch",
        {
            "sparse-adam": summed,
            "own-relu": summed,
            "sparse-nadam": summed,
            "own-relu-momentum": summed,
        },
        also=["penalty_too_strong", "code_collapse", "diverged"],
        why="a sum over the batch is the mean with a coefficient as many times as large; and the "
        "states to which that leads",
        measure="fvu",
    ),
    *injected(
        "scale_degeneracy",
        {
            "relu-adam": free_rows,
            "own-relu": free_rows,
            "patches-relu": free_rows,
            "relu-momentum": free_rows,
            "digits-relu": free_rows,
            "own-relu-momentum": free_rows,
        },
        measure="invariant_loss",
    ),
    *injected(
        "penalty_saturated",
        {"own-relu": thresholds, "own-topk": thresholds, "own-relu-momentum": thresholds},
        also=["code_collapse", "dead_atoms"],
        why="states to which the thresholds lead",
        measure="fvu",
    ),
    *injected(
        "radial_leakage",
        {
            "own-relu": norm_term(3.0),
            "own-topk": norm_term(3.0),
            "own-relu-momentum": norm_term(0.15),
        },
        measure="fvu",
    ),
]
