"""Economy: what one look at a run as it stands tells, without gradients."""

import math
from collections.abc import Mapping

import torch
from torch import Tensor

from dicttui.diagnosis.quantities import Quantities, Quantity
from dicttui.measures import codes, coherence, norms, reconstruction, recovery, scale, trend
from dicttui.training.measurement import fixed_rows
from dicttui.training.run import GradientRun
from dicttui.training.snapshot import Series
from dicttui.training.trainable import Trainable
from dicttui.training.undisturbed import evaluating, looking

MOST_POINTS = 32
"""Of a history that is evidence."""
MOST_TRUE_ATOMS = 4096
MOST_COMPARED = 2**34
"""Multiplications to compare all pairs of atoms, a few tenths of a second on a CPU, above which
that is not done while a training waits."""
TAKES_LONG = "so many atoms are compared on the screen `w` only"
FOLLOWED = ("fvu", "l0", "norm_ratio", "dead_fraction", "recovered")
"""Metrics whose history a run keeps anyway."""


def look(run: GradientRun, q: Quantities) -> None:
    """Put what is seen of a run as it stands: its losses so far, its codes, its dictionary."""
    losses(run, q)
    trainable = run.trainable
    with torch.no_grad(), evaluating(trainable.network):
        _codes(trainable, q)
        _atoms(run, q)
        _held_out(trainable, q)
    _histories(run, q)


def losses(run: GradientRun, q: Quantities) -> None:
    """Put what a run's losses so far tell."""
    past = run.past
    q.put("step", run.reached)
    q.put("diverged", float(run.state == "diverged"))
    q.facts["ended"] = run.state_detail
    series = past.losses.series()
    values = [v for v in series.last if math.isfinite(v)]
    if not values:
        return
    q.put("loss", past.loss if past.loss is not None and math.isfinite(past.loss) else math.nan)
    q.put("loss_best", past.best_loss)
    q.put("loss_first", values[0])
    steps = [s for s, v in zip(series.steps, series.last, strict=True) if math.isfinite(v)]
    found = trend.trend(values, steps)
    q.put("loss_trend", found.slope, "too few steps yet")
    q.put("loss_spread", found.spread, "too few steps yet")
    q.put("loss_last", found.last)
    q.put("best_over_last", found.best_over_last)
    if values[0] > 0:
        q.put("loss_over_first", found.last / values[0])
    highest = [v for v in series.high if math.isfinite(v)]
    if highest and values[0] > 0:
        q.put("loss_peak_over_first", max(highest) / values[0])
    _known_since(q, "loss_last", series)
    iqr, rising = past.ripple(full_batch=run.trainable.samples.full_batch)
    q.put("ripple", iqr, "known after 200 evaluations of the probe batch")
    q.put("rising_share", rising, "only where training is full batch")
    if iqr is not None and found.last:
        q.put("ripple_share", iqr / found.last)


def _known_since(q: Quantities, name: str, series: Series) -> None:
    found = q.known.get(name)
    if found is not None:
        every = max(1, len(series.steps) // MOST_POINTS)
        q.known[name] = Quantity(
            found.value, found.note, series.steps[::every], series.last[::every]
        )


def _histories(run: GradientRun, q: Quantities) -> None:
    for name in FOLLOWED:
        history = run.past.histories.get(name)
        if history is not None and name in q.known:
            _known_since(q, name, history.series())


def _codes(trainable: Trainable, q: Quantities) -> None:
    network, samples, device = trainable.network, trainable.samples, trainable.device
    x = fixed_rows(trainable, samples.fvu_set(device))
    mean = samples.fvu_mean(device)
    output = network(x)
    atoms = network.atoms
    finite = bool(torch.isfinite(output.reconstruction).all())
    if not finite:
        return
    fires = codes.fires(output.code, atoms, trainable.x_rms, network.sparse_code)
    q.put("fvu", float(reconstruction.fvu(x, output.reconstruction, mean)))
    q.put("l0", float(codes.l0(fires)))
    q.put("l0_share", float(codes.l0(fires)) / fires.shape[1])
    share = fires.float().mean(dim=0)
    q.put("silent_fraction", float((share == 0).float().mean()))
    q.put("n_atoms", fires.shape[1])
    q.put("x_rms", trainable.x_rms)
    shrunk = scale.shrinkage(x, output.reconstruction, mean)
    q.put("shrinkage", shrunk.factor, "nothing is reconstructed")
    q.put("fvu_rescaled", shrunk.fvu_rescaled)
    q.put("reconstruction_ratio", scale.reconstruction_ratio(x, output.reconstruction, mean))
    q.put("code_scale", scale.code_scale(output.code), "no atom fires")
    with looking(network):
        terms = network.loss_terms(x, output)
    if terms:
        q.put("penalty_part", _penalty_part(terms))
    if takes_long_to_compare(atoms, q):
        q.put("coherence", None, TAKES_LONG)
        q.put("duplicate_fraction", None, TAKES_LONG)
    else:
        living = share > 0
        found = coherence.mutual_coherence(
            atoms, living if network.sparse_code else None, network.signed_code
        )
        q.put("coherence", found.max, "fewer than two living atoms")
        q.put("duplicate_fraction", found.share_of_atoms_in_pairs)
    if samples.true_atoms is not None and samples.true_atoms.shape[0] <= MOST_TRUE_ATOMS:
        known = recovery.recovery(samples.true_atoms.to(device), atoms, None, network.signed_code)
        q.put("recovered", known.recovered)


def takes_long_to_compare(atoms: Tensor, q: Quantities) -> bool:
    """Whether comparing all pairs of these atoms would hold up a training that waits."""
    n_atoms, d_in = atoms.shape
    return q.hurried and n_atoms**2 * d_in > MOST_COMPARED


def _penalty_part(terms: Mapping[str, Tensor]) -> float:
    """What is not the first term, which is the error, as a share of the loss."""
    error, *others = (float(term) for term in terms.values())
    whole = abs(error) + sum(abs(other) for other in others)
    return sum(abs(other) for other in others) / whole if whole else math.nan


def _atoms(run: GradientRun, q: Quantities) -> None:
    network = run.trainable.network
    now = norms.row_norms(network.atoms)
    dictionary = norms.row_norms(network.dictionary)
    start = norms.row_norms(run.initial.dictionary)
    if not bool(torch.isfinite(now).all()):
        return
    q.put("atom_norm", float(now.median()))
    smallest = float(now.min())
    q.put("norm_ratio", float(now.max()) / smallest if smallest else math.inf)
    q.put("norm_growth", float(dictionary.median() / start.to(dictionary.device).median()))


def _held_out(trainable: Trainable, q: Quantities) -> None:
    samples, device, network = trainable.samples, trainable.device, trainable.network
    if samples.held_out is None:
        q.put("fvu_train", math.nan, "no samples are held out")
        return
    x = fixed_rows(trainable, samples.train[: len(samples.fvu_set(device))].to(device))
    mean = samples.mean.to(device)
    q.put("fvu_train", float(reconstruction.fvu(x, network(x).reconstruction, mean)))
    q.put("samples_per_atom", samples.n / q["n_atoms"] if not samples.fresh else math.nan,
          "every step has new samples")  # fmt: skip
