"""A training that was watched goes on in the background when its app is left."""

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dicttui.record.recorder import Recorder


def going_on(recording: "Recorder") -> Callable[[], int]:
    """What starts the process that goes on from the last checkpoint, once the session has been
    closed, and gives the exit status.
    """

    def go_on() -> int:
        from dicttui.cli.serving import order
        from dicttui.cli.start import begin
        from dicttui.cli.train import LINGER

        # The process that goes on needs the last checkpoint, and the lock.
        recording.linger(LINGER)
        begin(order(resume=recording.directory))
        return 0

    return go_on
