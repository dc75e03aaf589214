"""A person's optimizer: what it is, its learning rates, and setting them."""

from collections.abc import Iterator, Sequence
from typing import Any

import torch
from pydantic import ValidationError
from torch import Tensor, nn
from torch.optim import Optimizer

from dicttui.preset.optimizers import OPTIMIZERS, OptimizerSpecification, OtherOptimizer
from dicttui.training.trainable import Rates, Trainable

Group = dict[str, Any]
_PLAIN = (bool, int, float, str, type(None))
_NO_SETTING = ("params", "lr", "initial_lr", "foreach", "fused", "differentiable", "capturable")


def name_of(optimizers: Sequence[Optimizer]) -> str:
    """Its class; of several, all of them."""
    return " + ".join(dict.fromkeys(type(optimizer).__name__ for optimizer in optimizers))


def arguments_of(optimizers: Sequence[Optimizer]) -> OptimizerSpecification:
    """Its arguments, as a preset has them where it is one of torch's; else those that are plain."""
    first = optimizers[0]
    group: Group = first.param_groups[0]
    kind = OPTIMIZERS.get(type(first).__name__)
    if kind is not None and _is_torchs(first) and len(optimizers) == 1:
        known = {key: _plain(group[key]) for key in kind.model_fields if key in group}
        try:
            return kind(**known)
        except ValidationError:
            pass  # torch takes more than a preset may say
    settings = {
        key: _plain(value)
        for key, value in group.items()
        if key not in _NO_SETTING and isinstance(_plain(value), _PLAIN)
    }
    return OtherOptimizer(settings=settings)


def _is_torchs(optimizer: Optimizer) -> bool:
    return getattr(torch.optim, type(optimizer).__name__, None) is type(optimizer)


def _plain(value: Any) -> Any:
    if isinstance(value, Tensor) and value.numel() == 1:
        return value.item()
    if isinstance(value, tuple | list):
        return tuple(_plain(part) for part in value)
    return value


class WatchedTrainable(Trainable):
    """The tensors of a watched loop; its optimizer's groups are the person's own, whose learning
    rates are read and set where they are.
    """

    __slots__ = ()

    @property
    def alone(self) -> str:
        """A person's own functions know the one model."""
        return "a loop of one's own cannot be copied"

    @property
    def groups(self) -> frozenset[str]:
        """Whether a parameter group is the dictionary's, and whether one is not."""
        return frozenset(name for name, _ in self._named())

    def read_rates(self) -> Rates | None:
        """The learning rates in force, of the first group of either kind; None where there is none
        (waits for a device that holds them).
        """
        found: dict[str, float] = {}
        for name, group in self._named():
            if "lr" in group:
                found.setdefault(name, float(group["lr"]))
        if not found:
            return None
        one = next(iter(found.values()))
        return Rates(found.get("rest", one), found.get("dictionary", one))

    def write_rates(self, rates: Rates) -> None:
        """Change the learning rates of all groups: those of a kind keep their ratios."""
        before = self.read_rates()
        assert before is not None
        for name, group in self._named():
            if "lr" not in group:
                continue
            old, new = getattr(before, name), getattr(rates, name)
            value = float(group["lr"]) * (new / old) if old and float(group["lr"]) != old else new
            if isinstance(group["lr"], Tensor):
                group["lr"].fill_(value)
            else:
                group["lr"] = value

    def rates_at(self, step: int) -> Rates:
        """Those in force: of a schedule nothing is known."""
        del step
        assert self.rates is not None
        return self.rates

    def first_rates(self) -> Rates | None:
        """Those in force."""
        return self.rates

    def put_rates(self, step: int) -> None:
        """Nothing: the loop's own program does that."""

    def fork_bytes(self) -> int:
        """0: it cannot be forked."""
        return 0

    def _named(self) -> Iterator[tuple[str, Group]]:
        """Every parameter group, by whether it holds the dictionary."""
        own = {id(p) for p in self.network.dictionary_parameters()}
        groups = [group for optimizer in self.optimizers for group in optimizer.param_groups]
        alone = len(groups) == 1
        for group in groups:
            of_dictionary = not alone and any(id(p) in own for p in group["params"])
            yield ("dictionary" if of_dictionary else "rest"), group


def untrained(model: nn.Module, optimizers: Sequence[Optimizer]) -> list[str]:
    """The parameters of a model that no optimizer steps, though they ask for a gradient."""
    stepped = {id(p) for o in optimizers for group in o.param_groups for p in group["params"]}
    return [
        name
        for name, parameter in model.named_parameters()
        if parameter.requires_grad and id(parameter) not in stepped
    ]
