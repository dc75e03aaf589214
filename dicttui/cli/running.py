"""Running the app on a training of its own, and saving all of that; imports no typer."""

import signal
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from dicttui.cli.endings import Endings
from dicttui.cli.output import INTERRUPTED
from dicttui.exit_status import SIGNALLED

if TYPE_CHECKING:
    from dicttui.record.recorder import Recorder
    from dicttui.report.live.observer import LiveLogger


@dataclass
class Kept:
    """What keeps a training, as far as it is there."""

    recording: "Recorder | None" = None
    loggers: "Sequence[LiveLogger]" = ()

    def told_to_the_app(self, log: Sequence[str] = (), often: str = "") -> dict[str, Any]:
        """What the app does with it, as `dicttui.tui.opening.Opened` names it.

        Args:
            log: the names of the loggers.
            often: how often a checkpoint is written, in words; empty: as usual.

        """
        recording = self.recording
        if recording is None:
            return {"observers": self.loggers}

        def go_on() -> int:
            from dicttui.cli.start import in_background

            return in_background(recording, log, often)

        return {
            "observers": (recording, *self.loggers),
            "leaving": leaving(recording),
            "linger": recording.linger,
            "on_background": go_on,
            "recorded_as": recording.id,
        }


def run_and_save(app: Callable[[], int], kept: Kept) -> int:
    """Run the app on a training of its own, and save all of that, whatever signals come
    meanwhile; the exit status.
    """
    status = 0
    with Endings() as endings:
        try:
            status = app()
        finally:
            with endings.held():
                _save(kept, status)
    return status


def _save(kept: Kept, status: int) -> None:
    """The app has been left: say what there is to know about what was kept."""
    from dicttui.cli.loggers import say_what_was_not_logged
    from dicttui.cli.train import AT_ONCE, told

    if kept.recording is not None:
        kept.recording.close(AT_ONCE)  # where no session was ever begun
        told(kept.recording, interrupted=status >= SIGNALLED)
    say_what_was_not_logged(kept.loggers)


def leaving(recording: "Recorder") -> Callable[[int], None]:
    """What is done with the exit status before the session is closed."""

    def by_a_signal(status: int) -> None:
        if status > SIGNALLED and status != INTERRUPTED:
            recording.ended_by(signal.Signals(status - SIGNALLED).name)

    return by_a_signal
