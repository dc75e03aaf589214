"""How often the screen is drawn where drawing is dear."""

from dataclasses import replace

import handmade
import pytest
from driving import Driver, drive

from dicttui.tui import thrift
from dicttui.tui.thrift import Thrift


class Clock:
    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.wall = self.processor = 100.0
        monkeypatch.setattr(thrift.time, "monotonic", lambda: self.wall)
        monkeypatch.setattr(thrift.time, "thread_time", lambda: self.processor)

    def pass_(self, seconds: float, busy: float = 0.0) -> None:
        self.wall += seconds
        self.processor += busy


def pictures(clock: Clock, share: float | None, cost: float, seconds: float) -> Thrift:
    drawn = Thrift(share)
    for _ in range(int(seconds / 0.25)):
        if drawn.affords():
            drawn.draws()
            clock.pass_(0.25, cost)
        else:
            clock.pass_(0.25)
    return drawn


@pytest.mark.parametrize(
    ("share", "cost", "rate"),
    [(0.04, 0.009, 4.0), (0.04, 0.019, 2.0), (0.04, 5.0, 1.0), (None, 0.2, 4.0)],
)
def test_dear_pictures_are_drawn_less_often(monkeypatch, share, cost, rate):
    assert pictures(Clock(monkeypatch), share, cost, 10.0).rate(4.0) == pytest.approx(rate)


def test_a_dear_picture_is_paid_for_by_cheap_ones(monkeypatch):
    clock = Clock(monkeypatch)
    drawn = Thrift(0.03)
    for cost in (0.005, 0.009) * 20:
        assert drawn.affords()
        drawn.draws()
        clock.pass_(0.25, cost)
    assert drawn.rate(4.0) == 4.0


def test_the_rate_is_the_wanted_one_until_it_is_known(monkeypatch):
    assert pictures(Clock(monkeypatch), 0.04, 5.0, 2.0).rate(4.0) == 4.0


def test_a_paced_training_is_drawn_at_the_wanted_rate(monkeypatch):
    monkeypatch.setattr(thrift, "SLOWEST", 1e9)
    paced = replace(handmade.two_runs(), pace=20.0)

    async def scenario(app: Driver) -> None:
        await app.show(replace(paced, title="a later picture"))
        await app.see("a later picture")

    drive(scenario, paced, drawing_share=1e-9)
