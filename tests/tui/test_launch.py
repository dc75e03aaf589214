"""Running the app: its exit status, and what it imports before the first screen."""

import subprocess
import sys

import handmade
import pytest

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


def test_the_first_screen_needs_neither_torch_nor_a_plot() -> None:
    code = (
        "import sys, dicttui.tui.launch; "
        "print([m for m in ('torch', 'plotext', 'numpy', 'dicttui.tui.widgets.loss_chart')"
        " if m in sys.modules])"
    )
    found = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout
    assert found.strip() == "[]"
