"""Economy: what the samples are like, and how the loss depends on how many of them a batch has."""

import torch
from torch import Tensor

from dicttui.diagnosis.quantities import Quantities
from dicttui.measures import batch_dependence, samples, scale, structure
from dicttui.training.run import GradientRun
from dicttui.training.undisturbed import evaluating

LOOKED_AT = 8192
"""Most samples that are looked at one by one."""


@torch.no_grad()
def look(run: GradientRun, q: Quantities) -> None:
    """Put what the train samples of a run are like, as it sees them (scaled)."""
    trainable = run.trainable
    x = trainable.samples.train[:LOOKED_AT]
    found = samples.look(x)
    q.put("outliers", found.outliers / max(1, len(x)))
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


@torch.no_grad()
def batch_dependence_of(run: GradientRun, q: Quantities) -> None:
    """Put by how much loss terms grow when a batch is twice as large; 1: they do not."""
    trainable = run.trainable
    x = trainable.samples.batch(run.step, trainable.device)
    if len(x) < 2:
        q.put("penalty_growth", None, "batches of one sample")
        return
    network = trainable.network

    def terms(batch: Tensor) -> dict[str, Tensor]:
        return network.loss_terms(batch, network(batch))

    with evaluating(network):
        growth = batch_dependence.doubling(terms, x)
    error, *others = growth.values()
    q.put("error_growth", error)
    known = [value for value in others if value == value]  # noqa: PLR0124
    q.put("penalty_growth", max(known, default=None) if known else None, "no penalty, or it is 0")
