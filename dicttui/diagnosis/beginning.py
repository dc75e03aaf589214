"""Economy: what a run had at step 0, and what has become of each of its tensors since."""

import math

import torch
from torch import Tensor

from dicttui.diagnosis.quantities import Quantities
from dicttui.measures import batch_dependence, codes, coherence, norms, reconstruction
from dicttui.training.measurement import fixed_rows
from dicttui.training.run import GradientRun
from dicttui.training.undisturbed import evaluating

FEW_STEPS = 10
"""Updates after which every tensor that is trained has moved."""


@torch.no_grad()
def look(run: GradientRun, q: Quantities) -> None:
    """Put what a run began with, by looking at its first weights; they are put back after."""
    tensors = run.trainable.module_tensors()
    now = [tensor.detach().clone() for tensor in tensors]
    moved(run, q)
    try:
        for tensor, first in zip(tensors, run.initial.tensors, strict=True):
            tensor.copy_(first)
        begun(run, q)
    finally:
        for tensor, value in zip(tensors, now, strict=True):
            tensor.copy_(value)


@torch.no_grad()
def begun(run: GradientRun, q: Quantities) -> None:
    """Put what a run begins with that stands at its beginning."""
    trainable = run.trainable
    network, samples, device = trainable.network, trainable.samples, trainable.device
    with evaluating(network):
        x = fixed_rows(trainable, samples.fvu_set(device))
        output = network(x)
        atoms = network.atoms
        fires = codes.fires(output.code, atoms, trainable.x_rms, network.sparse_code)
        mean = samples.fvu_mean(device)
        q.put("fvu_start", float(reconstruction.fvu(x, output.reconstruction, mean)))
        q.put("silent_start", float((~fires.any(dim=0)).float().mean()))
        q.put("l0_share_start", float(fires.float().mean()))
        lengths = norms.row_norms(atoms)
        q.put("atom_norm_start", float(lengths.median()))
        smallest = float(lengths.min())
        q.put("norm_ratio_start", float(lengths.max()) / smallest if smallest else math.inf)
        found = coherence.mutual_coherence(atoms, None, network.signed_code)
        q.put("duplicate_start", found.share_of_atoms_in_pairs)
        # Here, because a penalty on codes that have collapsed is 0 on any batch.
        _batch_dependence(run, q)


def _batch_dependence(run: GradientRun, q: Quantities) -> None:
    """Put by how much loss terms grow when a batch is twice as large; 1: they do not."""
    network = run.trainable.network
    x = run.trainable.samples.batch(0, run.trainable.device)

    def terms(batch: Tensor) -> dict[str, Tensor]:
        return network.loss_terms(batch, network(batch))

    if len(x) < 2:
        q.put("penalty_growth", None, "batches of one sample")
        return
    growth = batch_dependence.doubling(terms, x)
    if not growth:
        q.put("penalty_growth", None, "the terms of the loss are not known")
        return
    error, *others = growth.values()
    q.put("error_growth", error)
    known = [value for value in others if not math.isnan(value)]
    q.put("penalty_growth", max(known, default=None), "no penalty, or it is 0")


def moved(run: GradientRun, q: Quantities) -> None:
    """Which parameters stand where they began; known after some steps."""
    named = list(run.trainable.network.named_parameters())
    if run.step < FEW_STEPS:
        q.put("frozen_fraction", None, f"known after {FEW_STEPS} steps")
        return
    first = run.initial.tensors[: len(named)]
    frozen = []
    slow: list[float] = []
    for (name, parameter), start in zip(named, first, strict=True):
        begin = start.to(parameter.device)
        if torch.equal(parameter.detach(), begin):
            frozen.append((name, parameter.numel()))
            continue
        size = float(begin.square().mean().sqrt())
        change = float((parameter.detach() - begin).square().mean().sqrt())
        slow.append(change / size if size else math.inf)
    whole = sum(p.numel() for _, p in named)
    q.put("frozen_fraction", sum(count for _, count in frozen) / whole)
    q.put("least_change", min(slow, default=0.0), "no tensor has moved")
    q.put("most_change", max(slow, default=0.0), "no tensor has moved")
    q.facts["frozen"] = ", ".join(name for name, _ in frozen)
    low = sorted({str(p.dtype).removeprefix("torch.") for _, p in named if p.dtype.itemsize < 4})
    q.facts["low_precision"] = ", ".join(low)
    q.put("low_precision", float(bool(low)))
    held = {id(p) for o in run.trainable.optimizers for g in o.param_groups for p in g["params"]}
    outside = [n for n, p in named if id(p) not in held or not p.requires_grad]
    # A learner that makes its own steps has no optimizer.
    q.facts["not_trained"] = ", ".join(outside) if held else ""
