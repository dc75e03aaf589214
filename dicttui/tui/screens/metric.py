"""Asking what the chart shows."""

from collections.abc import Iterable

from textual.widget import Widget

from dicttui.training.snapshot import Snapshot
from dicttui.tui.charting import MEANINGS, chartable
from dicttui.tui.screens.dialog import Dialog
from dicttui.tui.widgets.choices import ChoiceList


class MetricDialog(Dialog[str]):
    """What can be charted of these runs."""

    heading = "The chart shows"

    def __init__(self, snapshot: Snapshot, current: str) -> None:
        super().__init__()
        self._metrics = chartable(snapshot)
        self._at = self._metrics.index(current) if current in self._metrics else 0

    def fields(self) -> Iterable[Widget]:
        """A line a metric, with its meaning."""
        lines = [(metric, MEANINGS[metric]) for metric in self._metrics]
        metrics = ChoiceList(lines, glyphs=self.glyphs, at=self._at)
        metrics.styles.height = len(lines)
        yield metrics

    def on_choice_list_taken(self, message: ChoiceList.Taken) -> None:
        """Answer."""
        self.finish(self._metrics[message.place])
