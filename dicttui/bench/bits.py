"""Whether the engine that is chosen comes to the losses and weights of eager, to the last bit.

python -m dicttui.bench.bits PRESET SEED

trains a preset under both, and prints what differs as JSON.
"""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack, suppress
from dataclasses import asdict
from functools import partial
from pathlib import Path

from dicttui.bench.begun import begun
from dicttui.bench.error import BenchError
from dicttui.bench.machine import cores
from dicttui.bench.results import BitsResult, Compared
from dicttui.own_process import environment
from dicttui.preset.reading import Overrides, read
from dicttui.training.moment import ExperimentCheckpoint
from dicttui.training.observation import Observer
from dicttui.training.session import Session
from dicttui.training.snapshot import RunSnapshot, Snapshot

LOOK_EVERY = 0.02
"""Seconds between two looks at which engine a run has."""
PRESET = """
[data]
n = 100
d_in = 10
[network]
kind = "sparse"
[training]
steps = {steps}
device = "cpu"
"""
RUNS = {
    "sgd": 'optimizer = "SGD"\nlr = 0.01',
    "sgd-momentum": 'optimizer = "SGD"\nlr = 0.01\nmomentum = 0.9',
    "sgd-dampening": 'optimizer = "SGD"\nlr = 0.01\nmomentum = 0.9\ndampening = 0.1',
    "sgd-nesterov": 'optimizer = "SGD"\nlr = 0.01\nmomentum = 0.9\nnesterov = true',
    "sgd-decay": 'optimizer = "SGD"\nlr = 0.01\nweight_decay = 0.01',
    "sgd-maximize": 'optimizer = "SGD"\nlr = 0.00001\nmaximize = true',
    "adam": 'optimizer = "Adam"\nlr = 0.01',
    "adam-amsgrad": 'optimizer = "Adam"\nlr = 0.01\namsgrad = true',
    "adamw": 'optimizer = "AdamW"\nlr = 0.01',
    "rmsprop": 'optimizer = "RMSprop"\nlr = 0.001',
    "adagrad": 'optimizer = "Adagrad"\nlr = 0.01',
    "adam-two-rates": 'optimizer = "Adam"\nlr = 0.01\ndictionary_lr_scale = 0.1',
    "adam-unit-norm": 'optimizer = "Adam"\nlr = 0.01\nconstraint = "unit_norm"',
    "sgd-max-norm": 'optimizer = "SGD"\nlr = 0.01\nconstraint = "max_norm"',
    "adam-clipped": 'optimizer = "Adam"\nlr = 0.01\nclip_grad_norm = 0.1',
    "adam-cosine": 'optimizer = "Adam"\nlr = 0.01\nschedule = "cosine"\nwarmup_steps = 100',
}


def bits(steps: int, seeds: int, scratch: Path, say: Callable[[str], None]) -> BitsResult:
    """Compare the engines on the article's sparse network, as many seeds at once as there are
    cores.

    Args:
        steps: of each run.
        seeds: how many, from 0 on.
        scratch: a directory.
        say: told what is being done.

    """
    runs = "".join(f'[[runs]]\nname = "{name}"\n{lines}\n' for name, lines in RUNS.items())
    preset = scratch / "bits.toml"
    preset.write_text(PRESET.format(steps=steps) + runs, "utf-8")
    found: list[Compared] = []
    running: list[subprocess.Popen[str]] = []
    with ExitStack() as ended:
        for seed in range(seeds):
            for ahead in range(len(running), min(seed + cores(), seeds)):
                start = partial(_Comparison, preset, ahead, scratch)
                running += [begun(ended, start)]
            say(f"seed {seed + 1} of {seeds}")
            said, _ = running[seed].communicate()
            if running[seed].returncode:
                status = running[seed].returncode
                raise BenchError(
                    f"the process that compares the engines ended with status {status}"
                )
            found += (Compared(**one) for one in json.loads(said))
    return BitsResult(steps, seeds, tuple(found))


class _Comparison(subprocess.Popen[str]):
    """The process that trains one seed; ended, whatever it is at, when it is left."""

    def __init__(self, preset: Path, seed: int, scratch: Path) -> None:
        super().__init__(
            [sys.executable, "-P", "-m", "dicttui.bench.bits", str(preset), str(seed)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            env=environment() | {"DICTTUI_STATE_DIR": str(scratch), "TMPDIR": str(scratch)},
            process_group=0,  # Ctrl-C is for the bench
        )

    def __exit__(self, *exception: object) -> None:
        with suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)
        super().__exit__(None, None, None)


class Keeper(Observer):
    """Keeps every loss of every run, and the state in the end."""

    picture_every = LOOK_EVERY

    def __init__(self) -> None:
        self.losses: dict[str, list[float]] = {}
        self.captured_from: dict[str, int] = {}
        self.last: dict[str, RunSnapshot] = {}
        self.state: ExperimentCheckpoint | None = None

    def made(self, run: str, segment: int, first: int, losses: Sequence[float]) -> None:
        """Keep them."""
        del segment, first
        self.losses.setdefault(run, []).extend(losses)

    def picture(self, snapshot: Snapshot) -> None:
        """Look at the engines."""
        for run in snapshot.runs:
            self.last[run.name] = run
            if run.engine != "eager":
                self.captured_from.setdefault(run.name, run.step)

    def checkpoint(self, state: ExperimentCheckpoint) -> None:
        """Keep it."""
        self.state = state


def trained(preset: str, seed: int, engine: str) -> Keeper:
    """What is kept of a preset that was trained to its end."""
    keeper = Keeper()
    overrides = Overrides(seed=seed, engine=engine)
    session = Session(read(preset, overrides), paced=False, observers=[keeper])
    session.start()
    session.wait()
    session.close()
    return keeper


def compared(preset: str, seed: int) -> list[Compared]:
    """Each run of a preset under the chosen engine beside itself under eager."""
    eager, chosen = trained(preset, seed, "eager"), trained(preset, seed, "auto")
    states, chosen_states = _states(eager.state), _states(chosen.state)
    return [
        Compared(
            run=name,
            seed=seed,
            engine=chosen.last[name].engine,
            detail=chosen.last[name].engine_detail,
            captured_from=chosen.captured_from.get(name),
            first_difference=first_difference(losses, chosen.losses.get(name, [])),
            state_equal=states[name] == chosen_states.get(name),
        )
        for name, losses in eager.losses.items()
    ]


def first_difference(losses: Sequence[float], others: Sequence[float]) -> int | None:
    """The first step at which two runs' losses are not the same bits; None: at none."""
    for step, (one, other) in enumerate(zip(losses, others, strict=False)):
        if one != other and not (one != one and other != other):  # noqa: PLR0124 - NaN
            return step
    return None if len(losses) == len(others) else min(len(losses), len(others))


def _states(checkpoint: ExperimentCheckpoint | None) -> dict[str, dict[str, object]]:
    """The bytes of each run's tensors and what else its optimizer keeps."""
    moments = () if checkpoint is None else (run.moment for run in checkpoint.runs)
    return {
        moment.run: {
            "optimizers": moment.facts["optimizers"],
            # The history has the times at which things were.
            **{
                name: tensor.numpy().tobytes()
                for name, tensor in moment.tensors.items()
                if not name.startswith("past.")
            },
        }
        for moment in moments
    }


def main() -> None:
    """Compare one seed."""
    found: Iterable[Compared] = compared(sys.argv[1], int(sys.argv[2]))
    print(json.dumps([asdict(one) for one in found]))


if __name__ == "__main__":
    main()
