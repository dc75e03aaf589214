"""Faults of the first weights."""

from typing import Any

from ..tables import changed
from .injection import Change, Injection, injected


def network(**keys: Any) -> Change:
    """Other keys of the network."""
    return lambda table, seed: changed(table, network=keys)


def arguments(**given: Any) -> Change:
    """Other arguments of a person's own network."""
    return lambda table, seed: changed(table, network={"arguments": given})


INJECTIONS: list[Injection] = [
    *injected(
        "bad_initialisation",
        {
            "relu-adam": network(init="article"),
            "digits-topk": network(init="article"),
            "own-relu": arguments(encoder_scale=30.0),
            "own-bottleneck": arguments(scale=100.0),
            "topk-adamw": network(init="article"),
            "topk-sgd": network(init="article"),
            "own-relu-momentum": arguments(scale=0.001, encoder_scale=0.001),
        },
        also=["diverged", "dead_atoms", "code_collapse", "scale_degeneracy"],
        why="states to which weights of a wrong scale lead",
    ),
    *injected(
        "dead_atoms",
        {
            "own-relu": arguments(encoder_bias=-1.5),
            "topk-spare": network(init="article"),
            "own-topk": arguments(encoder_bias=-1.5),
            "own-relu-momentum": arguments(encoder_bias=-1.5),
            "jump-relu-adam": network(init_threshold=2.0),
        },
        also=["bad_initialisation"],
        why="the state and its root: they never fired from the first step on",
    ),
    *injected(
        "duplicate_atoms",
        {
            "own-relu": arguments(equal=20),
            "own-topk": arguments(equal=30),
            "own-relu-momentum": arguments(equal=20),
        },
        also=["bad_initialisation", "diverged"],
        why="equal rows get equal gradients from the first step on: the root, and what so "
        "many equal codes of one sample may lead to",
    ),
]
