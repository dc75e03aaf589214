"""What a training came to: the measures by which one is judged, less is better in each."""

import math

import torch

from dicttui.measures.reconstruction import fvu
from dicttui.measures.recovery import recovery
from dicttui.networks.protocol import DictionaryNetwork, Output
from dicttui.preset.model import Preset
from dicttui.training.experiment import Experiment
from dicttui.training.run import GradientRun

CHUNK = 20
Outcome = dict[str, float]


def trained(preset: Preset) -> tuple[Experiment, GradientRun]:
    """The preset's run at its end."""
    experiment = Experiment(preset)
    (run,) = experiment.runs
    run.look_first()
    while run.state == "running":
        run.advance(min(CHUNK, run.target - run.step), observe=False)
    return experiment, run


@torch.no_grad()
def outcome(
    experiment: Experiment, run: GradientRun, clean: torch.Tensor, true_atoms: torch.Tensor | None
) -> Outcome:
    """The measures of a run; infinite where it diverged.

    Args:
        experiment: its experiment.
        run: at its end.
        clean: the samples [n, d_in] that the setting without the fault is judged by.
        true_atoms: of that setting, [n_true, d_in].

    """
    network, samples = run.trainable.network, experiment.samples
    device = torch.device("cpu")
    own, train = samples.fvu_set(device), samples.train
    output = network(own)
    made = {
        "fvu": fvu(own, output.reconstruction, own.mean(dim=0)).item(),
        "clean_fvu": fvu(clean, network(clean).reconstruction, clean.mean(dim=0)).item(),
        "gap": fvu(own, output.reconstruction, own.mean(dim=0)).item()
        - fvu(train, network(train).reconstruction, train.mean(dim=0)).item(),
        "loss": sum(term.item() for term in network.loss_terms(own, output).values()),
        "invariant_loss": _invariant(network, own, output, len(samples.batch(0, device))),
        "shrinkage": _shrinkage(own, output.reconstruction),
    }
    if true_atoms is not None:
        found = recovery(true_atoms, network.atoms.float(), None, network.signed_code)
        made["missed"] = 1 - found.recovered
    if run.state != "finished":
        made = dict.fromkeys(made, math.inf)
    return {name: value if math.isfinite(value) else math.inf for name, value in made.items()}


def _invariant(
    network: DictionaryNetwork, x: torch.Tensor, output: Output, batch_size: int
) -> float:
    """Squared error, summed over features, plus λ · Σ|code| · ‖atom‖: unlike the loss it is the
    same however a dictionary and its codes share their scale.
    """
    error = (x - output.reconstruction).square().sum(dim=1).mean().item()
    coefficient = network.lambda_field(batch_size, x.shape[1]) or 0.0
    norms = torch.linalg.vector_norm(network.atoms.float(), dim=1)
    return error + coefficient * (output.code.abs() * norms).sum(dim=1).mean().item()


def _shrinkage(x: torch.Tensor, reconstruction: torch.Tensor) -> float:
    """The share of the squared error that one factor for all reconstructions would mend, about
    the samples' mean.
    """
    x = x - x.mean(dim=0)
    made = reconstruction - reconstruction.mean(dim=0)
    factor = (x * made).sum() / made.square().sum().clamp(min=1e-30)
    before, after = (x - made).square().sum(), (x - factor * made).square().sum()
    return ((before - after) / x.square().sum()).item()
