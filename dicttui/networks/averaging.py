"""A running mean of a network's weights, by which it may be judged: less noise at a high rate.

The mean lies in buffers of the network, so that whatever keeps, moves or copies a network takes it
along.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn

from dicttui.networks.protocol import DictionaryNetwork

PREFIX = "ema_"
STEPS = "ema_steps"


def start(network: DictionaryNetwork, decay: float) -> None:
    """Average the weights from here on; not if decay is 0."""
    if decay == 0:
        return
    network.ema_decay = decay
    with torch.no_grad():
        for name, parameter in network.named_parameters():
            network.register_buffer(buffer_of(name), parameter.detach().clone())
    device = next(network.parameters()).device
    network.register_buffer(STEPS, torch.zeros((), dtype=torch.int64, device=device))


@torch.no_grad()
def follow(network: DictionaryNetwork) -> None:
    """A step has been made: mean ← mean · d + weights · (1 − d), d the decay, or while that is more
    (1 + t) / (10 + t) in the t-th step, so that the first weights are soon forgotten.
    """
    if network.ema_decay == 0:
        return
    made = network.get_buffer(STEPS)
    made.add_(1)
    weight = 1 - ((1 + made) / (10 + made)).clamp(max=network.ema_decay)
    for name, parameter in network.named_parameters():
        network.get_buffer(buffer_of(name)).lerp_(parameter.detach(), weight)


@contextmanager
def averaged(network: DictionaryNetwork) -> Iterator[None]:
    """Let the network compute with the mean of its weights, where it has one."""
    if network.ema_decay == 0:
        yield
        return
    places = [
        (network.get_submodule(path), own, parameter, network.get_buffer(buffer_of(name)))
        for name, parameter in network.named_parameters()
        for path, _, own in [name.rpartition(".")]
    ]
    for module, own, _, mean in places:
        module._parameters[own] = nn.Parameter(mean, requires_grad=False)
    try:
        yield
    finally:
        for module, own, parameter, _ in places:
            module._parameters[own] = parameter


def means(network: DictionaryNetwork) -> dict[str, Tensor]:
    """The parameters by which the network is judged, by name: the means, or the weights themselves
    where there are none.
    """
    named = dict(network.named_parameters())
    if network.ema_decay == 0:
        return {name: parameter.detach() for name, parameter in named.items()}
    return {name: network.get_buffer(buffer_of(name)) for name in named}


def buffer_of(name: str) -> str:
    """The name of the buffer that holds the mean of a parameter."""
    return PREFIX + name.replace(".", "__")
