"""Economy: what the samples are like."""

import torch

from dicttui.diagnosis.quantities import Quantities
from dicttui.measures import samples, scale, structure
from dicttui.training.run import GradientRun

LOOKED_AT = 8192
"""Most samples that are looked at one by one."""


@torch.no_grad()
def look(run: GradientRun, q: Quantities) -> None:
    """Put what the train samples of a run are like, as it sees them (scaled)."""
    trainable = run.trainable
    x = trainable.samples.train[:LOOKED_AT]
    found = samples.look(x)
    q.put("outliers", found.outliers / max(1, len(x)))
    q.put("outlier_gap", found.gap, "no sample is far from the others")
    q.put("outlier_worst", found.worst)
    q.put("nonfinite_samples", found.nonfinite)
    q.put("constant_features", found.constant_features / x.shape[1])
    q.put("duplicate_samples", found.duplicates / max(1, len(x)))
    q.facts["outlier_rows"] = ", ".join(str(row) for row in found.outlier_rows)
    q.put("offset", scale.offset(x))
    q.put("x_rms", scale.rms(x))
    q.put("structure", structure.excess_kurtosis(x), "fewer than eight samples a feature")
    if trainable.samples.true_atoms is not None:
        q.facts["planted"] = "yes"
