"""Looking at a model in the middle of a person's own loop, so that the loop cannot tell."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import torch

from dicttui.networks.protocol import DictionaryNetwork
from dicttui.training.engines import held
from dicttui.training.undisturbed import evaluating


@contextmanager
def own_streams(device: torch.device) -> Iterator[None]:
    """Put every random stream back as it was: torch's, the device's, Python's, NumPy's. Meanwhile
    the loop's autocast is not in force.
    """
    _, put_others = held.random_streams()
    gpus = [device.index or 0] if device.type == "cuda" else []
    with ExitStack() as stack:
        stack.callback(put_others)
        stack.enter_context(torch.random.fork_rng(devices=gpus))
        if torch.amp.is_autocast_available(device.type):
            stack.enter_context(torch.autocast(device.type, enabled=False))
        yield


@contextmanager
def unnoticed(network: DictionaryNetwork, device: torch.device) -> Iterator[None]:
    """Look at a network in evaluation mode, without gradients: random streams, buffers and every
    module's mode are put back as they were.
    """
    with own_streams(device), torch.no_grad(), evaluating(network):
        yield
