"""A person's own loop as a run: its steps are made elsewhere, and told here."""

import math
import sys
from collections.abc import Sequence

import torch
from torch import Tensor

from dicttui.measures import ripple
from dicttui.networks import foreign
from dicttui.training.engines.beginning import first_engine
from dicttui.training.engines.choice import Choice
from dicttui.training.initial import Initial
from dicttui.training.run import SPEED_WINDOW, GradientRun
from dicttui.training.trainable import Rates
from dicttui.watching.network import WatchedNetwork
from dicttui.watching.optimizer import WatchedTrainable
from dicttui.watching.rows import WatchedRows

LARGEST_COPY = 2**28
"""Bytes of a model of whose first weights a copy is kept in host memory."""
WITHOUT_END = sys.maxsize
"""Completed updates at which a loop ends that has not said when it does."""


class WatchedRun(GradientRun):
    """Follows the steps of a loop that is not ours.

    Args:
        trainable: what the loop trains.
        network: the same as the trainable's.
        steps: completed updates at which the loop means to end; None: not known.
        dead_window: steps without firing after which an atom is dead.
        x: the fixed samples that are measured [m, d_in], on the device; None: there are none.
        held_out: others, that the loop does not train on.

    """

    trainable: WatchedTrainable

    def __init__(
        self,
        trainable: WatchedTrainable,
        network: WatchedNetwork,
        *,
        steps: int | None,
        dead_window: int,
        x: Tensor | None,
        held_out: Tensor | None,
    ) -> None:
        self.network = network
        self.x, self.held_out = x, held_out
        self.batch_size: int | None = None
        """Samples of a step; None: not known."""
        self.unseen = ""
        """Why it could not be looked at."""
        self.full_batch = False
        """Whether every step sees all of the fixed samples and no others."""
        engine = Choice(first_engine(network), "its own program makes the steps")
        super().__init__(trainable, WITHOUT_END if steps is None else steps, dead_window, engine)

    def _taken_at_first(self) -> Initial:
        """To be compared with; nothing of it is ever put back."""
        rows = self.network.dictionary if self.network.parts.dictionary else torch.empty(0, 1)
        tensors = self.trainable.module_tensors()
        if sum(tensor.nbytes for tensor in tensors) > LARGEST_COPY:
            tensors = []
        return Initial(
            [tensor.detach().to("cpu", copy=True) for tensor in tensors],
            rows.detach().to("cpu", copy=True),
            torch.get_rng_state(),
        )

    @property
    def wants(self) -> int:
        """1 while it trains: its end is not ours to say."""
        return int(self.state == "running")

    def made(self, values: Sequence[float], took: float, now: float) -> None:
        """Its loop has made steps with these losses, in so many seconds of its own, until now."""
        self.newly_made = (self.step, list(values))
        if not values:
            return
        began, self.seconds = self.seconds, self.seconds + took
        self.past.made(self.step, list(values), began, self.seconds)
        if self.full_batch:
            self.past.recent.extend(values[-ripple.WINDOW :])
        self.step += len(values)
        self._speed.append((now, self.seconds, self.step))
        while len(self._speed) > 2 and self._speed[0][0] < now - SPEED_WINDOW:
            self._speed.popleft()
        if self.pause_at is not None and self.step >= self.pause_at and self.state == "running":
            self.state, self.pause_at = "paused", None
        if self.state in ("running", "paused") and not math.isfinite(values[-1]):
            self._look_whether_lost(values)

    def _look_whether_lost(self, values: Sequence[float]) -> None:
        """A loss that is not finite may be a skipped step; parameters that are not are the end."""
        name = next(
            (n for n, p in self.network.module.named_parameters() if not torch.isfinite(p).all()),
            None,
        )
        if name is None:
            return
        first = next(i for i, value in enumerate(values) if not math.isfinite(value))
        self.diverged_at = self.step - len(values) + first
        self.state, self.pause_at = "diverged", None
        self.state_detail = (
            f"the loss was {values[first]} at step {self.diverged_at:,} and {name} is no longer "
            "finite; the loop makes steps all the same"
        )

    def watch_rows(self, wanted: bool) -> None:
        """Follow each row's updates from now on, or no longer."""
        if wanted and self.rows is None:
            self.rows = WatchedRows(self.initial.dictionary)
        elif not wanted:
            self.rows = None

    def fail(self, error: BaseException) -> None:
        """Looking at it has failed, and not its training: it goes on."""
        self.unseen = foreign.named(error).split("\n")[0]

    def set_rates(self, rates: Rates) -> None:
        """Change the learning rates where the loop's optimizer has them."""
        self.trainable.write_rates(rates)
        self.trainable.rates = self.trainable.read_rates()

    def reset_optimizer(self) -> None:
        """Forget the optimizer's state."""
        for optimizer in self.trainable.optimizers:
            optimizer.state.clear()
