"""The tensors of one run and all that is needed to make a step with them."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.optim import Optimizer

from dicttui.data.samples import Samples
from dicttui.measures.deadness import Deadness
from dicttui.networks.protocol import DictionaryNetwork
from dicttui.optimizers import schedules
from dicttui.preset.runs import RunSpecification
from dicttui.training.interventions import Group


@dataclass(slots=True)
class Rates:
    """The base learning rates that a schedule scales."""

    rest: float
    dictionary: float

    def after(self, group: Group, lr: float | None, factor: float | None) -> "Rates":
        """What they would be: set to lr, or multiplied by factor; of "both", lr is the rate of the
        rest, and the dictionary keeps its ratio to it.
        """
        times = factor or 1.0
        if group == "both":
            if lr is not None:
                return Rates(lr, lr * (self.dictionary / self.rest))
            return Rates(self.rest * times, self.dictionary * times)
        if group == "rest":
            return Rates(self.rest * times if lr is None else lr, self.dictionary)
        return Rates(self.rest, self.dictionary * times if lr is None else lr)


@dataclass(slots=True)
class Trainable:
    """Owned by the trainer thread."""

    specification: RunSpecification
    network: DictionaryNetwork
    optimizers: list[Optimizer]
    samples: Samples
    device: torch.device
    deadness: Deadness
    rates: Rates | None
    """None for a learner that has no learning rate."""
    x_rms: float
    """Root mean square of the train samples' features: the scale below which linear codes do not
    count as firing."""
    total_steps: int
    """What schedules end with: the preset's number of steps."""
    random_state: Tensor
    """Of torch's global CPU generator, for networks that draw while they train."""

    @property
    def n_atoms(self) -> int:
        """How many atoms there are, without asking the network."""
        return len(self.deadness.last_fired)

    @property
    def alone(self) -> str:
        """Why there can be no second one of these; empty: there can."""
        return ""

    @property
    def groups(self) -> frozenset[str]:
        """The names of the parameter groups that hold a parameter."""
        return frozenset(
            group["name"] for optimizer in self.optimizers for group in optimizer.param_groups
        )

    def in_groups(self, rates: Rates) -> Rates:
        """These base rates, of which one stands for both where one group holds all parameters."""
        if "rest" not in self.groups:
            return Rates(rates.dictionary, rates.dictionary)
        if "dictionary" not in self.groups:
            return Rates(rates.rest, rates.rest)
        return rates

    def first_rates(self) -> Rates | None:
        """The base rates of the preset."""
        lr = self.specification.lr
        if lr is None:
            return None
        return self.in_groups(Rates(lr, lr * self.specification.dictionary_lr_scale))

    def rates_at(self, step: int) -> Rates:
        """The learning rates in force at a step index, of a run that has any."""
        assert self.rates is not None
        factor = schedules.factor(self.specification, step, self.total_steps)
        return Rates(self.rates.rest * factor, self.rates.dictionary * factor)

    def rates_of(self, steps: Sequence[int]) -> list[float]:
        """The learning rates in force at these step indices: of the first that of the rest and the
        dictionary's, of the second …
        """
        assert self.rates is not None
        factors = [schedules.factor(self.specification, step, self.total_steps) for step in steps]
        rest, dictionary = self.rates.rest, self.rates.dictionary
        return [rate for factor in factors for rate in (rest * factor, dictionary * factor)]

    def put_rates(self, step: int) -> None:
        """Give the optimizers the learning rates in force at a step index."""
        rates = self.rates_at(step)
        for optimizer in self.optimizers:
            for group in optimizer.param_groups:
                group["lr"] = rates.dictionary if group["name"] == "dictionary" else rates.rest

    @contextmanager
    def own_random_stream(self) -> Iterator[None]:
        """Draw from the run's own stream of torch's global generator meanwhile."""
        outside = torch.get_rng_state()
        torch.set_rng_state(self.random_state)
        try:
            yield
        finally:
            self.random_state = torch.get_rng_state()
            torch.set_rng_state(outside)

    def module_tensors(self) -> list[Tensor]:
        """Every tensor that a step may change, gradients and the optimizers' state apart."""
        return [
            *self.network.parameters(), *self.network.buffers(), self.deadness.last_fired,
        ]  # fmt: skip

    def fork_bytes(self) -> int:
        """What a second one of these would take: parameters, their gradients, buffers, the
        optimizers' state.
        """
        parameters = [p for p in self.network.parameters() if p.requires_grad]
        states = [
            value
            for optimizer in self.optimizers
            for state in optimizer.state.values()
            for value in state.values()
            if isinstance(value, Tensor)
        ]
        return sum(t.nbytes for t in (*self.module_tensors(), *parameters, *states))
