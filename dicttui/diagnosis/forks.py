"""Runs on which a remedy is tried: beside the run they come from, and never in its experiment."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch

from dicttui.data.error import DataError
from dicttui.data.regrouped import Regrouped
from dicttui.networks.protocol import NetworkError
from dicttui.optimizers.registry import OptimizerError
from dicttui.preset.changing import changed
from dicttui.preset.model import Preset
from dicttui.preset.problems import PresetError
from dicttui.training import forking
from dicttui.training.engines import choice
from dicttui.training.experiment import Experiment
from dicttui.training.finding import Setting
from dicttui.training.run import GradientRun

NUDGE = 1e-3
"""Share of each parameter's root mean square by which a fork's weights are nudged where the full
batch is the same in every order: how much the forks of one state differ by themselves is then
seen all the same."""
BATCH_SIZE = "data.batch_size"
"""Of what all runs share, this alone can change amid a training."""
SEEDS_APART = 1000
"""From one start of a fork from step 0 to the next."""


class TrialError(Exception):
    """A remedy cannot be tried here; the message says why, for a person."""


@dataclass(frozen=True, slots=True)
class Origin:
    """Where forks come from."""

    experiment: Experiment
    run: GradientRun

    @property
    def preset(self) -> Preset:
        """The experiment's, with this run alone, at the rates that are in force now."""
        specification, rates = self.run.specification, self.run.trainable.rates
        if rates is not None:
            now = {"lr": rates.rest, "dictionary_lr_scale": rates.dictionary / rates.rest}
            specification = specification.model_copy(update=now)
        return self.experiment.preset.model_copy(update={"runs": (specification,)})


def anew(origin: Origin, settings: Sequence[Setting], order: int) -> GradientRun:
    """The run at step 0 of an experiment of its own, with these settings; of another order than 0
    the seed is another, and with it first weights, drawn samples and the order of batches.

    Raises TrialError.
    """
    try:
        preset = changed(origin.preset, _pairs(settings))
        seed = (preset.training.seed + SEEDS_APART * order) % 2**63
        training = preset.training.model_copy(update={"seed": seed})
        experiment = Experiment(preset.model_copy(update={"training": training}))
    except (PresetError, DataError, NetworkError, OptimizerError) as error:
        raise TrialError(str(error)) from error
    (fork,) = experiment.runs
    fork.look_first()
    return fork


def from_here(origin: Origin, settings: Sequence[Setting], order: int) -> GradientRun:
    """A fork of a run's present state with these settings, whose batches come in another order.

    Raises TrialError.
    """
    parent, preset = origin.run, origin.preset
    batch = next((s.value for s in settings if s.key == BATCH_SIZE), None)
    shared = [s.key for s in settings if s.key.startswith(("data.", "training."))]
    if shared and shared != [BATCH_SIZE]:
        raise TrialError(f"{shared[0]} cannot change amid a training")
    try:
        (specification,) = changed(preset, _pairs(settings)).runs
        if settings and batch is None and specification == preset.runs[0]:
            raise TrialError("it is so already")
        child = forking.made(parent, specification, origin.experiment)
    except (PresetError, forking.ForkError) as error:
        raise TrialError(str(error)) from error
    trainable = child.trainable
    if any(s.key in ("lr", "dictionary_lr_scale") for s in settings):
        trainable.rates = trainable.first_rates()
    trainable.samples = trainable.samples.in_order(order)
    if batch is not None:
        times = int(batch) // trainable.samples.batch_size
        if times < 2:
            raise TrialError("a batch of that size is no larger")
        trainable.samples = Regrouped.of(trainable.samples, times)
    if trainable.samples.full_batch and order:
        _nudge(child, order)
    child.engine = choice.chosen(preset.training.engine, trainable.network)
    child.state, child.pause_at, child.target = "running", None, child.step + 10**12
    return child


@torch.no_grad()
def _nudge(run: GradientRun, order: int) -> None:
    generator = torch.Generator().manual_seed(order)
    for parameter in run.trainable.network.parameters():
        noise = torch.randn(parameter.shape, generator=generator).to(parameter)
        parameter.add_(NUDGE * parameter.square().mean().sqrt() * noise)


def _pairs(settings: Sequence[Setting]) -> list[tuple[str, str]]:
    return [(setting.key, setting.value) for setting in settings]
