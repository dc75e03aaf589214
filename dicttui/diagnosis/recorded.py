"""Diagnosing an experiment that was recorded, as its newest checkpoint has it."""

from collections.abc import Callable

from dicttui.diagnosis.diagnosing import ExperimentDiagnosis, Told, answered, of_run
from dicttui.diagnosis.forks import Origin
from dicttui.diagnosis.tiers import Tier
from dicttui.record import resuming
from dicttui.record.error import RecordError
from dicttui.record.reading import Recorded
from dicttui.training import checkpoints, threads
from dicttui.training.experiment import Experiment
from dicttui.training.moment import MomentError
from dicttui.training.script import placed


def diagnose(
    recorded: Recorded,
    *,
    only: str | None = None,
    device: str | None = None,
    tier: Tier = "full",
    tests: bool = True,
    tell: Callable[[str], None] = lambda _note: None,
    told: Told = lambda _line: None,
) -> ExperimentDiagnosis:
    """Diagnose the runs of a recorded experiment, forks among them; the recording stays as it is.

    Args:
        recorded: the experiment.
        only: the name of the run that is diagnosed; None: all that stand.
        device: where; None: where it was trained.
        tier: what is measured.
        tests: whether remedies are tried.
        tell: called with what a person should know: code that has changed, a damaged checkpoint.
        told: called with a line for a person of what is being done.

    Raises:
        RecordError: there is no checkpoint, or it cannot be read, or no such run.
        MomentError: data, network or optimizer are no longer what they were.
        DeviceError: the device is not here.

    And what an Experiment raises.

    """
    preset = recorded.preset()
    resuming.mind_code(preset, recorded.directory)
    for note in resuming.notices_of_code(recorded):
        tell(note)
    newest = resuming.newest_whole(recorded.directory, tell)
    if newest is None:
        raise RecordError(
            f"{recorded.id}: has no checkpoint that could be examined; allowed: an experiment that "
            f"has one (`dicttui resume {recorded.id}` trains it on and writes one), or its preset"
        )
    checkpoint = resuming.read(newest[1], recorded.directory, preset)
    names = [one.moment.run for one in checkpoint.runs]
    if only is not None and only not in names:
        raise RecordError(
            f"{recorded.id}: no run is called {only!r} at its newest checkpoint; "
            f"allowed: {', '.join(names)}"
        )
    # A checkpoint says where its runs are; the preset's device may be gone by now.
    experiment = Experiment(placed(preset, "cpu"))
    threads.take(preset.training.threads, large=experiment.large)
    try:
        checkpoints.put(experiment, checkpoint, device)
    except MomentError as error:
        raise MomentError(f"{recorded.id}: cannot be diagnosed: {error}") from error
    found = {}
    for run in experiment.runs:
        if only in (None, run.name):
            # Forks from step 0 are built where the run is.
            experiment.preset = placed(preset, str(run.trainable.device))
            told(f"{run.name}: measuring")
            found[run.name] = of_run(Origin(experiment, run), tier, tests=tests, told=told)
    # Forks are in no preset, and rates may have been changed since.
    runs = tuple(Origin(experiment, run).preset.runs[0] for run in experiment.runs)
    return answered(preset.model_copy(update={"runs": runs}), found, tests=tests, told=told)
