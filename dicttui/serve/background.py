"""A process that trains in the background: `python -m dicttui.serve.background`.

What it trains it is told on stdin, and it says on stdout what became of that; then it has neither.

It ends when it is asked to, or when every run has ended and nobody looks on any more. While
somebody does, a run can still be continued past its end.
"""

import logging
import os
import secrets
import signal
import sys
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, NoReturn

from dicttui.serve import address
from dicttui.serve.order import Order, Outcome
from dicttui.serve.server import Server

if TYPE_CHECKING:
    from dicttui.preset.model import Preset
    from dicttui.record.recorder import Recorder
    from dicttui.record.schedule import Schedule
    from dicttui.training.observation import Observer
    from dicttui.training.script import Start
    from dicttui.training.session import Session
    from dicttui.training.snapshot import Snapshot

    Tell = Callable[[str], None]
    Live = Callable[[Sequence[str], Preset, Path | None, Path, Tell], Sequence[Observer]]
    Beginning = tuple[Preset, Recorder | None, Start | None]

log = logging.getLogger(__name__)

BETWEEN_LOOKS = 0.2
"""Seconds."""
LINGERING = 10.0
"""Seconds without a client after which a training ends in which every run has ended."""
PATIENCE = 30.0
"""Seconds that a step has to end, and what is recorded to be written."""
OVER = ("finished", "stopped", "diverged", "failed")
"""States of a run that makes no more steps by itself."""
DISCARDING = 5.0
"""Seconds that what observes has to end where nothing comes to be trained."""
LAST_CHECKPOINT = 60.0
"""Seconds that the last checkpoint has to be written, beside those."""
LOG = "log.txt"
"""In the experiment's directory."""


class Asked:
    """Whether a signal has asked the process to end."""

    def __init__(self) -> None:
        self.by = ""
        self._event = threading.Event()
        # The terminal it was started from may go, and is no reason to end.
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._end)

    def within(self, seconds: float) -> bool:
        """Whether it does, within so many seconds."""
        return self._event.wait(seconds)

    def _end(self, number: int, _frame: FrameType | None) -> None:
        self.by = signal.Signals(number).name
        self._event.set()


@dataclass(frozen=True, slots=True)
class Training:
    """An experiment that is being trained, recorded and served."""

    id: str
    session: "Session"
    recorder: "Recorder | None"
    server: Server


def main(live: "Live" = lambda *_what: ()) -> int:
    """Train what stdin says, until the end; the exit status.

    `live` makes the observers of the loggers that the order names, for the training of a preset,
    the directory in which it is recorded, the state directory, and what tells a person.
    """
    asked = Asked()
    order = Order.model_validate_json(sys.stdin.buffer.read())
    outcome = _leave_terminal()
    logging.basicConfig(
        level=logging.WARNING,
        stream=sys.stderr,
        format="%(asctime)s %(levelname)s %(name)s: %(message)s",
    )
    logging.captureWarnings(True)
    notes: list[str] = []
    try:
        training = _begin(order, notes.append, live)
    except Exception as error:
        _tell(outcome, Outcome(failed=_told(error)))
        return 2
    detail = _wait_until_it_trains(training, asked)
    if detail:
        loaded = training.session.close(PATIENCE)
        training.server.close(detail)
        _tell(outcome, Outcome(failed=detail))
        if not loaded:
            _abandon(2)
        return 2
    recording = training.recorder.recording() if training.recorder is not None else None
    if recording is not None:
        _log_to(Path(recording.directory) / LOG)
    _tell(
        outcome,
        Outcome(
            id=training.id,
            process=os.getpid(),
            directory=recording.directory if recording is not None else "",
            trouble=recording.trouble if recording is not None else "",
            notes=tuple(notes),
        ),
    )
    why = _wait_for_the_end(training, asked)
    return _end(training, why)


def _begin(order: Order, tell: Callable[[str], None], live: "Live") -> Training:
    from dicttui.diagnosis.observer import Examiner
    from dicttui.training.session import Session

    preset, recorder, start = (_new if order.resume is None else _resumed)(order, tell)
    observers: list[Observer] = [] if recorder is None else [recorder]
    try:
        observers += live(
            order.loggers,
            preset,
            None if recorder is None else recorder.directory,
            order.state,
            tell,
        )
        session = Session(
            preset, paced=False, observers=(*observers, Examiner(preset)), start=start
        )
        experiment = secrets.token_hex(3) if recorder is None else recorder.id
        server = Server(
            session,
            address.path(order.state, experiment),
            id=experiment,
            title=preset.title or preset.source,
        )
        server.start()
    except BaseException:
        # A recording that has not begun leaves nothing behind when it is closed.
        for observer in observers:
            observer.close(DISCARDING)
        raise
    session.start()
    return Training(experiment, session, recorder, server)


def _new(order: Order, _tell: Callable[[str], None]) -> "Beginning":
    from dicttui.preset import resolved

    preset = resolved.loaded(order.preset)
    if order.record is None:
        return preset, None, None
    from dicttui.record.recorder import Recorder

    return preset, Recorder.begin(preset, order.record, schedule=_schedule(order)), None


def _resumed(order: Order, tell: Callable[[str], None]) -> "Beginning":
    from dicttui.record.reading import Recorded
    from dicttui.record.recorder import Recorder
    from dicttui.record.resuming import resumable

    assert order.resume is not None
    found = resumable(Recorded.open(order.resume), tell)
    return found.preset, Recorder.resume(found, schedule=_schedule(order)), found.start


def _schedule(order: Order) -> "Schedule | None":
    from dicttui.record.schedule import Schedule

    return Schedule.of(order.checkpoint_every) if order.checkpoint_every else None


def _wait_until_it_trains(training: Training, asked: Asked) -> str:
    """Why it does not come to that; empty once it trains."""
    while not asked.within(BETWEEN_LOOKS):
        snapshot = training.session.latest()
        if snapshot.state != "loading":
            return snapshot.detail if snapshot.state == "failed" else ""
        if training.server.end_requested.is_set():
            return "ended by dicttui stop"
    return f"ended by {asked.by}"


def _wait_for_the_end(training: Training, asked: Asked) -> str:
    """Why it is to end, for a person."""
    server = training.server
    while not asked.within(BETWEEN_LOOKS):
        if server.end_requested.is_set():
            return "ended by dicttui stop"
        if training.session.wait(0) and server.seconds_alone > LINGERING:
            return "every run has ended"
    return f"ended by {asked.by}"


def _end(training: Training, why: str) -> int:
    """Save, and tell those who look on."""
    by_signal = why.startswith("ended by SIG")
    if training.recorder is not None and by_signal:
        training.recorder.ended_by(why.removeprefix("ended by "))
    stood_still = training.session.close(PATIENCE)
    # Whoever hears of the end may go on with it at once: it is whole on disk, and nobody's.
    saved = training.recorder is not None and training.recorder.linger(LAST_CHECKPOINT)
    last = training.session.latest()
    reason = f"{why}: {_where_runs_are(last)}"
    if training.recorder is not None and not saved:
        trouble = training.recorder.recording().trouble or "the disk was too slow"
        log.warning("not all was recorded: %s", trouble)
        reason += f"; not all was recorded: {trouble}"
    training.server.close(
        reason,
        resumable=training.recorder is not None and any(r.state not in OVER for r in last.runs),
    )
    if not stood_still:
        log.warning("a step was still being made; it has been abandoned")
        _abandon(1)
    return 0


def _abandon(status: int) -> NoReturn:
    """End beside a thread that does not: the interpreter's own way to end is an abort where that
    is in torch.
    """
    logging.shutdown()
    os._exit(status)


def _where_runs_are(snapshot: "Snapshot") -> str:
    if snapshot.state == "failed":
        return snapshot.detail
    return ", ".join(
        f"{run.name}{f' {run.state}' if run.state in OVER else ''} at step {run.step:,}"
        for run in snapshot.runs
    )


# -- the process -------------------------------------------------------------------------------


def _leave_terminal() -> int:
    """Nothing is read any more, and what is written goes to the log, but for the outcome: where
    that goes.
    """
    outcome = os.dup(sys.stdout.fileno())
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, sys.stdin.fileno())
    os.close(nothing)
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    return outcome


def _log_to(path: Path) -> None:
    """Let what is written from now on go to a file, if that can be had."""
    try:
        file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
    except OSError as error:
        log.warning("%s: no log can be kept: %s", path, error.strerror)
        return
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
        os.dup2(file, stream.fileno())
    os.close(file)


def _tell(pipe: int, outcome: Outcome) -> None:
    try:
        os.write(pipe, outcome.model_dump_json().encode())
    except BrokenPipeError:
        log.warning("whoever started this has not waited")
    os.close(pipe)


def _told(error: Exception) -> str:
    """An error in words for a person; one that nobody foresaw goes to the log as well."""
    from dicttui.preset.problems import PresetError
    from dicttui.record.error import RecordError
    from dicttui.serve.error import ServeError

    if not isinstance(error, PresetError | RecordError | ServeError):
        log.exception("the training could not begin")
    return str(error) or type(error).__name__


if __name__ == "__main__":
    sys.exit(main())
