"""A second run from the present state of a first, something of it different."""

import re

import torch

from dicttui.networks import averaging
from dicttui.networks import registry as networks
from dicttui.networks.protocol import DictionaryNetwork, NetworkError
from dicttui.networks.reference import ReferenceDictionary
from dicttui.optimizers import registry as optimizers
from dicttui.preset.changing import changed_run
from dicttui.preset.learners import LEARNERS, MiniBatchDictionaryLearning
from dicttui.preset.networks import UserNetwork
from dicttui.preset.optimizers import OPTIMIZERS
from dicttui.preset.problems import PresetError
from dicttui.preset.resolved import dumped_run, loaded_run
from dicttui.preset.runs import RunSpecification
from dicttui.preset.values import MOST_RUNS
from dicttui.training import devices
from dicttui.training.asked import number
from dicttui.training.engines import choice
from dicttui.training.experiment import Experiment
from dicttui.training.finding import Setting
from dicttui.training.interventions import Fork
from dicttui.training.run import GradientRun
from dicttui.training.trainable import Rates

LONGEST_NAME = 40


class ForkError(Exception):
    """A run cannot be forked like this; the message is for a person."""


def fork(parent: GradientRun, asked: Fork, experiment: Experiment) -> GradientRun:
    """A new run that stands where the parent stands, and has been added to the experiment.

    Weights, optimizer state, random state and rates are the parent's where nothing else is asked
    for; what it makes from here on differs by what was asked for alone.

    Raises:
        ForkError: it cannot be; nothing has changed.

    """
    if len(experiment.runs) >= MOST_RUNS:
        raise ForkError(f"there are {len(experiment.runs)} runs already, the most there can be")
    if parent.state == "failed":
        raise ForkError(f"{parent.name} has failed: there is nothing to go on from")
    rates = parent.trainable.rates
    if asked.lr is not None:
        if rates is None:
            raise ForkError(f"{parent.name} has no learning rate")
        rates = rates.after("both", asked.lr, None)
    specification = specified(parent, asked, rates, experiment)
    if asked.begins == "step_0":
        child = anew(parent, specification, experiment)
        experiment.add(child)
        return child
    child = made(parent, specification, experiment)
    own_rate = any(s.key in ("lr", "dictionary_lr_scale") for s in asked.settings)
    if rates is not None and not own_rate:
        child.trainable.rates = child.trainable.in_groups(Rates(rates.rest, rates.dictionary))
    experiment.add(child)
    return child


def anew(
    parent: GradientRun, specification: RunSpecification, experiment: Experiment
) -> GradientRun:
    """A run of this specification at step 0, with the weights that it gives; not part of the
    experiment yet.
    """
    try:
        child = experiment.begun(specification, parent.trainable.device)
    except (optimizers.OptimizerError, NetworkError) as error:
        raise ForkError(str(error)) from error
    child.parent, child.root, child.forked_at = parent.name, parent.root, 0
    child.begun_anew = True
    child.state = "paused" if parent.state == "paused" else "running"
    child.look_first()
    return child


def made(
    parent: GradientRun, specification: RunSpecification, experiment: Experiment
) -> GradientRun:
    """A run of this specification with the parent's state; not part of the experiment yet."""
    old = parent.trainable
    trainable = devices.copied(old, old.device)
    trainable.specification = specification
    try:
        if isinstance(trainable.network, ReferenceDictionary):
            assert isinstance(specification.arguments, MiniBatchDictionaryLearning)
            trainable.network.learn_by(specification.arguments)
        elif specification.network != old.specification.network:
            trainable.network = _rebuilt(old.network, specification, experiment).to(old.device)
            trainable.optimizers = optimizers.rebuild(
                old.specification, trainable.network, trainable.optimizers
            )
        if not specification.learner and _other_optimizer(specification, old.specification):
            trainable.optimizers = optimizers.build(specification, trainable.network)
    except (optimizers.OptimizerError, NetworkError) as error:
        raise ForkError(str(error)) from error
    engine = choice.chosen(experiment.preset.training.engine, trainable.network)
    child = GradientRun(trainable, parent.target, parent.dead_window, engine)
    child.initial = parent.initial
    child.parent, child.root, child.forked_at = parent.name, parent.root, parent.step
    child.step, child.seconds = parent.step, parent.seconds
    child.begun_anew = parent.begun_anew
    child.state = "paused" if parent.state == "paused" else "running"
    if child.step >= child.target:
        child.target = child.step + experiment.preset.training.steps
    child.look_first()
    return child


def specified(
    parent: GradientRun, asked: Fork, rates: Rates | None, experiment: Experiment
) -> RunSpecification:
    """The parent's specification with what was asked for in it."""
    table = dumped_run(parent.specification)
    if parent.specification.learner:
        _refuse_for_a_learner(parent, asked)
    if rates is not None:
        table |= {"lr": rates.rest, "dictionary_lr_scale": rates.dictionary / rates.rest}
    if asked.optimizer is not None:
        if asked.optimizer in LEARNERS:
            raise ForkError(
                f"{asked.optimizer} goes on from no network: give it a run in the preset"
            )
        if asked.optimizer not in OPTIMIZERS:
            raise ForkError(f"there is no optimizer {asked.optimizer!r}")
        if asked.optimizer == "Rprop" and not parent.trainable.samples.full_batch:
            raise ForkError("Rprop goes by the signs of whole gradients: not with minibatches")
        if asked.optimizer != parent.specification.optimizer:
            arguments = OPTIMIZERS[asked.optimizer]().model_dump(mode="json")
            table |= {"optimizer": asked.optimizer, "arguments": arguments}
    if asked.constraint is not None:
        table["constraint"] = asked.constraint
    if asked.l1_coefficient is not None and parent.specification.learner:
        table["arguments"] = table["arguments"] | {"alpha": asked.l1_coefficient}
    elif asked.l1_coefficient is not None:
        if "l1_coefficient" not in table["network"]:
            raise ForkError(f"the network of {parent.name} has no penalty that could be set")
        table["network"] = table["network"] | {"l1_coefficient": asked.l1_coefficient}
    table["name"] = _named(parent.specification, asked, experiment)
    try:
        specification = loaded_run(table, "fork")
        changed = changed_run(specification, [(s.key, s.value) for s in asked.settings])
    except PresetError as error:
        raise ForkError(str(error)) from error
    if isinstance(changed.network, UserNetwork) and changed.network != specification.network:
        raise ForkError("a fork cannot name a person's own code: only a preset's file can")
    return changed


def _refuse_for_a_learner(parent: GradientRun, asked: Fork) -> None:
    """What of a learner cannot be different."""
    own = parent.specification.optimizer
    if asked.optimizer is not None and asked.optimizer != own:
        raise ForkError(f"{parent.name} has no network that {asked.optimizer} could train")
    if asked.constraint is not None:
        raise ForkError(f"{own} keeps its atoms within norm 1 itself, without another constraint")


def _named(forked: RunSpecification, asked: Fork, experiment: Experiment) -> str:
    """What was asked for, or the parent's name and what differs; not given to any run before."""
    if asked.name is not None:
        if asked.name in experiment.names:
            raise ForkError(f"there is, or was, a run called {asked.name!r}")
        return asked.name
    parent, penalty = forked.name, "alpha" if forked.learner else "l1_"
    differs = [
        *([asked.optimizer.lower()] if asked.optimizer is not None else []),
        *([f"lr{number(asked.lr)}"] if asked.lr is not None else []),
        *([asked.constraint] if asked.constraint is not None else []),
        *([f"{penalty}{number(asked.l1_coefficient)}"] if asked.l1_coefficient is not None else []),
        *(_short(setting) for setting in asked.settings[:2]),
    ]
    ending = "".join(f"-{word}" for word in differs)
    name, count = f"{parent[: LONGEST_NAME - len(ending)]}{ending}"[-LONGEST_NAME:], 2
    first = name
    while name in experiment.names or name == parent:
        ending = f"-{count}"
        name, count = f"{first[: LONGEST_NAME - len(ending)]}{ending}", count + 1
    return name


def _short(setting: Setting) -> str:
    """Of a name that says what differs: letters, digits, and what a name may have."""
    key = setting.key.rpartition(".")[2]
    word = "" if key in ("optimizer", "kind", "constraint") else key.partition("_")[0]
    return re.sub(r"[^\w.+-]", "", word + setting.value.lower())


def _other_optimizer(one: RunSpecification, other: RunSpecification) -> bool:
    return (one.optimizer, one.arguments) != (other.optimizer, other.arguments)


def _rebuilt(
    old: DictionaryNetwork, specification: RunSpecification, experiment: Experiment
) -> DictionaryNetwork:
    """A network of another specification with the old one's numbers."""
    outside = torch.get_rng_state()
    try:
        network = networks.build(
            specification.network, experiment.samples.d_in, experiment.preset.directory
        )
    finally:
        torch.set_rng_state(outside)
    averaging.start(network, old.ema_decay)
    values = dict(old.named_parameters()) | dict(old.named_buffers())
    with torch.no_grad():
        for name, tensor in (*network.named_parameters(), *network.named_buffers()):
            tensor.copy_(values[name])
    network.precision = specification.precision
    network.dead_feature_window = old.dead_feature_window
    return network
