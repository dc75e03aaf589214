"""How often curves are drawn."""

import pytest

from dicttui.tui import cadence
from dicttui.tui.cadence import Cadence, When
from dicttui.tui.display import ChartSettings

LOG, LINEAR = ChartSettings(), ChartSettings(log_y=False)


class Clock:
    now = 100.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(cadence, "time", clock)
    return clock


def test_of_four_pictures_a_second_every_other_one_has_new_curves(clock: Clock) -> None:
    curves = Cadence()
    drawn = []
    for _ in range(8):
        drawn.append(curves.when(LOG, passing=True, awaited=False) is When.NOW)
        clock.now += 0.25
    assert drawn == [True, False] * 4


def test_what_stays_on_the_screen_is_whole(clock: Clock) -> None:
    curves = Cadence()
    curves.when(LOG, passing=True, awaited=False)
    assert curves.when(LOG, passing=False, awaited=False) is When.NOW
    assert curves.when(LOG, passing=True, awaited=False) is When.LATER
    assert curves.lags
    assert not curves.quiet
    clock.now += cadence.LATE
    assert curves.quiet
    assert curves.when(LOG, passing=True, awaited=False) is When.NOW
    assert not curves.lags


@pytest.mark.parametrize("passing", [True, False])
def test_what_a_key_has_changed_comes_first(clock: Clock, passing: bool) -> None:
    curves = Cadence()
    curves.when(LOG, passing=passing, awaited=False)
    assert curves.when(LOG, passing=passing, awaited=True) is When.AFTER
    assert curves.when(LINEAR, passing=passing, awaited=False) is When.CHART_NOW
    curves.forget()
    assert curves.when(LINEAR, passing=passing, awaited=False) is When.NOW
