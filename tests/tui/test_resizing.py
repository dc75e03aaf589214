"""A screen that changes its size while nothing new comes from the training."""

from dataclasses import replace

import handmade
from driving import Driver, drive

from dicttui.tui.numbers import count


def test_what_has_room_again_shows_what_is_true_now() -> None:
    first = handmade.two_runs()
    last = replace(
        first,
        sequence=first.sequence + 1,
        runs=tuple(replace(run, step=9_876, state="paused") for run in first.runs),
    )

    async def scenario(app: Driver) -> None:
        await app.resize(20, 6)
        await app.show(last)
        await app.resize(120, 40)
        assert app.text().count(f"step {count(9_876)}") == 2
        assert "running" not in app.text()

    drive(scenario, first)


def test_a_screen_that_began_small_draws_its_chart_when_there_is_room() -> None:
    async def scenario(app: Driver) -> None:
        await app.resize(120, 40)
        for run in app.session.snapshot.runs:
            assert run.name in app.text()
        assert "no steps yet" not in app.text()
        assert "loss (log) over steps" in app.text()

    drive(scenario, handmade.two_runs(), size=(20, 6))
