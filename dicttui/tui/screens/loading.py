"""The first screen: what is being loaded, or why it could not be."""

from typing import Any

from textual.app import ComposeResult

from dicttui.training.snapshot import Snapshot
from dicttui.tui.display import Display
from dicttui.tui.glyphs import Glyphs
from dicttui.tui.screens.live import LiveScreen
from dicttui.tui.widgets.roles import RoleLines, Span, cut, folded, width_of


class LoadingNotice(RoleLines):
    """A few centred lines."""

    DEFAULT_CSS = """
    LoadingNotice { height: 1fr; width: 1fr; }
    """
    _snapshot: Snapshot | None = None

    def show(self, snapshot: Snapshot) -> None:
        """Say where the session stands."""
        self._snapshot = snapshot
        self.redraw()

    def draw(self, width: int, height: int) -> list[Any]:
        """As a block in the middle; blank lines give way."""
        if self._snapshot is None:
            return []
        said = self._said(self._snapshot, max(1, width - 4))
        if len(said) > height:
            said = [line for line in said if line]
        above = max(0, (height - len(said)) // 2)
        indent = " " * max(0, (width - max(width_of(line) for line in said)) // 2)
        lines = [cut([(indent, "plain"), *line], width, self.glyphs) for line in said]
        return [self.strip(line) for line in [*([[]] * above), *lines]]

    def _said(self, snapshot: Snapshot, width: int) -> list[list[Span]]:
        if snapshot.state not in ("failed", "closed"):
            source: list[Span] = [("dicttui", "accent"), (f"  {snapshot.source}", "strong")]
            detail = snapshot.detail or "loading torch…"
            lines: list[list[Span]] = [[(line, "muted")] for line in folded(detail, width)]
            return [source, [], *lines]
        why: list[list[Span]] = [[(line, "plain")] for line in folded(snapshot.detail, width)]
        failed = snapshot.state == "failed"
        what = "The training could not start" if failed else "There is nothing to see any more"
        heading: list[Span] = [(f"{self.glyphs.alert} {what}", "bad")]
        leave: list[Span] = [("Press ", "muted"), ("q", "key"), (" to leave.", "muted")]
        return [heading, [], *why, [], leave]


class LoadingScreen(LiveScreen):
    """Shown until there is something to see."""

    CSS_PATH = "loading.tcss"
    kind = "loading"
    AUTO_FOCUS = ""

    def __init__(self, glyphs: Glyphs) -> None:
        super().__init__(glyphs)
        self._notice = LoadingNotice(glyphs=glyphs)

    def compose(self) -> ComposeResult:
        """The notice alone."""
        yield self._notice

    def show(self, snapshot: Snapshot, display: Display) -> None:
        """Say where the session stands."""
        del display
        self._notice.show(snapshot)
