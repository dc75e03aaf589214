"""At which curvature an optimizer's steps overshoot: torch's own, on two quadratics."""

import pytest
import torch

from dicttui.measures.stability import coupled_decay, preconditioner, stability_limit
from dicttui.preset.optimizers import OPTIMIZERS

JUST_BELOW_AND_ABOVE = torch.tensor([0.98, 1.02], dtype=torch.float64)
BUFFERS = {"exp_avg", "momentum_buffer", "ax"}
"""What moves with the parameter; the rest of an optimizer's state is held."""


def before(name, state, group, passed):
    """The state before a step without a gradient that leads to `state`."""
    second = group.get("betas", (0.0, group.get("alpha", 1.0)))[1]
    held = {key: value.clone() for key, value in state.items() if torch.is_tensor(value)}
    held.pop("momentum_buffer", None)
    if "step" in held:
        held["step"] -= 1
    for key in ("exp_avg_sq", "exp_inf", "square_avg", "grad_avg"):
        if key in held:
            held[key] /= second
    if "mu_product" in held:
        held["mu_product"].copy_(passed)
    return {key: value for key, value in held.items() if key not in BUFFERS}


def moved(name, lr, arguments, warm_up):
    """How many times as far from the optimum two coordinates are after 150 steps at curvatures just
    below and above the limit, all but momentum and position held where `warm_up` steps brought it.
    """
    generator = torch.Generator().manual_seed(0)
    parameter = torch.nn.Parameter(torch.zeros(2, dtype=torch.float64))
    optimizer = getattr(torch.optim, name)([parameter], lr=lr, **arguments)
    state, group = optimizer.state[parameter], optimizer.param_groups[0]
    passed = 1.0
    for _ in range(warm_up):
        passed = float(state.get("mu_product", 1.0))
        scale = 0.5 if arguments.get("amsgrad") and state.get("step", 0) >= 5 else 3.0
        parameter.grad = torch.randn(2, dtype=torch.float64, generator=generator) * scale
        optimizer.step()
    limit = stability_limit(name, lr, group, warm_up)
    curvature = limit.value * JUST_BELOW_AND_ABOVE
    if limit.preconditioned:
        divisor = preconditioner(name, state, group)
        assert divisor.shape == parameter.shape
        curvature = curvature * divisor
    curvature = curvature - coupled_decay(name, group)
    for buffer in BUFFERS & state.keys():
        state[buffer].zero_()
    held = before(name, state, group, passed)
    with torch.no_grad():
        parameter.fill_(1e-9)
    for _ in range(150):
        for key, value in held.items():
            state[key].copy_(value)
        parameter.grad = curvature * parameter.detach()
        optimizer.step()
    return (parameter.detach().abs() / 1e-9).tolist()


@pytest.mark.parametrize(
    ("name", "lr", "arguments", "warm_up"),
    [
        ("SGD", 0.1, {}, 1),
        ("SGD", 0.1, {"weight_decay": 3.0}, 1),
        ("SGD", 0.1, {"momentum": 0.9}, 1),
        ("SGD", 0.1, {"momentum": 0.9, "dampening": 0.9}, 1),
        ("SGD", 0.1, {"momentum": 0.5, "dampening": -0.5}, 1),
        ("SGD", 0.1, {"momentum": 0.9, "nesterov": True}, 1),
        ("ASGD", 0.1, {"lambd": 0.5}, 3),
        ("Adam", 0.01, {}, 400),
        ("Adam", 0.01, {"betas": (0.5, 0.9), "eps": 0.1}, 3),
        ("Adam", 0.01, {"amsgrad": True, "betas": (0.9, 0.9)}, 40),
        ("Adam", 0.01, {"weight_decay": 5.0}, 40),
        ("AdamW", 0.1, {"weight_decay": 2.0}, 40),
        ("NAdam", 0.01, {}, 1),
        ("NAdam", 0.01, {"decoupled_weight_decay": True, "weight_decay": 20.0}, 200),
        ("RAdam", 0.01, {"betas": (0.9, 0.99)}, 3),
        ("RAdam", 0.01, {"betas": (0.9, 0.99)}, 20),
        ("Adamax", 0.01, {}, 5),
        ("RMSprop", 0.01, {}, 40),
        ("RMSprop", 0.01, {"momentum": 0.8, "centered": True}, 40),
        ("Adagrad", 0.01, {"initial_accumulator_value": 0.1}, 40),
        ("Adagrad", 0.01, {"lr_decay": 0.1}, 40),
    ],
)
def test_torchs_optimizer_settles_just_below_the_limit_and_not_just_above(
    name, lr, arguments, warm_up
):
    below, above = moved(name, lr, arguments, warm_up)
    assert below < 0.2
    assert above > 5


@pytest.mark.parametrize(
    ("name", "arguments", "times_lr"),
    [
        ("SGD", {}, 2),
        ("SGD", {"momentum": 0.9}, 3.8),
        ("SGD", {"momentum": 0.9, "dampening": 0.9}, 38),
        ("SGD", {"momentum": 0.9, "nesterov": True}, 3.8 / 2.8),
        ("Adam", {}, 38),
        ("RMSprop", {}, 2),
    ],
)
def test_limits_as_published(name, arguments, times_lr):
    assert stability_limit(name, 0.5, arguments).value == pytest.approx(times_lr / 0.5)


def test_every_optimizer_of_a_preset_has_a_limit_or_a_reason():
    for name, arguments in OPTIMIZERS.items():
        limit = stability_limit(name, 0.01, arguments().model_dump(), step=100)
        without = name in ("Adadelta", "Adafactor", "Rprop", "Muon")
        assert (limit.value is None) == without, name
        assert limit.formula


@pytest.mark.parametrize(
    ("name", "lr", "arguments"),
    [
        ("Adam", 0.0, {}),
        ("Adam", float("nan"), {}),
        ("SGD", 0.1, {"momentum": 1.5}),
        ("SGD", 0.1, {"momentum": 0.9, "dampening": 1.0}),
        ("SGD", 0.1, {"maximize": True}),
        ("AdamW", 0.1, {"weight_decay": 30.0}),
        ("NAdam", 0.1, {}),
        ("Adagrad", 0.1, {"lr_decay": 0.1}),
        ("MyOwn", 0.1, {}),
    ],
)
def test_where_no_limit_is_known_the_reason_is_given(name, lr, arguments):
    limit = stability_limit(name, lr, arguments)
    assert limit.value is None
    assert len(limit.formula) > 10


def test_before_the_first_step_and_without_a_second_moment_there_is_no_preconditioner():
    assert preconditioner("Adam", {}, {}) is None
    assert preconditioner("SGD", {"momentum_buffer": torch.ones(2)}, {}) is None
