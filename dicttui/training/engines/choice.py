"""Which engine makes a run's steps: eager at once, and a faster one as soon as there is one."""

import logging
import time
from collections.abc import Callable
from typing import Literal

import torch
from torch import nn

from dicttui.data.error import DataError
from dicttui.networks import foreign
from dicttui.networks.protocol import DictionaryNetwork
from dicttui.networks.reference import ReferenceDictionary
from dicttui.training.engines import captured, cuda_graph, held
from dicttui.training.engines.beginning import first_engine
from dicttui.training.engines.engine import CannotCaptureError, Capture, Engine, Observe, Work
from dicttui.training.trainable import Trainable

log = logging.getLogger(__name__)

SLICE = 0.008
"""Seconds of work towards a faster engine between two chunks of steps."""
CAPTURES: dict[str, Callable[[Trainable, int], Capture]] = {
    "cpu": captured.capture,
    "cuda": cuda_graph.capture,
}
"""What is faster, by the kind of a device."""
NOT_READY = "a faster engine is not ready yet"
"""Why a run is eager that need not stay so."""
FIRST_EAGER = 2
"""Steps that are eager before another engine is thought of: the first of an optimizer is unlike the
others, and whoever waits for the first losses should not wait for more."""


class Choice:
    """The engine of one run, another one after a while."""

    def __init__(self, first: Engine, only: str = "") -> None:
        """Begin with an engine; `only` says why there is to be no other, where that is so."""
        self._first = first
        self._fast: Engine | None = None
        self._capture: Capture | None = None
        self._of: tuple[nn.Module, torch.device] | None = None
        """The network and the device that a faster engine is, or was, looked for."""
        self._only = bool(only)
        self._eager_steps = 0
        self._why = only

    # -- what it is now --------------------------------------------------------------------------

    def now(self, trainable: Trainable) -> Engine:
        """The engine that makes the next steps of a run."""
        fast = self._fast
        return fast if fast is not None and fast.fits(trainable) else self._first

    def is_eager(self, trainable: Trainable) -> bool:
        """Whether the engine that it began with makes the next steps of a run."""
        return self.now(trainable) is self._first

    def detail(self, trainable: Trainable) -> str:
        """Why it is eager; empty if it is not."""
        if self._of is not None and not self._is_of(trainable):
            return ""
        return self._why if self.now(trainable) is self._first else ""

    def _is_of(self, trainable: Trainable) -> bool:
        return self._of is not None and (
            self._of[0] is trainable.network and self._of[1] == trainable.device
        )

    # -- steps -----------------------------------------------------------------------------------

    def prepare(self, trainable: Trainable, first: int, count: int) -> Work | None:
        """As `Engine.prepare`, of the engine that makes the next steps."""
        return self.now(trainable).prepare(trainable, first, count)

    def advance(
        self, trainable: Trainable, first: int, count: int, observe: Observe | None = None
    ) -> list[float]:
        """As `Engine.advance`; before it, some milliseconds of work towards a faster engine."""
        if not self._only:
            self._look_further(trainable, first)
        engine = self.now(trainable)
        if engine is self._first:
            self._eager_steps += count
        return engine.advance(trainable, first, count, observe)

    # -- on the way to a faster one --------------------------------------------------------------

    def reconsider(self) -> None:
        """Look for a faster engine once more if there was none: the run is in another state."""
        if self._fast is None and self._capture is None:
            self._of = None

    def give_up(self, why: str) -> None:
        """Stay eager on this device: a step of the faster engine has failed."""
        self._fast, self._capture, self._why = None, None, why

    def _look_further(self, trainable: Trainable, first: int) -> None:
        if not self._is_of(trainable):
            self._of = (trainable.network, trainable.device)
            self._fast, self._capture, self._why = None, None, ""
            self._eager_steps = 0
        elif self._fast is None and not self._why and self._eager_steps >= FIRST_EAGER:
            self._capture = _capture(trainable, first)
            self._why = NOT_READY
        elif self._capture is not None:
            self._go_on(self._capture)

    def _go_on(self, capture: Capture) -> None:
        random_state, until = torch.get_rng_state(), time.perf_counter() + SLICE
        _, put_others = held.random_streams()
        try:
            while time.perf_counter() < until:
                next(capture)
        except StopIteration as done:
            self._fast, self._capture, self._why = done.value, None, ""
        except CannotCaptureError as error:
            self._capture, self._why = None, str(error)
        except DataError:
            self._capture, self._why, self._of = None, "", None  # tried again once there are data
        except foreign.failures() as error:
            log.exception("no faster engine")
            first_line = foreign.named(error).split("\n")[0]
            self._capture, self._why = None, f"making a faster engine failed: {first_line}"
        finally:
            torch.set_rng_state(random_state)
            put_others()


def chosen(setting: Literal["auto", "eager"], network: DictionaryNetwork) -> Choice:
    """The engine of a run with this network, whose preset says so."""
    first = first_engine(network)
    if isinstance(network, ReferenceDictionary):
        return Choice(first, "each step is one call of partial_fit, on the CPU")
    return Choice(first, "as asked for" if setting == "eager" else "")


def _capture(trainable: Trainable, first: int) -> Capture:
    kind = trainable.device.type
    if kind not in CAPTURES:
        return _none(kind)
    return CAPTURES[kind](trainable, first)


def _none(kind: str) -> Capture:
    raise CannotCaptureError(f"there is nothing faster on {kind}")
    yield  # it is a generator, which raises when it is asked to go on
