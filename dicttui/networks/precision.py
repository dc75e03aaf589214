"""How precisely matrix products are computed; parameters and losses are float32 in any case."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch

from dicttui.preset.values import Precision


@contextmanager
def tf32(precision: Precision, device: torch.device) -> Iterator[None]:
    """Let float32 matrix products round their factors to TF32, where that is the precision and the
    device an NVIDIA GPU: in a forward pass, and in a backward pass too.

    torch has one switch for the whole process. It stands as it stood before when this ends, so
    that no other run is changed.
    """
    if precision != "tf32" or device.type != "cuda":
        yield
        return
    switch = torch.backends.cuda.matmul
    # Before 2.9 torch had the second name only; since then it raises where both have been used.
    name, value = (
        ("fp32_precision", "tf32") if hasattr(switch, "fp32_precision") else ("allow_tf32", True)
    )
    before = getattr(switch, name)
    setattr(switch, name, value)
    try:
        yield
    finally:
        setattr(switch, name, before)


@contextmanager
def bfloat16(precision: Precision, device: torch.device) -> Iterator[None]:
    """Let a forward pass compute its products in bfloat16, and the backward pass through it as
    well, where that is the precision; parameters and their gradients stay float32. What a module
    makes of a product before anything in float32 joins it, ReLU of a Linear for one, is bfloat16.
    """
    if precision != "bfloat16":
        yield
        return
    # Without the cache a weight that is used twice is cast twice; with it, the two gradients would
    # be added in bfloat16.
    with torch.autocast(device.type, dtype=torch.bfloat16, cache_enabled=False):
        yield
