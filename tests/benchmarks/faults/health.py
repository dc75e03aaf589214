"""Whether the settings are healthy without a fault: how far each ends from the best that another
rate or more steps would give.

    python -m tests.benchmarks.faults.health [--settings …] [--seeds 0 1 2] [--jobs 2]

Each is trained as it is, at a third and at three times its rate, and for twice its steps. It is
healthy where, in the mean over seeds, its measure is at most a tenth above the best of these.
"""

import argparse
import math
import statistics
import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import torch

from .outcome import Outcome, outcome, trained
from .settings import SETTINGS
from .tables import preset_of, scaled

NEAR = 1.1
CPU = torch.device("cpu")


def of_variants(setting: str, seed: int) -> tuple[dict[str, Outcome], float, float]:
    """The outcome of each variant; and of the setting itself, seconds and share of silent atoms."""
    torch.set_num_threads(1)
    table = SETTINGS[setting].table()
    variants = {
        "as it is": table,
        "rate / 3": scaled(table, 1 / 3),
        "rate × 3": scaled(table, 3),
        "steps × 2": scaled(table, 2, "training", "steps"),
    }
    found, seconds, silent = {}, math.nan, math.nan
    for name, variant in variants.items():
        began = time.process_time()
        experiment, run = trained(preset_of(variant, seed, "health"))
        samples = experiment.samples
        clean = samples.fvu_set(CPU)
        found[name] = outcome(experiment, run, clean, samples.true_atoms)
        if variant is table:
            seconds = time.process_time() - began
            code = run.trainable.network(samples.train).code
            silent = (code == 0).all(dim=0).float().mean().item()
    return found, seconds, silent


def main() -> None:
    """Train, and print one line a setting."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--settings", nargs="+", choices=list(SETTINGS), default=list(SETTINGS))
    parser.add_argument("--seeds", nargs="+", type=int, default=[0, 1, 2])
    parser.add_argument("--jobs", type=int, default=2)
    arguments = parser.parse_args()
    names = ("as it is", "rate / 3", "rate × 3", "steps × 2")
    print(
        f"{'setting':<20}{'measure':<9}"
        + "".join(f"{n:>10}" for n in names)
        + f"{'÷ best':>8}{'missed':>8}{'(best)':>8}{'silent':>8}{'s':>6}"
    )
    with ProcessPoolExecutor(arguments.jobs, mp_context=get_context("spawn")) as pool:
        futures = {
            name: [pool.submit(of_variants, name, seed) for seed in arguments.seeds]
            for name in arguments.settings
        }
        for name, of_seeds in futures.items():
            measure = SETTINGS[name].measure
            found = [future.result() for future in of_seeds]

            def mean(variant: str, key: str) -> float:
                return statistics.mean(f[0][variant].get(key, math.nan) for f in found)  # noqa: B023

            values = [mean(variant, measure) for variant in names]
            missed = [mean(variant, "missed") for variant in names]
            ratio = values[0] / min(values)
            print(
                f"{name:<20}{measure:<9}"
                + "".join(f"{value:>10.4g}" for value in values)
                + f"{ratio:>8.2f}{missed[0]:>8.2f}{min(missed):>8.2f}"
                + f"{statistics.mean(f[2] for f in found):>8.2f}"
                + f"{statistics.mean(f[1] for f in found):>6.2f}"
                + ("" if ratio <= NEAR else "  NOT HEALTHY"),
                flush=True,
            )


if __name__ == "__main__":
    main()
