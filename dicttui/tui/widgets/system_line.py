"""The line of facts about the machine."""

import time
from collections.abc import Callable
from typing import Any

from dicttui.training.snapshot import Snapshot
from dicttui.tui.glyphs import Glyphs
from dicttui.tui.numbers import memory, percent, rate, time_left
from dicttui.tui.widgets.roles import RoleLines, Span, cut

BETWEEN = 1.0
"""Seconds. Figures that waver cannot be read faster, and the line is a long one to send."""


def trouble(snapshot: Snapshot) -> str:
    """Why what is trained now is not recorded, though it should be; empty: it is."""
    recording = snapshot.recording
    if recording is None or not recording.trouble:
        return ""
    return f"not recorded: {recording.trouble}; training goes on"


class SystemLine(RoleLines):
    """Device, memory, load, steps per second of each run, the screen's refresh rate; before all
    that, and as long as it is so, that the training is not being recorded.
    """

    def __init__(self, *, glyphs: Glyphs, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__(glyphs=glyphs)
        self._clock = clock
        self._shown_at = float("-inf")
        self._told: list[str] = []
        """What the line is about: it is written at once when that changes."""
        self._spans: tuple[Span, ...] = ()

    def show(self, snapshot: Snapshot, refresh: float, drawn: float) -> None:
        """Show the machine as it was at this snapshot, and the pictures per second that are asked
        for and drawn.
        """
        system, warning = snapshot.system, trouble(snapshot)
        running = [run for run in snapshot.runs if run.steps_per_second is not None]
        told = [warning, system.device if system else "", *(run.name for run in running)]
        if told == self._told and self._clock() - self._shown_at < BETWEEN:
            return
        self._told, self._shown_at = told, self._clock()
        parts: list[tuple[str, str]] = []
        if system is not None:
            parts.append(("device", system.device))
            if system.device_memory_total:
                used = memory(system.device_memory_used)
                parts.append(("memory", f"{used} of {memory(system.device_memory_total)}"))
            if system.device_load is not None:
                parts.append(("load", percent(round(system.device_load, 2))))
            parts.append(("process", memory(system.process_memory)))
        fewer = f"{drawn:.{0 if drawn >= 1 else 1}f} of " if drawn < refresh else ""
        parts.append(("screen", f"{fewer}{refresh:g} Hz"))
        if running:
            rates = "  ".join(
                f"{run.name} {rate(run.steps_per_second, glyphs=self.glyphs)}" for run in running
            )
            parts.append(("steps", rates))
        if (left := time_left(max((r.seconds_left or 0.0 for r in running), default=None))) and (
            target := sum(run.target for run in running)
        ):
            share = sum(run.step for run in running) / target
            parts.append(("all", f"{percent(round(share, 3))}, {left}"))
        if system is not None and system.processor_load is not None:
            parts.append(("cores busy", f"{system.processor_load:.1f}"))
        if system is not None and system.torch:
            parts.append(("torch", system.torch))
        spans: list[Span] = []
        if warning:
            spans.append((f" {self.glyphs.alert} {warning} ", "bad"))
        for label, value in parts:
            spans += [(f" {label} ", "label"), (f"{value} ", "plain")]
        self._spans = tuple(spans)
        self.redraw()

    def draw(self, width: int, height: int) -> list[Any]:
        """One line, cut at the right."""
        del height
        return [self.strip(cut(self._spans, width, self.glyphs))]
