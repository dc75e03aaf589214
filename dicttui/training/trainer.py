"""The loop of the trainer thread: interventions, steps, observations, snapshots, in this order."""

import logging
import threading
import time
from collections.abc import Callable, Container, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import TypeVar

from dicttui.data.error import DataError
from dicttui.networks import foreign
from dicttui.preset.model import Preset
from dicttui.training import (
    applying,
    asked,
    checkpoints,
    courtesy,
    picture,
    simulated_device,
    threads,
    undoing,
)
from dicttui.training.audience import ENDED, Audience
from dicttui.training.budget import ObservationBudget
from dicttui.training.chunks import Chunks
from dicttui.training.experiment import Experiment
from dicttui.training.follow_up import FollowUps
from dicttui.training.interventions import (
    CHANGE_THE_TRAINING,
    Fork,
    Intervention,
    Keep,
    MoveToDevice,
    Receipt,
    Restart,
    Undo,
)
from dicttui.training.keeping import Keeping
from dicttui.training.loading import loading
from dicttui.training.mailbox import Mailbox
from dicttui.training.moment import ExperimentCheckpoint
from dicttui.training.observation import Observer
from dicttui.training.pace import Pace
from dicttui.training.run import GradientRun
from dicttui.training.script import Script, Scripted, Start, placed
from dicttui.training.system import SystemFacts

log = logging.getLogger(__name__)
Result = TypeVar("Result")

LATE = 1.02
"""Share of the interval between snapshots at which one is overdue."""
SHORT_STEP = 0.1
"""Seconds: a pause waits for one more step of at most this length, in which it measures."""
UNWRITTEN_SECONDS = 1.0
"""Between two questions whether a checkpoint is wanted of a training that stands still."""
CANNOT_BE_AMID_A_SCRIPT = (*CHANGE_THE_TRAINING, Undo, Fork)
CATCHING_UP = "still catching up with what had been trained before the interruption"


class Trainer:
    """Owns the experiment's tensors; everything here runs on one thread."""

    def __init__(
        self,
        preset: Preset,
        mailbox: Mailbox,
        *,
        paced: bool,
        observers: Sequence[Observer],
        done: threading.Event,
        start: Start,
    ) -> None:
        simulated_device.install_if_asked()
        self._mailbox = mailbox
        self._audience = Audience(observers)
        for observer in observers:
            observer.look_again = mailbox.look_again
        self._done = done
        self._sequence = mailbox.latest().sequence + 1
        mailbox.publish(loading(preset, f"building {preset.source}…", self._sequence))
        past = start.checkpoint()
        # A checkpoint says where its runs go on; the preset's device may be gone by now.
        self.experiment = Experiment(placed(preset, start.device if past is None else "cpu"))
        threads.take(preset.training.threads, large=self.experiment.large)
        self._paced = paced
        self.pace = Pace(preset.training.steps_per_second if paced else None)
        self._system = SystemFacts()
        self._chunks = Chunks()
        self._published = float("-inf")
        self._budget = ObservationBudget(dear_codes=self.experiment.dear_codes)
        self._changed = True
        self._follow_ups = FollowUps()
        self._keeping = Keeping(self.experiment, self.pace, self._audience)
        for run in self.experiment.runs:
            self._guarded(run, run.look_first)
        self._begin(start, past)
        self._audience.ends(self.experiment.runs)
        self.publish()

    def _begin(self, start: Start, checkpoint: ExperimentCheckpoint | None) -> None:
        """Go back to where a past session was."""
        self.experiment.names |= start.segments.keys()
        if checkpoint is not None:
            checkpoints.put(self.experiment, checkpoint, start.device)
            self.pace.rate = checkpoint.pace if self._paced else None
            self._keeping.last_intervention = checkpoint.last_intervention
        self._script = Script(start.script)
        self._let_script_run()

    # -- the loop ------------------------------------------------------------------------------

    def train(self) -> None:
        """Train until the session is closed."""
        while not self._mailbox.closing:
            courtesy.stand_aside()
            self._apply_interventions()
            self._apply_script()
            self._checkpoint_if_wanted()
            if not self._running():
                self._idle()
                continue
            # What had been made before is made again as fast as it goes.
            due = None if self._script else self.pace.due()
            if due == 0:
                if self._mailbox.take_view_change():
                    self.publish()
                self._mailbox.wait(self.pace.delay())
                continue
            show = self._snapshot_due()
            # One step is never cut short, however often somebody asks.
            most = 1 if show and self._chunks.cut_short else self._chunks.size
            self._chunk_of_steps(
                most if due is None else min(due, most),
                observe=show and self._budget.allows(self._chunks.seconds / self._chunks.size),
            )
            # Right after the step that was measured, so that all numbers belong to it.
            if self._mailbox.take_view_change() or (show and not self._chunks.cut_short):
                self.publish()
        self.finish()

    def finish(self) -> None:
        """The training is over: what it has come to is kept, and shown."""
        self._face_divergence()
        self._keeping.now()
        if self._changed:
            self.publish()
        self._chunks.close()
        self.experiment.samples.close()

    def advance(self, steps: int) -> None:
        """Apply what was submitted, then make so many steps of every running run."""
        self._apply_interventions()
        left = steps
        while True:
            self._apply_script()
            self._checkpoint_if_wanted()
            if left <= 0 or not self._running():
                break
            count = min(left, self._chunks.size)
            left -= self._chunk_of_steps(count, observe=count == left)
        self.publish()

    def _running(self) -> list[GradientRun]:
        return [run for run in self.experiment.runs if self._wants(run) > 0]

    def _wants(self, run: GradientRun) -> int:
        """How many steps a run would make before it has to stop, or wait for another run at which
        something is to be applied to both.
        """
        return min(run.wants, self._script.limit(run.name, run.step))

    def _idle(self) -> None:
        for run in self.experiment.runs:
            run.stand_still()
        if self._changed or self._mailbox.take_view_change():
            self.publish()
        if self._script and all(run.state != "paused" for run in self.experiment.runs):
            self._abandon_script()
            return
        if all(run.state in ENDED for run in self.experiment.runs):
            self._done.set()
        self._mailbox.wait(UNWRITTEN_SECONDS if self._keeping.waiting else None)
        self.pace.restart()

    # -- steps ---------------------------------------------------------------------------------

    def _chunk_of_steps(self, most: int, *, observe: bool = False) -> int:
        """Advance every running run by the same number of steps, at most `most`; that number."""
        runs = self._running()
        self._done.clear()
        count = min([most, *(self._until_something(run) for run in runs)])
        began, aside, spent = time.perf_counter(), 0.0, 0.0
        watchers = [self._audience.of_step(run, run.step + count - 1) for run in runs]
        observed = [
            observe or self._wants(run) == count or bool(watching)
            for run, watching in zip(runs, watchers, strict=True)
        ]
        prepare = (
            partial(r.prepare, count, observe=o) for r, o in zip(runs, observed, strict=True)
        )
        works = [self._guarded(run, do) for run, do in zip(runs, prepare, strict=True)]
        count = self._chunks.lend(works, count)
        if self._chunks.cut_short:
            observed, watchers = [False] * len(runs), [[] for _ in runs]
        for run, look, watching in zip(runs, observed, watchers, strict=True):
            aside += courtesy.stand_aside()
            until = run.step + count
            if run.state == "running":
                spent += self._advance(run, count, observe=look)
            self._tell(run, watching if run.step == until else [])
        self.pace.made(count)
        self._changed = True
        if spent:
            self._budget.spent(spent)
        self._chunks.took(count, time.perf_counter() - began - aside - spent)
        for receipt in self._follow_ups.looked(runs):
            self._audience.receipt(receipt)
            self._mailbox.answer(receipt)
        return count

    def _until_something(self, run: GradientRun) -> int:
        """Steps until a run has to stop or an observer wants to look."""
        wanted = self._audience.until_wanted(run.step)
        return min(
            self._wants(run),
            run.until_probe,
            run.until_resampling,
            *([] if wanted is None else [wanted]),
        )

    def _advance(self, run: GradientRun, count: int, *, observe: bool) -> float:
        """Advance one run; how long it measured."""
        self._guarded(run, lambda: run.advance(count, observe=observe))
        self._keeping.written = False
        self._audience.made(run)
        measured = run.measured
        return measured.took if observe and measured is not None else 0.0

    def _guarded(self, run: GradientRun, work: Callable[[], Result]) -> Result | None:
        """Do what may raise in a person's network, or on the device: the other runs go on. A run
        whose batch cannot be read is paused, and can be resumed.
        """
        try:
            return work()
        except DataError as error:
            log.warning("run %s waits for its data: %s", run.name, error)
            run.wait_for_data(error)
            return None
        except foreign.failures() as error:
            log.exception("run %s failed", run.name)
            run.fail(error)
            return None

    def _tell(self, run: GradientRun, wanted_by: list[Observer]) -> None:
        """Tell observers of the step that was just made, and of the end."""
        self._audience.stepped(run, wanted_by)
        self._audience.ends(self.experiment.runs)

    # -- interventions -------------------------------------------------------------------------

    def _apply_interventions(self) -> None:
        while (late := self._mailbox.take_late()) is not None:
            self._audience.receipt(late)
            self._mailbox.answer(late)
        while (item := self._mailbox.take()) is not None:
            requested, intervention = item
            began = replace(requested, seconds=self._mailbox.seconds())
            if isinstance(intervention, Keep):
                self._face_divergence()
                self._keeping.keep(intervention, began, self._mailbox.answer_late)
            elif self._script and isinstance(intervention, CANNOT_BE_AMID_A_SCRIPT):
                self._answer(replace(began, status="failed", reason=CATCHING_UP), intervention, {})
            else:
                self._measure_before_a_pause(intervention)
                self._apply(intervention, began)
            courtesy.seen_to()
        courtesy.stand_aside()

    def _apply(
        self, intervention: Intervention, requested: Receipt, only: Container[str] | None = None
    ) -> None:
        self._face_divergence()
        runs = self.experiment.runs
        steps = {run.name: run.reached for run in runs}
        moments = undoing.moments_before(intervention, runs)
        receipt, follow_up = applying.apply(
            intervention, requested, self.experiment, self.pace, only
        )
        if receipt.status == "applied":
            undoing.remember(intervention, receipt, moments, runs)
            if isinstance(intervention, CANNOT_BE_AMID_A_SCRIPT):
                self._keeping.last_intervention = receipt.id
        changed = {change.run for change in receipt.changes if not change.failed}
        if isinstance(intervention, Fork) and changed:
            changed = {intervention.run}
        if isinstance(intervention, MoveToDevice | Restart | Undo):
            # What was to be timed since an earlier move is over.
            self._follow_ups.forget(changed)
        if isinstance(intervention, Restart | Undo):
            # Whoever fails on the way back ends once more.
            self._audience.forget_ends(change.run for change in receipt.changes)
        if follow_up is not None:
            self._follow_ups.add(follow_up)
        self._audience.ends(self.experiment.runs)
        self._keeping.written = False
        before = {name: step for name, step in steps.items() if name in changed}
        self._answer(receipt, intervention, before)

    def _answer(
        self, receipt: Receipt, intervention: Intervention, before: Mapping[str, int]
    ) -> None:
        """Let everybody know what became of an intervention."""
        self._audience.intervened(intervention, before, receipt)
        self._changed = True
        self._published = float("-inf")
        if not self._running():
            for run in self.experiment.runs:
                run.stand_still()
        # Whoever has read that it is applied finds it so in the newest snapshot.
        self.publish()
        self._mailbox.answer(receipt)

    # -- before a state is kept ------------------------------------------------------------------

    def _checkpoint_if_wanted(self) -> None:
        if self._keeping.wanted():
            self._face_divergence()
            self._keeping.now()

    def _face_divergence(self) -> None:
        """Have every run whose last update was not finite make the step that shows it: what is kept
        of it is then the last finite state, and not one from which nothing can go on.
        """
        for run in self.experiment.runs:
            if run.state in ("running", "paused") and run.is_lost():
                self._advance(run, 1, observe=False)
                self._tell(run, [])

    # -- what was applied once and is applied again ----------------------------------------------

    def _let_script_run(self) -> None:
        """Pauses are not applied again: what is still to be reached is made without them."""
        for run in self.experiment.runs:
            if self._script.until(run.name) is not None:
                run.pause_at = None
                run.state = "running" if run.state == "paused" else run.state

    def _apply_script(self) -> None:
        while True:
            item = self._script.due({run.name: run.reached for run in self.experiment.runs})
            if item is None:
                return
            self._script.applied()
            self.pace.restart()
            self._apply(item.intervention, self._again(item), only=item.before.keys())
            # What is taken back may have been paused at the time.
            self._let_script_run()

    def _abandon_script(self) -> None:
        """Something of it cannot be reached: say so of each of its items, and go on."""
        for item in self._script.abandon():
            places = ", ".join(f"{run} at step {step:,}" for run, step in item.before.items())
            reason = f"could not be applied again: it was made with {places}"
            failed = replace(self._again(item), status="failed", reason=reason)
            self._answer(failed, item.intervention, {})

    def _again(self, item: Scripted) -> Receipt:
        return asked.requested(item.number, item.intervention, self._mailbox.seconds())

    def _measure_before_a_pause(self, intervention: object) -> None:
        """Make one more, measured step before a pause, so that every number on a paused screen
        belongs to the same step; not where a step is long.
        """
        for run in applying.about_to_pause(intervention, self.experiment):
            short = run.seconds_per_step is not None and run.seconds_per_step < SHORT_STEP
            if self._wants(run) > 0 and not run.observed and short:
                wanted_by = self._audience.of_step(run, run.step)
                self._advance(run, 1, observe=True)
                self._tell(run, wanted_by)

    # -- snapshots -----------------------------------------------------------------------------

    def _snapshot_due(self) -> bool:
        """Whether the chunk after the next would end too late for a snapshot."""
        since = time.perf_counter() - self._published
        rate = self.pace.rate
        following = self._chunks.seconds if rate is None else max(self._chunks.seconds, 1 / rate)
        every = self._audience.picture_every()
        wanted = [] if every is None else [every]
        if self._mailbox.watched:
            wanted.append(1 / self._mailbox.wanted_view.refresh)
        return bool(wanted) and since + following > LATE * min(wanted)

    def publish(self) -> None:
        """Make a snapshot of this moment."""
        view = self._mailbox.wanted_view
        watched = {*view.rows_of, *(page.run for page in view.pages)}
        for run in self.experiment.runs:
            run.watch_rows(run.name in watched)
        self._audience.examine(self.experiment, view)
        self._sequence += 1
        snapshot = picture.snapshot(
            self.experiment, self.pace, view, self._system,
            sequence=self._sequence, seconds=self._mailbox.seconds(),
            recording=self._audience.recording(),
            catching_up=self._script.until,
            diagnosis=self._audience.diagnosis,
            verdict=self._audience.verdict(),
        )  # fmt: skip
        self._mailbox.publish(snapshot)
        self._audience.picture(snapshot)
        self._published = time.perf_counter()
        self._changed = False
