"""One run on a card: what is known of it, its loss, its norms."""

import math
from dataclasses import dataclass, replace
from typing import Any

from textual import events
from textual.app import ComposeResult
from textual.containers import Container
from textual.message import Message

from dicttui.training.snapshot import RunSnapshot
from dicttui.tui.glyphs import Glyphs
from dicttui.tui.layout import CardPlan, plan_card
from dicttui.tui.widgets.card_facts import Fact, Standing, chosen, facts, one_line
from dicttui.tui.widgets.ground import Ground
from dicttui.tui.widgets.loss_line import LossLine
from dicttui.tui.widgets.norm_bars import NormBars
from dicttui.tui.widgets.roles import RoleLines

MEASURES = (
    "metrics", "metrics_step", "held_out_loss", "ripple", "rising_share", "norms", "atom_norms",
)  # fmt: skip
"""What of a run is measured now and then, and all of it at the same step."""


class FactLines(RoleLines):
    """The text of a card."""

    def __init__(self, look: int, *, glyphs: Glyphs) -> None:
        super().__init__(glyphs=glyphs)
        self.run_index = look
        self._facts: list[Fact] = []

    def show(self, lines: list[Fact]) -> None:
        """Show as many of these as there is room for."""
        self._facts = lines
        self.redraw()

    def draw(self, width: int, height: int) -> list[Any]:
        """The most needed lines."""
        del width
        return [self.strip(spans) for spans in chosen(self._facts, height)]


class _Norms(Ground, Container):
    """The norms of a card, below or beside each other."""


class RunCard(Ground, Container):
    """The card of one run, in the colour at `look` of the palette."""

    @dataclass
    class Selected(Message):
        """The card was clicked."""

        run_name: str
        again: bool
        """Twice: it should be enlarged."""

    def __init__(self, run_name: str, look: int, *, glyphs: Glyphs) -> None:
        super().__init__()
        self.run_name = run_name
        self._glyphs = glyphs
        self._facts = FactLines(look, glyphs=glyphs)
        self._loss = LossLine(colour=look, labels=True, best=True, glyphs=glyphs)
        self._rows = NormBars(colour=look, glyphs=glyphs, classes="rows")
        self._atoms = NormBars(colour=look, glyphs=glyphs)
        self._plan: CardPlan | None = None
        self._run: RunSnapshot | None = None
        self._measured: RunSnapshot | None = None
        """Whose measures are shown."""
        self._standing = Standing(0, look, selected=False)
        self._log = True
        self._scale: float | None = None

    def compose(self) -> ComposeResult:
        """The text above, the loss below it, the norms at the bottom."""
        yield self._facts
        yield self._loss
        with _Norms(classes="norms"):
            yield self._rows
            yield self._atoms

    def show(
        self,
        run: RunSnapshot,
        place: int,
        *,
        selected: bool,
        log: bool,
        scale: float | None,
        alone: bool = False,
        whole: bool = True,
    ) -> None:
        """Show a run.

        Args:
            run: the run.
            place: where it stands among the runs, from 0.
            selected: whether it is the selected one.
            log: whether the small curve's y axis is logarithmic.
            scale: the norm at a full bar, the same on every card.
            alone: whether this card has the place of all.
            whole: whether what is measured and the curve are drawn too, or stay as they are.

        """
        if whole or self._measured is None:
            self._measured = run
        else:
            run = replace(run, **{name: getattr(self._measured, name) for name in MEASURES})
        self._run, self._log, self._scale = run, log, scale
        self._standing = replace(self._standing, place=place, selected=selected, alone=alone)
        self.set_class(selected, "-selected")
        self._arrange(whole=whole)

    def on_resize(self, _event: events.Resize) -> None:
        """Share out the new size."""
        self._arrange(whole=True)

    def on_click(self, event: events.Click) -> None:
        """Select, or enlarge on a double click."""
        self.post_message(self.Selected(self.run_name, again=event.chain == 2))

    def _arrange(self, *, whole: bool) -> None:
        run = self._run
        width, height = self.content_size
        if run is None or not width or not height:
            return
        lines = facts(run, self._standing, width, self._glyphs)
        rows = run.norms.count if run.norms else 0
        plan = plan_card(width, height, len(lines), rows, run.atom_norms is not None)
        if plan != self._plan:
            self._plan, whole = plan, True
            self._apply(plan, run)
        if plan.facts == 1:
            lines = [one_line(run, self._standing, width, self._glyphs)]
        self._facts.show(lines)
        if not whole:
            return
        if plan.spark:
            self._loss.show(
                run.loss_series,
                marks=run.marks,
                ghosts=[ghost.series["loss"] for ghost in run.ghosts if "loss" in ghost.series],
                floor=run.loss_floor,
                log=self._log,
            )
        if plan.norms and run.norms:
            self._rows.show(
                run.norms, label="rows" if run.atom_norms else "row norms", scale_max=self._scale
            )
            if run.atom_norms:
                self._atoms.show(run.atom_norms, label="atoms", scale_max=None)

    def _apply(self, plan: CardPlan, run: RunSnapshot) -> None:
        self._facts.styles.height = plan.facts
        self._loss.styles.height = plan.spark
        self._loss.display = plan.spark > 0
        norms = self.query_one(".norms")
        norms.styles.height = plan.norms
        norms.display = plan.norms > 0
        norms.set_class(plan.beside, "-beside")
        # Below each other the rows have the odd line: they are what is watched.
        halved = run.atom_norms is not None and not plan.beside
        self._rows.styles.height = (plan.norms + 1) // 2 if halved else None
        self._atoms.display = run.atom_norms is not None


def norm_scale(runs: tuple[RunSnapshot, ...]) -> float | None:
    """The norm at a full bar of every card, so that bars compare across runs."""
    maxima = [run.norms.maximum for run in runs if run.norms]
    return max((norm for norm in maxima if math.isfinite(norm)), default=None)
