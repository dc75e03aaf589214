"""The seam of a watched loop: between two of its steps, on its own thread, what was asked for is
applied, what is new is recorded, and what is looked at is measured.
"""

import logging
import math
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cached_property
from typing import Literal

import torch
from torch import Tensor

from dicttui.diagnosis.live import LARGEST
from dicttui.training import picture
from dicttui.training.asked import number
from dicttui.training.audience import Audience
from dicttui.training.budget import Spacing
from dicttui.training.experiment import Experiment
from dicttui.training.finding import Diagnosis
from dicttui.training.interventions import Intervention, Receipt, SetLearningRate
from dicttui.training.mailbox import Mailbox
from dicttui.training.observation import Observer
from dicttui.training.pace import Pace
from dicttui.training.snapshot import Alert, RunSnapshot, Snapshot, View
from dicttui.training.system import SystemFacts
from dicttui.training.trainable import Rates
from dicttui.watching import controls, examining, measuring
from dicttui.watching.building import samples_of
from dicttui.watching.examining import Examination
from dicttui.watching.rows import WatchedRows
from dicttui.watching.run import WITHOUT_END, WatchedRun
from dicttui.watching.saying import Say
from dicttui.watching.undisturbed import own_streams

log = logging.getLogger(__name__)

OF_PICTURES, OF_MEASURES, OF_EXAMINATIONS = 0.009, 0.007, 0.004
"""Shares of the loop's time that making pictures, measuring and examining may take."""
GLANCE = 0.01
"""Seconds between two questions whether it is time to look."""
OF_ASKED_EXAMINATIONS = 0.05
"""The same while a screen shows the diagnosis."""
UNSEEN = 2.0
"""Seconds between two pictures while nobody is attached."""
BETWEEN_EXAMINATIONS = 5.0
"""Seconds at least."""
MOST_KEPT = 100_000
"""Losses of steps that are too fast to be looked at."""
PAUSED = 1.0
"""Seconds between two looks at a loop that is held up: Ctrl-C is noticed at once all the same."""
MOST_FAILURES = 3
"""Failures in a row after which measuring is given up."""
ENGINE = "own loop"
EndState = Literal["finished", "stopped", "failed"]


class WatchedSession:
    """A loop's session. `submit`, `receipts`, `latest` and `view` may be called by any thread, all
    else by the loop's.

    Args:
        experiment: of the one run.
        run: the loop.
        allowed: its controls.
        observers: of it.
        say: tells the person something on stderr.

    """

    def __init__(
        self,
        experiment: Experiment,
        run: WatchedRun,
        allowed: frozenset[str],
        observers: Sequence[Observer],
        say: Say,
    ) -> None:
        self.run = run
        self.stop_requested = False
        """Whether somebody has asked the loop to end."""
        self.trouble = ""
        """Why nothing is measured any more."""
        self.diagnosis = Diagnosis(progress="the loop has not made a step yet")
        self._experiment = experiment
        self.allowed = allowed
        self._audience = Audience(observers)
        self._say = say
        # What other programs take meanwhile is not the watching's; a device, though, is waited for.
        on_cpu = run.trainable.device.type == "cpu"
        self._clock = time.thread_time if on_cpu else time.perf_counter
        self._pace = Pace(None)
        self._system = SystemFacts(choices=tuple)
        self._sequence = 0
        self._pictures = Spacing(OF_PICTURES)
        self._measures = Spacing(OF_MEASURES)
        self._examinations = Spacing(OF_EXAMINATIONS, BETWEEN_EXAMINATIONS)
        self._asked_for = Spacing(OF_ASKED_EXAMINATIONS, BETWEEN_EXAMINATIONS)
        self._examination = Examination(run)
        self._dear = 0.0
        """What measuring has cost in this look."""
        self._failures = Counter[str]()
        """In a row, by what it was."""
        self._published = self._not_before = float("-inf")
        self._each_step = False
        """Whether something follows the loop step by step."""
        self._rate_set: tuple[Receipt, Rates] | None = None
        self._mailbox = Mailbox(
            Snapshot(sequence=0, state="loading", title=experiment.preset.title)
        )
        run.trainable.rates = run.trainable.read_rates()
        self._measure(always=True)
        self.publish()

    # -- the seam ------------------------------------------------------------------------------

    def submit(self, intervention: Intervention) -> int:
        """Queue an intervention; it is applied when the loop next calls `step`."""
        return self._mailbox.submit(intervention)

    def receipts(self, since: int) -> list[Receipt]:
        """Receipts in the order they were written, from position `since` on."""
        return self._mailbox.receipts(since)

    def latest(self) -> Snapshot:
        """The newest snapshot. Never waits."""
        return self._mailbox.latest()

    def view(self, request: View) -> None:
        """Say what a screen wants to see."""
        self._mailbox.look(request)

    # -- the loop's thread ---------------------------------------------------------------------

    def wants(self, kept: int, now: float) -> bool:
        """Whether `look` is to be called, with so many losses kept; quick."""
        if self._each_step or self._mailbox.waiting or kept >= MOST_KEPT:
            return True
        if now < self._not_before:
            return False
        self._not_before = now + GLANCE
        return now - self._published >= self._interval and self._pictures.allows()

    @property
    def _interval(self) -> float:
        wanted = [UNSEEN]
        if self._mailbox.watched:
            wanted.append(1 / self._mailbox.wanted_view.refresh)
        every = self._audience.picture_every()
        return min([*wanted, *([] if every is None else [every])])

    def look(self, losses: Sequence[float], took: float) -> None:
        """The loop has made steps with these losses, in so many seconds of its own: see what is
        new, apply what was asked for, and wait while it is paused.
        """
        now, began = time.perf_counter(), self._clock()
        run, before = self.run, self.run.state
        self._dear = 0.0
        self.take_in(losses, took)
        self._audience.ends([run])
        if isinstance(run.rows, WatchedRows):
            run.rows.stepped(run.network.dictionary, run.step)
        if self._examination.amid_step:
            self._examination.after_step()
            self._examine()
        due = now - self._published >= self._interval and self._pictures.allows()
        changed = run.state != before
        if due or changed:
            self._see_rates()
            self._measure()
            self.publish()
            self._pictures.spent(self._clock() - began - self._dear)
        self._apply()
        self._hold_up()
        if self._may_examine and not self._examination.amid_step:
            self._guarded(self._examination.before_step)
        self._each_step = (
            self._examination.amid_step
            or self._pace.rate is not None
            or run.pause_at is not None
            or run.rows is not None
        )

    def _hold_up(self) -> None:
        """Wait while the loop is paused, or until its pace allows another step."""
        self._pace.made(1)
        told = False
        while not self._mailbox.closing:
            paused = self.run.state == "paused"
            if not paused and self._pace.due() != 0:
                return
            if paused and not told:
                told = True
                self.run.stand_still()
                self._say.paused(self.run.step)
                self._measure(always=True)
                self.publish()
            self._mailbox.wait(PAUSED if paused else self._pace.delay())
            self._apply()
            if self._mailbox.take_view_change():
                self.publish()

    def _apply(self) -> None:
        while (item := self._mailbox.take()) is not None:
            requested, intervention = item
            run, step = self.run, self.run.step
            requested = replace(requested, seconds=self._mailbox.seconds())
            self._see_rates()
            receipt = self._applied(intervention, requested)
            before = {run.name: step} if receipt.status == "applied" else {}
            if before and isinstance(intervention, SetLearningRate) and run.trainable.rates:
                self._rate_set = (receipt, run.trainable.rates)
            self._audience.intervened(intervention, before, receipt)
            self.publish()
            self._mailbox.answer(receipt)

    def _applied(self, intervention: Intervention, requested: Receipt) -> Receipt:
        if controls.is_stop(intervention, self.allowed):
            self.stop_requested = True
            return controls.stopped(requested, self.run)
        return controls.apply(intervention, requested, self._experiment, self._pace, self.allowed)

    def _see_rates(self) -> None:
        """Read the learning rates. Where somebody has set them from here and the loop has set them
        to something else since, say so: a scheduler does that.
        """
        run = self.run
        run.trainable.rates = rates = run.trainable.read_rates()
        if self._rate_set is None or rates is None:
            return
        receipt, asked = self._rate_set
        if rates == asked:
            return
        self._rate_set = None
        note = f"the loop has set it to {number(rates.rest)} since (a scheduler?)"
        changes = tuple(replace(change, note=note) for change in receipt.changes)
        receipt = replace(receipt, changes=changes)
        self._audience.receipt(receipt)
        self._mailbox.answer(receipt)

    # -- measuring -----------------------------------------------------------------------------

    def _measure(self, *, always: bool = False) -> None:
        if self.trouble or not (always or self._measures.allows()):
            return
        began = self._clock()
        self._guarded(self._take)
        took = self._clock() - began
        self._measures.spent(took)
        self._dear += took

    def _take(self) -> None:
        run = self.run
        run.measured = measured = measuring.measure(run)
        run.past.measured(measured, run.seconds)
        if measured.terms and not run.full_batch:
            loss = sum(measured.terms.values())
            if math.isfinite(loss):
                run.past.recent.append(loss)

    @property
    def _may_examine(self) -> bool:
        asked = self.run.name in self._mailbox.wanted_view.why and self._mailbox.watched
        return (self._asked_for if asked else self._examinations).allows()

    @cached_property
    def _is_small(self) -> bool:
        """Whether gradients and curvature take so little that the loop may be held up for them."""
        return sum(t.nbytes for t in self.run.trainable.module_tensors()) <= LARGEST

    def _examine(self) -> None:
        began = self._clock()

        def examine() -> None:
            self.diagnosis = self._examination.diagnosis("full" if self._is_small else "economy")

        self._guarded(examine)
        took = self._clock() - began
        self._examinations.spent(took)
        self._asked_for.spent(took)
        self._dear += took

    def take_in(self, losses: Sequence[float], took: float) -> None:
        """The loop has made steps; nothing else is done yet."""
        self.run.made(losses, took, time.perf_counter())
        self._audience.made(self.run)

    def know_batch(self, batch: Tensor) -> None:
        """The samples of a step, the first that are told."""
        run, old = self.run, self.run.trainable.samples
        run.batch_size = len(batch)
        if run.x is None:
            return
        same = batch.shape[0] == old.n and batch.numel() == old.train.numel()
        flat = batch.detach().reshape(len(batch), -1).float().cpu() if same else None
        run.full_batch = flat is not None and torch.equal(flat, old.train)
        run.trainable.samples = self._experiment.samples = samples_of(
            old.train, old.held_out, old.true_atoms, 0 if run.full_batch else len(batch)
        )
        run.__dict__.pop("floor", None)  # of other samples

    def examined(self) -> Diagnosis:
        """A whole diagnosis, whatever time it takes."""
        if self.run.step:
            self.diagnosis = self._examination.diagnosis("full")
        return self.diagnosis

    def _guarded(self, look: Callable[[], None]) -> None:
        """Look at the loop: what its functions raise is told once, and never reaches it."""
        if self.trouble:
            return
        what = getattr(look, "__name__", "looking")
        try:
            look()
        except (Exception, SystemExit) as error:
            self._failures[what] += 1
            log.exception("%s failed", what)
            if self._failures[what] >= MOST_FAILURES:
                self.trouble = f"no longer measured: {type(error).__name__}: {error}".split("\n")[0]
            self._say.failed(error)
        else:
            self._failures[what] = 0

    # -- pictures ------------------------------------------------------------------------------

    def publish(self) -> None:
        """Make a snapshot of this moment."""
        self._sequence += 1
        self._mailbox.take_view_change()
        view = self._possible(self._mailbox.wanted_view)
        run = self.run
        run.watch_rows(bool(view.rows_of or view.pages))
        with own_streams(run.trainable.device):
            made = picture.snapshot(
                self._experiment,
                self._pace,
                view,
                self._system,
                sequence=self._sequence,
                seconds=self._mailbox.seconds(),
                recording=self._audience.recording(),
            )
        if run.unseen:
            self._say.trouble(f"{run.name} could not be looked at closely: {run.unseen}")
        verdict = examining.verdict_of(run, self.diagnosis)
        made = replace(made, runs=tuple(map(self._told, made.runs)), verdict=verdict)
        self._mailbox.publish(made)
        self._audience.picture(made)
        self._published = time.perf_counter()

    def _possible(self, view: View) -> View:
        """Of what screens want to see, what can be had of this loop."""
        if self.run.network.parts.every and not self.run.unseen:
            return view
        return replace(view, rows_of=(), pages=(), firing=False, atoms=(), samples=())

    def _told(self, shown: RunSnapshot) -> RunSnapshot:
        """A run as screens are to see it: nothing that is not known of a loop is said of it."""
        run = self.run
        alerts = shown.alerts
        if self.trouble:
            alerts += (Alert("failed", self.trouble),)
        return replace(
            shown,
            target=0 if run.target == WITHOUT_END else run.target,
            batch_size=run.batch_size,
            steps_per_epoch=1 if run.full_batch else None,
            engine=ENGINE,
            engine_exact=True,
            engine_detail=f"from here: {controls.words(self.allowed)}",
            firing=shown.firing if run.network.parts.code else None,
            alerts=alerts,
            diagnosis=self.diagnosis,
        )

    # -- the end -------------------------------------------------------------------------------

    def end(self, state: EndState, detail: str) -> None:
        """The loop makes no more steps."""
        run = self.run
        self._see_rates()
        self._measure(always=True)
        if run.state != "diverged":
            run.state, run.state_detail = state, detail
        run.stand_still()
        self._mailbox.close()
        self._audience.ends([run])
        self.publish()
