"""What every engine is to the rest of the program."""

from collections.abc import Callable, Generator
from typing import NamedTuple, Protocol

from torch import Tensor

from dicttui.networks.protocol import Output
from dicttui.training.trainable import Trainable

Observe = Callable[[Tensor, Output, dict[str, Tensor]], None]
"""Called with x [batch, d_in], the output and the loss terms of a step, before its update."""


class Lent(NamedTuple):
    """What was made without Python."""

    steps: int
    cut_short: bool
    """Whether they are fewer than were to be made, because somebody asked the trainer to stand
    aside (`courtesy`)."""


Work = Callable[[], Lent]
"""Makes steps without Python."""


class StepError(Exception):
    """A step raised; its cause says what."""

    def __init__(self, losses: list[float], cause: BaseException) -> None:
        super().__init__(str(cause))
        self.losses = losses
        """Of the steps that were completed before."""
        self.cause = cause


class CannotCaptureError(Exception):
    """A run's steps cannot be made by an engine; the message says why, for a person, and goes on
    from "eager: ".
    """


class Engine(Protocol):
    """Makes the steps of one run."""

    name: str
    """What the card calls it."""
    exact: bool
    """Whether losses and weights are those of plain PyTorch on the same device, to the last bit."""

    def fits(self, trainable: Trainable) -> bool:
        """Whether it can make the next steps of this run: the network and the device are those it
        was made for. Rates, weights and the optimizer's state may have been replaced.
        """

    def prepare(self, trainable: Trainable, first: int, count: int) -> Work | None:
        """Work that makes these steps, or the first of them, without Python: it may run on any
        thread while the caller waits, and holds no GIL. `advance` takes it into account, and is to
        be asked for at least as many steps. None: there is none, and `advance` does everything.
        """

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
            The float32 loss of each step. The list may end with the first that is not finite, and
            that step's update is then not made; or all steps are made whatever their losses.

        Raises:
            StepError: a step raised, in a person's network or on the device; or, with a DataError
                as its cause, its batch cannot be read now, and nothing of the step has been done.

        """


Capture = Generator[None, None, Engine]
"""How an engine comes to be for a run: a generator that does a few milliseconds of work, in the
trainer thread, each time it is asked to go on, and returns an engine that has been checked against
eager steps. It touches nothing of the run, which makes steps of its own meanwhile; it raises
CannotCaptureError."""


def total(terms: dict[str, Tensor]) -> Tensor:
    """The sum of loss terms, added in their order."""
    first, *rest = terms.values()
    for term in rest:
        first = first + term
    return first
