"""Looking at a network without changing anything in it or in what it would do next."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import nn

from dicttui.networks import averaging
from dicttui.networks.protocol import DictionaryNetwork


@contextmanager
def looking(network: nn.Module) -> Iterator[None]:
    """Leave the network's buffers and torch's random stream as they were, whatever a forward pass
    in between does to them: batch normalisation counts batches, dropout draws.
    """
    random_state = torch.get_rng_state()
    buffers = [
        (module, name, buffer, buffer.detach().clone())
        for module in network.modules()
        for name, buffer in module.named_buffers(recurse=False)
    ]
    try:
        yield
    finally:
        with torch.no_grad():
            for module, name, buffer, value in buffers:
                buffer.copy_(value)
                setattr(module, name, buffer)
        torch.set_rng_state(random_state)


@contextmanager
def evaluating(network: DictionaryNetwork) -> Iterator[None]:
    """Look at the network in evaluation mode, with the running mean of its weights where it has
    one; every module gets its own mode back.
    """
    modes = [(module, module.training) for module in network.modules()]
    with looking(network), averaging.averaged(network):
        network.eval()
        try:
            yield
        finally:
            for module, training in modes:
                module.training = training
