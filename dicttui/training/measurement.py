"""What is measured on a run at a step, before its update, in plain numbers."""

import time
from dataclasses import dataclass

import torch
from torch import Tensor

from dicttui.measures import codes, norms, reconstruction, recovery
from dicttui.networks.protocol import Output
from dicttui.training.engines.engine import total
from dicttui.training.firing import FiringTracker
from dicttui.training.snapshot import ROWS_IN_FULL, Norms
from dicttui.training.trainable import Trainable
from dicttui.training.undisturbed import evaluating, looking

LARGEST_CODE = 8_000_000
"""Numbers in the code of a set that is measured whole: more would hold the training up for longer
than a person waits for a key."""
FEWEST_ROWS = 64
ROUNDING = 1e-3
"""Share by which a mean over twice the same samples differs from that over them at most."""


@dataclass(frozen=True, slots=True)
class Measurement:
    """One run at one step."""

    step: int
    terms: dict[str, float]
    metrics: dict[str, float | None]
    """On the train batch (fvu: on its own set)."""
    held_out: dict[str, float | None]
    """By the same names, on the held-out samples; empty where there are none."""
    held_out_loss: float | None
    norms: Norms | None
    """Of the dictionary's rows; None where they cannot be had."""
    atom_norms: Norms | None
    took: float
    """Seconds of the trainer thread it cost; what other programs took meanwhile is not counted."""

    @property
    def all_metrics(self) -> dict[str, float | None]:
        """Train and held-out metrics, the latter with the prefix "held_out_"."""
        held_out = {f"held_out_{name}": value for name, value in self.held_out.items()}
        if self.held_out_loss is not None:
            held_out["held_out_loss"] = self.held_out_loss
        return self.metrics | held_out


@torch.no_grad()
def take(
    trainable: Trainable,
    dead_window: int,
    *,
    step: int,
    x: Tensor,
    output: Output,
    terms: dict[str, Tensor],
    firing: FiringTracker,
    standing: bool = False,
) -> Measurement:
    """Measure a run in a step, from what its forward pass gave.

    Args:
        trainable: as it is before the step's update.
        dead_window: steps without firing after which an atom is dead.
        step: the step's index.
        x: the step's batch [batch, d_in].
        output: the network's output on it.
        terms: its loss terms.
        firing: is told which atoms fire in it.
        standing: whether the step is not being made, so that nothing has fired in it.

    """
    began = time.thread_time()
    network, samples = trainable.network, trainable.samples
    dictionary, atoms = network.dictionary.detach(), network.atoms.detach()
    metrics: dict[str, float | None] = {"mse": reconstruction.mse(x, output.reconstruction).item()}
    fires = _fires(trainable, output, atoms)
    firing.measured(trainable, step, fires)
    metrics |= _of_codes(output, fires)
    with evaluating(network):
        judged = network.atoms.detach()
        metrics["fvu"], held_out, held_out_loss = _on_fixed_set(trainable, judged)
    counted = step - 1 if standing else step
    metrics["dead_fraction"] = trainable.deadness.dead_fraction(counted, dead_window)
    summary = norms.summary(norms.row_norms(dictionary), ROWS_IN_FULL)
    metrics["norm_ratio"] = summary.ratio
    metrics["norm_min"], metrics["norm_max"] = summary.minimum, summary.maximum
    if samples.true_atoms is not None:
        metrics |= recovered(trainable, judged, counted, dead_window)
    same = _same_view(network.atoms, network.dictionary)
    return Measurement(
        step=step,
        terms={name: term.item() for name, term in terms.items()},
        metrics=metrics,
        held_out=held_out,
        held_out_loss=held_out_loss,
        norms=plain_norms(summary),
        atom_norms=None
        if same
        else plain_norms(norms.summary(norms.row_norms(atoms), ROWS_IN_FULL)),
        took=time.thread_time() - began,
    )


@torch.no_grad()
def take_standing(
    trainable: Trainable, dead_window: int, step: int, firing: FiringTracker
) -> Measurement:
    """Measure a run that is not making a step, on the batch of the step it would make next."""
    x = trainable.samples.batch(step, trainable.device)
    with looking(trainable.network):
        torch.set_rng_state(trainable.random_state)
        output = trainable.network(x)
        terms = trainable.network.loss_terms(x, output)
    return take(
        trainable, dead_window, step=step, x=x, output=output, terms=terms, firing=firing,
        standing=True,
    )  # fmt: skip


@torch.no_grad()
def probe_loss(trainable: Trainable) -> float:
    """The loss on one fixed batch of the training's size."""
    with evaluating(trainable.network):
        probe = trainable.samples.probe(trainable.device)[: trainable.samples.batch_size]
        return total(trainable.network.loss_terms(probe, trainable.network(probe))).item()


def _fires(trainable: Trainable, output: Output, atoms: Tensor) -> Tensor:
    return codes.fires(output.code, atoms, trainable.x_rms, trainable.network.sparse_code)


def _of_codes(output: Output, fires: Tensor) -> dict[str, float]:
    return {"l1": codes.l1(output.code).item(), "l0": codes.l0(fires).item()}


def fixed_rows(trainable: Trainable, x: Tensor) -> Tensor:
    """The rows of a fixed set that are measured: all, or the first so many that their code stays
    below LARGEST_CODE numbers.
    """
    return x[: max(FEWEST_ROWS, LARGEST_CODE // trainable.network.dictionary.shape[0])]


def _on_fixed_set(
    trainable: Trainable, atoms: Tensor
) -> tuple[float, dict[str, float | None], float | None]:
    """The fvu, and, where samples are held out, the metrics and the loss on them."""
    samples, device = trainable.samples, trainable.device
    x = samples.fvu_set(device)
    if len(fixed_rows(trainable, x)) < len(x):
        # The probe's rows are chosen by chance; the first rows of a file may be of a kind.
        x = fixed_rows(trainable, samples.probe(device))
    output = trainable.network(x)
    fvu = reconstruction.fvu(x, output.reconstruction, samples.fvu_mean(device)).item()
    if samples.held_out is None:
        return fvu, {}, None
    metrics: dict[str, float | None] = {"mse": reconstruction.mse(x, output.reconstruction).item()}
    metrics |= _of_codes(output, _fires(trainable, output, atoms))
    return fvu, metrics, _loss_at_training_size(trainable, x, output)


def _loss_at_training_size(trainable: Trainable, x: Tensor, output: Output) -> float:
    """The loss on these samples as if they were a batch of the training's size: of each term, what
    grows with the batch, as a penalty that sums over it does, is taken in proportion.
    """
    loss_terms, size = trainable.network.loss_terms, trainable.samples.batch_size / len(x)
    once = {name: term.item() for name, term in loss_terms(x, output).items()}
    if size == 1:
        return sum(once.values())
    loss = 0.0
    for name, term in loss_terms(torch.cat((x, x)), output.twice()).items():
        growth = term.item() - once[name]
        if abs(growth) > ROUNDING * abs(once[name]):
            loss += (size - 1) * growth
        loss += once[name]
    return loss


def recovered(
    trainable: Trainable, atoms: Tensor, step: int, dead_window: int
) -> dict[str, float | None]:
    """How much of the true dictionary, which is known, the atoms [n_atoms, d_in] that are alive
    after a step have found.
    """
    true_atoms = trainable.samples.true_atoms
    assert true_atoms is not None
    dead = trainable.deadness.dead(step, dead_window)
    found = recovery.recovery(
        true_atoms.to(atoms.device),
        atoms,
        None if dead is None else ~dead,
        trainable.network.signed_code,
    )
    return {
        "mmcs": found.mmcs,
        "mmcs_random": found.mmcs_random,
        "recovered": found.recovered,
        "precision": found.precision,
    }


def _same_view(one: Tensor, other: Tensor) -> bool:
    """Whether two tensors are the same numbers of the same parameter."""
    if one is other:
        return True
    layouts = [(t.shape, t.stride(), t.storage_offset()) for t in (one, other)]
    return one._base is not None and one._base is other._base and layouts[0] == layouts[1]


def plain_norms(summary: norms.NormSummary) -> Norms:
    """The same, for a snapshot."""
    return Norms(
        count=summary.rows,
        minimum=summary.minimum,
        median=summary.median,
        maximum=summary.maximum,
        ratio=summary.ratio,
        quantiles=summary.quantiles,
        values=summary.values,
        histogram=summary.histogram,
        smallest=summary.smallest,
        largest=summary.largest,
    )
