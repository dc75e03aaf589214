"""Starting dead atoms anew, at samples that are reconstructed badly."""

import torch
from torch import Tensor

from dicttui.data import seeds
from dicttui.networks import averaging
from dicttui.networks.autoencoder import SparseAutoencoder
from dicttui.networks.initialisation import unit_rows
from dicttui.preset.runs import RunSpecification
from dicttui.training.trainable import Trainable
from dicttui.training.undisturbed import evaluating

CANDIDATES = 8192
"""Train samples of which the directions are chosen, at most."""


def until_due(run: RunSpecification, step: int) -> int | None:
    """Steps until dead atoms are to be started anew, from completed updates `step` on; 0 if now.
    None: never again.
    """
    every = run.resample_every
    if every == 0:
        return None
    following = max(every, -(-step // every) * every)
    last = run.resample_until
    return None if last and following > last else following - step


@torch.no_grad()
def resample(trainable: Trainable, step: int, window: int) -> int:
    """Start the atoms anew that have been dead for `window` steps when step index `step` is to be
    made; how many these are. A second call changes nothing.

    Bricken et al. 2023, "Towards Monosemanticity": each gets the direction of a sample that is
    drawn with a probability proportional to its squared error's square, its encoder is scaled down
    and its bias 0, and the optimizer's state of what has been replaced is 0. The direction is that
    of what is encoded, so without the decoder's bias where this is taken from samples. The draw is
    a function of the seed and the step.
    """
    network = trainable.network
    dead = trainable.deadness.dead(step - 1, window)
    if dead is None or not isinstance(network, SparseAutoencoder) or not bool(dead.any()):
        return 0
    which = dead.nonzero().flatten()
    generator = seeds.generator(trainable.samples.seed, "resampling", step)
    x = _candidates(trainable, generator)
    with evaluating(network):
        errors = (network(x).reconstruction - x).square().sum(dim=1)
        directions = unit_rows(network.centred(x))
    chances = errors.double().square().cpu()
    if not bool(torch.isfinite(chances).all()) or float(chances.sum()) <= 0:
        return 0
    chosen = torch.multinomial(chances, len(which), replacement=True, generator=generator)
    network.renew(which, directions[chosen.to(x.device)])
    _forget(trainable, network, which)
    trainable.deadness.last_fired[which] = step - 1
    return len(which)


def _candidates(trainable: Trainable, generator: torch.Generator) -> Tensor:
    train = trainable.samples.train
    if len(train) > CANDIDATES:
        rows = torch.randperm(len(train), generator=generator)[:CANDIDATES].sort().values
        train = train.index_select(0, rows)
    return train.to(trainable.device)


def _forget(trainable: Trainable, network: SparseAutoencoder, which: Tensor) -> None:
    """Let neither an optimizer nor a mean of weights know what the atoms were."""
    means = averaging.means(network)
    for name, axes in network.atom_axes.items():
        parameter = network.get_parameter(name)
        states = [
            value
            for optimizer in trainable.optimizers
            for value in optimizer.state.get(parameter, {}).values()
            if isinstance(value, Tensor) and value.shape == parameter.shape
        ]
        for axis in axes:
            for state in states:
                state.index_fill_(axis, which, 0.0)
            means[name].index_copy_(axis, which, parameter.detach().index_select(axis, which))
