"""scikit-learn in place of forward pass, backward pass and optimizer."""

import math

from torch import Tensor

from dicttui.measures import codes
from dicttui.networks import foreign
from dicttui.networks.reference import ReferenceDictionary
from dicttui.training.engines.engine import Observe, StepError, total
from dicttui.training.trainable import Trainable


class ReferenceEngine:
    """Makes the steps of a `ReferenceDictionary`: each hands its batch to `partial_fit`."""

    name = "scikit-learn"
    exact = True

    def fits(self, trainable: Trainable) -> bool:
        """Those runs alone whose network learns so."""
        return isinstance(trainable.network, ReferenceDictionary)

    def prepare(self, trainable: Trainable, first: int, count: int) -> None:
        """Nothing: every step is scikit-learn's."""

    def advance(
        self, trainable: Trainable, first: int, count: int, observe: Observe | None = None
    ) -> list[float]:
        """Make steps; the list ends with the first loss that is not finite, whose update has then
        been made.
        """
        network, values = trainable.network, list[float]()
        assert isinstance(network, ReferenceDictionary)
        try:
            for step in range(first, first + count):
                x = trainable.samples.batch(step, trainable.device)
                last = step == first + count - 1
                values.append(_step(trainable, network, x, step, observe if last else None))
                if not math.isfinite(values[-1]):
                    break
        except foreign.failures() as error:
            raise StepError(values, error) from error
        return values


def _step(
    trainable: Trainable,
    network: ReferenceDictionary,
    x: Tensor,
    step: int,
    observe: Observe | None,
) -> float:
    """One step; its loss."""
    firing = codes.Firing(trainable.x_rms, network.sparse_code)
    losses = list[float]()

    def coded(code: Tensor) -> None:
        learned = network.decoded(code)
        terms = network.terms_of(x, learned)
        losses.append(total(terms).item())
        firing.add(code, network.atoms.detach())
        trainable.deadness.update(firing.fired_any(), step)
        if observe is not None:
            observe(x, learned if network.arguments.codes_alike else network(x), terms)

    network.learn(x, coded)
    return losses[0]
