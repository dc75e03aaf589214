"""Keys on a recording: it is played and scrubbed, and nothing in it can be changed."""

from collections.abc import Callable
from typing import Protocol

A_RECORDING = "a recording: nothing trains here"
SCRUBBED = {
    "left": -1, "right": 1, "shift+left": -10, "shift+right": 10, "pageup": -10, "pagedown": 10,
    "home": -(10**9), "end": 10**9,
}  # fmt: skip
"""Pictures by which each key moves."""


class Player(Protocol):
    """What shows a recording."""

    def toggle(self) -> None:
        """Play or pause."""

    def slower(self) -> None:
        """Half the speed."""

    def faster(self) -> None:
        """Twice the speed."""

    def scrub(self, frames: int) -> None:
        """So many pictures on or back."""

    def seek(self, share: float) -> None:
        """To a place between the beginning, 0, and the end, 1."""


PLAYED: dict[str, Callable[[Player], None]] = {
    "pause_all": lambda player: player.toggle(),
    "slower": lambda player: player.slower(),
    "faster": lambda player: player.faster(),
}
"""What keys that change a training do to a recording; the others do nothing."""
