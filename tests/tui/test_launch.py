"""Running the app: its exit status, and what it imports before the first screen."""

import subprocess
import sys
from typing import Any

import handmade
import pytest
from driving import Driver, drive

from dicttui.tui.app import INTERRUPTED
from dicttui.tui.launch import status_of


@pytest.mark.parametrize(
    ("snapshot", "left_with", "status"),
    [
        (handmade.two_finished(), 0, 0),
        (handmade.one_diverged(), 0, 0),
        (handmade.snapshot(handmade.sgd(state="diverged"), handmade.adam(state="failed")), 0, 1),
        (handmade.session_failed(), 0, 2),
        (handmade.two_runs(), 130, 130),
        (handmade.loading(), 0, 0),
    ],
)
def test_the_exit_status_tells_whether_any_run_came_through(
    snapshot: handmade.Snapshot, left_with: int, status: int
) -> None:
    assert status_of(snapshot, left_with) == status


def test_the_first_screen_needs_neither_torch_nor_a_plot_nor_a_command_line() -> None:
    code = (
        "import sys, dicttui.cli.at_once, dicttui.tui.launch; "
        "print([m for m in ('torch', 'plotext', 'numpy', 'dicttui.tui.widgets.loss_chart', 'typer',"
        " 'pydantic') if m in sys.modules])"
    )
    found = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout
    assert found.strip() == "[]"


def test_ctrl_c_is_130_where_nothing_is_asked_and_where_it_is() -> None:
    async def while_loading(app: Driver) -> None:
        await app.press("ctrl+c")
        assert app.app.return_value == INTERRUPTED

    async def confirmed(app: Driver) -> None:
        await app.press("ctrl+c", "enter")
        assert app.app.return_value == INTERRUPTED

    drive(while_loading, handmade.loading())
    drive(confirmed, handmade.two_runs())


def test_the_question_stays_while_the_main_screen_is_entered() -> None:
    async def scenario(app: Driver) -> None:
        # The runs are there, and the app has not yet looked again.
        app.session.show(handmade.two_runs())
        await app.press("q")
        assert app.kind == "ConfirmDialog"
        await app.until(lambda: app.app.snapshot.state == "ready")
        await app.settle()
        assert app.kind == "ConfirmDialog"
        await app.press("escape")
        await app.until(lambda: app.kind == "main")

    drive(scenario, handmade.loading())


def test_closed_streams_are_no_terminal(monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
    for name in ("stdin", "stdout"):
        monkeypatch.setattr(sys, name, None)
    from dicttui.preset.reading import read
    from dicttui.tui.launch import run
    from dicttui.tui.opening import Opened

    assert run(Opened(preset=read("digits"))) == 2
    assert "the app needs a terminal" in capsys.readouterr().err
