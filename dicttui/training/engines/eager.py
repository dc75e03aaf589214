"""Plain PyTorch, one operation after the other: the reference every other engine is held to."""

import math
from collections.abc import Callable

import torch
from torch import Tensor

from dicttui.measures import codes
from dicttui.networks import foreign
from dicttui.networks.protocol import Output
from dicttui.optimizers import constraints
from dicttui.training.trainable import Trainable

Observe = Callable[[Tensor, Output, dict[str, Tensor]], None]
"""Called with x [batch, d_in], the output and the loss terms of a step, before its update."""


class StepError(Exception):
    """A step raised; its cause says what."""

    def __init__(self, losses: list[float], cause: BaseException) -> None:
        super().__init__(str(cause))
        self.losses = losses
        """Of the steps that were completed before."""
        self.cause = cause


class EagerEngine:
    """Makes steps as the bare training loop makes them."""

    name = "eager"

    def advance(
        self, trainable: Trainable, first: int, count: int, observe: Observe | None = None
    ) -> list[float]:
        """Make the steps first … first + count − 1.

        Args:
            trainable: what to train.
            first: the step index of the first step.
            count: how many steps.
            observe: called in the last step, between its forward pass and its update.

        Returns:
            The float32 loss of each step. On the CPU, where looking at a loss costs nothing, the
            list ends with the first that is not finite, and that step's update is not made;
            elsewhere all steps are made and the losses are fetched at once.

        Raises:
            StepError: a step raised, in a person's network or on the device.

        """
        on_cpu = trainable.device.type == "cpu"
        specification = trainable.specification
        network, optimizers = trainable.network, trainable.optimizers
        scheduled = specification.schedule != "constant" or specification.warmup_steps > 0
        plain = specification.constraint == "none" and specification.project == "none"
        values: list[float] = []
        pending: list[Tensor] = []
        # A view of parameters that are stepped in place: it stays the atoms of every step.
        atoms = network.atoms.detach()
        firing = codes.Firing(trainable.x_rms, network.sparse_code)
        last = first + count - 1
        trainable.put_rates(first)
        step = first
        try:
            for step in range(first, first + count):
                if scheduled:
                    trainable.put_rates(step)
                x = trainable.samples.batch(step, trainable.device)
                for optimizer in optimizers:
                    optimizer.zero_grad()
                output = network(x)
                terms = network.loss_terms(x, output)
                loss = total(terms)
                if on_cpu:
                    values.append(loss.item())
                    if not math.isfinite(values[-1]):
                        break
                else:
                    pending.append(loss.detach())
                loss.backward()  # type: ignore[no-untyped-call]
                firing.add(output.code, atoms)
                if specification.clip_grad_norm > 0:
                    torch.nn.utils.clip_grad_norm_(
                        network.parameters(), specification.clip_grad_norm
                    )
                if step == last:
                    trainable.deadness.update(firing.fired_any(), step)
                    if observe is not None:
                        observe(x, output, terms)
                if plain:
                    for optimizer in optimizers:
                        optimizer.step()
                else:
                    _constrained_step(trainable)
        except foreign.failures() as error:
            made = step - first
            raise StepError(values[:made] or _fetched(pending[:made]), error) from error
        return values or _fetched(pending)


def _fetched(losses: list[Tensor]) -> list[float]:
    return torch.stack(losses).tolist() if losses else []


def _constrained_step(trainable: Trainable) -> None:
    specification, network = trainable.specification, trainable.network
    before = None
    if specification.project == "gradient":
        constraints.project_gradient(network)
    elif specification.project == "update":
        before = network.atoms.detach().clone()
    for optimizer in trainable.optimizers:
        optimizer.step()
    if before is not None:
        constraints.project_update(network.atoms, before)
    constraints.apply(network.atoms, specification.constraint, specification.max_norm)


def total(terms: dict[str, Tensor]) -> Tensor:
    """The sum of loss terms, added in their order."""
    first, *rest = terms.values()
    for term in rest:
        first = first + term
    return first
