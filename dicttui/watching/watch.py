"""`from dicttui import watch`: a few lines in a training loop of one's own."""

import atexit
import logging
import os
import secrets
import sys
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from torch import Tensor, nn
from torch.optim import Optimizer

from dicttui.own_log import log_handler
from dicttui.own_state import log_file, state_directory
from dicttui.record.recorder import Recorder
from dicttui.serve import address
from dicttui.serve.error import ServeError
from dicttui.serve.server import Server
from dicttui.training.finding import Diagnosis, Finding
from dicttui.watching import controls as controlling
from dicttui.watching import places
from dicttui.watching.building import Asked, built
from dicttui.watching.losses import Losses
from dicttui.watching.network import Forward, Functions, Loss, Rows
from dicttui.watching.saying import Say
from dicttui.watching.session import EndState, WatchedSession
from dicttui.watching.text import report

log = logging.getLogger(__name__)

LAST_WRITES = 30.0
"""Seconds that what is recorded has to be written when the watching ends."""


class Watch:
    """A training loop that is watched; `watch` makes one.

    Nothing that goes wrong in here reaches the loop: it is told once on stderr, and the loop goes
    on. What is computed for the screen and the diagnosis leaves the loop's numbers as they are, to
    the last bit.
    """

    def __init__(
        self, session: WatchedSession, losses: Losses, recorder: Recorder | None, say: Say
    ) -> None:
        self._session = session
        self._losses = losses
        self._recorder = recorder
        self._say = say
        self._server: Server | None = None
        self._process = os.getpid()
        self._open = True
        self._left = time.perf_counter()
        self._own = 0.0
        """Seconds of the loop's own since the last look."""
        self._kept = 0

    @property
    def id(self) -> str:
        """Of the experiment: what `dicttui attach` and `dicttui runs` know it by; empty where it is
        neither served nor recorded.
        """
        return self._say.id or ("" if self._recorder is None else self._recorder.id)

    @property
    def stop_requested(self) -> bool:
        """Whether somebody has asked from another terminal that the loop end; only where "stop" is
        among its controls.
        """
        return self._session.stop_requested

    def step(self, loss: Tensor | float, batch: Tensor | None = None) -> bool:
        """Say that a step has been made; to be called after the optimizer's own.

        Args:
            loss: of this step's batch, before the update: a tensor of one number, or a number. One
                on a GPU is not waited for.
            batch: the samples of this step, by which the size of batches is known.

        Returns:
            Whether the loop is to go on: False once somebody has asked it to end.

        While the loop is paused from another terminal this does not return.

        Raises TypeError where the loss is no single number.

        """
        if not self._open or os.getpid() != self._process:
            return not self._session.stop_requested
        now = time.perf_counter()
        self._own += now - self._left
        self._losses.add(loss)
        self._kept += 1
        try:
            if batch is not None and self._session.run.batch_size is None:
                self._session.know_batch(batch)
            if self._session.wants(self._kept, now):
                took, self._own, self._kept = self._own, 0.0, 0
                self._session.look(self._losses.take(), took)
                self._mind_stop()
        except Exception as error:
            log.exception("a step could not be looked at")
            self._say.failed(error)
        self._left = time.perf_counter()
        return not self._session.stop_requested

    def findings(self) -> tuple[Finding, ...]:
        """What the loop's numbers speak for now, likeliest first; `healthy` alone where nothing is
        wrong. None is more than `suspected`, for nothing can be tried on a loop of one's own. Takes
        some seconds of computing.
        """
        return self._examined().findings

    def diagnosis(self) -> str:
        """The same as a text for a person, with what could not be known and which controls there
        are.
        """
        found = self._examined()
        return report(self._session, found, self.id)

    def close(self) -> None:
        """End the watching: what is recorded is written, and nobody can attach any more."""
        self._close("finished", "")

    def __enter__(self) -> Self:
        """The same."""
        return self

    def __exit__(
        self,
        _type: type[BaseException] | None,
        error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        """End the watching, as the loop has ended."""
        self._close(*_how_it_ended(error))

    # -- inside --------------------------------------------------------------------------------

    def _serve(self, title: str) -> None:
        state = state_directory()
        unstoppable = "" if controlling.STOP in self._session.allowed else controlling.CANNOT_STOP
        self._server = Server(
            self._session,
            address.path(state, self.id),
            id=self.id,
            title=title,
            unstoppable=unstoppable,
        )
        try:
            self._server.start()
        except ServeError as error:
            self._server = None
            self._say.id = ""
            self._say.trouble(f"dicttui attach cannot show it: {error}")

    def _mind_stop(self) -> None:
        if self._server is not None and self._server.end_requested.is_set():
            self._session.stop_requested = True

    def _examined(self) -> Diagnosis:
        if self._open and os.getpid() == self._process:
            self._flush()
            try:
                return self._session.examined()
            except Exception as error:
                log.exception("the loop could not be examined")
                self._say.failed(error)
        return self._session.diagnosis

    def _flush(self) -> None:
        took, self._own, self._kept = self._own, 0.0, 0
        self._session.take_in(self._losses.take(), took)

    def _at_exit(self) -> None:
        uncaught = None if hasattr(sys, "ps1") else getattr(sys, "last_value", None)
        self._close(*_how_it_ended(uncaught))

    def _close(self, state: EndState, detail: str) -> None:
        if not self._open or os.getpid() != self._process:
            return
        self._open = False
        atexit.unregister(self._at_exit)
        try:
            self._flush()
            self._session.end(state, detail)
        except Exception as error:
            log.exception("the watching could not end as it should")
            self._say.failed(error)
        if self._recorder is not None:
            self._recorder.close(LAST_WRITES)
            if not self._recorder.linger(LAST_WRITES):
                trouble = self._recorder.recording().trouble or "the disk was too slow"
                self._say.trouble(f"not all was recorded: {trouble}")
        if self._server is not None:
            run = self._session.run
            what = {"finished": "its program has ended the watching"}.get(state, detail or state)
            self._server.close(f"{what}: {run.name} at step {run.step:,}")


def watch(
    model: nn.Module,
    optimizer: Optimizer | Sequence[Optimizer],
    x: Tensor | None = None,
    *,
    forward: Forward | None = None,
    dictionary: Rows | None = None,
    atoms: Rows | None = None,
    loss: Loss | None = None,
    held_out: Tensor | None = None,
    true_atoms: Tensor | None = None,
    batch_size: int | None = None,
    steps: int | None = None,
    name: str = "loop",
    controls: bool | str | Iterable[str] = True,
    record: bool | str | Path = True,
    serve: bool = True,
    dead_window: int = 1000,
    quiet: bool = False,
) -> Watch:
    """Watch a training loop: record it, let `dicttui attach` show it, and diagnose it.

    Only the model and its optimizer are needed; with them the loss is followed. The more of the
    rest is given, the more is known; what is not is said.

    Args:
        model: what is trained. Under DistributedDataParallel, its `.module`.
        optimizer: what trains it; several where several do.
        x: fixed samples [n, …] on which reconstruction, codes and loss terms are measured, from
            time to time, in evaluation mode and without gradients; at most 2,048 of them are.
        forward: samples → (reconstruction, code [batch, n_atoms]); none: the model itself, if it
            returns that.
        dictionary: → the dictionary [n_atoms, ·], or a view of a parameter.
        atoms: → what each atom adds to the reconstruction [n_atoms, d_in], where that is not the
            dictionary.
        loss: samples → {"mse": …, "l1": …}: scalars whose sum is the loss, the error first.
        held_out: samples that the loop does not train on, to be measured as well.
        true_atoms: the dictionary [n_true, d_in] the samples were made of, where it is known.
        batch_size: samples of a step; 0: each sees all of x. None: known from `step(…, batch)`.
        steps: how many the loop will make, where that is known.
        name: of the loop, for a person.
        controls: what may be changed from another terminal: True, "pause", "learning_rate" and
            "reset_optimizer"; False, nothing; or their names. "stop" is for loops that heed what
            `step` returns.
        record: whether it is recorded, or in which directory; True: where `dicttui runs` looks.
        serve: whether `dicttui attach` can show it.
        dead_window: steps without firing on any of x after which an atom is dead.
        quiet: whether stderr is told of troubles alone.

    Raises:
        TypeError: an argument is of another type than is expected.
        ValueError: what is wrong with an argument, and what is expected.

    """
    asked = Asked(
        model=model, optimizer=optimizer, x=x,
        functions=Functions(forward, dictionary, atoms, loss),
        held_out=held_out, true_atoms=true_atoms, batch_size=batch_size, steps=steps, name=name,
        dead_window=dead_window,
    )  # fmt: skip
    allowed = controlling.chosen(controls)
    say = Say(name, quiet=quiet)
    experiment, run = built(asked)
    where = places.record_directory() if record is True else record
    recorder = Recorder.begin(experiment.preset, Path(where)) if where else None
    say.log = _log()
    say.id = ("" if not serve else secrets.token_hex(3)) if recorder is None else recorder.id
    session = WatchedSession(experiment, run, allowed, [] if recorder is None else [recorder], say)
    watched = Watch(session, Losses(), recorder, say)
    if serve:
        watched._serve(experiment.preset.title)
    atexit.register(watched._at_exit)
    say.begun(None if recorder is None else recorder.directory, run.network.parts.missing)
    return watched


def _how_it_ended(error: BaseException | None) -> tuple[EndState, str]:
    if error is None:
        return "finished", ""
    if isinstance(error, KeyboardInterrupt | SystemExit):
        return "stopped", "its program was ended"
    return "failed", f"its program raised {type(error).__name__}"


def _log() -> Path | None:
    """Where tracebacks go that a person should not have to see; None: nowhere."""
    logger = logging.getLogger("dicttui")
    if not logger.handlers:
        try:
            logger.addHandler(log_handler())
        except OSError:
            logger.addHandler(logging.NullHandler())
            return None
    return log_file()
