"""One run: one network trained by one optimizer, with its history and its state."""

import logging
import math
import sys
import time
from collections import deque
from functools import cached_property

import torch

from dicttui.data.error import DataError
from dicttui.measures import norms, ripple
from dicttui.measures.floor import Floor, loss_floor, without_codes
from dicttui.measures.steps import RECENT_STEPS
from dicttui.networks import foreign
from dicttui.networks.protocol import Output
from dicttui.networks.reference import ReferenceDictionary
from dicttui.preset.runs import RunSpecification
from dicttui.training import devices, divergence, measurement, resampling
from dicttui.training.checkpoint import Checkpoint
from dicttui.training.engines.choice import NOT_READY, Choice
from dicttui.training.engines.engine import Lent, StepError, Work
from dicttui.training.exhibits import Exhibits
from dicttui.training.firing import FiringTracker
from dicttui.training.initial import Initial
from dicttui.training.measurement import Measurement
from dicttui.training.moment import UndoPoint
from dicttui.training.past import GHOSTS_KEPT, Past
from dicttui.training.rows import RowTracker
from dicttui.training.snapshot import Ghost, RunState
from dicttui.training.trainable import Rates, Trainable

log = logging.getLogger(__name__)

SPEED_WINDOW = 2.0
"""Seconds over which steps per second are taken."""
PROBE_EVERY, PROBE_EVERY_LATER = 10, 100
"""Steps between two evaluations of the probe batch, where training is by minibatches, at first and
from step PROBED_OFTEN on. One is a forward pass of one batch and ends a chunk of steps, so that
steps that are made without Python are held up."""
PROBED_OFTEN = 200 * PROBE_EVERY
"""By then the last 200 evaluations, which the ripple is taken of, are known."""
LOOKS_A_WINDOW = 8
"""How often it is counted who has died or woken in as many steps as make an atom dead."""
LARGEST_FLOOR = 50_000_000
"""Numbers in a train set up to which its loss floor is computed."""


class GradientRun:
    """A run whose network is trained by one of torch's optimizers, or learns by itself."""

    def __init__(self, trainable: Trainable, steps: int, dead_window: int, engine: Choice) -> None:
        self.specification: RunSpecification = trainable.specification
        self.name = self.specification.name
        self.trainable = trainable
        self.engine = engine
        self.state: RunState = "running"
        self.state_detail = ""
        self.missing = ""
        """Why it has been paused, where its next batch could not be read."""
        self.step = 0
        self.target = steps
        self.pause_at: int | None = None
        """Completed updates at which to pause, after "n steps"."""
        self.lambda_field: float | None = None
        """The L1 coefficient in the field's units, where there is one."""
        self.dead_window = dead_window
        self.seconds = 0.0
        """Spent training."""
        self.segment = 0
        """How often it has gone back to an earlier step."""
        self.parent = ""
        """The run that it is a fork of; empty if there is none."""
        self.root = self.name
        """The run of the preset from which it descends; itself if it is one of those."""
        self.forked_at: int | None = None
        self.begun_anew = False
        """Whether it, or the fork that it is a fork of, began at step 0 by settings of its own."""
        self.ghosts: list[Ghost] = []
        self.undo: list[UndoPoint] = []
        """Oldest first."""
        self.newly_made: tuple[int, list[float]] = (0, [])
        """The index of the first step of the last call of `advance`, and the steps' losses."""
        self.initial = self._taken_at_first()
        self._checkpoint = Checkpoint()
        self.rows: RowTracker | None = None
        self.firing = FiringTracker(dead_window)
        self.exhibits = Exhibits()
        self._prepared = False
        self._lent_steps = 0
        """Steps that prepared work has made, of which `advance` knows nothing yet."""
        self._lent_seconds = 0.0
        """Seconds that it took, wherever it was done."""
        self._forget_the_past()

    def _taken_at_first(self) -> Initial:
        """What it can go back to, or be compared with."""
        return Initial.of(self.trainable)

    def _forget_the_past(self) -> None:
        self.past = Past()
        self.measured: Measurement | None = None
        self.diverged_at = -1
        self._speed: deque[tuple[float, float, int]] = deque()

    # -- stepping ------------------------------------------------------------------------------

    @property
    def learning_rate(self) -> float | None:
        """Of the rest, in force at the next step; None for a learner that has none."""
        return None if self.trainable.rates is None else self.trainable.rates_at(self.step).rest

    @property
    def wants(self) -> int:
        """How many steps it would make before it has to stop."""
        if self.state != "running":
            return 0
        limit = self.target if self.pause_at is None else min(self.target, self.pause_at)
        return max(0, limit - self.step)

    @property
    def reached(self) -> int:
        """Steps that it has made, those included that a divergence was found in."""
        return self.diverged_at + 1 if self.state == "diverged" else self.step

    @property
    def until_probe(self) -> int:
        """Steps until the probe batch is to be evaluated; as good as never for the full batch,
        where every step evaluates one.
        """
        if self.trainable.samples.full_batch:
            return sys.maxsize
        return self._probe_every - self.step % self._probe_every

    @property
    def until_resampling(self) -> int:
        """Steps until dead atoms are started anew, at least 1: at once is before the next step."""
        due = resampling.until_due(self.specification, self.step + 1)
        return sys.maxsize if due is None else due + 1

    @property
    def _probe_every(self) -> int:
        return PROBE_EVERY if self.step < PROBED_OFTEN else PROBE_EVERY_LATER

    @property
    def observed(self) -> bool:
        """Whether the newest measurement belongs to the last step made."""
        return self.measured is not None and self.measured.step == max(0, self.step - 1)

    @property
    def engine_detail(self) -> str:
        """Why it makes its steps as it began to, or made them; empty if it does not."""
        why = self.engine.detail(self.trainable)
        over = self.state not in ("running", "paused")
        if over and why in ("", NOT_READY) and self.engine.is_eager(self.trainable):
            return "it ended before a faster engine was ready"
        return why

    def prepare(self, count: int, *, observe: bool) -> Work | None:
        """Work that makes steps of those that `advance` will be asked for next: it may be done on
        any thread meanwhile, and holds no GIL. None: there is none.
        """
        self._prepared, self._lent_steps = True, 0
        self._resample()
        if self._checkpoint.due():
            self._checkpoint.take(self.trainable, self.step)
        one_by_one = int(observe) if self._rows_in(count, observe) is None else RECENT_STEPS
        work = self.engine.prepare(self.trainable, self.step, max(0, count - one_by_one))
        if work is None:
            return None

        def timed() -> Lent:
            began = time.perf_counter()
            made = work()
            self._lent_steps, self._lent_seconds = made.steps, time.perf_counter() - began
            return made

        return timed

    def advance(self, count: int, *, observe: bool) -> None:
        """Make so many steps, and measure in the last of them if asked to."""
        self.newly_made = (self.step, [])
        if not self._prepared:
            self._resample()
            if self._checkpoint.due():
                self._checkpoint.take(self.trainable, self.step)
        began = time.perf_counter() - self._lent_seconds
        self._prepared, self._lent_seconds = False, 0.0
        failure: BaseException | None = None
        try:
            values = self._step(count, observe)
        except StepError as error:
            values, failure = error.losses, error.cause
            if isinstance(failure, DataError):
                pass  # nothing of that step has been done, and those before it are known
            elif self.engine.now(self.trainable).exact and not self.engine.is_eager(self.trainable):
                values, failure = self._eagerly(count, observe, failure)
        ended = time.perf_counter()
        self._lent_steps = 0
        bad = None
        if not math.isfinite(sum(values)):
            bad = next((i for i, v in enumerate(values) if not math.isfinite(v)), None)
        if bad is not None:
            # A device that is not waited for has made more steps.
            del values[bad + 1 :]
        if values:
            self._record(values, ended - began)
        if bad is not None:
            self._diverge(self.step - 1, values[-1])
            return
        if failure is not None:
            raise failure
        self._speed.append((ended, self.seconds, self.step))
        while len(self._speed) > 2 and self._speed[0][0] < ended - SPEED_WINDOW:
            self._speed.popleft()
        if self.step >= self.target:
            self.state, self.pause_at = "finished", None
        elif self.pause_at is not None and self.step >= self.pause_at:
            self.state = "paused"
            self.pause_at = None

    def _resample(self) -> None:
        """Start dead atoms anew if it is time for that, before the next step."""
        if resampling.until_due(self.specification, self.step) != 0:
            return
        count = resampling.resample(self.trainable, self.step, self.dead_window)
        if count:
            self.mark(f"{count:,} resampled")
            self._checkpoint.renew()
            if self.rows is not None:
                self.rows.forget()

    def _eagerly(
        self, count: int, observe: bool, failure: BaseException
    ) -> tuple[list[float], BaseException | None]:
        """Make the steps of a chunk again of which one, nobody knows which, has failed: their
        losses up to that, and what it raised.
        """
        self.engine.give_up(f"a captured step failed ({foreign.named(failure)})")
        if self._checkpoint.step < 0:
            return [], failure
        divergence.repeat(self.trainable, self._checkpoint, self.step)
        try:
            return self._step(count, observe), None
        except StepError as error:
            return error.losses, error.cause

    def _step(self, count: int, observe: bool) -> list[float]:
        def measure(x: torch.Tensor, output: Output, terms: dict[str, torch.Tensor]) -> None:
            step = self.step + count - 1
            self.measured = measurement.take(
                self.trainable, self.dead_window, step=step, x=x, output=output, terms=terms,
                firing=self.firing,
            )  # fmt: skip

        watch = measure if observe else None
        rows = self._rows_in(count, observe)
        if rows is not None and self._lent_steps <= max(0, count - RECENT_STEPS):
            return rows.advance(self.engine, self.trainable, self.step, count, watch)
        return self.engine.advance(self.trainable, self.step, count, watch)

    def _rows_in(self, count: int, observe: bool) -> RowTracker | None:
        """What follows the updates of the last of these steps; None where nobody looks at rows, or
        the steps are many and not shown: others will be the last when a picture is made.
        """
        return self.rows if observe or count <= RECENT_STEPS else None

    def _record(self, values: list[float], took: float) -> None:
        began = self.seconds
        self.seconds += took
        self.missing = ""
        self.past.made(self.step, values, began, self.seconds)
        self.newly_made = (self.step, values)
        if self.trainable.samples.full_batch:
            self.past.recent.extend(values[-ripple.WINDOW :])
        self.step += len(values)
        deadness = self.trainable.deadness
        if self.step - 1 - deadness.looked >= max(1, self.dead_window // LOOKS_A_WINDOW):
            deadness.look(self.step - 1, self.dead_window)
        if self.until_probe == self._probe_every and math.isfinite(values[-1]):
            self.past.recent.append(measurement.probe_loss(self.trainable))
        if self.measured is not None and self.measured.step == self.step - 1:
            self.past.measured(self.measured, self.seconds)

    def _diverge(self, step: int, loss: float) -> None:
        """Go back to the last finite state, and say which tensor was the first not to be."""
        found = divergence.trace(self.trainable, self._checkpoint, step, loss)
        self.step, self.diverged_at = found.step, step
        self.state, self.state_detail = "diverged", found.text
        self.pause_at = None
        self._forget_what_screens_follow()
        self.measure_standing()

    def wait_for_data(self, error: DataError) -> None:
        """Pause because the batch of its next step cannot be read now: nothing is lost, and it may
        be resumed.
        """
        self.state, self.pause_at = "paused", None
        self.missing = f"at step {self.step:,}: {error}; then resume"

    def go_on(self) -> None:
        """Train again, from where it was paused."""
        self.state, self.missing = "running", ""

    def is_lost(self) -> bool:
        """Whether a parameter is no longer finite though no loss has shown it yet."""
        try:
            return not divergence.finite_parameters(self.trainable)
        except foreign.failures():  # a person's network that no longer gives them
            return False

    def fail(self, error: BaseException) -> None:
        """Stop because its network, or the device, raised."""
        cause = error.cause if isinstance(error, StepError) else error
        first_line = foreign.told(cause).strip().split("\n")[0]
        self.state, self.pause_at = "failed", None
        self.state_detail = f"at step {self.step}: {first_line}"

    def look_first(self) -> None:
        """Ask for what stays the same, and measure, before the first step."""
        trainable = self.trainable
        size, d_in = trainable.samples.batch_size, trainable.samples.d_in
        self.lambda_field = trainable.network.lambda_field(size, d_in)
        self.measure_standing()

    def measure_standing(self) -> None:
        """Measure without making a step; where the batch of the next cannot be read, pause."""
        try:
            self.measured = measurement.take_standing(
                self.trainable, self.dead_window, self.step, self.firing
            )
        except DataError as error:
            self.measured = None
            if self.state in ("running", "paused"):
                self.wait_for_data(error)

    # -- what interventions do -----------------------------------------------------------------

    def set_rates(self, rates: Rates) -> None:
        """Change the base learning rates, from the next step on."""
        self.trainable.rates = self.trainable.in_groups(rates)
        self._checkpoint.renew()

    def move(self, device: torch.device) -> devices.Moved:
        """Train on another device from the next step on; on DeviceError nothing changes."""
        moved = devices.move(self.trainable, device)
        self._checkpoint.forget()
        self._forget_what_screens_follow()
        return moved

    def reset_optimizer(self) -> None:
        """Forget the optimizer's state, or what a learner has gathered of past batches."""
        for optimizer in self.trainable.optimizers:
            optimizer.state.clear()
        if isinstance(self.trainable.network, ReferenceDictionary):
            self.trainable.network.forget()
        self._checkpoint.renew()

    def restart(self) -> None:
        """Back to step 0: weights, optimizer, rates, end and history as at the start."""
        self.reset_optimizer()
        with torch.no_grad():
            tensors = self.trainable.module_tensors()
            for tensor, start in zip(tensors, self.initial.tensors, strict=True):
                tensor.copy_(start)
        self.trainable.rates = self.trainable.first_rates()
        self.trainable.random_state = self.initial.random_state.clone()
        self.step, self.seconds, self.pause_at = 0, 0.0, None
        self.target = self.trainable.total_steps
        self.state_detail = self.missing = ""
        if self.state != "paused":
            self.state = "running"
        self.segment += 1
        self.trainable.deadness.count_on(0, None, [0, 0, 0])
        self._forget_the_past()
        self.stand_elsewhere()

    def stand_elsewhere(self, measured: Measurement | None = None) -> None:
        """Its state has been put in place of another: nothing that was known of that holds, but
        what had been measured there. Where nothing had, it is measured now.
        """
        self._checkpoint.forget()
        self.engine.reconsider()
        self.stand_still()
        self._forget_what_screens_follow()
        self.measured = measured
        if measured is None:
            self.measure_standing()

    def mark(self, label: str) -> None:
        """Remember an intervention for the chart."""
        self.past.mark(self.step, self.seconds, label)

    def haunt(self, ghost: Ghost) -> None:
        """Keep what was taken back, for the chart."""
        self.ghosts.append(ghost)
        del self.ghosts[:-GHOSTS_KEPT]

    # -- what snapshots show -------------------------------------------------------------------

    @property
    def steps_per_second(self) -> float | None:
        """Of wall-clock time over the last two seconds; None while it does not train."""
        if self.state != "running" or len(self._speed) < 2:
            return None
        (then, _, first), (now, _, last) = self._speed[0], self._speed[-1]
        return (last - first) / (now - then) if now > then else None

    @property
    def seconds_per_step(self) -> float | None:
        """Of its own training time, lately; None before it has trained."""
        if len(self._speed) < 2:
            return None
        (_, then, first), (_, now, last) = self._speed[0], self._speed[-1]
        return (now - then) / (last - first) if last > first else None

    def stand_still(self) -> None:
        """Forget the speed: the run is not training now."""
        self._speed.clear()

    @cached_property
    def floor(self) -> Floor:
        """The loss that training should be seen against."""
        network, samples = self.trainable.network, self.trainable.samples
        if samples.train.numel() > LARGEST_FLOOR:
            return Floor(None, "not computed: too many samples")
        if isinstance(network, ReferenceDictionary):
            return without_codes(samples.train)
        return loss_floor(
            samples.train,
            bottleneck=network.bottleneck(),
            penalised=bool(network.l1_coefficient),
            full_batch=samples.full_batch,
            error_summed=network.error_summed,
        )

    def _forget_what_screens_follow(self) -> None:
        self.firing.forget()
        if self.rows is not None:
            self.rows.forget()

    def watch_rows(self, wanted: bool) -> None:
        """Follow each row's updates from now on, or no longer."""
        if wanted and self.rows is None:
            self.rows = RowTracker(self.initial.dictionary)
        elif not wanted:
            self.rows = None

    def row_norms(self) -> tuple[float, ...]:
        """Of the dictionary's rows, now; empty where a failed network no longer has them."""
        try:
            return tuple(norms.row_norms(self.trainable.network.dictionary).tolist())
        except foreign.failures():
            return ()
