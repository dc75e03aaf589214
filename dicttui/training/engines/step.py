"""The parts of a step that surround the optimizer's own, the same for every engine."""

import torch
from torch import Tensor

from dicttui.networks import averaging
from dicttui.optimizers import constraints
from dicttui.training.trainable import Trainable


def clip_gradients(trainable: Trainable) -> None:
    """Scale all gradients together so that their global norm is at most the run's bound."""
    bound = trainable.specification.clip_grad_norm
    if bound > 0:
        torch.nn.utils.clip_grad_norm_(trainable.network.parameters(), bound)


def before_update(trainable: Trainable) -> Tensor | None:
    """Project gradients as the run asks for; or what `after_update` needs to know of the atoms as
    they were: a copy [n_atoms, d_in].
    """
    if trainable.specification.project == "gradient":
        constraints.project_gradient(trainable.network)
    elif trainable.specification.project == "update":
        return trainable.network.atoms.detach().clone()
    return None


def after_update(trainable: Trainable, before: Tensor | None, code: Tensor) -> None:
    """Project the atoms' update and constrain them, as the run asks for; and let the network count
    the step, whose code [batch, n_atoms] was this.
    """
    specification, network = trainable.specification, trainable.network
    if before is not None:
        constraints.project_update(network.atoms, before)
    if specification.constraint != "none":
        constraints.apply(network.atoms, specification.constraint, specification.max_norm)
    network.follow(code.detach())
    averaging.follow(network)
