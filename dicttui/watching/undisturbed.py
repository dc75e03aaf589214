"""Looking at a model in the middle of a person's own loop, so that the loop cannot tell."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import torch

from dicttui.networks.protocol import DictionaryNetwork
from dicttui.training.engines import held
from dicttui.training.undisturbed import evaluating


@contextmanager
def unnoticed(network: DictionaryNetwork, device: torch.device) -> Iterator[None]:
    """Look at a network in evaluation mode, without gradients and out of autocast. Every random
    stream (torch's, the device's, Python's, NumPy's), every buffer and every module's mode is put
    back as it was.
    """
    _, put_others = held.random_streams()
    with ExitStack() as stack:
        stack.callback(put_others)
        if device.type == "cuda":
            stack.enter_context(torch.random.fork_rng(devices=[device.index or 0]))
        stack.enter_context(torch.autocast(device.type, enabled=False))
        stack.enter_context(torch.no_grad())
        stack.enter_context(evaluating(network))
        yield
