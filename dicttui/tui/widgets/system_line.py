"""The line of facts about the machine."""

from typing import Any

from dicttui.training.snapshot import Snapshot
from dicttui.tui.numbers import memory, percent, rate
from dicttui.tui.widgets.roles import RoleLines, Span, cut


class SystemLine(RoleLines):
    """Device, memory, load, steps per second of each run, the screen's refresh rate."""

    _spans: tuple[Span, ...] = ()

    def show(self, snapshot: Snapshot, refresh: float, drawn: float) -> None:
        """Show the machine as it was at this snapshot, and the pictures per second that are asked
        for and drawn.
        """
        system = snapshot.system
        parts: list[tuple[str, str]] = []
        if system is not None:
            parts.append(("device", system.device))
            if system.device_memory_total:
                used = memory(system.device_memory_used)
                parts.append(("memory", f"{used} of {memory(system.device_memory_total)}"))
            if system.device_load is not None:
                parts.append(("load", percent(round(system.device_load, 2))))
            parts.append(("process", memory(system.process_memory)))
        fewer = f"{drawn:.0f} of " if drawn < refresh else ""
        parts.append(("screen", f"{fewer}{refresh:g} Hz"))
        running = [run for run in snapshot.runs if run.steps_per_second is not None]
        if running:
            rates = "  ".join(
                f"{run.name} {rate(run.steps_per_second, glyphs=self.glyphs)}" for run in running
            )
            parts.append(("steps", rates))
        if system is not None and system.processor_load is not None:
            parts.append(("cores busy", f"{system.processor_load:.1f}"))
        if system is not None and system.torch:
            parts.append(("torch", system.torch))
        spans: list[Span] = []
        for label, value in parts:
            spans += [(f" {label} ", "label"), (f"{value} ", "plain")]
        self._spans = tuple(spans)
        self.redraw()

    def draw(self, width: int, height: int) -> list[Any]:
        """One line, cut at the right."""
        del height
        return [self.strip(cut(self._spans, width, self.glyphs))]
