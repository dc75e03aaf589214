"""The seam between training and everything else."""

from typing import Protocol

from dicttui.training.interventions import Intervention, Receipt
from dicttui.training.snapshot import Snapshot, View


class SessionProtocol(Protocol):
    """What the app, the headless command, tests and clients in other processes use."""

    def submit(self, intervention: Intervention) -> int:
        """Queue an intervention; its receipts carry the returned id."""

    def receipts(self, since: int) -> list[Receipt]:
        """Receipts in the order they were written, from position `since` on."""

    def latest(self) -> Snapshot:
        """The newest snapshot. Never waits."""

    def view(self, request: View) -> None:
        """Say what the screen wants to see."""
