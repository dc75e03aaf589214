"""A process that is measured."""

import sys

import pytest

from dicttui.bench.error import BenchError
from dicttui.bench.process import Process, settle

SAYS_AND_DIES = "import sys; print('reading', file=sys.stderr); sys.exit('no memory left')"
STEPS = """
import os, sys, time
fd, steps = int(sys.argv[1]), 0
while True:
    time.sleep(0.001)
    steps += 3
    os.write(fd, f"made {time.monotonic():.6f} {steps}\\n".encode())
"""


def test_whoever_waits_for_one_that_has_died_is_told_its_last_words(tmp_path):
    with (
        Process(["-c", SAYS_AND_DIES, "PIPE"], tmp_path) as process,
        pytest.raises(BenchError, match="status 1: no memory left"),
    ):
        settle([process], Process.stop)


def test_steps_that_are_made_outside_its_turn_are_not_counted(tmp_path):
    with Process(["-c", STEPS, "PIPE"], tmp_path) as process:
        settle([process], Process.stop)
        stopped_at = process.last.steps
        turns = [process.measured(0.05, 0.01), process.measured(0.05, None)]
    assert all(turn.seconds >= 0.05 for turn in turns)
    assert all(turn.steps > 0 for turn in turns)
    assert stopped_at + sum(turn.steps for turn in turns) <= process.last.steps
    assert sys.platform == "win32" or process.last.steps % 3 == 0
