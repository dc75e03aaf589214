"""A run's optimizers, from torch.optim, with the dictionary in a parameter group of its own."""

import inspect
import math
from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import nn
from torch.optim import Optimizer

from dicttui.networks.protocol import DictionaryNetwork
from dicttui.preset.runs import RunSpecification

GROUPS = ("dictionary", "rest")
"""The names of the parameter groups, in their order; a group without parameters is left out."""


class OptimizerError(Exception):
    """A run's optimizer cannot be had; the message says which, why, and what to do."""


def build(run: RunSpecification, network: DictionaryNetwork) -> list[Optimizer]:
    """The optimizers that together step each parameter of the network once.

    One, but for Muon, which steps matrices only: AdamW steps the vectors at Muon's learning rate
    and weight decay. Every group has a "name" of GROUPS and stands at the base learning rate, the
    dictionary's at lr · dictionary_lr_scale; a schedule is the caller's to apply. Whether a step
    is made by loops, foreach or fused kernels is torch's own choice. A learner, which makes steps
    of its own, has none.
    Raises OptimizerError where the installed torch lacks the optimizer or one of its arguments, or
    an argument is beyond float32.
    """
    if run.lr is None:
        return []
    groups = _groups(run.lr, run.dictionary_lr_scale, network)
    arguments = run.arguments.model_dump()
    _refuse_beyond_float32(run, arguments)
    if run.optimizer != "Muon":
        return [_construct(run, run.optimizer, groups, arguments)]
    matrices = _only(groups, lambda parameter: parameter.ndim == 2)
    others = _only(groups, lambda parameter: parameter.ndim != 2)
    decay = {"weight_decay": arguments["weight_decay"]}
    return [
        *([_construct(run, "Muon", matrices, arguments)] if matrices else []),
        *([_construct(run, "AdamW", others, decay)] if others else []),
    ]


def rebuild(
    run: RunSpecification, network: DictionaryNetwork, old: Sequence[Optimizer]
) -> list[Optimizer]:
    """New optimizers over the network's present parameters, with the old ones' state and rates.

    For a network whose parameters were replaced, by a move to another device for one: torch puts
    the state where each parameter lives. The network must have the parameters it had, in the same
    order. Tensors of state that need not move may be shared with the old optimizers, which must
    not step again. Raises OptimizerError as `build` does, or where the parameters do not match.
    """
    new = build(run, network)
    if len(new) != len(old):
        raise OptimizerError(
            f"run {run.name!r}: its network no longer has the parameters that its optimizer knew"
        )
    for fresh, former in zip(new, old, strict=True):
        try:
            fresh.load_state_dict(former.state_dict())
        except ValueError as error:
            raise OptimizerError(
                f"run {run.name!r}: the state of {type(former).__name__} does not fit the "
                f"network's parameters ({error})"
            ) from error
    return new


def _groups(lr: float, scale: float, network: DictionaryNetwork) -> list[dict[str, Any]]:
    dictionary = {id(parameter) for parameter in network.dictionary_parameters()}
    groups = [
        {
            "name": "dictionary",
            "params": [p for p in network.parameters() if id(p) in dictionary],
            "lr": lr * scale,
        },
        {
            "name": "rest",
            "params": [p for p in network.parameters() if id(p) not in dictionary],
            "lr": lr,
        },
    ]
    return [group for group in groups if group["params"]]


def _only(
    groups: list[dict[str, Any]], wanted: Callable[[nn.Parameter], bool]
) -> list[dict[str, Any]]:
    chosen = [{**group, "params": list(filter(wanted, group["params"]))} for group in groups]
    return [group for group in chosen if group["params"]]


def _refuse_beyond_float32(run: RunSpecification, arguments: dict[str, Any]) -> None:
    """What torch refuses only in the first step, and then without a name."""
    most = torch.finfo(torch.float32).max
    for key, argument in arguments.items():
        for value in argument if isinstance(argument, tuple) else (argument,):
            if isinstance(value, float) and math.isfinite(value) and abs(value) > most:
                raise OptimizerError(
                    f"run {run.name!r}: {key} = {value:g} is beyond float32, in which it trains "
                    f"(at most {most:.3g})"
                )


def _construct(
    run: RunSpecification, name: str, groups: list[dict[str, Any]], arguments: dict[str, Any]
) -> Optimizer:
    cls: Callable[..., Optimizer] | None = getattr(torch.optim, name, None)
    if cls is None:
        raise OptimizerError(
            f"run {run.name!r}: torch {torch.__version__} has no optimizer {name}; "
            "install a newer torch or choose another optimizer"
        )
    known = inspect.signature(cls).parameters
    defaults = {key: field.default for key, field in type(run.arguments).model_fields.items()}
    unknown = [key for key in arguments if key not in known]
    for key in unknown:
        # An older torch does without an argument as long as nobody asks for it.
        if arguments[key] != defaults[key]:
            raise OptimizerError(
                f"run {run.name!r}: {name} of torch {torch.__version__} has no argument {key}; "
                "install a newer torch or leave it out"
            )
    try:
        return cls(groups, **{k: v for k, v in arguments.items() if k in known}, lr=run.lr)
    except (ValueError, TypeError) as error:
        raise OptimizerError(f"run {run.name!r}: {name} refuses its arguments: {error}") from error
