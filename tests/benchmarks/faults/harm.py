"""Whether each injected fault harms: a training that is no worse is no fault.

    python -m tests.benchmarks.faults.harm [--causes …] [--settings …] [--seeds 0 1 2] [--jobs 2]

A fault harms where the measure it is about is worse in every seed than in the setting without it,
and the difference of the means is larger than the spread (the standard deviation over seeds) that
it has there. A diverged training counts as infinitely bad.
"""

import argparse
import statistics
from concurrent.futures import ProcessPoolExecutor
from functools import cache
from multiprocessing import get_context

import torch

from .injections import ALL, healthy
from .outcome import Outcome, outcome, trained

CPU = torch.device("cpu")


@cache
def without(setting: str, seed: int) -> tuple[Outcome, torch.Tensor, torch.Tensor | None]:
    """The healthy training's outcome, the samples it is judged by and its true atoms."""
    experiment, run = trained(healthy(setting, seed))
    clean, atoms = experiment.samples.fvu_set(CPU), experiment.samples.true_atoms
    return outcome(experiment, run, clean, atoms), clean, atoms


def with_fault(cause: str, setting: str, seed: int) -> tuple[Outcome, Outcome]:
    """The outcome without the fault, and with it."""
    torch.set_num_threads(1)
    before, clean, atoms = without(setting, seed)
    preset = ALL[cause, setting].make(seed)
    experiment, run = trained(preset)
    return before, outcome(experiment, run, clean, atoms)


def harms(before: list[float], after: list[float]) -> bool:
    """Whether the measure is worse with the fault in every seed, and by more than the spread."""
    if any(b >= a for b, a in zip(before, after, strict=True)):
        return False
    return statistics.mean(after) - statistics.mean(before) > statistics.stdev(before)


def _one(key: tuple[str, str], seeds: list[int]) -> list[tuple[Outcome, Outcome]]:
    return [with_fault(*key, seed) for seed in seeds]


def main() -> None:
    """Train, and print one line an injection."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--causes", nargs="+")
    parser.add_argument("--settings", nargs="+")
    parser.add_argument("--seeds", nargs="+", type=int, default=[0, 1, 2])
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--all", action="store_true", help="every measure, for who chooses one")
    arguments = parser.parse_args()
    keys = [
        key for key in ALL
        if (not arguments.causes or key[0] in arguments.causes)
        and (not arguments.settings or key[1] in arguments.settings)
    ]  # fmt: skip
    print(f"{'cause':<25}{'setting':<20}{'measure':<15}{'without':>9}{'with':>10}  harms")
    with ProcessPoolExecutor(arguments.jobs, mp_context=get_context("spawn")) as pool:
        futures = [pool.submit(_one, key, arguments.seeds) for key in keys]
        for key, future in zip(keys, futures, strict=True):
            measure = ALL[key].measure
            try:
                found = future.result()
            except Exception as error:  # one injection that cannot be made is told, not the end
                print(f"{key[0]:<25}{key[1]:<20}cannot be made: {error}", flush=True)
                continue
            before, after = [b[measure] for b, _ in found], [a[measure] for _, a in found]
            print(
                f"{key[0]:<25}{key[1]:<20}{measure:<15}{statistics.mean(before):>9.4g}"
                f"{statistics.mean(after):>10.4g}  {'yes' if harms(before, after) else 'NO'}   "
                + " ".join(f"{value:.4g}" for value in after),
                flush=True,
            )
            if arguments.all:
                for one, other in found:
                    print("   ", {k: f"{one[k]:.4g} → {other[k]:.4g}" for k in one})


if __name__ == "__main__":
    main()
