"""How much of a known dictionary each architecture recovers, over several seeds.

    python tests/benchmarks/recovery.py
    python tests/benchmarks/recovery.py --presets sae-hierarchy --seeds 0 1 2 3 4

Each run of a preset on planted data is trained once a seed. Recall is the share of true atoms that
are matched one to one above a cosine of 0.9, over all seeds' atoms together, with Wilson's interval
of 95 % (which takes atoms for independent, and those of one seed are not quite); precision is the
mean share of living learned atoms so matched.
"""

import argparse
import math
from collections.abc import Iterable

import torch

from dicttui.preset.reading import Overrides, read
from dicttui.training.experiment import Experiment
from dicttui.training.run import GradientRun

CHUNK = 20
Z = 1.96


def wilson(hits: int, n: int) -> tuple[float, float]:
    """Wilson's interval of a share, 95 %: Wilson 1927."""
    share, correction = hits / n, Z * Z / n
    middle = (share + correction / 2) / (1 + correction)
    half = Z * math.sqrt(share * (1 - share) / n + correction / (4 * n)) / (1 + correction)
    return middle - half, middle + half


def trained(preset: str, seeds: Iterable[int]) -> Iterable[tuple[int, Experiment, GradientRun]]:
    """The runs of a preset at their ends, seed after seed."""
    for seed in seeds:
        experiment = Experiment(read(preset, Overrides(seed=seed, device="cpu")))
        for run in experiment.runs:
            run.look_first()
            while run.state == "running":
                count = min(CHUNK, run.target - run.step)
                run.advance(count, observe=run.step + count >= run.target)
            yield seed, experiment, run


def main() -> None:
    """Measure and print one line a run."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--presets", nargs="+", default=["sae-planted"])
    parser.add_argument("--seeds", nargs="+", type=int, default=[0, 1, 2, 3, 4])
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    for preset in arguments.presets:
        found: dict[str, list[tuple[int, int, dict[str, float | None]]]] = {}
        for _, experiment, run in trained(preset, arguments.seeds):
            true_atoms = experiment.samples.true_atoms
            if true_atoms is None or run.measured is None:
                raise SystemExit(f"{preset}: run {run.name} has no true atoms ({run.state})")
            metrics = run.measured.all_metrics
            hits = round((metrics["recovered"] or 0.0) * len(true_atoms))
            found.setdefault(run.name, []).append((hits, len(true_atoms), metrics))
        print(preset)
        print(f"{'run':<14}{'recall':>8}{'95 % interval':>18}  each seed")
        for name, seeds in found.items():
            hits, n = sum(s[0] for s in seeds), sum(s[1] for s in seeds)
            low, high = wilson(hits, n)

            def mean(key: str, of: list[tuple[int, int, dict[str, float | None]]] = seeds) -> float:
                return sum(s[2].get(key) or 0.0 for s in of) / len(of)

            each = " ".join(f"{s[0] / s[1]:.3f}" for s in seeds)
            print(
                f"{name:<14}{hits / n:>8.3f}{f'{low:.3f} to {high:.3f}':>18}  {each}  "
                f"precision {mean('precision'):.2f}  dead {mean('dead_fraction'):.2f}  "
                f"l0 {mean('held_out_l0'):.2f}  fvu {mean('fvu'):.3f}",
                flush=True,
            )


if __name__ == "__main__":
    main()
