"""The state of a whole experiment at a moment, taken and put back."""

import logging
from dataclasses import replace

from dicttui.preset.learners import LEARNERS
from dicttui.preset.resolved import dumped_run, loaded_run
from dicttui.training import forking, moments
from dicttui.training.experiment import Experiment
from dicttui.training.moment import ExperimentCheckpoint, Moment, MomentError, RunCheckpoint
from dicttui.training.run import GradientRun

log = logging.getLogger(__name__)


def taken(
    experiment: Experiment, last_intervention: int, pace: float | None
) -> ExperimentCheckpoint:
    """All runs as they are between two steps, copied; what can be taken back is shared."""
    return ExperimentCheckpoint(
        runs=tuple(
            RunCheckpoint(moments.taken(run, ghosts=True), tuple(run.undo))
            for run in experiment.runs
        ),
        last_intervention=last_intervention,
        pace=pace,
        samples=experiment.samples_digest,
        scaling=experiment.scaling_facts,
        weights=experiment.weights_digests,
    )


def put(
    experiment: Experiment, checkpoint: ExperimentCheckpoint, device: str | None = None
) -> None:
    """Put an experiment that stands at its start into a checkpoint of it, forks included; on a
    device of this name in place of those that it was on, if one is given.

    Raises:
        MomentError: the checkpoint is of other samples, first weights, networks or runs.
        DeviceError: a run's device is not here.

    """
    if checkpoint.samples != experiment.samples_digest:
        raise MomentError(
            "the samples are not those it was trained on: the data file, or a library that "
            "draws or ships them, has changed since"
        )
    for name, digest in checkpoint.weights.items():
        if experiment.weights_digests.get(name, digest) != digest:
            raise MomentError(
                f"the weights that run {name!r} started with have changed since, in the folder "
                "that its [network] weights names: put those back that were there"
            )
    try:
        runs = [restored(experiment, _on(device, recorded)) for recorded in checkpoint.runs]
    except (KeyError, TypeError, ValueError, IndexError, AttributeError) as error:
        log.exception("a checkpoint could not be put up")
        raise MomentError(f"the checkpoint holds what no run ever wrote: {error!r}") from error
    experiment.runs[:] = runs
    experiment.names |= {run.name for run in runs}


def _on(device: str | None, recorded: RunCheckpoint) -> RunCheckpoint:
    """The same on another device, what can be taken back too; a learner stays where it is."""
    if device is None or recorded.moment.specification["optimizer"] in LEARNERS:
        return recorded
    undo = tuple(
        replace(point, moment=None if point.moment is None else _moved(point.moment, device))
        for point in recorded.undo
    )
    return RunCheckpoint(_moved(recorded.moment, device), undo)


def _moved(moment: Moment, device: str) -> Moment:
    return replace(moment, facts=moment.facts | {"device": device})


def restored(experiment: Experiment, recorded: RunCheckpoint) -> GradientRun:
    """The run of a checkpoint, of an experiment that stands at its start; it is added to nothing.

    Raises MomentError, DeviceError.
    """
    moment = recorded.moment
    run = experiment.run(moment.run)
    if run is None:
        root = experiment.run(moment.facts["root"])
        if root is None:
            raise MomentError(f"run {moment.run!r} is a fork of a run that is not in the preset")
        specification = loaded_run(moment.specification, f"checkpoint of {moment.run}")
        try:
            # What was kept before there were such forks does not say so.
            begun_anew = moment.facts.get("begun_anew", False)
            make = forking.anew if begun_anew else forking.made
            run = make(root, specification, experiment)
            run.begun_anew = begun_anew
        except forking.ForkError as error:
            raise MomentError(f"run {moment.run!r}: {error}") from error
    elif dumped_run(run.specification) != moment.specification:
        raise MomentError(f"run {moment.run!r} of the checkpoint is another than the preset's")
    moments.put_all(run, moment)
    run.undo = list(recorded.undo)
    return run
