"""`--checkpoint-every`, and the setting of that name."""

import sys
from types import ModuleType

import pytest

from dicttui.record.schedule import Schedule


@pytest.fixture
def taken(monkeypatch):
    """Every checkpoint that is taken."""
    found = []
    original = Schedule.taken

    def take(self):
        found.append(self)
        original(self)

    monkeypatch.setattr(Schedule, "taken", take)
    return found


def test_it_is_written_so_often(dicttui, small, taken, state):
    assert dicttui("train", small(), "--checkpoint-every", "10").status == 0
    by_steps = len(taken)
    assert by_steps >= 3
    assert dicttui("train", small(), "--checkpoint-every", "5m").status == 0
    assert len(taken) - by_steps < 3
    for words in ("10", '"10"'):
        (state / "config.toml").write_text(f"checkpoint_every = {words}\n")
        taken.clear()
        assert dicttui("train", small()).status == 0
        assert len(taken) >= 3


@pytest.mark.parametrize("words", ["", "soon", "0", "0s", "-5", "1.5m", "5 m", "1d", "9" * 40])
def test_what_does_not_say_how_often_is_refused(dicttui, small, words, state):
    for command in (["train", small()], [small()], ["start", small()], ["resume"]):
        refused = dicttui(*command, f"--checkpoint-every={words}")
        assert (refused.status, refused.out) == (2, "")
        assert f"--checkpoint-every: {words!r} does not say how often; allowed: " in refused.err
    (state / "config.toml").write_text(f'checkpoint_every = "{words}"\n')
    refused = dicttui("train", small())
    assert refused.status == 2
    assert f"config.toml: checkpoint_every: {words!r} does not say how often" in refused.err


def test_a_setting_of_another_kind_is_refused(dicttui, small, state):
    for words in ("true", "[1]", "1.5"):
        (state / "config.toml").write_text(f"checkpoint_every = {words}\n")
        refused = dicttui("train", small())
        assert refused.status == 2
        assert "config.toml: checkpoint_every: " in refused.err
        assert "Traceback" not in refused.err


def test_nothing_is_written_where_nothing_is_recorded(dicttui, small):
    for command in ("train", "start"):
        refused = dicttui(command, small(), "--no-record", "--checkpoint-every", "10")
        assert refused.status == 2
        assert "--checkpoint-every: is not allowed together with --no-record" in refused.err


@pytest.fixture
def app(monkeypatch):
    """Every app that is opened: its observers."""
    opened = []

    def run(one, **_display):
        opened.append(one.observers)
        return 0

    launch = ModuleType("dicttui.tui.launch")
    launch.run = run
    monkeypatch.setitem(sys.modules, "dicttui.tui.launch", launch)
    return opened


def test_the_app_and_what_is_gone_on_with_take_it(dicttui, small, app, listed, taken):
    assert dicttui(small(), "--checkpoint-every", "7").status == 0
    assert app[-1][0]._schedule._steps == 7
    dicttui("train", small())
    (experiment,) = listed()
    assert dicttui("resume", experiment["id"], "--checkpoint-every", "2m").status == 0
    assert app[-1][0]._schedule._seconds == 120


def test_the_background_takes_it(dicttui, small, monkeypatch):
    from dicttui.serve import starting
    from dicttui.serve.order import Outcome

    orders = []

    def start(order, *_module):
        orders.append(order)
        return Outcome(id="abcdef")

    monkeypatch.setattr(starting, "start", start)
    assert dicttui("start", small(), "--checkpoint-every", "30s").status == 0
    assert orders[-1].checkpoint_every == "30s"


def test_in_the_background_it_is_written_so_often(dicttui, small, tmp_path):
    from dicttui.preset.reading import read
    from dicttui.preset.resolved import dumped
    from dicttui.serve import background
    from dicttui.serve.order import Order

    order = Order(
        state=tmp_path, log=tmp_path / "log", preset=dumped(read(small())), record=tmp_path / "e",
        checkpoint_every="12",
    )  # fmt: skip
    _, recorder, _ = background._new(order, lambda _note: None)
    assert recorder._schedule._steps == 12
    recorder.close(20)
