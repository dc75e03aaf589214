"""How the runs of a training ended, as a table."""

from collections.abc import Container, Sequence

from dicttui.training.observation import EndObservation, Observer
from dicttui.visible import visible

HEAD = ("run", "state", "steps", "loss", "best loss", "at step", "seconds", "steps/s")


class Ends(Observer):
    """Keeps how each run ended; called on the trainer thread."""

    def __init__(self) -> None:
        self._ends: dict[str, EndObservation] = {}

    def end(self, observation: EndObservation) -> None:
        """Keep how a run ended."""
        self._ends[observation.run] = observation

    @property
    def all_failed(self) -> bool:
        """Whether every run that ended diverged or failed."""
        states = [end.state for end in self._ends.values()]
        return bool(states) and all(state in ("diverged", "failed") for state in states)

    def told(self) -> str:
        """The table, with the reasons of what went wrong below it."""
        if not self._ends:
            return "No run has made a step."
        lines = table([HEAD, *(_row(end) for end in self._ends.values())])
        reasons = [f"{end.run}: {end.detail}" for end in self._ends.values() if end.detail]
        return "\n".join([*lines, *reasons])


def table(rows: Sequence[Sequence[str]], words: Container[int] = (0, 1)) -> list[str]:
    """Rows of text in aligned columns: those of words to the left, of numbers to the right."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return [
        "  ".join(
            text.ljust(width) if column in words else text.rjust(width)
            for column, (text, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]


def number(value: float | None) -> str:
    """A loss for a person."""
    return "n/a" if value is None else f"{value:.6g}"


def _row(end: EndObservation) -> tuple[str, ...]:
    return (
        visible(end.run),
        end.state,
        f"{end.steps:,}",
        number(end.loss),
        number(end.best_loss),
        "n/a" if end.best_step is None else f"{end.best_step:,}",
        f"{end.seconds:.1f}",
        f"{end.steps / end.seconds:,.0f}" if end.seconds > 0 else "n/a",
    )
