import sys
from pathlib import Path
from typing import Any

import pytest

from dicttui.diagnosis import diagnosing
from dicttui.diagnosis.forks import Origin
from dicttui.diagnosis.quantities import Quantities
from dicttui.preset.reading import read
from dicttui.training.experiment import Experiment

# With --import-mode=importlib tests cannot import one another by name.
sys.path.insert(0, str(Path(__file__).parent))


@pytest.fixture(autouse=True)
def _examined(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DICTTUI_DIAGNOSIS", "on")


PRESET = """
[data]
kind = "planted"
d_in = 8
n_atoms = 10
mean_l0 = 1.5
n = 256
batch_size = {batch_size}
[network]
kind = "relu"
dict_size = 12
l1_coefficient = {l1}
[training]
steps = {steps}
engine = "eager"
[[runs]]
name = "one"
optimizer = "Adam"
lr = {lr}
"""


@pytest.fixture
def origin(tmp_path: Path) -> Any:
    """Makes a small run, trained so many steps."""

    def make(steps: int = 40, *, lr: float = 0.01, l1: float = 0.1, batch_size: int = 64) -> Origin:
        path = tmp_path / f"p{len(list(tmp_path.iterdir()))}.toml"
        path.write_text(PRESET.format(steps=steps, lr=lr, l1=l1, batch_size=batch_size))
        experiment = Experiment(read(str(path)))
        (run,) = experiment.runs
        diagnosing.train(run)
        return Origin(experiment, run)

    return make


@pytest.fixture
def numbers() -> Any:
    """Makes quantities of a healthy Adam run, some of them different."""

    def make(facts: dict[str, str] | None = None, **different: float) -> Quantities:
        q = Quantities()
        for name, value in (HEALTHY | different).items():
            q.put(name, value)
        q.facts |= FACTS | (facts or {})
        return q

    return make


HEALTHY: dict[str, float] = {
    "step": 2000, "diverged": 0, "loss": 0.3, "loss_best": 0.29, "loss_first": 2.0,
    "loss_last": 0.3, "loss_trend": -0.001, "loss_spread": 0.05, "best_over_last": 0.98,
    "loss_over_first": 0.15, "loss_peak_over_first": 1.0, "finite": 1, "fvu": 0.05,
    "fvu_rescaled": 0.05, "fvu_train": 0.05, "fvu_start": 1.0, "l0": 3, "l0_share": 0.05,
    "silent_fraction": 0.0, "silent_start": 0.0, "n_atoms": 64, "d_in": 32, "dict_size": 64,
    "shrinkage": 1.02, "code_scale": 1.0, "penalty_part": 0.2, "duplicate_fraction": 0.0,
    "duplicate_start": 0.0, "coherence": 0.6, "recovered": 1.0, "norm_ratio": 1.2,
    "norm_ratio_start": 1.0, "norm_growth": 1.0, "atom_norm": 1.0, "atom_norm_start": 1.0,
    "frozen_fraction": 0.0, "least_change": 0.5, "most_change": 2.0, "outliers": 0.0,
    "outlier_worst": 2.5, "outlier_gap": 1.1,
    "duplicate_samples": 0.0, "constant_features": 0.0, "offset": 0.2,
    "x_rms": 1.0, "structure": 20.0, "error_growth": 1.0, "penalty_growth": 1.0,
    "gradient_norm": 0.1, "noise_over_signal": 1.0, "noise_scale": 100, "penalty_share": 0.2,
    "penalty_share_most": 0.4, "epsilon_share": 1e-6, "staleness": 0.1, "adam_ratio": 0.2,
    "update_ratio": 0.002, "radial_share": 0.05, "lost_updates": 0.0, "sharpness": 100,
    "sharpness_limit": 3800, "sharpness_ratio": 0.03, "lr": 0.01, "beta1": 0.9, "beta2": 0.999,
    "eps": 1e-8, "l1_coefficient": 0.1, "lambda_field": 0.1, "dictionary_lr_scale": 1.0,
    "batch_size": 128, "full_batch": 0, "n": 4096, "samples_per_atom": 64,
}  # fmt: skip
FACTS = {
    "optimizer": "Adam", "kind": "relu", "constraint": "unit_norm", "project": "gradient",
    "init": "unit_norm", "encoder_init": "transpose", "autoencoder": "yes", "sparse_code": "yes",
    "planted": "yes", "precision": "float32",
}  # fmt: skip
