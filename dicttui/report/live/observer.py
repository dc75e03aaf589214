"""Telling a logger's process what is trained, without ever waiting for it."""

import json
import logging
import subprocess
import sys
import tempfile
import threading
import time
from collections import deque
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import IO, Any

from dicttui.own_process import environment
from dicttui.report.live.selection import selected
from dicttui.training.asked import from_to
from dicttui.training.interventions import Intervention, Receipt
from dicttui.training.observation import EndObservation, Observer
from dicttui.training.snapshot import RunSnapshot, Snapshot

MOST_WAITING = 2_000
"""Messages that wait for the logger; what comes beside them is left out, and counted."""
PICTURES_EVERY = 2.0
"""Seconds between two sets of metrics."""

log = logging.getLogger(__name__)

Message = dict[str, Any]


class LiveLogger(Observer):
    """Tells one logger's process; called on the trainer thread, and never raises into it."""

    picture_every = PICTURES_EVERY

    def __init__(self, name: str, beginning: Message) -> None:
        self.name = name
        self.trouble = ""
        """Why not everything was logged, for a person; empty while all is well."""
        self._dropped = 0
        self._closed = False
        self._segments: dict[str, int] = {}
        self._metrics_steps: dict[str, int] = {}
        self._waiting: deque[Message | None] = deque()
        self._more = threading.Condition()
        self._said: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 - as long as the process
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", "dicttui.report.live.worker", name],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=self._said,
            env=environment(),
            # Ctrl-C is for the training; what has been logged is still to be written.
            start_new_session=True,
        )
        self._thread = threading.Thread(target=self._write, name=f"log to {name}", daemon=True)
        self._put({"do": "begin"} | beginning)
        self._thread.start()

    # -- what the trainer tells ------------------------------------------------------------------

    def made(self, run: str, segment: int, first: int, losses: Sequence[float]) -> None:
        """Tell some of the losses; and that the run has gone back, if it has."""
        if segment > self._segments.get(run, segment):
            self._metrics_steps.pop(run, None)
            self._put({"do": "back", "run": run, "step": first})
        self._segments[run] = segment
        steps = list(selected(first, first + len(losses)))
        if steps:
            values = [float(losses[step - first]) for step in steps]
            self._offer({"do": "losses", "run": run, "steps": steps, "values": values}, len(steps))

    def picture(self, snapshot: Snapshot) -> None:
        """Tell metrics that have been taken since."""
        for run in snapshot.runs:
            step = run.metrics_step
            if step is None or self._metrics_steps.get(run.name) == step:
                continue
            self._metrics_steps[run.name] = step
            values = _values(run)
            message = {"do": "numbers", "run": run.name, "step": step, "values": values}
            self._offer(message, len(values))
            if run.lr is not None:
                # Of the step that is made next: the metrics may be those of an earlier one.
                rate = {"do": "numbers", "run": run.name, "step": run.step}
                self._offer(rate | {"values": {"lr": run.lr}}, 1)

    def intervened(
        self, number: int, intervention: Intervention, before: Mapping[str, int], receipt: Receipt
    ) -> None:
        """Tell what was changed."""
        del intervention, before
        for change in receipt.changes:
            if not change.failed:
                words = f"#{number} {receipt.request}: {from_to(change.before, change.after)}"
                self._put({"do": "words", "run": change.run, "step": change.step, "text": words})

    def end(self, observation: EndObservation) -> None:
        """Tell how a run ended."""
        self._put(
            {
                "do": "end",
                "run": observation.run,
                "state": observation.state,
                "step": max(0, observation.steps - 1),
                "loss": observation.loss,
            }
        )

    def close(self, timeout: float) -> None:
        """Have the logger finish; if it takes longer, it does so in the background."""
        if self._closed:
            return
        self._closed = True
        began = time.monotonic()
        self._put(None)
        self._thread.join(timeout)
        left = max(0.0, timeout - (time.monotonic() - began))
        if self._dropped:
            self._fail(f"could not keep up: {self._dropped:,} values were left out")
        try:
            status = self._process.wait(left)
        except subprocess.TimeoutExpired:
            self._fail("has not finished; it goes on in the background for a while")
        else:
            if status != 0:
                self._fail(self._last_words() or f"ended with status {status}")

    # -- the pipe --------------------------------------------------------------------------------

    def _offer(self, message: Message, values: int) -> None:
        """Put a message that may be left out."""
        if len(self._waiting) >= MOST_WAITING:
            self._dropped += values
        else:
            self._put(message)

    def _put(self, message: Message | None) -> None:
        with self._more:
            self._waiting.append(None if message is None else message | {"at": time.time()})
            self._more.notify()

    def _write(self) -> None:
        """Write what waits to the logger, on a thread of its own that may be made to wait."""
        pipe = self._process.stdin
        assert pipe is not None  # it was asked for
        try:
            while (message := self._next()) is not None:
                pipe.write(json.dumps(message).encode() + b"\n")
                if not self._waiting:
                    pipe.flush()
            pipe.close()
        except OSError:
            # The logger has gone; it has said why, and nothing more can be told.
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(1.0)
            self._fail(self._last_words() or f"ended with status {self._process.poll()}")
            with suppress(OSError):
                pipe.close()
            while self._next() is not None:
                pass

    def _next(self) -> Message | None:
        with self._more:
            self._more.wait_for(lambda: self._waiting)
            return self._waiting.popleft()

    def _fail(self, why: str) -> None:
        if why not in self.trouble:
            self.trouble = f"{self.trouble}; {why}" if self.trouble else f"{self.name}: {why}"
            log.warning("%s: %s", self.name, why)

    def _last_words(self) -> str:
        """What the logger said last before it ended."""
        self._said.seek(0)
        lines = self._said.read()[-4096:].decode(errors="replace").strip().splitlines()
        return lines[-1] if lines else ""


def _values(run: RunSnapshot) -> dict[str, float]:
    """Metrics and terms, by the names under which they are recorded too."""
    values: dict[str, float | None] = {
        **{f"terms.{name}": value for name, value in run.terms.items()},
        **run.metrics,
        "held_out_loss": run.held_out_loss,
    }
    return {name: value for name, value in values.items() if value is not None}
