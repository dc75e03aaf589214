"""Plain PyTorch, one operation after the other: the reference every other engine is held to."""

import math

import torch
from torch import Tensor

from dicttui.data.error import DataError
from dicttui.measures import codes
from dicttui.networks import foreign
from dicttui.networks.precision import tf32
from dicttui.optimizers import schedules
from dicttui.training.engines.engine import Observe, StepError, total
from dicttui.training.engines.step import after_update, before_update, clip_gradients
from dicttui.training.trainable import Trainable


class EagerEngine:
    """Makes steps as the bare training loop makes them."""

    name = "eager"
    exact = True

    def fits(self, trainable: Trainable) -> bool:  # noqa: ARG002
        """Every run."""
        return True

    def prepare(self, trainable: Trainable, first: int, count: int) -> None:
        """Nothing: every step is Python's."""

    def advance(
        self, trainable: Trainable, first: int, count: int, observe: Observe | None = None
    ) -> list[float]:
        """Make steps. On the CPU, where looking at a loss costs nothing, the list ends with the
        first that is not finite; elsewhere all steps are made and the losses are fetched at once.
        """
        precision = trainable.network.precision
        with trainable.own_random_stream(), tf32(precision, trainable.device):
            return self._advance(trainable, first, count, observe)

    def _advance(
        self, trainable: Trainable, first: int, count: int, observe: Observe | None
    ) -> list[float]:
        on_cpu = trainable.device.type == "cpu"
        specification = trainable.specification
        network, optimizers = trainable.network, trainable.optimizers
        scheduled = not schedules.constant(specification)
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
                clip_gradients(trainable)
                if step == last:
                    trainable.deadness.update(firing.fired_any(), step)
                    if observe is not None:
                        observe(x, output, terms)
                before = before_update(trainable)
                for optimizer in optimizers:
                    optimizer.step()
                after_update(trainable, before, output.code)
        except foreign.failures() as error:
            made = step - first
            if made and isinstance(error, DataError):
                # The run only waits for its batch: which atoms have fired is not to be lost.
                trainable.deadness.update(firing.fired_any(), step - 1)
            raise StepError(values[:made] or _fetched(pending[:made]), error) from error
        return values or _fetched(pending)


def _fetched(losses: list[Tensor]) -> list[float]:
    return torch.stack(losses).tolist() if losses else []
