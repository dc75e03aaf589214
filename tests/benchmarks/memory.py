"""Resident memory while the article's network trains on and on: what it had after 10,000 steps,
and how far it is from that after millions.

    python tests/benchmarks/memory.py [--steps 10000000] [--optimizer SGD] [--bookkeeping]

With --bookkeeping the arithmetic is left out, but for the steps that are measured: ten million
steps then go through history, checkpoints and snapshots in seconds instead of an hour.
"""

import argparse
import tempfile
import time
from pathlib import Path

import psutil

from dicttui.preset.reading import read
from dicttui.training.engines.choice import Choice
from dicttui.training.session import Session

PRESET = """
[network]
kind = "sparse"
[training]
steps = {steps}
[[runs]]
optimizer = "{optimizer}"
lr = 0.0001
"""
FIRST = 10_000


class Bookkeeping(Choice):
    """Makes only the steps that are measured, and says of the others that they were made."""

    def __init__(self):
        super().__init__(only_eager=True)

    def prepare(self, trainable, first, count):
        return None

    def advance(self, trainable, first, count, observe=None):
        losses = [1.0 + 0.001 * (step % 977) for step in range(first, first + count)]
        if observe is not None:
            losses[-1:] = super().advance(trainable, first + count - 1, 1, observe)
        return losses


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=10_000_000)
    parser.add_argument("--optimizer", default="SGD")
    parser.add_argument("--bookkeeping", action="store_true")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "memory.toml"
        path.write_text(PRESET.format(steps=arguments.steps, optimizer=arguments.optimizer))
        session = Session(read(str(path)), paced=False)
    process = psutil.Process()
    session.start()
    reference, report, exchanged = None, FIRST, False
    while True:
        done = session.wait(0.05)
        runs = session.latest().runs
        step = runs[0].step if runs else 0
        if step >= report or (done and step):
            now = process.memory_info().rss
            reference = now if reference is None else reference
            print(f"{step:>12,} steps  {now / 1e6:8.1f} MB  {(now - reference) / 1e6:+6.1f} MB "
                  f" {time.strftime('%H:%M:%S')}", flush=True)  # fmt: skip
            report = step * 2
            if arguments.bookkeeping and not exchanged:
                session._trainer.experiment.runs[0].engine = Bookkeeping()
                exchanged = True
        if done:
            break
    session.close()


if __name__ == "__main__":
    main()
