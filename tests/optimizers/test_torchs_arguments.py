"""The optimizers' arguments are torch's, by name and default."""

import inspect

import pytest
import torch
from pydantic import ValidationError

from dicttui.preset.optimizers import OPTIMIZERS

IMPLEMENTATION = {"params", "lr", "foreach", "fused", "capturable", "differentiable"}
"""What changes how a step is computed and not which step it is."""


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_names_and_defaults_are_torchs(name):
    parameters = inspect.signature(getattr(torch.optim, name)).parameters
    theirs = {
        key: parameter.default for key, parameter in parameters.items() if key not in IMPLEMENTATION
    }
    assert OPTIMIZERS[name]().model_dump() == theirs
    assert OPTIMIZERS[name].default_lr == parameters["lr"].default


def test_every_optimizer_that_can_step_these_networks_is_there():
    # LBFGS wants a closure and SparseAdam sparse gradients.
    theirs = {
        name
        for name, value in vars(torch.optim).items()
        if isinstance(value, type) and issubclass(value, torch.optim.Optimizer)
    }
    assert theirs - {"Optimizer", "LBFGS", "SparseAdam"} == set(OPTIMIZERS)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"nesterov": True}, "nesterov: needs a momentum"),
        ({"nesterov": True, "momentum": 0.9, "dampening": 0.1}, "nesterov: goes with no dampening"),
    ],
)
def test_combinations_that_torch_refuses_are_refused_without_torch(arguments, message):
    with pytest.raises(ValueError):
        torch.optim.SGD([torch.zeros(1, requires_grad=True)], **arguments)
    with pytest.raises(ValidationError, match=message):
        OPTIMIZERS["SGD"](**arguments)


def test_nesterov_with_momentum_is_accepted():
    assert OPTIMIZERS["SGD"](nesterov=True, momentum=0.9).nesterov
