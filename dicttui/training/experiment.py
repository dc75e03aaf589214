"""An experiment: the runs of one preset, and how they are made equal at the start."""

import hashlib
from functools import cached_property
from typing import Any, Self

import torch
from torch import Tensor

from dicttui.data import seeds
from dicttui.data.affine import facts_of
from dicttui.data.error import DataError
from dicttui.data.samples import Samples
from dicttui.data.source import Source, open_source
from dicttui.measures.deadness import Deadness
from dicttui.networks import averaging, reference, registry
from dicttui.networks.exchange import starting
from dicttui.networks.protocol import DictionaryNetwork
from dicttui.optimizers import registry as optimizers
from dicttui.preset import shipped
from dicttui.preset.data import OwnData
from dicttui.preset.learners import MiniBatchDictionaryLearning
from dicttui.preset.model import Preset
from dicttui.preset.networks import AnyNetwork, weights_of
from dicttui.preset.runs import RunSpecification
from dicttui.training import devices
from dicttui.training.engines import choice
from dicttui.training.run import GradientRun
from dicttui.training.trainable import Trainable

DIGESTED_BYTES = 2**26
"""Of the train samples, from their beginning: enough to know them again."""

MOST_MEASURED = 512
"""Samples of a fixed set, of all runs alike, where the codes of one are dear: they are found sample
by sample."""


class Experiment:
    """The runs of one preset, and the samples they share.

    Under the preset's seed the first run's network is built and then the samples are drawn, in
    the article's order, so that `torch.manual_seed(seed)` before the article's script gives the
    same numbers. Every other network is built under the same seed; wherever the shape of a
    parameter agrees with the first network's, it starts with the first network's values. A network
    whose specification names weights starts with those.
    """

    def __init__(self, preset: Preset) -> None:
        self.preset = preset
        seed = preset.training.seed
        source = _opened(preset)
        torch.manual_seed(seed)
        first = self._build(preset.runs[0].network, source.d_in)
        self.samples: Samples = source.draw()
        self.description = source.description
        self._after = torch.get_rng_state()
        self.weights_digests: dict[str, str] = {}
        """By run, of the weights that a preset gave it to start with, where it did."""
        first_values = {k: v.detach().clone() for k, v in first.state_dict().items()}
        networks = [self._begun(preset.runs[0], first)]
        for specification in preset.runs[1:]:
            torch.manual_seed(seed)
            network = self._build(specification.network, source.d_in)
            networks.append(self._begun(specification, _started_like(first_values, network)))
        self.dear_codes = any(network.dear_code for network in networks)
        """Whether it takes long to code samples in one of its runs."""
        if self.dear_codes:
            self.samples.measure_at_most(MOST_MEASURED)
            if not self.samples.all_measured:
                self.description += f", {MOST_MEASURED} measured"
        torch.set_rng_state(self._after)
        work = self.samples.batch_size * max(
            sum(p.numel() for p in network.parameters()) for network in networks
        )
        self.large = work >= devices.WORTH_AN_ACCELERATOR
        device = devices.resolve(preset.training.device, work)
        self.runs = [
            self._run(specification, network, device)
            for specification, network in zip(preset.runs, networks, strict=True)
        ]
        self.names = {run.name for run in self.runs}
        """Of every run that ever was: none is given twice."""

    @classmethod
    def of(
        cls, preset: Preset, samples: Samples, description: str, runs: list[GradientRun]
    ) -> Self:
        """One whose runs are there already: nothing is built, drawn or moved."""
        made = cls.__new__(cls)
        made.preset, made.samples, made.description = preset, samples, description
        made.weights_digests = {}
        made.dear_codes = made.large = False
        made.runs = runs
        made.names = {run.name for run in runs}
        return made

    @cached_property
    def samples_digest(self) -> str:
        """What tells its train samples from others: their shape and their first bytes, hashed."""
        train = self.samples.train
        rows = max(1, DIGESTED_BYTES // max(1, train[0].nbytes))
        found = hashlib.blake2b(str(tuple(train.shape)).encode(), digest_size=16)
        found.update(train[:rows].contiguous().numpy().tobytes())
        return found.hexdigest()

    @cached_property
    def scaling_facts(self) -> dict[str, Any]:
        """What was done to the samples, in plain JSON."""
        return facts_of(self.samples.scaling)

    def add(self, run: GradientRun) -> None:
        """One more run, at the end, so that the others keep their places."""
        self.runs.append(run)
        self.names.add(run.name)

    def run(self, name: str) -> GradientRun | None:
        """The run of that name."""
        return next((run for run in self.runs if run.name == name), None)

    def begun(self, specification: RunSpecification, device: torch.device) -> GradientRun:
        """A run of this specification as it would have stood at step 0 beside the first run of the
        preset; not one of the experiment's. Raises NetworkError, OptimizerError.
        """
        outside = torch.get_rng_state()
        try:
            torch.manual_seed(self.preset.training.seed)
            first = self._build(self.preset.runs[0].network, self.samples.d_in)
            torch.manual_seed(self.preset.training.seed)
            network = self._build(specification.network, self.samples.d_in)
            network = self._begun(specification, _started_like(first.state_dict(), network))
        finally:
            torch.set_rng_state(outside)
        return self._run(specification, network, device)

    def _begun(
        self, specification: RunSpecification, network: DictionaryNetwork
    ) -> DictionaryNetwork:
        """A network that has been built, at the weights that a run of it starts with."""
        seed = self.preset.training.seed
        generator = seeds.generator(seed, "initialisation")
        network.initialise(specification.network.init, self.samples.train, generator)
        if weights_of(specification.network) is not None:
            self.weights_digests[specification.name] = self._given(network, specification.network)
        if isinstance(specification.arguments, MiniBatchDictionaryLearning):
            return reference.started_like(network, specification.arguments, seed)
        return network

    def _build(self, specification: AnyNetwork, d_in: int) -> DictionaryNetwork:
        return registry.build(specification, d_in, self.preset.directory)

    def _given(self, network: DictionaryNetwork, specification: AnyNetwork) -> str:
        """Give a network the weights that its specification names; their digest."""
        weights = weights_of(specification)
        assert weights is not None
        return starting.start(
            network, specification.kind, weights, self.preset.directory, self.samples.scaling
        )

    def _run(
        self, specification: RunSpecification, network: DictionaryNetwork, device: torch.device
    ) -> GradientRun:
        training = self.preset.training
        if network.only_on:
            device = torch.device(network.only_on)
        network.to(device)
        network.precision = specification.precision
        averaging.start(network, specification.ema_decay)
        trainable = Trainable(
            specification=specification,
            network=network,
            optimizers=optimizers.build(specification, network),
            samples=self.samples,
            device=device,
            deadness=Deadness(network.atoms.shape[0], device),
            rates=None,
            x_rms=float(self.samples.train.square().mean().sqrt()),
            total_steps=training.steps,
            random_state=self._after.clone(),
        )
        window = training.dead_feature_window
        if training.dead_feature_window_samples is not None:
            window = max(1, -(-training.dead_feature_window_samples // self.samples.batch_size))
        network.dead_feature_window = window
        trainable.rates = trainable.first_rates()
        return GradientRun(
            trainable, training.steps, window, choice.chosen(training.engine, network)
        )


def _opened(preset: Preset) -> Source:
    """The preset's samples. Raises DataError; of a shipped preset whose samples are a person's own,
    it says how to come to one that has them.
    """
    try:
        return open_source(preset.data, preset.training.seed, preset.directory)
    except DataError as error:
        if not isinstance(preset.data, OwnData) or preset.directory != shipped.directory():
            raise
        raise DataError(
            f"{error}. It is a template: copy it with `dicttui presets new mine.toml --from "
            f"{preset.source}`, and say in the copy where your samples are"
        ) from error


def _started_like(reference: dict[str, Tensor], network: DictionaryNetwork) -> DictionaryNetwork:
    """Give a network the reference's values wherever the shapes agree."""
    with torch.no_grad():
        for name, value in network.state_dict().items():
            if name in reference and reference[name].shape == value.shape:
                value.copy_(reference[name])
    return network
