"""The lines of `train` in a pipe."""

import io

from dicttui.cli.progress import LineProgress
from dicttui.training.snapshot import RunSnapshot, Snapshot


def _snapshot(step: int, state: str = "running") -> Snapshot:
    run = RunSnapshot(
        "adam", "Adam", "", "", "cpu", "eager", state, step=step, target=1000, loss=0.5,
        steps_per_second=2000.0, batch_size=64, steps_per_epoch=20,
    )  # fmt: skip
    return Snapshot(sequence=step, state="ready", runs=(run,))


def test_a_line_comes_every_few_seconds_and_not_more_often():
    stream, now = io.StringIO(), 0.0
    progress = LineProgress(stream, clock=lambda: now)
    for tenth in range(111):
        now = tenth / 10
        progress.show(_snapshot(step=tenth))
    assert stream.getvalue() == (
        "5 s: adam 50/1,000 loss 0.5, 2,000 steps/s, 128 k samples/s, epoch 2.5, "
        "about 475 ms left\n"
        "10 s: adam 100/1,000 loss 0.5, 2,000 steps/s, 128 k samples/s, epoch 5.0, "
        "about 450 ms left\n"
    )


def test_a_run_that_diverged_says_so():
    stream, now = io.StringIO(), 0.0
    progress = LineProgress(stream, clock=lambda: now)
    now = 6.0
    progress.show(_snapshot(step=7, state="diverged"))
    assert stream.getvalue() == "6 s: adam 7/1,000 diverged at step 7\n"
