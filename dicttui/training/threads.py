"""How many threads torch takes on the thread that trains."""

import torch


def take(asked: int | None, *, large: bool) -> None:
    """As many as were asked for; otherwise one, unless a step is long: two that share a small step
    with a busy neighbour are slower than one.
    """
    if asked is not None:
        torch.set_num_threads(asked)
    elif not large:
        torch.set_num_threads(1)
