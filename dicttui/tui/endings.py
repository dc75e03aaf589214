"""When a bell is to be rung."""

from dicttui.training.snapshot import Snapshot

WORTH_A_BELL = frozenset({"finished", "diverged"})


class Endings:
    """Remembers which runs have ended, so that each is told of once."""

    def __init__(self) -> None:
        self._known: set[str] | None = None
        """None before there are runs: what had ended by then is no news."""

    def heard(self, snapshot: Snapshot) -> bool:
        """Whether a run has ended since the snapshot before."""
        if not snapshot.runs:
            return False
        ended = {run.name for run in snapshot.runs if run.state in WORTH_A_BELL}
        news = self._known is not None and bool(ended - self._known)
        self._known = ended
        return news
