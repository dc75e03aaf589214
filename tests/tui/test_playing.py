"""A recorded experiment in the app: it is played, scrubbed, and nothing in it can be changed."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from driving import Driver
from handmade_recording import Clock, recording

from dicttui.record.playback import PlaybackSession
from dicttui.tui.app import DicttuiApp
from dicttui.tui.commands import commands
from dicttui.tui.display import Display
from dicttui.tui.keys import BY_NAME, KEYS, footer_keys
from dicttui.tui.playing import A_RECORDING

Scenario = Callable[[Driver, Clock], Awaitable[None]]


def watch(scenario: Scenario, size: tuple[int, int] = (120, 40), **options: Any) -> DicttuiApp:
    """Run a scenario on the app with a recording of forty pictures, two seconds apart."""
    clock = Clock()
    session = PlaybackSession(recording(), clock=clock)
    app = DicttuiApp(
        session, refresh=50, player=session, owns_training=False, bell=False, **options
    )

    async def run() -> None:
        async with app.run_test(size=size) as pilot:
            driver = Driver(app, pilot, session)  # type: ignore[arg-type]
            await driver.until(lambda: driver.kind == "main")
            await driver.settle()
            await scenario(driver, clock)

    asyncio.run(run())
    return app


def test_it_plays_by_its_own_clock_and_stops_at_the_end() -> None:
    async def scenario(app: Driver, clock: Clock) -> None:
        await app.see("picture 1 of 40")
        # A minute at most: 78 recorded seconds begin at twice their speed.
        await app.see("▶ 2×")
        clock.now = 5.0
        await app.see("step 600")
        await app.see("10 s of 1 m 18 s")
        clock.now = 500.0
        await app.see("picture 40 of 40")
        await app.see("‖ 2×")
        await app.see("step 4,000")
        # And again from the beginning.
        await app.press("space")
        await app.see("picture 1 of 40")
        await app.see("▶ 2×")

    watch(scenario)


def test_space_pauses_and_two_keys_change_the_speed() -> None:
    async def scenario(app: Driver, clock: Clock) -> None:
        await app.press("space")
        await app.see("‖ 2×")
        clock.now = 20.0
        app.app._look()
        await app.settle()
        assert "picture 1 of 40" in app.text()
        await app.press("greater_than_sign", "greater_than_sign", "less_than_sign", "space")
        await app.see("▶ 4×")
        clock.now = 21.0
        await app.see("picture 3 of 40")

    watch(scenario)


def test_the_arrows_scrub() -> None:
    async def scenario(app: Driver, clock: Clock) -> None:
        for key, place in (
            ("right", 2), ("right", 3), ("left", 2), ("left", 1), ("left", 1), ("pagedown", 11),
            ("shift+right", 21), ("shift+left", 11), ("pageup", 1), ("end", 40), ("right", 40),
            ("home", 1),
        ):  # fmt: skip
            await app.press(key)
            await app.see(f"picture {place} of 40")
        assert "‖" in app.text()

    watch(scenario)


def test_a_fork_comes_and_goes_while_it_is_scrubbed() -> None:
    async def scenario(app: Driver, clock: Clock) -> None:
        await app.press("end")
        await app.see("adam-lr0.005")
        await app.press("3", "home")
        await app.until(lambda: "adam-lr0.005" not in app.text())
        await app.see("[1] ● adam")
        await app.press("end")
        await app.see(" 3  ▲ adam-lr0.005")

    watch(scenario)


def test_the_receipts_are_those_of_the_moment() -> None:
    async def scenario(app: Driver, clock: Clock) -> None:
        assert "lr 0.01 → 0.02" not in app.text()
        await app.press("right", "right", "right")
        await app.see("adam: applied at step 390: lr 0.01 → 0.02")
        await app.press("e")
        await app.see("1 asked for")
        await app.press("e", "left")
        await app.until(lambda: "applied at step 390" not in app.text())
        await app.press("e")
        await app.see("Nothing has been asked for yet")

    watch(scenario)


def test_keys_that_change_a_training_say_that_none_is_there() -> None:
    async def scenario(app: Driver, clock: Clock) -> None:
        for key in KEYS:
            if key.control and key.name not in ("pause_all", "slower", "faster"):
                app.app.say("")
                app.app.controls.press(key.name)
                await app.see(A_RECORDING)
        offered = {key.name for key in footer_keys(True, app.app.snapshot, Display())}
        assert {"pause_all", "slower", "faster", "scrub", "quit"} <= offered
        assert not offered & {"undo", "fork", "stop", "double_rate", "keep"}
        named = " ".join(command.title for command in commands(app.app, app.app.screen))
        assert "(space)" in named
        assert "(u)" not in named

    watch(scenario)


def test_on_a_training_the_arrows_do_nothing() -> None:
    assert BY_NAME["scrub"] not in footer_keys(True, PlaylessSnapshot, Display())


PlaylessSnapshot = recording().pictures[0]


def test_rows_that_nobody_looked_at_were_not_recorded() -> None:
    async def scenario(app: Driver, clock: Clock) -> None:
        await app.press("r")
        await app.see("nobody looked at them at this moment")
        await app.press("right", "escape")
        await app.until(lambda: app.kind == "main")
        assert "rows" not in app.lines()[-1]

    watch(scenario)


@pytest.mark.parametrize(("key", "status"), [("q", 0), ("ctrl+c", 130)])
def test_it_is_left_without_a_question(key: str, status: int) -> None:
    async def scenario(app: Driver, clock: Clock) -> None:
        await app.press(key)
        await app.until(lambda: app.app.return_value == status)

    watch(scenario)


def test_a_click_on_the_bar_goes_there() -> None:
    async def scenario(app: Driver, clock: Clock) -> None:
        y, line = next((y, line) for y, line in enumerate(app.lines()) if "picture 1 of" in line)
        await app.pilot.click(offset=(line.rindex("─"), y))
        await app.see("picture 40 of 40")
        await app.pilot.click(offset=(line.index("●"), y))
        await app.see("picture 1 of 40")

    watch(scenario)


@pytest.mark.parametrize("size", [(1, 1), (20, 5), (24, 7), (60, 16), (80, 24), (200, 60)])
@pytest.mark.parametrize("seven_bits", [False, True], ids=["unicode", "ascii"])
def test_it_is_watched_at_every_size(size: tuple[int, int], seven_bits: bool) -> None:
    async def scenario(app: Driver, clock: Clock) -> None:
        await app.press("end", "left", "space", "greater_than_sign")
        assert len(app.lines()) == size[1]
        assert app.text().isascii() or not seven_bits
        if size[1] >= 7:
            assert "4x" in app.text() or "4×" in app.text()

    watch(scenario, size, ascii=seven_bits)


def test_the_title_says_that_it_is_a_recording() -> None:
    async def scenario(app: Driver, clock: Clock) -> None:
        assert "a recording" in app.lines()[0]
        assert "rec 3f2a9c" not in app.lines()[0]

    watch(scenario)
