"""The diagnosis of a run at a moment of it, told again whenever more is known."""

from collections.abc import Iterator
from dataclasses import replace

from dicttui.diagnosis import diagnosing, examining, ranking
from dicttui.diagnosis.forks import Origin
from dicttui.diagnosis.process import Tried
from dicttui.preset.model import Preset
from dicttui.training import checkpoints
from dicttui.training.experiment import Experiment
from dicttui.training.finding import Diagnosis
from dicttui.training.moment import Moment, RunCheckpoint


def diagnoses(preset: Preset, moment: Moment, seconds: float) -> Iterator[Tried]:
    """First what the numbers say, then that after each trial.

    Raises what an Experiment raises, MomentError, DeviceError.
    """
    experiment = Experiment(preset)
    run = checkpoints.restored(experiment, RunCheckpoint(moment))
    q = examining.examine(run, "full")
    found = ranking.suspects(q)
    suspects = frozenset(one.cause.id for one in found)
    trials = diagnosing.trials_of(Origin(experiment, run), q, None, seconds)
    after = list(found)
    whole = min(diagnosing.MOST_TRIED, sum(1 for one in found if one.suspicion.remedies))
    first = Diagnosis(
        run.step, ranking.ranked(found, q, tried=False), unknown=diagnosing.unknown(q)
    )
    yield Tried(
        replace(first, progress=f"trying remedies: 0 of {whole}" if whole else ""), suspects
    )
    done = 0
    for place, one in enumerate(diagnosing.tried(found, trials, lambda _line: None, run.name)):
        after[place] = one
        done += one.tried is not None
        over = place == len(found) - 1
        if not over and one == found[place]:
            continue
        findings = ranking.ranked(after, q, tried=over)
        progress = "" if over else f"trying remedies: {done} of at most {whole}"
        yield Tried(Diagnosis(run.step, findings, progress, diagnosing.unknown(q)), suspects)
