"""Whatever ends the program, all that was trained is saved: signals, a terminal that is gone or
takes no output, and going on in the background.
"""

import signal
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from own_presets import a_persons_own
from pty_terminal import Terminal, changed_dicttui, dicttui

from dicttui.record.finding import everything
from dicttui.record.reading import Recorded
from dicttui.record.resuming import resumable

pytestmark = pytest.mark.pty

AT_ONCE = 4.0
"""Seconds: leaving, on a machine that may be busy with other tests."""
IN_A_FEW_SECONDS = 15.0

Open = Callable[..., Terminal]


def recorded_in(state: Path) -> Recorded:
    """The one experiment that was recorded."""
    (experiment,) = everything(state / "experiments")
    return experiment


@pytest.mark.parametrize("how", ["SIGHUP", "SIGTERM", "vanished"])
def test_whatever_ends_it_the_training_is_saved_and_the_next_start_says_so(
    opened: Open, preset: Path, state: Path, how: str
) -> None:
    terminal = opened(dicttui(preset))
    terminal.see("running")
    if how == "vanished":
        terminal.vanish()
        assert terminal.ended_unread(IN_A_FEW_SECONDS) == 128 + signal.SIGHUP
    else:
        number = signal.Signals[how]
        terminal.send(number)
        assert terminal.ended() == 128 + number
        terminal.assert_restored()
    experiment = recorded_in(state)
    assert (experiment.state, experiment.signal) == (
        "stopped", "SIGHUP" if how == "vanished" else how,
    )  # fmt: skip
    (run,) = experiment.runs()
    assert len(experiment.losses("adam").losses) == run.steps > 0
    found = resumable(experiment)
    try:
        state_then = found.start.checkpoint()
    finally:
        found.release()
    assert state_then is not None
    # The checkpoint is of the last step that was made: nothing is made again.
    assert [one.moment.step for one in state_then.runs] == [run.steps]
    again = opened(dicttui(preset), columns=140)
    why = "ended by SIGTERM" if how == "SIGTERM" else "connection lost"
    again.see(f"endless was interrupted at step {run.steps:,} ({why}): dicttui resume "
              f"{experiment.id}")  # fmt: skip
    again.type("\x03\x03")
    assert again.ended() == 130
    third = opened(dicttui(preset), columns=140)
    third.see("running")
    third.type("\x03\x03")
    assert third.ended() == 130
    assert b"was interrupted" not in third.written


def test_a_terminal_that_takes_no_output_does_not_keep_it_from_being_saved(
    opened: Open, preset: Path, state: Path
) -> None:
    terminal = opened(dicttui("--refresh", 60, preset))
    terminal.see("running")
    terminal.fill()
    terminal.send(signal.SIGHUP)
    assert terminal.ended_unread(IN_A_FEW_SECONDS) == 128 + signal.SIGHUP
    experiment = recorded_in(state)
    assert (experiment.state, experiment.signal) == ("stopped", "SIGHUP")


@pytest.mark.parametrize("again", [False, True], ids=["once", "again and again"])
def test_a_terminal_that_takes_no_output_does_not_keep_it(
    opened: Open, preset: Path, again: bool
) -> None:
    terminal = opened(dicttui("--refresh", 60, preset))
    terminal.see("running")
    terminal.fill()
    terminal.send(signal.SIGTERM)
    if again:
        # Whoever asks for the same once more, some time later, has lost patience.
        ended = terminal.ended_unread(AT_ONCE, lambda: terminal.send(signal.SIGTERM))
    else:
        ended = terminal.ended_unread(IN_A_FEW_SECONDS)
    assert ended == 128 + signal.SIGTERM
    terminal.assert_flags_restored()


SLOW_TO_SAVE = """
import pathlib, sys, time
from dicttui.cli import main
from dicttui.record.recorder import Recorder
saving, go, close = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]), Recorder.close

def slowly(recorder, timeout):
    saving.touch()
    while not go.exists():
        time.sleep(0.005)
    close(recorder, timeout)

Recorder.close = slowly
sys.argv[1:3] = []
sys.exit(main())
"""


@pytest.mark.parametrize(
    ("first", "then"),
    [("SIGTERM", "SIGHUP"), ("SIGHUP", "SIGTERM"), ("SIGHUP", "SIGHUP")],
    ids=lambda name: name,
)
def test_two_signals_one_right_after_the_other_do_not_keep_it_from_being_saved(
    opened: Open, preset: Path, tmp_path: Path, state: Path, first: str, then: str
) -> None:
    script, saving, go = (tmp_path / name for name in ("slow.py", "saving", "go"))
    script.write_text(SLOW_TO_SAVE)
    terminal = opened([sys.executable, str(script), str(saving), str(go), str(preset)])
    terminal.see("running")
    terminal.send(signal.Signals[first])
    terminal.until(saving.exists)
    terminal.send(signal.Signals[then])
    go.touch()
    assert terminal.ended() == 128 + signal.Signals[first]
    terminal.assert_restored()
    experiment = recorded_in(state)
    assert (experiment.state, experiment.signal) == ("stopped", first)
    assert f"dicttui resume {experiment.id}" in terminal.text()


@pytest.mark.parametrize("controlling", [True, False])
def test_without_its_terminal_it_ends(
    opened: Open, preset: Path, controlling: bool, state: Path
) -> None:
    terminal = opened(dicttui(preset), controlling=controlling)
    terminal.see("running")
    terminal.vanish()
    assert terminal.ended_unread(IN_A_FEW_SECONDS) == 128 + signal.SIGHUP


def test_it_goes_on_in_the_background_and_nothing_is_trained_twice(
    opened: Open, preset: Path, state: Path
) -> None:
    terminal = opened(dicttui(preset))
    terminal.see("running")
    terminal.type("q")
    terminal.see("go on in the background")
    terminal.type("\x1b[B\r")
    assert terminal.ended() == 0
    terminal.assert_restored()
    experiment = recorded_in(state)
    assert f"dicttui attach {experiment.id}" in terminal.text()
    try:
        assert experiment.state == "running"
        attached = opened(dicttui("attach", experiment.id))
        attached.see("running")
        attached.type("q")
        assert attached.ended() == 0
        attached.assert_restored()
        assert experiment.state == "running"
        lost = opened(dicttui("attach", experiment.id))
        lost.see("running")
        lost.vanish()
        assert lost.ended_unread(IN_A_FEW_SECONDS) == 128 + signal.SIGHUP
        assert experiment.state == "running"
    finally:
        stopped = opened(dicttui("stop", experiment.id))
        assert stopped.ended() == 0
    experiment = recorded_in(state)
    assert experiment.state == "stopped"
    # Every step once: nothing went back, and none is missing.
    (run,) = experiment.runs()
    assert run.segments == (0,)
    assert experiment.losses("adam").steps == list(range(run.steps))
    watched = opened(dicttui("replay", experiment.id, "--watch"))
    watched.see("a recording")
    watched.type("\x1b[F")
    watched.see("picture")
    watched.type("x")
    watched.see("a recording: nothing trains here")
    watched.type("q")
    assert watched.ended() == 0
    watched.assert_restored()
    assert recorded_in(state).state == "stopped"


def test_where_a_step_does_not_end_it_does_not_go_on_in_the_background_and_says_so(
    opened: Open, tmp_path: Path, state: Path
) -> None:
    asleep = tmp_path / "mine.py.slept"
    path = a_persons_own(
        tmp_path,
        "if self.calls > 60: open(__file__ + '.slept', 'w'); __import__('time').sleep(100)",
    )
    changes = "from dicttui.tui import launch\nlaunch.GOING_ON = 0.1\n"
    terminal = opened(changed_dicttui(tmp_path / "impatient.py", changes, path), columns=200)
    terminal.until(asleep.exists)
    terminal.type("q")
    terminal.see("go on in the background")
    terminal.type("\x1b[B\r")
    assert terminal.ended() == 1
    terminal.assert_restored()
    experiment = recorded_in(state)
    assert experiment.state != "running"
    assert (
        "a step was still being made; it has been abandoned, and nothing trains in the background; "
        f"dicttui resume {experiment.id} goes on from the last checkpoint"
    ) in terminal.text()
