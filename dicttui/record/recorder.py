"""Recording an experiment: what the trainer tells is kept on disk by threads of its own."""

import json
import logging
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from dicttui.preset.model import Preset
from dicttui.preset.resolved import dumped
from dicttui.record import environment, places
from dicttui.record.clock import now
from dicttui.record.keeper import Keeper, Order
from dicttui.record.lock import Lock
from dicttui.record.pending import Batch, Seen
from dicttui.record.places import Place
from dicttui.record.schedule import Schedule
from dicttui.record.writer import Writer, environment_change
from dicttui.training import plain
from dicttui.training.interventions import Intervention, Keep, Receipt, Restart, Undo, kind_of
from dicttui.training.moment import ExperimentCheckpoint, Moment
from dicttui.training.observation import EndObservation, Observer
from dicttui.training.snapshot import Recording, Snapshot

if TYPE_CHECKING:
    from dicttui.record.resuming import Resumable

log = logging.getLogger(__name__)

FRAMES_EVERY = 2.0
"""Seconds between two pictures that can be watched again."""
METRICS_EVERY = 1.0
"""Seconds between two sets of metrics in the first hour; then ever more, so that a long training
does not fill the disk with them."""
METRICS_HOUR = 3600.0
LEAST = 0.2
"""Seconds that the last flush has, however long the last checkpoint took."""
BAD_ENDS = frozenset({"diverged", "failed"})


class Recorder(Observer):
    """Keeps an experiment on disk while it trains. Nothing here ever raises into the training, or
    waits for longer than an intervention takes to be written.
    """

    picture_every = FRAMES_EVERY

    def __init__(
        self,
        preset: Preset,
        place: Place,
        lock: Lock | None,
        *,
        new: bool,
        schedule: Schedule | None = None,
        segments: Mapping[str, int] | None = None,
    ) -> None:
        self.id = place.id
        self.directory = place.directory
        self._preset = preset
        self._new = new
        self._schedule = schedule or Schedule()
        self._saying = threading.Lock()
        self._troubles = {"database": "", "checkpoints": ""}
        self._recording = Recording(
            place.id, str(place.directory), resumable=not preset.of_own_loop
        )
        self._clock = (0.0, time.monotonic())
        self._segments: dict[str, int] = dict(segments or {})
        self._ends: dict[str, str] = {}
        self._runs: tuple[str, ...] = ()
        self._standing: dict[str, dict[str, Any]] = {}
        """Where the runs stood at the newest checkpoint."""
        self._specified: set[str] = set()
        self._scaling_kept = False
        self._gathering: threading.Thread | None = None
        self._frame_interval = FRAMES_EVERY
        self._began = time.monotonic()
        self._last_frame = self._last_metrics = float("-inf")
        self._last_steps: tuple[tuple[str, int | None], ...] = ()
        self._eventful = True
        self._newest: Snapshot | None = None
        """What has not been kept of the pictures, for it was too soon."""
        self._signal = ""
        self._closed = False
        self._goes_on: Resumable | None = None
        self._writer = Writer(
            place, dumped(preset) if new else None, lock, lambda why: self._tell("database", why)
        )
        self._writer.thinned = self._frames_were_thinned
        self._keeper = Keeper(
            place.directory,
            self._writer.is_ready,
            self._writer.flush,
            self._checkpoint_written,
            lambda why: self._tell("checkpoints", why),
        )
        if new:
            self.event("started", preset.source)
        self._writer.start()
        self._keeper.start()

    @classmethod
    def begin(cls, preset: Preset, parent: Path, *, schedule: Schedule | None = None) -> Self:
        """Record a new experiment in a directory of its own in `parent`.

        Where nothing can be written, `recording().trouble` says why, and it is tried again.
        """
        return cls(preset, places.new_place(preset, parent), None, new=True, schedule=schedule)

    @classmethod
    def resume(cls, resumable: "Resumable", *, schedule: Schedule | None = None) -> Self:
        """Go on recording an experiment in its own directory. What lies beyond the checkpoint
        from which it goes on is recorded anew, once the training has begun.
        """
        recorder = cls(
            resumable.preset, resumable.place, resumable.lock, new=False, schedule=schedule,
            segments=resumable.segments,
        )  # fmt: skip
        recorder._goes_on = resumable
        return recorder

    # -- what others say -----------------------------------------------------------------------

    def event(self, kind: str, text: str) -> None:
        """Write down that something has happened to the recording or its process."""
        at = now()
        self._writer.change(lambda batch: batch.events.append((at, kind, text)))

    def ended_by(self, signal: str) -> None:
        """A signal ends the process."""
        self._signal = signal
        self.event("signal", signal)

    # -- what the trainer tells ------------------------------------------------------------------

    def made(self, run: str, segment: int, first: int, losses: Sequence[float]) -> None:
        """Keep losses."""
        self._segments[run] = segment
        self._ends.pop(run, None)
        self._schedule.made(run, len(losses))
        self._writer.made(run, segment, first, losses)

    def intervened(
        self, number: int, intervention: Intervention, before: Mapping[str, int], receipt: Receipt
    ) -> None:
        """Keep an intervention, before anybody sees its receipt."""
        row = (
            kind_of(intervention),
            json.dumps(plain.plain(intervention)),
            json.dumps(dict(before)),
            json.dumps(plain.plain(receipt)),
            now(),
        )
        if self._newest is not None:  # how it was before is to be seen as well
            self._see(self._newest, time.monotonic(), frame=True)
        self._eventful = True
        begun = self._segments_begun(intervention, receipt)

        def change(batch: Batch) -> None:
            batch.interventions[number] = row
            batch.segments.update(begun)

        self._writer.change_now(change)

    def receipt(self, receipt: Receipt) -> None:
        """Keep the newest receipt of an intervention."""
        text = json.dumps(plain.plain(receipt))
        if receipt.kind == "checkpoint":
            # Kept by the recorder itself, it is told of here alone.
            note = receipt.changes[0].note if receipt.changes else ""
            row = ("checkpoint", json.dumps(plain.plain(Keep(note))), "{}", text, now())
            self._writer.change(lambda batch: batch.interventions.update({receipt.id: row}))
        else:
            self._writer.change(lambda batch: batch.receipts.update({receipt.id: text}))

    def picture(self, snapshot: Snapshot) -> None:
        """Keep a picture, if it is time for one."""
        if not snapshot.runs:
            return
        moment = time.monotonic()
        self._clock = (snapshot.seconds, moment)
        self._newest = snapshot
        self._has_begun()
        self._runs = tuple(run.name for run in snapshot.runs)
        if self._gathering is None:
            self._write_environment(snapshot)
        frame = self._eventful or moment - self._last_frame >= self._frame_interval
        steps = tuple((run.name, run.metrics_step) for run in snapshot.runs)
        pause = max(METRICS_EVERY, (moment - self._began) / METRICS_HOUR)
        metrics = steps != self._last_steps and moment - self._last_metrics >= pause
        if not frame and not metrics:
            return
        self._see(snapshot, moment, frame=frame, steps=steps)

    def _see(
        self,
        snapshot: Snapshot,
        moment: float,
        *,
        frame: bool,
        steps: tuple[tuple[str, int | None], ...] = (),
    ) -> None:
        self._newest, self._eventful = None, False
        self._last_metrics, self._last_steps = moment, steps
        if frame:
            self._last_frame = moment
        self._writer.see(Seen(snapshot, dict(self._segments), now(), frame))

    def end(self, observation: EndObservation) -> None:
        """Keep how a run ended; what it has come to is worth a checkpoint."""
        self._has_begun()
        self._ends[observation.run] = observation.state
        self._eventful = True
        row = (now(), json.dumps(plain.plain(observation)))
        self._writer.change(lambda batch: batch.ends.update({observation.run: row}))
        if observation.state in BAD_ENDS or set(self._runs) <= self._ends.keys():
            self._schedule.want()

    def wants_checkpoint(self) -> bool:
        """Whether the schedule says so, or something has happened."""
        return self._schedule.due()

    def checkpoint(self, state: ExperimentCheckpoint) -> None:
        """Have a state written."""
        self._schedule.taken()
        self._specify(state)
        self._standing = {run.moment.run: _standing(run.moment) for run in state.runs}
        self._keeper.put(Order(state, now()))

    def keep(
        self, state: ExperimentCheckpoint, note: str, done: Callable[[str, str], None]
    ) -> bool:
        """Have a state written and kept for good."""
        self._specify(state)
        self._keeper.put(Order(state, now(), note, done))
        return True

    def recording(self) -> Recording:
        """Where the experiment is recorded, and how well that goes."""
        return self._recording

    def close(self, timeout: float) -> None:
        """Write what is left. Where the last checkpoint takes longer, `linger` waits for it."""
        if self._closed:
            return
        self._closed = True
        until = time.monotonic() + timeout
        written = self._keeper.close(timeout)
        if not self._runs:  # it never began: there is nothing new to be kept
            self._writer.close(max(LEAST, until - time.monotonic()))
            if self._new and not self._keeper.busy:
                self._writer.discard()
            self._release()
            return
        if self._gathering is not None:
            self._gathering.join(max(LEAST, until - time.monotonic()))
        over = bool(self._runs) and set(self._runs) <= self._ends.keys()
        stopped = not over or set(self._ends.values()) == {"stopped"}
        facts = {"state": "stopped" if stopped else "finished", "ended": repr(now())}
        if self._signal and not over:
            facts["signal"] = self._signal
        if self._newest is not None:
            self._see(self._newest, time.monotonic(), frame=True)
        self._set_facts(facts)
        self._writer.change(lambda batch: batch.stand(self._standing))
        self.event("closed", facts["state"])
        left = max(LEAST, until - time.monotonic())
        if written or not self._keeper.busy:
            self._writer.close(left)
            self._release()
        else:
            self._writer.change_now(lambda _batch: None, left)

    def linger(self, seconds: float) -> bool:
        """After `close`, wait for what is still being written; whether all of it is."""
        until = time.monotonic() + seconds
        if self._keeper.busy:
            self._keeper.close(seconds)
        ended = self._writer.close(max(LEAST, until - time.monotonic()))
        self._release()
        return ended and not self._keeper.busy

    @property
    def began(self) -> bool:
        """Whether there is anything that could be gone on with."""
        return bool(self._runs)

    @property
    def lingers(self) -> bool:
        """Whether a checkpoint is still being written."""
        return self._keeper.busy

    # -- inside --------------------------------------------------------------------------------

    def _release(self) -> None:
        """Let go of the directory once neither thread writes to it."""
        if not self._keeper.busy:
            self._writer.release()

    def _segments_begun(
        self, intervention: Intervention, receipt: Receipt
    ) -> dict[tuple[str, int], int]:
        """The segments that begin because runs went back, and their first steps."""
        begun = {}
        if isinstance(intervention, Undo | Restart) and receipt.status == "applied":
            for change in receipt.changes:
                if not change.failed:
                    self._segments[change.run] = self._segments.get(change.run, 0) + 1
                    begun[change.run, self._segments[change.run]] = change.step
        return begun

    def _has_begun(self) -> None:
        """A training that goes on has begun: what it makes again is taken out."""
        resumable, self._goes_on = self._goes_on, None
        if resumable is None:
            return
        at = now()
        told = self.directory / places.TOLD

        def change(batch: Batch) -> None:
            batch.cut = resumable.cut
            batch.facts["state"] = "running"
            batch.events.append((at, "resumed", f"from {resumable.origin}"))
            batch.events.extend((at, "note", note) for note in resumable.late)
            with suppress(OSError):
                told.unlink(missing_ok=True)

        self._writer.change(change)

    def _set_facts(self, facts: dict[str, str]) -> None:
        self._writer.change(lambda batch: batch.facts.update(facts))

    def _specify(self, state: ExperimentCheckpoint) -> None:
        """Keep what the runs and their samples are, where that is not known yet."""
        if state.scaling and not self._scaling_kept:
            self._scaling_kept = True
            self._set_facts({"scaling": json.dumps(state.scaling)})
        new = {
            run.moment.run: json.dumps(run.moment.specification)
            for run in state.runs
            if run.moment.run not in self._specified
        }
        if new:
            self._specified |= new.keys()
            self._writer.change(lambda batch: batch.specifications.update(new))

    def _write_environment(self, snapshot: Snapshot) -> None:
        preset, directory = self._preset, self.directory
        system = snapshot.system
        devices = sorted({run.device for run in snapshot.runs})

        def gather() -> None:
            try:
                found = environment.gathered(
                    preset, devices, None if system is None else system.threads
                )
            except Exception:  # of what is known about the machine: no reason to lose the rest
                log.exception("the environment could not be taken down")
            else:
                self._writer.change(environment_change(directory, found))

        # git may take seconds, and an intervention waits for the writer.
        self._gathering = threading.Thread(target=gather, name="environment", daemon=True)
        self._gathering.start()

    def _frames_were_thinned(self) -> None:
        self._frame_interval *= 2

    def _tell(self, whose: str, trouble: str) -> None:
        with self._saying:
            self._troubles[whose] = trouble
            said = next((words for words in self._troubles.values() if words), "")
            self._recording = replace(self._recording, trouble=said)

    def _checkpoint_written(self, order: Order, path: Path, seconds: float) -> None:
        self._schedule.took(seconds)
        then, at = self._clock
        with self._saying:
            self._recording = replace(
                self._recording, checkpoint_seconds=then + time.monotonic() - at
            )
        steps = ", ".join(f"{run.moment.run} {run.moment.step:,}" for run in order.state.runs)
        note = f": {order.note}" if order.note else ""
        self.event("checkpoint", f"{path.name} ({steps}){note}")


def _standing(moment: Moment) -> dict[str, Any]:
    """Where a run stands, of what the table of runs says."""
    return {"steps": moment.step, "state": moment.facts.get("state", "")}
