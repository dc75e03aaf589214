"""Why does this run not converge: what was found, what speaks for it, and what mends it."""

from textual import events
from textual.app import ComposeResult

from dicttui.training.finding import Diagnosis, Finding
from dicttui.training.snapshot import RunSnapshot, Snapshot
from dicttui.tui.display import Display
from dicttui.tui.glyphs import Glyphs
from dicttui.tui.keys import Key
from dicttui.tui.numbers import count
from dicttui.tui.screens.closeup import CloseupScreen, bindings_of
from dicttui.tui.selection import Looks
from dicttui.tui.widgets.finding_panels import FindingPanels, FindingsContent
from dicttui.tui.widgets.finding_words import answered

NOBODY = """Nobody examines {run}, so that nothing is known of what keeps it from converging."""
NOT_RECORDED = """This recording has no diagnosis of {run} at this moment.

`dicttui diagnose` examines a recorded experiment."""


class WhyScreen(CloseupScreen):
    """The diagnosis of the selected run; it follows the training."""

    CSS_PATH = "why.tcss"
    kind = "why"
    BINDINGS = [  # noqa: RUF012 - Textual's own way
        *bindings_of("why"),
        ("up", "move(-1)", "The finding above"),
        ("down", "move(1)", "The finding below"),
        ("pageup", "scroll_page(-1)", "Page up"),
        ("pagedown", "scroll_page(1)", "Page down"),
        ("home", "scroll_lines(-1000000)", "First"),
        ("end", "scroll_lines(1000000)", "Last"),
        *(
            (name, f"app.press('scrub', '{name}')", "Back and on in a recording")
            for name in ("left", "right", "shift+left", "shift+right")
        ),
    ]

    def __init__(self, glyphs: Glyphs, looks: Looks, run: str) -> None:
        super().__init__(glyphs, looks, "why")
        self.why: tuple[str, ...] = (run,)
        """The run whose diagnosis is asked for."""
        self._panels = FindingPanels(glyphs=glyphs)
        self._cause = ""
        """Of the finding that a person has chosen, which stays chosen when the ranks change; empty:
        whichever leads."""
        self._top = 0

    def compose(self) -> ComposeResult:
        """From top to bottom."""
        yield self.heading
        yield self._panels
        self.words.display = False
        yield self.words
        yield self._receipt
        yield self._keys

    def answers(self, key: Key) -> bool:
        """A recording is gone through here, too: findings come and go in it."""
        scrubs = key.where == "replay" and self.owner.snapshot.playback is not None
        return super().answers(key) or scrubs

    # -- what is shown -------------------------------------------------------------------------

    def show(self, snapshot: Snapshot, display: Display) -> None:
        """Show the newest diagnosis of the selected run."""
        self.show_frame(snapshot, display)
        run = display.run(snapshot)
        if run is None:
            return
        self._ask_of(run)
        diagnosis = run.diagnosis
        words = self._instead(run, snapshot)
        self.show_words(words)
        self._panels.display = not words
        self.heading.show(f"Why? {run.name}", _note(diagnosis, frozen=display.frozen))
        if diagnosis is not None and diagnosis.findings:
            place = self._place(diagnosis)
            content = FindingsContent(snapshot.verdict, diagnosis, place, self._top)
            self._panels.show(content, self.looks.of(run.name))

    def _ask_of(self, run: RunSnapshot) -> None:
        if self.why == (run.name,):
            return
        self.why, self._cause, self._top = (run.name,), "", 0
        if self.is_current:
            self.owner.ask_for_view()

    def _instead(self, run: RunSnapshot, snapshot: Snapshot) -> str:
        """What is said where there is no finding."""
        diagnosis = run.diagnosis
        if diagnosis is None:
            words = NOBODY if snapshot.playback is None else NOT_RECORDED
            return words.format(run=run.name)
        if diagnosis.findings:
            return ""
        known = "".join(text for text, _role in answered(snapshot.verdict))
        why = diagnosis.progress or "it is being examined"
        unknown = "\n".join(diagnosis.unknown)
        return f"{known}\n\nNothing has been found of {run.name} yet: {why}.\n\n{unknown}".rstrip()

    def _place(self, diagnosis: Diagnosis) -> int:
        causes = [finding.cause for finding in diagnosis.findings]
        return causes.index(self._cause) if self._cause in causes else 0

    def chosen(self) -> Finding | None:
        """The finding that is shown in full."""
        run = self.owner.showing.run(self.owner.snapshot)
        if run is None or run.diagnosis is None or not run.diagnosis.findings:
            return None
        return run.diagnosis.findings[self._place(run.diagnosis)]

    # -- keys ----------------------------------------------------------------------------------

    def action_move(self, by: int) -> None:
        """To another finding, round and round."""
        run = self.owner.showing.run(self.owner.snapshot)
        if run is not None and run.diagnosis is not None and run.diagnosis.findings:
            findings = run.diagnosis.findings
            self._choose(findings[(self._place(run.diagnosis) + by) % len(findings)])

    def _choose(self, finding: Finding) -> None:
        self._cause, self._top = finding.cause, 0
        self.owner.redraw()

    def action_scroll_page(self, direction: int) -> None:
        """Move in the chosen finding by what is seen of it."""
        self.action_scroll_lines(direction * self._panels.page)

    def action_scroll_lines(self, lines: int) -> None:
        """Move in the chosen finding."""
        self._top = max(0, min(self._top + lines, self._panels.most_top))
        self.owner.redraw()

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """Three lines down."""
        event.stop()
        self.action_scroll_lines(3)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """Three lines up."""
        event.stop()
        self.action_scroll_lines(-3)

    def on_click(self, event: events.Click) -> None:
        """Choose the finding that was clicked."""
        run = self.owner.showing.run(self.owner.snapshot)
        if event.widget is not self._panels or run is None or run.diagnosis is None:
            return
        place = self._panels.finding_at(event.x, event.y)
        if place is not None and place < len(run.diagnosis.findings):
            self._choose(run.diagnosis.findings[place])


def _note(diagnosis: Diagnosis | None, *, frozen: bool) -> str:
    """When it was examined, and what is being tried."""
    if diagnosis is None:
        return ""
    parts = [f"examined at step {count(diagnosis.step)}"] if diagnosis.step >= 0 else []
    if diagnosis.findings and diagnosis.progress:
        parts.append(diagnosis.progress)
    if frozen:
        parts.append("display frozen")
    return "; ".join(parts)
