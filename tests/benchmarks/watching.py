"""What history, measures and snapshots take of a training that is watched: shares of its time.

    python tests/benchmarks/watching.py [--seconds 10] [--only article-sparse]

Headless, by whoever asks for four snapshots a second, on the networks of `dicttui bench`. Nothing
else should run on the machine.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from dicttui.bench.cases import CASES, Case
from dicttui.preset.reading import read
from dicttui.training import measurement
from dicttui.training.session import Session
from dicttui.training.snapshot import View

REFRESH = 4.0
PATIENCE = 120.0
"""Seconds until all runs are captured."""
SETTLED = 3.0
"""Seconds after that, in which chunks find their size."""


class Clock:
    """How long certain calls took; of calls in one another, the outer."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._inside = False

    def watch(self, owner: object, name: str, as_what: str) -> None:
        """Have every later call of a function timed."""
        function = getattr(owner, name)

        def timed(*given: object, **named: object) -> object:
            if self._inside:
                return function(*given, **named)
            self._inside, began = True, time.perf_counter()
            try:
                return function(*given, **named)
            finally:
                self._inside = False
                took = time.perf_counter() - began
                self.seconds[as_what] = self.seconds.get(as_what, 0.0) + took

        setattr(owner, name, timed)


def shares(case: Case, optimizer: str, runs: int, seconds: float) -> dict[str, object]:
    """Of the time of one training."""
    with tempfile.TemporaryDirectory() as scratch:
        path = Path(scratch, f"{case.name}.toml")
        path.write_text(case.preset(optimizer, runs=runs), "utf-8")
        session = Session(read(str(path)), paced=True)
    session.view(View(refresh=REFRESH))
    session.start()
    until = time.monotonic() + PATIENCE
    while not _captured(session) and time.monotonic() < until:
        time.sleep(1 / REFRESH)
    clock, trainer = Clock(), session._trainer
    for run in trainer.experiment.runs:
        clock.watch(run.past, "made", "history")
        clock.watch(run.past, "measured", "history")
    clock.watch(measurement, "probe_loss", "measures")
    clock.watch(measurement, "take", "measures")
    clock.watch(trainer, "publish", "snapshots")
    _look(session, SETTLED)
    clock.seconds.clear()
    made, began = _steps(trainer), time.perf_counter()
    _look(session, seconds)
    took, spent = time.perf_counter() - began, dict(clock.seconds)
    made = _steps(trainer) - made
    session.close()
    return {
        "case": case.name, "optimizer": optimizer, "runs": runs,
        "steps_per_second": round(made / took, 1),
        **{name: round(value / took, 5) for name, value in spent.items()},
        "together": round(sum(spent.values()) / took, 5),
    }  # fmt: skip


def _captured(session: Session) -> bool:
    latest = session.latest()
    return latest.state == "ready" and all(run.engine != "eager" for run in latest.runs)


def _steps(trainer: object) -> int:
    return sum(run.step for run in trainer.experiment.runs)


def _look(session: Session, seconds: float) -> None:
    until = time.perf_counter() + seconds
    while time.perf_counter() < until:
        session.latest()
        time.sleep(1 / REFRESH)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--only", choices=[case.name for case in CASES])
    parser.add_argument("--one", nargs=2, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    for case in CASES:
        if arguments.only not in (None, case.name):
            continue
        if arguments.one:
            optimizer, runs = arguments.one
            print(json.dumps(shares(case, optimizer, int(runs), arguments.seconds)))
            continue
        for optimizer in case.optimizers:
            for runs in range(1, case.most_runs + 1):
                # Each in a process of its own, as threads are set for all of one.
                command = [sys.executable, __file__, "--seconds", str(arguments.seconds)]
                command += ["--only", case.name, "--one", optimizer, str(runs)]
                subprocess.run(command, check=True)


if __name__ == "__main__":
    main()
