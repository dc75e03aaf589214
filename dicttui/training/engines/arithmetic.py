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
- Scalars are float64 on both sides, in the same order of operations, and rounded to float32 once.
  What depends on hyper-parameters alone is worked out in Python.

`mul_`, `div_` and `add_` take a number as a tensor, and one that has to be made of a Python number
costs three times what the operation itself does on a small network. So the statements give them
tensors of one element that are there already.

It is the arithmetic of torch 2.13. That of 2.4 and later is the same, but that the first of these
take the square root of Adam's second bias correction with math.sqrt: the float64 may differ in its
last bit, and then, hardly ever, the float32 it is rounded to. Another version may change anything:
who takes these statements compares them with steps of the installed torch.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.optim import Optimizer

Hyperparameters = Mapping[str, Any]

_ROUNDED_TO_ONE = 1 - 2.0**-25
"""The least number that is 1 as a float32 (a tie goes to the even one), so that no division by it
is needed."""


class NoArithmeticError(Exception):
    """An optimizer's step is not written here; the message says why, for a person."""


@dataclass(frozen=True, slots=True)
class Arithmetic:
    """The step of one of torch's optimizers, in TorchScript over flat tensors.

    `once` and `each` are lines of TorchScript, each to be indented as the block they go into; some
    open a block of their own. They know by name
    `p`: the parameters [n], changed in place;
    `g`: their gradients [n], overwritten with anything;
    the tensors of `state`, each [n], changed in place;
    `d`: a scratch tensor [n] with any content;
    `lr`: the learning rate, a float;
    `t`: the number of this step, from 1, a float;
    and define others of more than one letter, and `c`.
    All tensors are float32 and contiguous. The state must exist: SGD's first step, which takes the
    gradient for its momentum_buffer, is not this one. Elements that belong to no parameter may take
    any value, NaN too, and do no harm to others.
    """

    state: tuple[str, ...]
    """Keys of the optimizer's state tensors that are shaped like the parameter."""
    counts: bool
    """Whether the optimizer's state has a "step"."""
    once: str
    """Makes what is the same in all steps."""
    each: str
    """Makes a step."""


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
        return _arithmetic((), {}, [*lines, "p.add_(g, alpha=-lr)"], counts=False)
    share = _literal(1 - h["dampening"])
    lines.append(f"momentum_buffer.mul_(momentum).add_(g, alpha={share})")
    moved = "momentum_buffer"
    if h["nesterov"]:
        lines.append(f"g.add_(momentum_buffer, alpha={_literal(h['momentum'])})")
        moved = "g"
    return _arithmetic(
        ("momentum_buffer",),
        {"momentum": h["momentum"]},
        [*lines, f"p.add_({moved}, alpha=-lr)"],
        counts=False,
    )


def _adam(h: Hyperparameters) -> Arithmetic:
    beta1, beta2 = h["betas"]
    state = ["exp_avg", "exp_avg_sq"]
    # Before torch had Adam's decoupled_weight_decay, only AdamW decoupled.
    decoupled = h.get("decoupled_weight_decay", False)
    lines = [
        *(_gradient_beside_decay(h) if decoupled else _gradient(h)),
        f"exp_avg.lerp_(g, {_literal(1 - beta1)})",
        _second_moment("exp_avg_sq", "beta2", beta2),
    ]
    rooted = "exp_avg_sq"
    if h["amsgrad"]:
        rooted = "max_exp_avg_sq"
        state.append(rooted)
        lines.append("torch.maximum(max_exp_avg_sq, exp_avg_sq, out=max_exp_avg_sq)")
    lines += [
        f"torch.sqrt({rooted}, out=d)",
        f"bias = (1.0 - {_literal(beta2)} ** t) ** 0.5",
        f"if bias < {_ROUNDED_TO_ONE!r}:",
        "    d.div_(c.fill_(bias))",
        "d.add_(eps)",
        f"p.addcdiv_(exp_avg, d, value=-(lr / (1.0 - {_literal(beta1)} ** t)))",
    ]
    return _arithmetic(state, {"beta2": beta2, "eps": h["eps"], "c": 0.0}, lines)


def _adamw(h: Hyperparameters) -> Arithmetic:
    return _adam({**h, "decoupled_weight_decay": True})


def _rmsprop(h: Hyperparameters) -> Arithmetic:
    alpha = h["alpha"]
    state = ["square_avg"]
    scalars = {"alpha": alpha, "eps": h["eps"]}
    lines = [*_gradient(h), _second_moment("square_avg", "alpha", alpha)]
    if h["centered"]:
        state.append("grad_avg")
        lines += [
            f"grad_avg.lerp_(g, {_literal(1 - alpha)})",
            "torch.addcmul(square_avg, grad_avg, grad_avg, value=-1.0, out=d)",
            "d.sqrt_().add_(eps)",
        ]
    else:
        lines += ["torch.sqrt(square_avg, out=d)", "d.add_(eps)"]
    if h["momentum"] > 0:
        state.append("momentum_buffer")
        scalars["momentum"] = h["momentum"]
        lines += [
            "momentum_buffer.mul_(momentum).addcdiv_(g, d)",
            "p.add_(momentum_buffer, alpha=-lr)",
        ]
    else:
        lines.append("p.addcdiv_(g, d, value=-lr)")
    return _arithmetic(state, scalars, lines)


def _adagrad(h: Hyperparameters) -> Arithmetic:
    lines = [
        *_gradient(h),
        "sum.addcmul_(g, g, value=1.0)",
        "torch.sqrt(sum, out=d)",
        "d.add_(eps)",
        f"p.addcdiv_(g, d, value=-(lr / (1.0 + (t - 1.0) * {_literal(h['lr_decay'])})))",
    ]
    return _arithmetic(("sum",), {"eps": h["eps"]}, lines)


def _adadelta(h: Hyperparameters) -> Arithmetic:
    rho = h["rho"]
    lines = [
        *_gradient(h),
        _second_moment("square_avg", "rho", rho),
        "d.copy_(square_avg).add_(eps).sqrt_()",
        "torch.mul(torch.add(acc_delta, eps).sqrt_().div_(d), g, out=d)",
        f"acc_delta.mul_(rho).addcmul_(d, d, value={_literal(1 - rho)})",
        "p.add_(d, alpha=-lr)",
    ]
    return _arithmetic(("square_avg", "acc_delta"), {"rho": rho, "eps": h["eps"]}, lines)


def _adamax(h: Hyperparameters) -> Arithmetic:
    beta1, beta2 = h["betas"]
    lines = [
        *_gradient(h),
        f"exp_avg.lerp_(g, {_literal(1 - beta1)})",
        "torch.maximum(exp_inf.mul_(beta2), g.abs_().add_(eps), out=exp_inf)",
        f"p.addcdiv_(exp_avg, exp_inf, value=-(lr / (1.0 - {_literal(beta1)} ** t)))",
    ]
    return _arithmetic(("exp_avg", "exp_inf"), {"beta2": beta2, "eps": h["eps"]}, lines)


def _radam(h: Hyperparameters) -> Arithmetic:
    beta1, beta2 = h["betas"]
    first, second = (f"(1.0 - {_literal(beta)} ** t)" for beta in (beta1, beta2))
    longest = 2 / (1 - beta2) - 1
    lines = [
        *(_gradient_beside_decay(h) if h["decoupled_weight_decay"] else _gradient(h)),
        f"exp_avg.lerp_(g, {_literal(1 - beta1)})",
        _second_moment("exp_avg_sq", "beta2", beta2),
        f"d.copy_(exp_avg).div_(c.fill_({first}))",
        "d.mul_(c.fill_(lr))",
        f"rho = {_literal(longest)} - 2.0 * t * {_literal(beta2)} ** t / {second}",
        "if rho > 5.0:",
        "    torch.sqrt(exp_avg_sq, out=g)",
        f"    g.add_(eps).reciprocal_().mul_(c.fill_({second} ** 0.5))",
        f"    rectified = ((rho - 4.0) * (rho - 2.0) * {_literal(longest)}"
        f" / ({_literal((longest - 4) * (longest - 2))} * rho)) ** 0.5",
        "    d.mul_(g).mul_(c.fill_(rectified))",
        "p.add_(d, alpha=-1.0)",
    ]
    return _arithmetic(
        ("exp_avg", "exp_avg_sq"), {"beta2": beta2, "eps": h["eps"], "c": 0.0}, lines
    )


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
        lines.append(f"p.mul_(c.fill_(1.0 - lr * {_literal(h['weight_decay'])}))")
    return lines


def _ascent(h: Hyperparameters) -> list[str]:
    return ["g.neg_()"] if h["maximize"] else []


def _second_moment(moment: str, name: str, decay: float) -> str:
    return f"{moment}.mul_({name}).addcmul_(g, g, value={_literal(1 - decay)})"


def _literal(value: float) -> str:
    return repr(float(value))


def _arithmetic(
    state: Sequence[str], scalars: Mapping[str, float], each: Sequence[str], *, counts: bool = True
) -> Arithmetic:
    """`scalars` become tensors of these names; `c` is one to be filled."""
    once = [
        f"{name} = torch.tensor({_literal(value)}, dtype=torch.float32)"
        for name, value in scalars.items()
    ]
    return Arithmetic(tuple(state), counts, "\n".join(once), "\n".join(each))


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
