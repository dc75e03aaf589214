"""What the screen says of the recording: where it goes, and when it does not."""

from dataclasses import replace

import handmade
import pytest
from driving import Driver, drive

TROUBLE = "▲ not recorded: disk full; training goes on"


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (200, 60)])
def test_the_title_says_as_what_it_is_recorded(size: tuple[int, int]) -> None:
    async def scenario(app: Driver) -> None:
        assert "rec 3f2a9c" in app.lines()[0]
        await app.show(handmade.two_runs())
        assert "rec " not in app.lines()[0]

    drive(scenario, handmade.recorded(handmade.two_runs()), size=size)


@pytest.mark.parametrize("size", [(60, 5), (60, 7), (60, 14), (80, 24), (200, 60)])
def test_that_it_is_not_recorded_stays_on_the_screen_while_it_lasts(size: tuple[int, int]) -> None:
    async def scenario(app: Driver) -> None:
        await app.see(TROUBLE)
        await app.press("plus")
        await app.see(TROUBLE)
        if size[1] > 14:
            await app.see("applied at step 4,200: lr 0.01")
            assert "rec 3f2a9c ▲" in app.lines()[0]
        await app.show(handmade.recorded(app.session.snapshot))
        assert "not recorded" not in app.text()
        await app.show(handmade.not_recorded())
        await app.see(TROUBLE)

    drive(scenario, handmade.not_recorded(), size=size)


def test_the_rows_screen_says_it_too() -> None:
    async def scenario(app: Driver) -> None:
        await app.press("r")
        await app.see(TROUBLE)

    drive(scenario, handmade.not_recorded())


@pytest.mark.parametrize(("size", "words"), [((120, 40), "catching up to 4,200"),
                                             ((60, 18), "catching up")])  # fmt: skip
def test_a_run_that_repeats_what_it_had_made_says_so(size: tuple[int, int], words: str) -> None:
    async def scenario(app: Driver) -> None:
        assert words in app.text()
        assert "20/s" in app.lines()[0] or size[0] < 100
        done = app.session.snapshot.runs[0]
        caught_up = replace(done, catching_up=None)
        await app.show(replace(app.session.snapshot, runs=(caught_up, handmade.sgd())))
        assert "catching up" not in app.text()

    drive(scenario, handmade.catching_up(), size=size)


def test_a_fork_says_where_it_comes_from() -> None:
    async def scenario(app: Driver) -> None:
        assert "fork of adam at 1,200" in app.text()
        assert "fork of adam-lr0.005 at 3,100" in app.text()

    drive(scenario, handmade.forked(), size=(200, 60))


def test_news_are_told_once_there_is_a_training() -> None:
    told = "article-sparse was interrupted at step 12,345: dicttui resume 3f2a9c"

    async def scenario(app: Driver) -> None:
        await app.see("loading torch")
        app.session.show(handmade.two_runs())
        await app.see(told)

    drive(scenario, handmade.loading(), news=lambda: told)


def test_whoever_does_not_hold_the_controls_only_watches_until_they_are_free() -> None:
    holders = ["pts/3"]

    async def scenario(app: Driver) -> None:
        await app.see("pts/3 has the controls")
        await app.press("plus")
        await app.see("pts/3 has the controls; this screen watches")
        assert app.session.submitted == []
        assert "lr ×2" not in app.text()
        holders[0] = ""
        await app.see("lr ×2")
        await app.press("plus")
        assert len(app.session.submitted) == 1

    drive(scenario, handmade.two_runs(), owns_training=False, holder=lambda: holders[0])


def test_a_connection_that_ends_is_said_with_what_to_do() -> None:
    async def scenario(app: Driver) -> None:
        told = "the connection is lost; dicttui attach 3f2a9c opens it again"
        app.session.show(replace(app.session.snapshot, state="closed", detail=told))
        await app.see("dicttui attach 3f2a9c")
        await app.press("enter")
        await app.until(lambda: app.kind == "main")
        await app.press("plus")
        await app.see(told)
        assert app.session.submitted == []

    drive(scenario, handmade.two_runs(), owns_training=False)


def test_a_connection_that_ends_before_anything_was_seen() -> None:
    async def scenario(app: Driver) -> None:
        app.session.show(replace(app.session.snapshot, state="closed", detail="it was stopped"))
        await app.see("There is nothing to see any more")
        assert "it was stopped" in app.text()
        await app.press("q")
        await app.until(lambda: app.app.return_value == 0)

    drive(scenario, handmade.loading(), owns_training=False)
