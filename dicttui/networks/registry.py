"""Which network each kind of `[network]` is."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from dicttui.networks import (
    batch_topk,
    gated,
    jump_relu,
    lista,
    matryoshka,
    relu,
    simple,
    sparse,
    topk,
    user,
)
from dicttui.networks.protocol import DictionaryNetwork, NetworkError
from dicttui.preset.networks import AnyNetwork

BUILDERS: dict[str, Callable[[Any, int], DictionaryNetwork]] = {
    "simple": simple.build,
    "sparse": sparse.build,
    "relu": relu.build,
    "topk": topk.build,
    "batch_topk": batch_topk.build,
    "jump_relu": jump_relu.build,
    "gated": gated.build,
    "matryoshka": matryoshka.build,
    "lista": lista.build,
}


def build(specification: AnyNetwork, d_in: int, directory: Path | None = None) -> DictionaryNetwork:
    """Construct a network for samples of d_in features, on the CPU, in float32.

    Weights are drawn from torch's global stream; `[network] init` is applied afterwards, by the
    network's own `initialise`. A person's module is also looked for in `directory`, the preset's.
    Raises NetworkError where a person's network cannot be had, or where there is too little memory.
    """
    if specification.kind == "user":
        return user.build(specification, d_in, directory)
    try:
        return BUILDERS[specification.kind](specification, d_in)
    except (RuntimeError, TypeError, OverflowError, MemoryError) as error:
        # Of torch's allocator, or on the way to it: a number beyond 64 bits is a TypeError.
        raise NetworkError(
            f"[network] kind = {specification.kind!r} with dict_size = {specification.dict_size} "
            "does not fit into memory: take fewer atoms, or a smaller hidden_size"
        ) from error
