"""The answer to what a person has asked for, looked for until it is there."""

import time
from typing import TYPE_CHECKING

from textual.timer import Timer

if TYPE_CHECKING:
    from dicttui.tui.app import DicttuiApp

QUICK_SECONDS = 0.001
"""How often to look for the answer to a key."""
AT_ONCE_SECONDS = 0.05
"""An answer that comes sooner is drawn alone, and not after a "requested" that nobody can read."""
QUICK_PATIENCE = 5.0
"""Seconds after which an answer is no longer looked for at that rate."""


class Answers:
    """Looks for the answer to the newest intervention."""

    def __init__(self, app: "DicttuiApp") -> None:
        self._app = app
        self._awaited: int | None = None
        self._since = 0.0
        self._quick: Timer | None = None

    def begin(self) -> None:
        """The app runs."""
        self._quick = self._app.set_interval(QUICK_SECONDS, self._look, pause=True)

    @property
    def awaited(self) -> bool:
        """Whether an answer is to be expected at once."""
        return self._awaited is not None and time.monotonic() - self._since < AT_ONCE_SECONDS

    def to(self, number: int) -> None:
        """Look for the answer to an intervention."""
        self._awaited, self._since = number, time.monotonic()
        self._look()
        if self._quick is not None and self._awaited is not None:
            self._quick.resume()

    def _look(self) -> None:
        app, waited = self._app, time.monotonic() - self._since
        if waited < AT_ONCE_SECONDS and not self._is_there():
            return
        app.hear()
        if self._is_there() or waited > QUICK_PATIENCE:
            self._awaited = None
            if self._quick is not None:
                self._quick.pause()
            app.go_first()
            app.look_now()

    def _is_there(self) -> bool:
        number, receipts = self._awaited, self._app.receipts
        if number is None or receipts.answered(number):
            return True
        new = self._app.session.receipts(receipts.heard)
        return any(receipt.id == number and receipt.status != "requested" for receipt in new)
