"""What became non-finite first, and the last state before it."""

from dataclasses import dataclass

import torch
from torch import Tensor

from dicttui.data.error import DataError
from dicttui.networks.protocol import Output
from dicttui.training.checkpoint import Checkpoint
from dicttui.training.engines.beginning import first_engine
from dicttui.training.engines.engine import StepError
from dicttui.training.trainable import Trainable
from dicttui.training.undisturbed import looking


@dataclass(frozen=True, slots=True)
class Divergence:
    """Where a run stopped."""

    step: int
    """Updates in the state that was kept: the last one with finite parameters."""
    text: str
    """"loss is nan at step 41; first was the gradient of encoder.weight at step 40"."""


def trace(trainable: Trainable, checkpoint: Checkpoint, bad: int, loss: float) -> Divergence:
    """Go back to the last finite state before a step whose loss is not finite.

    The steps since the checkpoint are made again, which gives the same numbers because a batch
    depends on its step alone, one fewer each time until all parameters are finite.

    Args:
        trainable: left in that state.
        checkpoint: a finite state at or before `bad`; its step is -1 if there is none.
        bad: the first step index whose loss is not finite.
        loss: that loss.

    """
    what = f"loss is {_name(loss)} at step {bad}"
    if checkpoint.step < 0:
        names = [n for n, p in trainable.network.named_parameters() if not _finite(p)]
        return Divergence(bad, f"{what}; no finite state to go back to ({', '.join(names)})")
    try:
        return _traced(trainable, checkpoint, bad, what)
    except (StepError, DataError) as error:
        cause = getattr(error, "cause", error)
        if not isinstance(cause, DataError):
            raise
        checkpoint.restore(trainable)
        return Divergence(checkpoint.step, f"{what}; where it began cannot be said: {cause}")


def _traced(trainable: Trainable, checkpoint: Checkpoint, bad: int, what: str) -> Divergence:
    kept = bad
    while True:
        repeat(trainable, checkpoint, kept)
        if kept <= checkpoint.step or finite_parameters(trainable):
            break
        kept -= 1
    first = _first_in_step(trainable, kept)
    where = "" if kept == bad else f" at step {kept}"
    return Divergence(kept, f"{what}; first was {first}{where}" if first else what)


def finite_parameters(trainable: Trainable) -> bool:
    """Whether every parameter is finite (waits for the device)."""
    return all(_finite(parameter) for parameter in trainable.network.parameters())


def repeat(trainable: Trainable, checkpoint: Checkpoint, until: int) -> None:
    """Put a run into the state that it had before a step, by making again, eagerly, those that
    have been made since a checkpoint.
    """
    checkpoint.restore(trainable)
    rates, trainable.rates = trainable.rates, checkpoint.rates
    try:
        if until > checkpoint.step:
            engine = first_engine(trainable.network)
            engine.advance(trainable, checkpoint.step, until - checkpoint.step)
    finally:
        trainable.rates = rates


def _first_in_step(trainable: Trainable, step: int) -> str:
    """The first tensor of a step, in the order it is computed, that is not finite; the state is
    left as it is. Empty if all are.
    """
    network = trainable.network
    x = trainable.samples.batch(step, trainable.device)
    if not _finite(x):
        return "the batch itself"
    with looking(network):
        torch.set_rng_state(trainable.random_state)
        output: Output = network(x)
        if not _finite(output.code):
            return "the code"
        if not _finite(output.reconstruction):
            return "the reconstruction"
        terms = network.loss_terms(x, output)
        for name, term in terms.items():
            if not _finite(term):
                return f"the loss term {name}"
        network.zero_grad()
        loss = torch.stack(list(terms.values())).sum()
        if not loss.requires_grad:
            return "the dictionary's update"
        loss.backward()  # type: ignore[no-untyped-call]
        for name, parameter in network.named_parameters():
            if parameter.grad is not None and not _finite(parameter.grad):
                return f"the gradient of {name}"
    return "the optimizer's update"


def _finite(tensor: Tensor) -> bool:
    return bool(torch.isfinite(tensor).all().item())


def _name(value: float) -> str:
    return "nan" if value != value else "inf"  # noqa: PLR0124
