"""The line of facts about the machine is written when that is worth its bytes."""

from dataclasses import replace

import handmade
from driving import Driver, drive

from dicttui.training.snapshot import Snapshot
from dicttui.tui.widgets.system_line import BETWEEN, SystemLine


def at_speed(snapshot: Snapshot, speed: float | None) -> Snapshot:
    runs = tuple(replace(run, steps_per_second=speed) for run in snapshot.runs)
    return replace(snapshot, sequence=snapshot.sequence + 1, runs=runs)


def test_wavering_figures_are_written_once_a_second_and_a_change_of_state_at_once() -> None:
    first = handmade.two_runs()
    now = [1000.0]

    async def scenario(app: Driver) -> None:
        line = app.app.screen.query_one(SystemLine)
        line._clock = lambda: now[0]
        line._shown_at = 0.0

        async def shows(speed: float | None) -> str:
            await app.show(at_speed(app.session.snapshot, speed))
            return "".join(strip.text for strip in line._strips)

        assert "1,000/s" in await shows(1000.0)
        now[0] += BETWEEN / 2
        assert "1,000/s" in await shows(1234.0)
        now[0] += BETWEEN / 2
        assert "1,234/s" in await shows(1234.0)
        assert "/s" not in await shows(None), "paused"
        assert "1,500/s" in await shows(1500.0), "resumed"

    drive(scenario, first)
