"""Sparse autoencoders beside scikit-learn's MiniBatchDictionaryLearning on whitened patches: what
is left unexplained at the same number of atoms a sample, after the same samples.

    python tests/benchmarks/matched_l0.py --steps 2000

The learner takes the very batches of a run of `sae-jumprelu-patches`, starts at the same atoms, and
codes held-out patches by its own lasso at several penalties; so there is a curve of fvu against l0,
and each autoencoder stands beside the curve's value at its own l0 (linear between points). Codes
and fvu of autoencoders are computed here in NumPy from the weights alone, apart from the program's
own measures. The same number of samples takes the learner many times longer: see the seconds.
"""

import argparse
import time
import warnings

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.decomposition import MiniBatchDictionaryLearning, sparse_encode
from sklearn.exceptions import ConvergenceWarning

from dicttui.preset.networks import BatchTopKNetwork, JumpReluNetwork
from dicttui.preset.reading import Overrides, read
from dicttui.preset.runs import RunSpecification
from dicttui.training.experiment import Experiment
from dicttui.training.run import GradientRun

Array = NDArray[np.float64]
ALPHAS = (0.5, 0.7, 0.85, 1.0, 1.2, 1.5, 2.0)
"""Of the lasso that codes held-out patches."""
CHUNK = 20


def fvu(x: Array, reconstruction: Array) -> float:
    """Σ‖x − x̂‖² / Σ‖x − x̄‖²."""
    return float(np.square(x - reconstruction).sum() / np.square(x - x.mean(axis=0)).sum())


def code_of(run: GradientRun, x: Array) -> tuple[Array, Array]:
    """Codes [n, d_sae] of samples and their reconstruction, from the weights."""
    weights = {
        name: value.detach().double().numpy()
        for name, value in run.trainable.network.state_dict().items()
    }
    pre = (x - weights["b_dec"]) @ weights["W_enc"] + weights["b_enc"]
    if "log_threshold" in weights:
        threshold = np.exp(weights["log_threshold"])
    else:
        threshold = weights["threshold"]
    code = np.where(pre > np.maximum(threshold, 0), pre, 0.0)
    return code, code @ weights["W_dec"] + weights["b_dec"]


def specifications(base: RunSpecification) -> list[RunSpecification]:
    """The autoencoders: JumpReLU and BatchTopK, as Adam's run of the preset."""
    common = base.model_dump()["network"]
    shared = {k: common[k] for k in ("dict_size", "auxk_alpha")}
    networks = [
        JumpReluNetwork(**common),
        *(BatchTopKNetwork(kind="batch_topk", k=k, **shared) for k in (10, 12)),
    ]
    return [
        base.model_copy(update={"name": f"{n.kind} {getattr(n, 'k', '')}".strip(), "network": n})
        for n in networks
    ]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=2000)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--alpha", type=float, default=1.0, help="the learner's own, in training")
    arguments = parser.parse_args()
    warnings.simplefilter("ignore", ConvergenceWarning)
    torch.set_num_threads(1)
    for seed in arguments.seeds:
        overrides = Overrides(seed=seed, device="cpu", steps=arguments.steps)
        preset = read("sae-jumprelu-patches", overrides)
        experiment = Experiment(preset.model_copy(update={
            "runs": tuple(specifications(preset.runs[0])),
        }))  # fmt: skip
        samples = experiment.samples
        assert samples.held_out is not None
        held_out = samples.held_out.double().numpy()
        atoms = experiment.runs[0].trainable.network.atoms.detach()
        first = torch.nn.functional.normalize(atoms, dim=1).double().numpy()
        learner = MiniBatchDictionaryLearning(
            n_components=len(first), alpha=arguments.alpha, dict_init=first,
            batch_size=samples.batch_size, fit_algorithm="cd", random_state=seed,
        )  # fmt: skip
        began = time.perf_counter()
        for step in range(arguments.steps):
            learner.partial_fit(samples.batch(step, torch.device("cpu")).double().numpy())
        took = time.perf_counter() - began
        curve = []
        for alpha in ALPHAS:
            code = sparse_encode(
                held_out, learner.components_, algorithm="lasso_cd", alpha=alpha, max_iter=5000
            )
            curve.append((float((code != 0).sum(axis=1).mean()),
                          fvu(held_out, code @ learner.components_)))  # fmt: skip
        curve.sort()
        print(f"seed {seed}, {arguments.steps:,} steps of {samples.batch_size} samples")
        print(f"  learner, {took:.0f} s: " + "  ".join(f"l0 {a:.1f} fvu {b:.3f}" for a, b in curve))
        for run in experiment.runs:
            run.look_first()
            while run.state == "running":
                count = min(CHUNK, run.target - run.step)
                run.advance(count, observe=run.step + count >= run.target)
            code, reconstruction = code_of(run, held_out)
            l0 = float((code != 0).sum(axis=1).mean())
            beside = float(np.interp(l0, [a for a, _ in curve], [b for _, b in curve]))
            assert run.measured is not None
            print(
                f"  {run.name:<14} {run.seconds:4.0f} s  l0 {l0:.2f}  "
                f"fvu {fvu(held_out, reconstruction):.4f} "
                f"(the program says {run.measured.metrics['fvu']:.4f}); learner there {beside:.4f}",
                flush=True,
            )


if __name__ == "__main__":
    main()
