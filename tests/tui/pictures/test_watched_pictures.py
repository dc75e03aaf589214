"""What a person sees of a recording: `dicttui replay ID --watch`."""

from typing import Any

import pytest
from driving import Driver
from handmade_recording import Clock, recording
from textual.pilot import Pilot

from dicttui.record.playback import PlaybackSession
from dicttui.tui.app import DicttuiApp
from dicttui.tui.screens import main

PICTURES: dict[str, tuple[tuple[int, int], tuple[str, ...], dict[str, Any]]] = {
    "watch_120x40": ((120, 40), ("end", "pageup"), {}),
    "watch_80x24": ((80, 24), ("pagedown", "greater_than_sign", "space"), {}),
    "watch_30x7_ascii": ((30, 7), ("pagedown",), {"ascii": True}),
}


@pytest.mark.parametrize("name", PICTURES)
def test_watched(name: str, snap_compare: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in ("NO_COLOR", "COLORTERM", "TERM"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setattr(main, "CHART_SECONDS", 0.0)
    size, keys, options = PICTURES[name]
    session = PlaybackSession(recording(), clock=Clock())
    app = DicttuiApp(session, player=session, owns_training=False, bell=False, **options)

    async def prepare(pilot: Pilot[Any]) -> None:
        driver = Driver(app, pilot, session)  # type: ignore[arg-type]
        await driver.until(lambda: driver.kind == "main")
        for key in keys:
            await driver.press(key)
        await driver.settle()

    assert snap_compare(app, terminal_size=size, run_before=prepare)
