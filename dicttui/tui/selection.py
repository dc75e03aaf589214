"""Runs that come and go: which one is selected then, and which colour and marker each has."""

from collections.abc import Iterable
from dataclasses import replace

from dicttui.training.interventions import Fork, Intervention
from dicttui.training.snapshot import RunSnapshot, Snapshot
from dicttui.tui.display import Display


class Looks:
    """The place in the palette of each run: a run keeps its colour and its marker while it is
    there, whatever becomes of the others.
    """

    def __init__(self) -> None:
        self._places: dict[str, int] = {}

    def follow(self, names: Iterable[str]) -> None:
        """These runs are there now; a new one takes the first place that is free."""
        there = list(names)
        self._places = {name: self._places[name] for name in there if name in self._places}
        for name in there:
            if name not in self._places:
                taken = set(self._places.values())
                free = (place for place in range(len(there)) if place not in taken)
                self._places[name] = next(free)

    def of(self, name: str) -> int:
        """A run's place in the palette, from 0."""
        return self._places.get(name, 0)


class Selection:
    """Follows the runs: a new fork that was asked for here is selected, and where the selected run
    has gone, the one it came from.
    """

    def __init__(self) -> None:
        self._forks: dict[int, str] = {}
        """Runs of which a fork was asked for, by the request."""

    def asked(self, number: int, intervention: Intervention) -> None:
        """Something was asked for."""
        if isinstance(intervention, Fork):
            self._forks[number] = intervention.run

    def failed(self, number: int) -> None:
        """What was asked for will not come."""
        self._forks.pop(number, None)

    def after(self, before: Snapshot, now: Snapshot, display: Display) -> Display:
        """The display with the run selected that is to be selected now."""
        known = {run.name: run for run in before.runs}
        there = {run.name: run for run in now.runs}
        if known.keys() == there.keys():
            return display
        if known and (fork := self._new_fork(now.runs, known)):
            return replace(display, selected=fork)
        chosen = display.run(before)
        if chosen is None or chosen.name in there:
            return display
        left = next((name for name in _ancestors(chosen, known) if name in there), "")
        return replace(display, selected=left)

    def _new_fork(self, runs: Iterable[RunSnapshot], known: Iterable[str]) -> str:
        for run in runs:
            if run.name not in known and run.parent in self._forks.values():
                asked = next(n for n, parent in self._forks.items() if parent == run.parent)
                del self._forks[asked]
                return run.name
        return ""


def _ancestors(run: RunSnapshot, known: dict[str, RunSnapshot]) -> Iterable[str]:
    """The runs from which a run was forked, the nearest first."""
    seen = {run.name}
    while run.parent in known and run.parent not in seen:
        seen.add(run.parent)
        yield run.parent
        run = known[run.parent]
