"""The training that an app shows: there before the app's first picture, or made right after it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from dicttui.training.interventions import Intervention, Receipt
from dicttui.training.snapshot import Snapshot, View

if TYPE_CHECKING:
    from dicttui.preset.model import Preset
    from dicttui.training.observation import Observer
    from dicttui.training.script import Start
    from dicttui.training.session import Session


@dataclass(frozen=True, kw_only=True)
class Opened:
    """What is trained, and what there is to it."""

    preset: "Preset"
    """Its [display] says how the chart stands at the start."""
    worded: Callable[[Snapshot], Snapshot] | None = None
    """What is done to every snapshot before the app looks at it."""
    observers: "Sequence[Observer]" = ()
    """Of the training."""
    start: "Start | None" = None
    """Where it begins, if not at step 0."""
    leaving: Callable[[int], None] = lambda _status: None
    """Called with the exit status before the session is closed."""
    linger: Callable[[float], object] = lambda _seconds: None
    """Waits for so many seconds until what is recorded has been written; called where the process
    is about to end without coming back from the app."""
    on_background: Callable[[], int] | None = None
    """Lets the training, which has been closed, go on in the background, and gives the exit status;
    None: that is not offered."""
    recorded_as: str = ""
    """The id under which it is recorded; empty: it is not."""
    news: Callable[[], str] | None = None
    """What a person is to be told once the training is there, or nothing; called in a thread of its
    own."""


class Opening:
    """The session of a training, from before there is one.

    Args:
        opens: makes what is to be known of the training; whatever it raises is the caller's.
        source: the preset's name, until more is known.

    """

    def __init__(self, opens: Callable[[], Opened], source: str) -> None:
        self._opens = opens
        self._before = Snapshot(sequence=0, state="loading", detail="loading torch…", source=source)
        self._session: Session | None = None
        self._view: View | None = None
        self.opened: Opened | None = None

    def open(self) -> Opened:
        """Make the session; it is not started."""
        from dicttui.diagnosis.observer import Examiner
        from dicttui.training.session import Session

        opened = self._opens()
        observers = (*opened.observers, Examiner(opened.preset))
        session = Session(opened.preset, paced=True, observers=observers, start=opened.start)
        if self._view is not None:
            session.view(self._view)
        self.opened, self._session = opened, session
        return opened

    def start(self) -> None:
        """Start the training."""
        if self._session is not None:
            self._session.start()

    # -- the seam ------------------------------------------------------------------------------

    def submit(self, intervention: Intervention) -> int:
        """As the seam has it; there are no runs yet where there is no session."""
        return -1 if self._session is None else self._session.submit(intervention)

    def receipts(self, since: int) -> list[Receipt]:
        """As the seam has it."""
        return [] if self._session is None else self._session.receipts(since)

    def latest(self) -> Snapshot:
        """As the seam has it."""
        return self._before if self._session is None else self._session.latest()

    def view(self, request: View) -> None:
        """As the seam has it."""
        self._view = request
        if self._session is not None:
            self._session.view(request)

    # -- its end -------------------------------------------------------------------------------

    def close(self, timeout: float = 30.0) -> bool:
        """End the training, if there is one; whether it ended."""
        return self._session is None or self._session.close(timeout)

    def leaving(self, status: int) -> None:
        """The app has been left with an exit status."""
        if self.opened is not None:
            self.opened.leaving(status)

    def linger(self, seconds: float) -> None:
        """Wait until what is recorded has been written."""
        if self.opened is not None:
            self.opened.linger(seconds)
