"""Measuring a watched loop between two of its steps, on its fixed samples: what can be had."""

import time
from dataclasses import dataclass

import torch
from torch import Tensor

from dicttui.measures import codes, norms, reconstruction
from dicttui.training import measurement
from dicttui.training.measurement import Measurement
from dicttui.training.snapshot import ROWS_IN_FULL
from dicttui.watching.run import WatchedRun
from dicttui.watching.undisturbed import unnoticed


@dataclass(slots=True)
class _OnSet:
    """What was measured on one set of samples."""

    metrics: dict[str, float | None]
    fires: Tensor | None = None
    """bool [n, n_atoms]"""
    terms: dict[str, float] | None = None


def measure(run: WatchedRun) -> Measurement:
    """Measure a run as it stands after its newest step; the loop cannot tell. Raises whatever the
    loop's functions raise.
    """
    began = time.perf_counter()
    network, parts = run.network, run.network.parts
    with unnoticed(network, run.trainable.device):
        atoms = network.atoms.detach() if parts.atoms else None
        of_rows = norms.row_norms(network.dictionary.detach()) if parts.dictionary else None
        of_atoms = norms.row_norms(atoms) if atoms is not None else None
        train = _on_set(run, run.x, atoms)
        held_out = _on_set(run, run.held_out, atoms)
        if train.fires is not None:
            _count_firing(run, train.fires)
    metrics = train.metrics
    if "fvu" in held_out.metrics:
        metrics["fvu"] = held_out.metrics.pop("fvu")
    summary = None
    if of_rows is not None:
        summary = norms.summary(of_rows, ROWS_IN_FULL)
        metrics["norm_ratio"] = summary.ratio
        metrics["norm_min"], metrics["norm_max"] = summary.minimum, summary.maximum
    if train.fires is not None:
        metrics["dead_fraction"] = run.trainable.deadness.dead_fraction(run.step, run.dead_window)
        if run.trainable.samples.true_atoms is not None and atoms is not None:
            metrics |= measurement.recovered(run.trainable, atoms, run.step, run.dead_window)
    same = network.functions.atoms is None
    terms = held_out.terms
    return Measurement(
        step=run.step,
        terms=train.terms or {},
        metrics=metrics,
        held_out=held_out.metrics,
        held_out_loss=None if terms is None else sum(terms.values()),
        norms=None if summary is None else measurement.plain_norms(summary),
        atom_norms=None
        if same or of_atoms is None
        else measurement.plain_norms(norms.summary(of_atoms, ROWS_IN_FULL)),
        took=time.perf_counter() - began,
    )


def _on_set(run: WatchedRun, x: Tensor | None, atoms: Tensor | None) -> _OnSet:
    network, parts = run.network, run.network.parts
    found = _OnSet({})
    if x is None:
        return found
    if parts.reconstruction:
        made, code = network.reconstructed(x)
        found.metrics["mse"] = reconstruction.mse(x, made).item()
        found.metrics["fvu"] = reconstruction.fvu(x, made, x.mean(dim=0)).item()
        if code is not None:
            found.metrics["l1"] = codes.l1(code).item()
        if code is not None and (network.sparse_code or atoms is not None):
            norms_of = x if atoms is None else atoms  # where codes are sparse, it is not looked at
            found.fires = codes.fires(code, norms_of, run.trainable.x_rms, network.sparse_code)
            found.metrics["l0"] = codes.l0(found.fires).item()
    if parts.loss:
        # A penalty that sums over a batch is comparable on as many samples as a step has.
        batch = x[: run.batch_size or len(x)]
        found.terms = {name: term.item() for name, term in network.terms(batch).items()}
    return found


def _count_firing(run: WatchedRun, fires: Tensor) -> None:
    """An atom that fires on none of the samples may have fired until just now: where the window is
    shorter than the time between two looks, it is dead once it was silent at two of them.
    """
    deadness, step, window = run.trainable.deadness, run.step, run.dead_window
    if step - deadness.looked >= window:
        fired_before = deadness.last_fired >= deadness.looked
        lately = torch.full_like(deadness.last_fired, step - window + 1)
        deadness.seen(torch.where(fired_before, lately, -1))
    deadness.update(fires.any(dim=0), step)
    deadness.look(step, window)
    run.firing.measured(run.trainable, step, fires)
