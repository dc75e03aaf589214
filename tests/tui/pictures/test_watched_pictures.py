"""What a person sees of a recording: `dicttui replay ID --watch`.

`recorded/` is a real one of the preset `article-sparse`, with four pictures a second: adam's
learning rate was set to 0.15 at step 15, which was taken back at step 40, and then sgd was forked
at 0.05. What the machine was has been left out.
"""

import shutil
from pathlib import Path
from typing import Any

import pytest
from driving import Driver
from handmade_recording import Clock, recording
from textual.pilot import Pilot

from dicttui.record.playback import PlaybackSession
from dicttui.record.reading import Recorded
from dicttui.tui import cadence
from dicttui.tui.app import DicttuiApp

PICTURES: dict[str, tuple[tuple[int, int], tuple[str, ...], dict[str, Any]]] = {
    "watch_120x40": ((120, 40), ("end", "pageup"), {}),
    "watch_80x24": ((80, 24), ("pagedown", "greater_than_sign", "space"), {}),
    "watch_30x7_ascii": ((30, 7), ("pagedown",), {"ascii": True}),
}


@pytest.mark.parametrize("name", PICTURES)
def test_watched(name: str, snap_compare: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in ("NO_COLOR", "COLORTERM", "TERM"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setattr(cadence, "SECONDS", 0.0)
    size, keys, options = PICTURES[name]
    session = PlaybackSession(recording(), clock=Clock())
    take(session, size, keys, options, snap_compare)


REALLY_TRAINED: dict[str, tuple[tuple[int, int], tuple[str, ...]]] = {
    "regretted": ((120, 40), ("pagedown", "pagedown", "left")),
    "ended": ((80, 24), ("end",)),
    "events": ((120, 18), ("end", "e")),
}


@pytest.mark.parametrize("name", REALLY_TRAINED)
def test_what_was_really_trained(
    name: str, snap_compare: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for variable in ("NO_COLOR", "COLORTERM", "TERM"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setattr(cadence, "SECONDS", 0.0)
    size, keys = REALLY_TRAINED[name]
    directory = tmp_path / "2026-11-24_article-sparse_3f2a9c"
    shutil.copytree(Path(__file__).with_name("recorded"), directory)
    session = PlaybackSession(Recorded.open(directory), clock=Clock())
    take(session, size, keys, {}, snap_compare)


def take(
    session: PlaybackSession,
    size: tuple[int, int],
    keys: tuple[str, ...],
    options: dict[str, Any],
    snap_compare: Any,
) -> None:
    """A picture of a recording after these keys."""
    app = DicttuiApp(session, player=session, owns_training=False, bell=False, **options)

    async def prepare(pilot: Pilot[Any]) -> None:
        driver = Driver(app, pilot, session)  # type: ignore[arg-type]
        await driver.until(lambda: driver.kind == "main")
        for key in keys:
            await driver.press(key)
        await driver.settle()

    assert snap_compare(app, terminal_size=size, run_before=prepare)
