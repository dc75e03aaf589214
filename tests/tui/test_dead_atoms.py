"""The screen of dead atoms."""

from dataclasses import replace

import handmade
from driving import Driver, drive

from dicttui.training.snapshot import Snapshot


def with_counts(snapshot: Snapshot, died: int, woke: int) -> Snapshot:
    first, *others = snapshot.runs
    assert first.firing is not None
    counted = replace(first, firing=replace(first.firing, died=died, woke=woke))
    return replace(snapshot, runs=(counted, *others))


def test_what_died_since_the_screen_was_opened_is_told_apart() -> None:
    snapshot = handmade.dying()

    async def scenario(app: Driver) -> None:
        await app.press("z")
        await app.see("died 1,432")
        assert app.session.views[-1].firing
        assert "died 1,432 +" not in app.text()
        await app.show(with_counts(app.session.snapshot, 1_440, 163))
        await app.see("died 1,440 +8")
        assert "woke 163 +1" in app.text()
        # What is taken back takes its deaths with it.
        await app.show(with_counts(app.session.snapshot, 5, 0))
        await app.until(lambda: "died 5 " in app.text() and "died 5 +" not in app.text())
        await app.press("z")
        await app.until(lambda: app.kind == "main")
        assert not app.session.views[-1].firing

    drive(scenario, snapshot)


def test_runs_that_have_no_room_are_a_key_away() -> None:
    async def scenario(app: Driver) -> None:
        await app.press("z")
        await app.see("[1] ● adam-1")
        assert "12 more: tab" in app.text()
        await app.press("shift+tab")
        await app.see("[16] ◐ adamax-16")
        await app.press("3")
        await app.see("[3] ▲ adamw-3")

    drive(scenario, handmade.dying(16), size=(80, 24))
