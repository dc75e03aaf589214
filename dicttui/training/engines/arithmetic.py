"""The steps of torch.optim's optimizers, written in TorchScript over flat tensors.

The arithmetic is that of torch's default CPU implementation, which makes a step of each parameter
by itself, and its results are equal to the last bit, for these reasons:

- Each statement is the ATen operation that torch's own step calls, in place. ATen's element-wise
  operations give an element the same bits wherever it stands: at any address, in the vector body of
  a loop or in its scalar tail, in any thread's share. So parameters may lie one behind the other,
  and a flat tensor may be worked on in pieces. (Only the sign of a zero may depend on the place, in
  `maximum` and in `lerp_` with a weight of 1, that is with a beta1 of 0.)
- Operations that look equal are not. In builds with MKL, `sqrt` is MKL's, and rounds one number in
  six otherwise than the processor's square root does; `addcmul_` and `add_` with an alpha may leave
  out a rounding that `mul_` and `add_` make.
- Scalars are float64 on both sides, in the same order of operations. What depends on
  hyper-parameters alone is worked out in Python.

It is the arithmetic of torch 2.13. That of 2.4 and later is the same, but that the first of these
take the square root of Adam's second bias correction with math.sqrt: the float64 may differ in its
last bit, and then, hardly ever, the float32 it is rounded to. Another version may change anything:
who takes these statements compares them with steps of the installed torch.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.optim import Optimizer

Hyperparameters = Mapping[str, Any]


class NoArithmeticError(Exception):
    """An optimizer's step is not written here; the message says why, for a person."""


@dataclass(frozen=True, slots=True)
class Arithmetic:
    """The step of one of torch's optimizers, in TorchScript over flat tensors.

    `statements` are lines of TorchScript, each to be indented as the block they go into; some open
    a block of their own. They know by name
    `p`: the parameters [n], changed in place;
    `g`: their gradients [n], overwritten with anything;
    the tensors of `state`, each [n], changed in place;
    `d`: a scratch tensor [n] with any content;
    `lr`: the learning rate, a float;
    `t`: the number of this step, from 1, a float.
    All tensors are float32 and contiguous. The state must exist: SGD's first step, which takes the
    gradient for its momentum_buffer, is not this one. Elements that belong to no parameter
    may become NaN where eps is 0, and do no harm to others.
    """

    state: tuple[str, ...]
    """Keys of the optimizer's state tensors that are shaped like the parameter."""
    counts: bool
    """Whether the optimizer's state has a "step"."""
    statements: str


def of(optimizer: Optimizer) -> Arithmetic:
    """The arithmetic of an optimizer's step, the same for each of its groups but for `lr`.

    Raises NoArithmeticError where torch would make the step otherwise than on plain tensors, one
    after the other, or where groups differ in more than their learning rates.
    """
    write = _WRITTEN.get(type(optimizer))
    if write is None:
        raise NoArithmeticError(
            f"{type(optimizer).__name__} is not among the optimizers that can be captured "
            f"({', '.join(known.__name__ for known in _WRITTEN)})"
        )
    for group in optimizer.param_groups:
        for parameter in group["params"]:
            _refuse_special_tensors(parameter)
    hyperparameters = _common(optimizer)
    _refuse_special_ways(type(optimizer).__name__, hyperparameters)
    return write(hyperparameters)


def _refuse_special_tensors(parameter: Tensor) -> None:
    for tensor in (parameter, parameter.grad):
        if tensor is None:
            continue
        if tensor.layout != torch.strided:
            raise NoArithmeticError("one of its parameters or gradients is sparse")
        if tensor.dtype != torch.float32:
            dtype = str(tensor.dtype).removeprefix("torch.")
            raise NoArithmeticError(f"one of its parameters is {dtype}, not float32")
        if tensor.device.type != "cpu":
            raise NoArithmeticError(f"one of its parameters is on {tensor.device}, not on the CPU")


def _common(optimizer: Optimizer) -> Hyperparameters:
    """What all groups agree on; their learning rates are checked and left out."""
    name = type(optimizer).__name__
    # torch takes a tensor for many of them, and tensors are not compared but refused.
    for group in optimizer.param_groups:
        for key, value in group.items():
            values = value if isinstance(value, tuple) else (value,)
            if any(isinstance(one, Tensor) for one in values):
                raise NoArithmeticError(f"the {key} of {name} is a tensor, not a number")
            if any(isinstance(one, float) and not math.isfinite(one) for one in values):
                raise NoArithmeticError(f"the {key} of {name} is {value}")
    first, *others = (
        {key: value for key, value in group.items() if key not in _OF_A_GROUP}
        for group in optimizer.param_groups
    )
    for other in others:
        for key, value in first.items():
            if other[key] != value:
                raise NoArithmeticError(
                    f"the parameter groups of {name} differ in {key}: {value} and {other[key]}"
                )
    return first


_OF_A_GROUP = ("params", "param_names", "name", "lr", "initial_lr")
"""What groups may differ in."""


def _refuse_special_ways(name: str, hyperparameters: Hyperparameters) -> None:
    for key in ("foreach", "fused", "capturable", "differentiable"):
        if hyperparameters.get(key):
            raise NoArithmeticError(f"{name} steps with {key} = true, which rounds otherwise")


def _sgd(h: Hyperparameters) -> Arithmetic:
    lines = _gradient(h)
    if h["momentum"] == 0:
        return _arithmetic((), [*lines, "p.add_(g, alpha=-lr)"], counts=False)
    momentum, share = _literal(h["momentum"]), _literal(1 - h["dampening"])
    lines.append(f"momentum_buffer.mul_({momentum}).add_(g, alpha={share})")
    moved = "momentum_buffer"
    if h["nesterov"]:
        lines.append(f"g.add_(momentum_buffer, alpha={momentum})")
        moved = "g"
    return _arithmetic(("momentum_buffer",), [*lines, f"p.add_({moved}, alpha=-lr)"], counts=False)


def _adam(h: Hyperparameters) -> Arithmetic:
    beta1, beta2 = h["betas"]
    state = ["exp_avg", "exp_avg_sq"]
    # Before torch had Adam's decoupled_weight_decay, only AdamW decoupled.
    decoupled = h.get("decoupled_weight_decay", False)
    lines = [
        *(_gradient_beside_decay(h) if decoupled else _gradient(h)),
        f"exp_avg.lerp_(g, {_literal(1 - beta1)})",
        _second_moment("exp_avg_sq", beta2),
    ]
    rooted = "exp_avg_sq"
    if h["amsgrad"]:
        rooted = "max_exp_avg_sq"
        state.append(rooted)
        lines.append("torch.maximum(max_exp_avg_sq, exp_avg_sq, out=max_exp_avg_sq)")
    lines += [
        f"torch.sqrt({rooted}, out=d)",
        f"d.div_((1.0 - {_literal(beta2)} ** t) ** 0.5).add_({_literal(h['eps'])})",
        f"p.addcdiv_(exp_avg, d, value=-(lr / (1.0 - {_literal(beta1)} ** t)))",
    ]
    return _arithmetic(state, lines)


def _adamw(h: Hyperparameters) -> Arithmetic:
    return _adam({**h, "decoupled_weight_decay": True})


def _rmsprop(h: Hyperparameters) -> Arithmetic:
    alpha, eps = h["alpha"], _literal(h["eps"])
    state = ["square_avg"]
    lines = [*_gradient(h), _second_moment("square_avg", alpha)]
    if h["centered"]:
        state.append("grad_avg")
        lines += [
            f"grad_avg.lerp_(g, {_literal(1 - alpha)})",
            "torch.addcmul(square_avg, grad_avg, grad_avg, value=-1.0, out=d)",
            f"d.sqrt_().add_({eps})",
        ]
    else:
        lines += ["torch.sqrt(square_avg, out=d)", f"d.add_({eps})"]
    if h["momentum"] > 0:
        state.append("momentum_buffer")
        lines += [
            f"momentum_buffer.mul_({_literal(h['momentum'])}).addcdiv_(g, d)",
            "p.add_(momentum_buffer, alpha=-lr)",
        ]
    else:
        lines.append("p.addcdiv_(g, d, value=-lr)")
    return _arithmetic(state, lines)


def _adagrad(h: Hyperparameters) -> Arithmetic:
    lines = [
        *_gradient(h),
        "sum.addcmul_(g, g, value=1.0)",
        "torch.sqrt(sum, out=d)",
        f"d.add_({_literal(h['eps'])})",
        f"p.addcdiv_(g, d, value=-(lr / (1.0 + (t - 1.0) * {_literal(h['lr_decay'])})))",
    ]
    return _arithmetic(("sum",), lines)


def _adadelta(h: Hyperparameters) -> Arithmetic:
    rho, eps = h["rho"], _literal(h["eps"])
    lines = [
        *_gradient(h),
        _second_moment("square_avg", rho),
        f"d.copy_(square_avg).add_({eps}).sqrt_()",
        f"torch.mul(torch.add(acc_delta, {eps}).sqrt_().div_(d), g, out=d)",
        f"acc_delta.mul_({_literal(rho)}).addcmul_(d, d, value={_literal(1 - rho)})",
        "p.add_(d, alpha=-lr)",
    ]
    return _arithmetic(("square_avg", "acc_delta"), lines)


def _adamax(h: Hyperparameters) -> Arithmetic:
    beta1, beta2 = h["betas"]
    lines = [
        *_gradient(h),
        f"exp_avg.lerp_(g, {_literal(1 - beta1)})",
        f"exp_inf.mul_({_literal(beta2)})",
        f"torch.maximum(exp_inf, g.abs_().add_({_literal(h['eps'])}), out=exp_inf)",
        f"p.addcdiv_(exp_avg, exp_inf, value=-(lr / (1.0 - {_literal(beta1)} ** t)))",
    ]
    return _arithmetic(("exp_avg", "exp_inf"), lines)


def _radam(h: Hyperparameters) -> Arithmetic:
    beta1, beta2 = h["betas"]
    first, second = (f"(1.0 - {_literal(beta)} ** t)" for beta in (beta1, beta2))
    longest = 2 / (1 - beta2) - 1
    decoupled = h["decoupled_weight_decay"]
    lines = [
        *(_gradient_beside_decay(h) if decoupled else _gradient(h)),
        f"exp_avg.lerp_(g, {_literal(1 - beta1)})",
        _second_moment("exp_avg_sq", beta2),
        f"d.copy_(exp_avg).div_({first}).mul_(lr)",
        f"rho = {_literal(longest)} - 2.0 * t * {_literal(beta2)} ** t / {second}",
        "if rho > 5.0:",
        "    torch.sqrt(exp_avg_sq, out=g)",
        f"    g.add_({_literal(h['eps'])}).reciprocal_().mul_({second} ** 0.5)",
        f"    d.mul_(g).mul_(((rho - 4.0) * (rho - 2.0) * {_literal(longest)}"
        f" / ({_literal((longest - 4) * (longest - 2))} * rho)) ** 0.5)",
        "p.add_(d, alpha=-1.0)",
    ]
    return _arithmetic(("exp_avg", "exp_avg_sq"), lines)


def _gradient(h: Hyperparameters) -> list[str]:
    """What becomes of the gradient before anything else."""
    lines = _ascent(h)
    if h["weight_decay"] != 0:
        lines.append(f"g.add_(p, alpha={_literal(h['weight_decay'])})")
    return lines


def _gradient_beside_decay(h: Hyperparameters) -> list[str]:
    """The same where the weights decay by themselves."""
    lines = _ascent(h)
    if h["weight_decay"] != 0:
        lines.append(f"p.mul_(1.0 - lr * {_literal(h['weight_decay'])})")
    return lines


def _ascent(h: Hyperparameters) -> list[str]:
    return ["g.neg_()"] if h["maximize"] else []


def _second_moment(name: str, decay: float) -> str:
    return f"{name}.mul_({_literal(decay)}).addcmul_(g, g, value={_literal(1 - decay)})"


def _literal(value: float) -> str:
    return repr(float(value))


def _arithmetic(
    state: list[str] | tuple[str, ...], lines: list[str], *, counts: bool = True
) -> Arithmetic:
    return Arithmetic(tuple(state), counts, "\n".join(lines))


# NAdam and ASGD are not here: they keep numbers of each parameter from step to step.
_WRITTEN: dict[type[Optimizer], Callable[[Hyperparameters], Arithmetic]] = {
    torch.optim.SGD: _sgd,
    torch.optim.Adam: _adam,
    torch.optim.AdamW: _adamw,
    torch.optim.RMSprop: _rmsprop,
    torch.optim.Adagrad: _adagrad,
    torch.optim.Adadelta: _adadelta,
    torch.optim.Adamax: _adamax,
    torch.optim.RAdam: _radam,
}
