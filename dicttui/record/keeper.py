"""The thread that writes checkpoints."""

import logging
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from dicttui.record import manifest, moment_files
from dicttui.record.error import RecordError, reason
from dicttui.record.manifest import Manifest, RunEntry, UndoEntry
from dicttui.record.places import MOMENTS
from dicttui.training.moment import ExperimentCheckpoint, Moment

log = logging.getLogger(__name__)

LONGEST_BACK_OFF = 16.0
"""Seconds between two attempts while nothing can be written."""
FLUSHING = 30.0
"""Seconds that the database has to be written before a checkpoint."""


@dataclass(frozen=True, slots=True)
class Order:
    """A state to be written."""

    state: ExperimentCheckpoint
    at: float
    note: str = ""
    done: Callable[[str, str], None] | None = None
    """Whom to tell; None: it is one of the schedule."""


class Keeper:
    """Writes the checkpoints of one experiment, in a thread of its own: the newest of the schedule
    that it has got, and every one that a person asked for.

    Args:
        directory: the experiment's.
        ready: whether that is there.
        flush: brings into the database what was observed before the state was taken, in so many
            seconds; whether it is there. A checkpoint is never ahead of the losses.
        written: called with when the state was taken, and how many seconds writing took.
        tell: called with why no checkpoint can be written, and with "" when it can again.

    """

    def __init__(
        self,
        directory: Path,
        ready: Callable[[], bool],
        flush: Callable[[float], bool],
        written: Callable[[Order, Path, float], None],
        tell: Callable[[str], None],
    ) -> None:
        self._directory = directory
        self._ready = ready
        self._flush = flush
        self._written = written
        self._tell = tell
        self._changed = threading.Condition()
        self._newest: Order | None = None
        self._asked_for: list[Order] = []
        self._files: dict[int, tuple[Moment, str]] = {}
        """By identity, the moments that can be taken back to, and their files."""
        self._last: Manifest | None = None
        self._last_path = directory
        self._closing = False
        self._delay = 1.0
        self._trouble = ""
        self._thread = threading.Thread(target=self._work, name="checkpoints", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def put(self, order: Order) -> None:
        """Have a state written; of the schedule's, the newest replaces one that still waits."""
        with self._changed:
            if order.done is None:
                self._newest = order
            else:
                self._asked_for.append(order)
            self._changed.notify_all()

    def close(self, timeout: float) -> bool:
        """Write what is left and end; whether all of it could be written in time."""
        with self._changed:
            self._closing = True
            self._changed.notify_all()
        self._thread.join(timeout)
        return not self._thread.is_alive() and self._newest is None

    @property
    def busy(self) -> bool:
        """Whether it has not ended."""
        return self._thread.is_alive()

    # -- the thread ----------------------------------------------------------------------------

    def _work(self) -> None:
        while True:
            with self._changed:
                while not (self._newest or self._asked_for or self._closing):
                    self._changed.wait()
                orders, self._asked_for = self._asked_for, []
                order, self._newest = self._newest, None
                closing = self._closing
            for asked_for in orders:
                self._keep(asked_for)
            if order is not None and not self._attempt(order):
                with self._changed:
                    if closing:
                        self._newest = order
                        return
                    if self._newest is None:
                        self._newest = order
                        # Who asks for one waits for an answer, though it be that it cannot be.
                        self._changed.wait_for(
                            lambda: self._closing or bool(self._asked_for), self._delay
                        )
                    self._delay = min(LONGEST_BACK_OFF, 2 * self._delay)
                continue
            if closing and order is None and not orders:
                return

    def _attempt(self, order: Order) -> bool:
        """Write a checkpoint of the schedule; whether it is there."""
        try:
            self._write(order, "checkpoint")
        except (OSError, RecordError) as error:
            self._say(reason(error, self._directory))
            return False
        except Exception:
            log.exception("a checkpoint could not be written")
            self._say("checkpoints fail; more in the log")
            return True  # a second attempt would come to the same
        self._delay = 1.0
        self._say("")
        return True

    def _keep(self, order: Order) -> None:
        """Write a checkpoint that a person asked for, and say what became of it."""
        assert order.done is not None
        try:
            path = self._write(order, "kept")
        except (OSError, RecordError) as error:
            order.done("", reason(error, self._directory))
        except Exception:
            log.exception("a checkpoint could not be written")
            order.done("", "it could not be written; more in the log")
        else:
            order.done(path.name, "")

    def _say(self, trouble: str) -> None:
        if trouble != self._trouble:
            self._trouble = trouble
            self._tell(trouble)

    def _write(self, order: Order, kind: str) -> Path:
        if not self._ready():
            raise RecordError(f"the directory is not there: {self._directory}")
        began = time.monotonic()
        files = self._moments(order.state)
        content = Manifest(
            at=order.at,
            note=order.note,
            last_intervention=order.state.last_intervention,
            pace=order.state.pace,
            samples=order.state.samples,
            weights=order.state.weights,
            runs=[
                RunEntry(
                    name=run.moment.run,
                    step=run.moment.step,
                    segment=run.moment.facts.get("segment", 0),
                    state=run.moment.facts.get("state", ""),
                    moment=files[id(run.moment)],
                    undo=[
                        UndoEntry(
                            intervention=point.intervention,
                            words=point.words,
                            label=point.label,
                            since=point.since,
                            moment=None if point.moment is None else files[id(point.moment)],
                        )
                        for point in run.undo
                    ],
                )
                for run in order.state.runs
            ],
        )
        if kind == "checkpoint":
            same = content.model_copy(update={"at": 0.0})
            if same == self._last:
                return self._last_path  # nothing has happened since
        if not self._flush(FLUSHING):
            raise RecordError(f"the database cannot be written: {self._directory}")
        there = manifest.numbered(self._directory, kind)
        number = there[-1].number + 1 if there else 1
        path = manifest.path_of(self._directory, kind, number)
        manifest.write(content, path)
        manifest.prune(self._directory)
        if kind == "checkpoint":
            self._last, self._last_path = same, path
        self._written(order, path, time.monotonic() - began)
        return path

    def _moments(self, state: ExperimentCheckpoint) -> dict[int, str]:
        """Write the moments whose files are not there; the name of each file, by identity."""
        present = [run.moment for run in state.runs]
        past = [
            point.moment for run in state.runs for point in run.undo if point.moment is not None
        ]
        files: dict[int, str] = {}
        for moment in (*past, *present):
            known = self._files.get(id(moment))
            files[id(moment)] = self._file(moment, known[1] if known else None)
        # No other than those that the trainer keeps as well: they take no memory of their own.
        self._files = {id(moment): (moment, files[id(moment)]) for moment in past}
        return files

    def _file(self, moment: Moment, known: str | None) -> str:
        directory = self._directory / MOMENTS
        if known is not None and (directory / known).exists():
            return known
        digest = moment_files.digest_of(moment)
        name = moment_files.name_of(moment, digest)
        path = directory / name
        if not path.exists():
            with suppress(FileExistsError):
                directory.mkdir(mode=0o700)
            moment_files.write(moment, digest, path)
        return name
