"""What a card says of a run, line by line, the most needed first."""

import math
from dataclasses import dataclass

from dicttui.training.snapshot import RunSnapshot, RunState
from dicttui.tui.glyphs import Glyphs
from dicttui.tui.numbers import (
    count,
    learning_rate,
    number,
    percent,
    rate,
    samples_rate,
    time_left,
)
from dicttui.tui.widgets.finding_words import finding_lines
from dicttui.tui.widgets.roles import Role, Span, Spans, apart, cut, folded, width_of
from dicttui.tui.widgets.slim_bar import LONGEST, SHORTEST, slim_bar

STATE_ROLES: dict[RunState, Role] = {
    "loading": "muted",
    "running": "good",
    "paused": "warn",
    "finished": "strong",
    "stopped": "muted",
    "diverged": "bad",
    "failed": "bad",
}
METRIC_LABELS = {
    "mse": "mse",
    "fvu": "fvu",
    "mmcs": "mmcs",
    "recovered": "recovered",
    "l0": "l0",
    "dead_fraction": "dead",
    "l1": "l1",
    "precision": "precision",
}
"""The metrics of a card, in order, and how a card calls them."""
SHARES = frozenset({"dead_fraction", "recovered", "precision"})
SMALLEST_COLUMN = 17
"""Cells that a label and its value need."""
ROOMY = 48
"""Cells from which on a card has room for words that a narrow one does without."""
REFERENCE = "eager"
"""The engine that others are compared with."""
EXACT = "the same numbers as eager's, to the last bit"
INEXACT = "eager's numbers but for rounding"
PACE = 7
"""Cells kept for the steps per second."""
LONGEST_PERCENTAGE = 7
LONGEST_LEFT = 16
"""Of what is said of the time that is left."""
VALUE = 8
SHARE = 5
"""Cells kept for a number, a percentage on a narrow card: little moves when its length changes."""


@dataclass(frozen=True, slots=True)
class Fact:
    """One line of a card."""

    importance: int
    """The card drops the highest first."""
    spans: tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a run stands among the others."""

    place: int
    """From 0."""
    look: int
    """The place of its colour and marker in the palette, from 0."""
    selected: bool
    alone: bool = False
    """Whether its card has the place of all of them."""


def facts(run: RunSnapshot, standing: Standing, width: int, glyphs: Glyphs) -> list[Fact]:
    """Every line of a run's card, in the order in which they stand."""
    writer = _Writer(run, width, glyphs)
    # Before the metrics: a fork is compared with where it comes from.
    origin = [Fact(5, tuple(writer.origin()))] if run.parent else []
    progress = Fact(1, tuple(writer.progress()))
    lines = [
        Fact(0, tuple(writer.heading(standing))),
        *(Fact(3, tuple(alert)) for alert in writer.alerts()),
        *(Fact(rank, tuple(line)) for rank, line in finding_lines(run.diagnosis, width, glyphs)),
        Fact(6, tuple(writer.optimizer())),
        *origin,
        progress,
        Fact(4, tuple(writer.rates())),
        Fact(2, tuple(writer.loss())),
    ]
    cells = writer.measured()
    rows = writer.grid(cells) if width >= ROOMY else writer.packed(cells)
    lines += [Fact(5 + 2 * place_in_grid, tuple(row)) for place_in_grid, row in enumerate(rows)]
    if (coefficient := writer.coefficient()) and not writer.coefficient_beside_rates():
        lines.append(Fact(10, tuple(coefficient)))
    if throughput := writer.throughput():
        lines.insert(lines.index(progress) + 1, Fact(8, tuple(throughput)))
    lines.append(Fact(12, tuple(writer.network())))
    if run.engine and standing.alone:
        lines.append(Fact(13, tuple(writer.engine())))
    return lines


def one_line(run: RunSnapshot, standing: Standing, width: int, glyphs: Glyphs) -> Fact:
    """All that a card of one line has room for: which run it is, its loss and its state."""
    return Fact(0, tuple(_Writer(run, width, glyphs).summary(standing)))


def chosen(lines: list[Fact], height: int) -> list[Spans]:
    """The most needed lines that fit, in the order in which they stand."""
    by_need = sorted(range(len(lines)), key=lambda place: lines[place].importance)
    return [lines[place].spans for place in sorted(by_need[: max(0, height)])]


class _Writer:
    """Writes the lines of one run for one width."""

    def __init__(self, run: RunSnapshot, width: int, glyphs: Glyphs) -> None:
        self.run = run
        self.width = width
        self.glyphs = glyphs
        self._told_time_left = False
        """Whether the time that is left stands on the line of the steps."""

    def heading(self, standing: Standing) -> list[Span]:
        """`[1] ● adam          ▶ running`"""
        left = self._name(standing)
        sign = self.glyphs.state(self.run.state)
        role = STATE_ROLES[self.run.state]
        words = f"{sign} {self.run.state}"
        if self.run.catching_up is not None:
            role = "warn"
            until = f" to {count(self.run.catching_up)}" if self.width >= 36 else ""
            words = f"{sign} catching up{until}"
        if self.run.state == "diverged" and self.width >= 36:
            words += f" at step {count(self.run.step)}"
        if self.width < 20:
            return apart(left, [(sign, role)], self.width, self.glyphs)
        return apart(left, [(words, role)], self.width, self.glyphs)

    def summary(self, standing: Standing) -> list[Span]:
        """`[1] ● adam           0.3663 ▶`"""
        sign = (self.glyphs.state(self.run.state), STATE_ROLES[self.run.state])
        loss: Span = (f"{self._number(self.run.loss)} ", "strong")
        return apart(self._name(standing), [loss, sign], self.width, self.glyphs)

    def _name(self, standing: Standing) -> list[Span]:
        number_ = f"[{standing.place + 1}]" if standing.selected else f" {standing.place + 1} "
        return [
            (number_, "accent" if standing.selected else "muted"),
            (f" {self.glyphs.run_marker(standing.look)} ", "run"),
            (self.run.name, "strong"),
        ]

    def alerts(self) -> list[list[Span]]:
        """What a person should notice, and why the run ended if it did so badly."""
        texts: list[tuple[str, Role]] = [
            (alert.text, "bad" if alert.kind in ("diverged", "failed", "data") else "warn")
            for alert in self.run.alerts
        ]
        bad = self.run.state in ("diverged", "failed")
        if bad and self.run.state_detail and not any(role == "bad" for _text, role in texts):
            texts.insert(0, (self.run.state_detail, "bad"))
        lines: list[list[Span]] = []
        for text, role in texts:
            first, *more = folded(text, max(1, self.width - 2))
            lines.append([(f"{self.glyphs.alert} {first}", role)])
            if more:
                lines.append(cut([(f"  {' '.join(more)}", role)], self.width, self.glyphs))
        return lines

    def optimizer(self) -> list[Span]:
        """The optimizer with its settings, and where it steps."""
        left: list[Span] = [(self.run.optimizer, "strong")]
        if self.run.settings:
            left.append((f"  {self.run.settings}", "muted"))
        right: list[Span] = [(self.run.device, "plain")]
        if self.width >= ROOMY and self.run.engine:
            right.append((f" {self.glyphs.separator} {self._engine()}", "muted"))
        return apart(left, right, self.width, self.glyphs)

    def origin(self) -> list[Span]:
        """`fork of adam at 1,200`"""
        at = "" if self.run.forked_at is None else f" at {count(self.run.forked_at)}"
        spans: list[Span] = [("fork of ", "label"), (self.run.parent, "plain"), (at, "plain")]
        return cut(spans, self.width, self.glyphs)

    def progress(self) -> list[Span]:
        """`step 4,200 / 10,000 ━━━━━─────── 42%     4,312/s`"""
        run = self.run
        left: list[Span] = [("step ", "label"), (count(run.step), "plain")]
        if run.target and self.width >= 24:
            left.append((f" / {count(run.target)}", "muted"))
        pace = rate(run.steps_per_second, glyphs=self.glyphs)
        right: list[Span] = [(pace, "plain")] if run.steps_per_second is not None else []
        if run.target:
            left += self._beside_steps(self.width - width_of(left) - max(PACE, width_of(right)) - 1)
        return apart(left, right, self.width, self.glyphs)

    def _beside_steps(self, room: int) -> list[Span]:
        """A bar, the percentage, the time that is left: what has room, the bar first, then the
        time. Room is kept for the longest of each, so that nothing jumps.
        """
        run = self.run
        share = min(1.0, run.step / run.target)
        said: Span = (f" {percent(share)}", "muted")
        left = time_left(run.seconds_left)
        told: Span = (f" {left}", "muted")
        for after, kept in (
            ([said, told], LONGEST_PERCENTAGE + LONGEST_LEFT),
            ([told], LONGEST_LEFT),
            ([said], LONGEST_PERCENTAGE),
        ):
            if room - kept - 1 >= SHORTEST and (left or told not in after):
                bar = slim_bar(share, min(LONGEST, room - kept - 1), self.glyphs, "run")
                self._told_time_left = told in after
                return [(" ", "plain"), *bar, *after]
        return [said] if room >= LONGEST_PERCENTAGE else []

    def throughput(self) -> list[Span]:
        """`431 k samples/s  epoch 3.2  batch 100      ≈3 m 20 s left`"""
        run = self.run
        parts: list[list[Span]] = []
        if run.samples_per_second is not None:
            parts.append([(samples_rate(run.samples_per_second), "plain")])
        if run.epoch is not None and run.steps_per_epoch != 1:
            parts.append([("epoch ", "label"), (f"{run.epoch:,.1f}", "plain")])
        if run.batch_size is not None:
            whole = run.steps_per_epoch == 1
            words = "full batch " if whole else "batch "
            parts.append([(words, "label"), (count(run.batch_size), "plain")])
        left_over = "" if self._told_time_left else time_left(run.seconds_left)
        right: list[Span] = [(left_over, "muted")] if left_over else []
        left: list[Span] = []
        for part in parts:
            more: list[Span] = [*left, ("  ", "plain"), *part] if left else part
            if width_of(more) + 1 + width_of(right) <= self.width or not left:
                left = more
        if left and width_of(left) + 1 + width_of(right) > self.width:
            right = []
        return apart(left, right, self.width, self.glyphs) if left or right else []

    def rates(self) -> list[Span]:
        """The learning rate in force, the dictionary's where it differs, the schedule's place."""
        run = self.run
        left = self._learning_rate()
        if run.dictionary_lr is not None and run.dictionary_lr != run.lr:
            rate_ = learning_rate(run.dictionary_lr, glyphs=self.glyphs)
            left += [("  dictionary ", "label"), (rate_, "plain")]
        if self.coefficient_beside_rates():
            return apart(left, self.coefficient(short=True), self.width, self.glyphs)
        right: list[Span] = [(run.schedule, "muted")] if run.schedule else []
        if width_of(left) + width_of(right) >= self.width:
            return cut(left, self.width, self.glyphs)
        return apart(left, right, self.width, self.glyphs)

    def coefficient_beside_rates(self) -> bool:
        """Whether the L1 coefficient stands on the learning rate's line, to save one of its own."""
        run = self.run
        several = run.dictionary_lr is not None and run.dictionary_lr != run.lr
        if run.lambda_field is None or run.schedule or several:
            return False
        taken = width_of(self._learning_rate()) + width_of(self.coefficient(short=True))
        return taken < self.width

    def _learning_rate(self) -> list[Span]:
        if self.run.lr is None:
            return [("no learning rate", "muted")]
        return [("lr ", "label"), (learning_rate(self.run.lr, glyphs=self.glyphs), "plain")]

    def loss(self) -> list[Span]:
        """The loss now, and the best and where."""
        run = self.run
        bad = run.loss is not None and not math.isfinite(run.loss)
        left: list[Span] = [
            ("loss ", "label"),
            (self._number(run.loss), "bad" if bad else "strong"),
        ]
        if run.best_loss is None:
            return cut(left, self.width, self.glyphs)
        right: list[Span] = [("best ", "label"), (self._number(run.best_loss), "plain")]
        if run.best_step is not None and self.width >= 30:
            right.append((f" at {count(run.best_step)}", "muted"))
        if width_of(left) + width_of(right) >= self.width:
            return cut(left, self.width, self.glyphs)
        return apart(left, right, self.width, self.glyphs)

    def measured(self) -> list[tuple[str, Spans]]:
        """Metrics, held-out loss and ripple: a label and a value each."""
        run = self.run
        cells: list[tuple[str, Spans]] = []
        if run.metrics and run.metrics_step is not None:
            cells.append(("at step", [self._measured_at(run.metrics_step)]))
        if run.held_out_loss is not None:
            cells.append(("held-out", [(self._number(run.held_out_loss), "plain")]))
        for name, label in METRIC_LABELS.items():
            if name in run.metrics:
                cells.append((label, self._metric(name, run.metrics[name])))
        if run.ripple is not None:
            cells.append(("ripple", [(number(run.ripple, 2, glyphs=self.glyphs), "plain")]))
        if run.rising_share is not None:
            cells.append(("rising", [(percent(run.rising_share, glyphs=self.glyphs), "plain")]))
        if run.loss_floor is not None:
            cells.append(("floor", [(self._number(run.loss_floor), "plain")]))
        return cells

    def _measured_at(self, step: int) -> Span:
        # Always there, so that the card keeps its shape: where measuring takes long, the metrics
        # are those of an earlier step than the loss.
        return count(step), "plain" if step < self.run.step - 1 else "muted"

    def packed(self, cells: list[tuple[str, Spans]]) -> list[list[Span]]:
        """Labels and values one after the other, as many on a line as have room."""
        lines: list[list[Span]] = []
        used = self.width
        for label, value in cells:
            room = SHARE if width_of(value) <= SHARE and value[0][0].endswith("%") else VALUE
            least = len(label) + 1 + max(room, width_of(value))
            if used + 1 + least > self.width:
                lines.append([])
                used = -1
            cell = cut([(f"{label} ", "label"), *value], self.width, self.glyphs)
            if used >= 0:
                lines[-1].append((" ", "plain"))
            lines[-1] += [*cell, (" " * (least - width_of(cell)), "plain")]
            used += 1 + least
        return lines

    def grid(self, cells: list[tuple[str, Spans]]) -> list[list[Span]]:
        """Labels and values in columns of equal width."""
        columns = max(1, min(4, self.width // SMALLEST_COLUMN))
        column = self.width // columns
        lines = []
        for start in range(0, len(cells), columns):
            line: list[Span] = []
            for label, value in cells[start : start + columns]:
                cell = cut([(f"{label} ", "label"), *value], column - 1, self.glyphs)
                line += [*cell, (" " * (column - width_of(cell)), "plain")]
            lines.append(line)
        return lines

    def coefficient(self, *, short: bool = False) -> list[Span]:
        """The L1 coefficient in the field's units, beside the preset's own number."""
        run = self.run
        if run.lambda_field is None:
            return []
        spans: list[Span] = [
            ("λ ", "label"),
            (number(run.lambda_field, 3, glyphs=self.glyphs), "plain"),
            (" field" if short else " in field units", "muted"),
        ]
        if run.l1_coefficient is not None:
            preset = number(run.l1_coefficient, 3, glyphs=self.glyphs)
            spans.append((f"{',' if short else '  '} preset {preset}", "muted"))
        return cut(spans, self.width, self.glyphs)

    def network(self) -> list[Span]:
        """The network's kind and size, and what is known of the smallest possible loss."""
        left: list[Span] = [("network ", "label"), (self.run.network, "plain")]
        label = self.run.loss_floor_label
        right: list[Span] = [(f"floor: {label}", "muted")] if label and self.width >= 48 else []
        if width_of(left) + width_of(right) >= self.width:
            return cut(left, self.width, self.glyphs)
        return apart(left, right, self.width, self.glyphs)

    def engine(self) -> list[Span]:
        """What makes the steps: why it is that, or what is to be thought of its numbers."""
        why = self.run.engine_detail
        if not why and self.run.engine != REFERENCE:
            why = EXACT if self.run.engine_exact else INEXACT
        spans: list[Span] = [("engine ", "label"), (self._engine(), "plain")]
        if why:
            spans.append((f": {why}", "muted"))
        return cut(spans, self.width, self.glyphs)

    def _engine(self) -> str:
        return self.run.engine if self.run.engine_exact else f"≈{self.run.engine}"

    def _metric(self, name: str, value: float | None) -> Spans:
        if value is None:
            return [("n/a", "faint")]
        if name in SHARES:
            return [(percent(value, glyphs=self.glyphs), "plain")]
        spans: list[Span] = [(self._number(value), "plain")]
        random = self.run.metrics.get("mmcs_random") if name == "mmcs" else None
        if random is not None:
            spans.append((f"/{number(random, 2, glyphs=self.glyphs)}", "muted"))
        return spans

    def _number(self, value: float | None) -> str:
        return number(value, glyphs=self.glyphs)
