"""The curvature at which an optimizer's own steps begin to overshoot."""

import math
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import torch
from torch import Tensor

NEGLIGIBLE = 1e-12
"""A product of NAdam's momenta below which it changes nothing."""


class Limit(NamedTuple):
    """The largest curvature at which an optimizer's steps on a quadratic shrink."""

    value: float | None
    """To be compared with the largest eigenvalue of the Hessian, coupled weight decay added, and
    preconditioned where `preconditioned` says so; None where no limit is derived."""
    preconditioned: bool
    """Whether it is the Hessian preconditioned by `preconditioner` that counts."""
    formula: str
    """What the value was computed by, or why there is none."""


class _Linear(NamedTuple):
    """An optimizer with its preconditioner frozen, on a quadratic: m ← keep · m + add · g, then
    θ ← (1 − lr · decay) θ − lr (momentum · m + gradient · g).
    """

    lr: float
    keep: float
    add: float
    momentum: float
    gradient: float
    decay: float
    formula: str


def stability_limit(
    optimizer_name: str, lr: float, arguments: Mapping[str, Any], step: int | None = None
) -> Limit:
    """The limit of torch.optim's optimizers on a quadratic, all else frozen.

    With curvature λ, the two numbers (m, θ) of a direction are multiplied by a matrix in each step;
    they shrink where its eigenvalues lie inside the unit circle. By the Jury criterion, with the
    update m ← a m + b g, θ ← (1 − lr w) θ − lr (c m + d g), that is where

        λ < (1 + a) (2 − lr w) / (lr (b c + (1 + a) d)).

    For Adam it gives (2 + 2β₁) / ((1 − β₁) lr), as Cohen et al. 2022, "Adaptive Gradient Methods at
    the Edge of Stability", arXiv 2207.14484.

    Args:
        optimizer_name: the class's name in torch.optim.
        lr: the learning rate in force.
        arguments: by torch's names; a param group will do. What is missing has torch's default.
        step: steps made, for those whose rate or momentum depends on it (Adagrad with lr_decay,
            ASGD, NAdam). Adam's bias corrections are in `preconditioner`.

    """
    preconditioned = optimizer_name in _PRECONDITIONED
    if optimizer_name not in _LINEAR:
        why = _UNKNOWN.get(optimizer_name, "no limit is derived for it")
        return Limit(None, False, f"{optimizer_name}: {why}")
    if arguments.get("maximize"):
        return Limit(None, preconditioned, "it climbs the loss (maximize)")
    if not (math.isfinite(lr) and lr > 0):
        return Limit(None, preconditioned, f"the learning rate is {lr:g}")
    linear = _LINEAR[optimizer_name](lr, arguments, step)
    if isinstance(linear, str):
        return Limit(None, preconditioned, linear)
    rate, keep, add, momentum, gradient, decay, formula = linear
    slowed = 2 - rate * decay
    pull = add * momentum + (1 + keep) * gradient
    if keep >= 1:
        return Limit(None, preconditioned, f"momentum of {keep:g} never settles")
    if pull <= 0:
        return Limit(None, preconditioned, "its dampening leaves no step against the gradient")
    if slowed <= 0:
        return Limit(None, preconditioned, f"weight decay of {decay:g} alone overshoots")
    if decay:
        formula = f"{formula} · (1 − lr·decay/2)"
    return Limit((1 + keep) * slowed / (rate * pull), preconditioned, formula)


def coupled_decay(optimizer_name: str, arguments: Mapping[str, Any]) -> float:
    """The weight decay that is part of the gradient, and so adds itself to the Hessian's diagonal.

    0 where it is decoupled (AdamW, Muon, Adafactor, and where decoupled_weight_decay is set).
    """
    decoupled = optimizer_name in _DECOUPLED or arguments.get("decoupled_weight_decay", False)
    return 0.0 if decoupled else float(arguments.get("weight_decay", 0.0))


def preconditioner(
    optimizer_name: str, state: Mapping[str, Any], group: Mapping[str, Any]
) -> Tensor | None:
    """P's diagonal for one parameter, in its shape: what the step just made divided by.

    Adam, AdamW: (√v̂ + ε) (1 − β₁ᵗ), with v̂ the bias-corrected second moment (the largest so far
    with amsgrad) and the last factor the bias correction of the first moment, which makes early
    steps longer (Cohen et al. 2022). NAdam: √v̂ + ε. RAdam: its own P, rectification
    included. Adamax: u (1 − β₁ᵗ). RMSprop: √v + ε, of the centred moment where it is centred.
    Adagrad: √sum + ε.

    Args:
        optimizer_name: the class's name in torch.optim.
        state: optimizer.state[parameter].
        group: the parameter's group, with betas, eps and the like.

    Returns:
        None where the optimizer has no such preconditioner or has not made a step.

    """
    made = _PRECONDITIONED.get(optimizer_name)
    if made is None or "step" not in state or float(state["step"]) < 1:
        return None
    return made(state, group)


def _sgd(lr: float, arguments: Mapping[str, Any], step: int | None) -> _Linear:  # noqa: ARG001
    beta = arguments.get("momentum", 0.0)
    dampening = arguments.get("dampening", 0.0)
    if not beta:
        return _Linear(lr, 0.0, 0.0, 0.0, 1.0, 0.0, "2/lr")
    if arguments.get("nesterov"):
        return _Linear(lr, beta, 1 - dampening, beta, 1.0, 0.0, "(2 + 2β)/((1 + 2β)·lr)")
    formula = "(2 + 2β)/((1 − dampening)·lr)" if dampening else "(2 + 2β)/lr"
    return _Linear(lr, beta, 1 - dampening, 1.0, 0.0, 0.0, formula)


def _asgd(lr: float, arguments: Mapping[str, Any], step: int | None) -> _Linear | str:
    if step is None:
        return "its learning rate falls from step to step"
    decay = arguments.get("lambd", 1e-4)
    rate = lr / (1 + decay * lr * step) ** arguments.get("alpha", 0.75)
    return _Linear(rate, 0.0, 0.0, 0.0, 1.0, decay, "2/η")


def _adam(lr: float, arguments: Mapping[str, Any], step: int | None) -> _Linear:  # noqa: ARG001
    beta = arguments.get("betas", (0.9, 0.999))[0]
    decay = _decoupled_decay(arguments)
    return _Linear(lr, beta, 1 - beta, 1.0, 0.0, decay, "(2 + 2β₁)/((1 − β₁)·lr)")


def _adamw(lr: float, arguments: Mapping[str, Any], step: int | None) -> _Linear:
    decoupled = {"weight_decay": 1e-2, **arguments, "decoupled_weight_decay": True}
    return _adam(lr, decoupled, step)


def _nadam(lr: float, arguments: Mapping[str, Any], step: int | None) -> _Linear | str:
    if step is None:
        return "its momentum grows from step to step"
    beta = arguments.get("betas", (0.9, 0.999))[0]
    decay = arguments.get("momentum_decay", 4e-3)

    def momentum(at: int) -> float:
        return float(beta * (1 - 0.5 * 0.96 ** (at * decay)))

    passed = 1.0
    for at in range(1, step + 1):
        passed *= momentum(at)
        if passed < NEGLIGIBLE:
            passed = 0.0
            break
    now, after = momentum(step), momentum(step + 1)
    return _Linear(
        lr,
        beta,
        1 - beta,
        after / (1 - passed * after),
        (1 - now) / (1 - passed) if passed < 1 else 1.0,
        _decoupled_decay(arguments),
        "(2 + 2β₁)/(((1 − β₁)·μ′ + (1 + β₁)(1 − μ))·lr)",
    )


def _rmsprop(lr: float, arguments: Mapping[str, Any], step: int | None) -> _Linear:  # noqa: ARG001
    beta = arguments.get("momentum", 0.0)
    formula = "(2 + 2·momentum)/lr" if beta else "2/lr"
    return _Linear(lr, beta, 1.0, 1.0, 0.0, 0.0, formula)


def _adagrad(lr: float, arguments: Mapping[str, Any], step: int | None) -> _Linear | str:
    decay = arguments.get("lr_decay", 0.0)
    if not decay:
        return _Linear(lr, 0.0, 0.0, 0.0, 1.0, 0.0, "2/lr")
    if step is None:
        return "its learning rate falls from step to step (lr_decay)"
    rate = lr / (1 + max(step - 1, 0) * decay)
    return _Linear(rate, 0.0, 0.0, 0.0, 1.0, 0.0, "2·(1 + (step − 1)·lr_decay)/lr")


def _decoupled_decay(arguments: Mapping[str, Any]) -> float:
    if not arguments.get("decoupled_weight_decay", False):
        return 0.0
    return float(arguments.get("weight_decay", 0.0))


def _betas(group: Mapping[str, Any]) -> tuple[float, float]:
    first, second = group.get("betas", (0.9, 0.999))
    return float(first), float(second)


def _eps(group: Mapping[str, Any], default: float = 1e-8) -> float:
    return float(group.get("eps", default))


def _of_adam(state: Mapping[str, Any], group: Mapping[str, Any]) -> Tensor:
    second: Tensor = state["max_exp_avg_sq"] if group.get("amsgrad") else state["exp_avg_sq"]
    first_beta, second_beta = _betas(group)
    step = float(state["step"])
    root = torch.sqrt(second / (1 - second_beta**step))
    divisor: Tensor = (root + _eps(group)) * (1 - first_beta**step)
    return divisor


def _of_nadam(state: Mapping[str, Any], group: Mapping[str, Any]) -> Tensor:
    second: Tensor = state["exp_avg_sq"]
    root = torch.sqrt(second / (1 - _betas(group)[1] ** float(state["step"])))
    return root + _eps(group)


def _of_radam(state: Mapping[str, Any], group: Mapping[str, Any]) -> Tensor:
    second: Tensor = state["exp_avg_sq"]
    first_beta, second_beta = _betas(group)
    step = float(state["step"])
    corrected = 1 - second_beta**step
    longest = 2 / (1 - second_beta) - 1
    length = longest - 2 * step * second_beta**step / corrected
    if length <= 5:  # torch does without the second moment as long as its variance is large
        return torch.full_like(second, 1 - first_beta**step)
    rectification = math.sqrt(
        (length - 4) * (length - 2) * longest / ((longest - 4) * (longest - 2) * length)
    )
    root = (torch.sqrt(second) + _eps(group)) / math.sqrt(corrected)
    divisor: Tensor = root * ((1 - first_beta**step) / rectification)
    return divisor


def _of_adamax(state: Mapping[str, Any], group: Mapping[str, Any]) -> Tensor:
    divisor: Tensor = state["exp_inf"] * (1 - _betas(group)[0] ** float(state["step"]))
    return divisor


def _of_rmsprop(state: Mapping[str, Any], group: Mapping[str, Any]) -> Tensor:
    second: Tensor = state["square_avg"]
    if group.get("centered"):
        second = (second - state["grad_avg"].square()).clamp(min=0)
    return torch.sqrt(second) + _eps(group)


def _of_adagrad(state: Mapping[str, Any], group: Mapping[str, Any]) -> Tensor:
    total: Tensor = state["sum"]
    return torch.sqrt(total) + _eps(group, 1e-10)


_LINEAR: Mapping[str, Callable[[float, Mapping[str, Any], int | None], _Linear | str]] = {
    "SGD": _sgd,
    "ASGD": _asgd,
    "Adam": _adam,
    "AdamW": _adamw,
    "NAdam": _nadam,
    "RAdam": _adam,
    "Adamax": _adam,
    "RMSprop": _rmsprop,
    "Adagrad": _adagrad,
}
_PRECONDITIONED: Mapping[str, Callable[[Mapping[str, Any], Mapping[str, Any]], Tensor]] = {
    "Adam": _of_adam,
    "AdamW": _of_adam,
    "NAdam": _of_nadam,
    "RAdam": _of_radam,
    "Adamax": _of_adamax,
    "RMSprop": _of_rmsprop,
    "Adagrad": _of_adagrad,
}
_DECOUPLED = frozenset({"AdamW", "Muon", "Adafactor"})
_UNKNOWN: Mapping[str, str] = {
    "Muon": "its step has a fixed size whatever the gradient's, so curvature alone has no limit",
    "Rprop": "its step has its own size whatever the gradient's, so curvature alone has no limit",
    "Adadelta": "its step follows the size of its own past steps, so no limit is fixed",
    "Adafactor": "its step is scaled by the parameter's norm and clipped, so no limit is fixed",
    "LBFGS": "it estimates the curvature itself",
}
