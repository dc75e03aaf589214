"""The whole diagnosis without the app: train, measure, suspect, try."""

import math
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field, replace
from functools import partial

from dicttui.data.error import DataError
from dicttui.diagnosis import examining, ranking, verdict
from dicttui.diagnosis import sweep as sweeping
from dicttui.diagnosis import thresholds as t
from dicttui.diagnosis.forks import Origin, TrialError
from dicttui.diagnosis.quantities import Quantities
from dicttui.diagnosis.ranking import Suspected
from dicttui.diagnosis.tiers import Tier
from dicttui.diagnosis.trials import Trials
from dicttui.networks import foreign
from dicttui.preset.model import Preset
from dicttui.training import threads
from dicttui.training.experiment import Experiment
from dicttui.training.finding import Diagnosis, Verdict
from dicttui.training.run import GradientRun

MOST_TRIED = 6
"""Suspects of a run that are tried, the strongest first."""
SETTLED, WORTH_A_TRIAL = 0.7, 0.65
"""Once a remedy has halved its measure (a gain as a natural logarithm), weaker suspicions than
that are not tried: they would have to explain what is explained."""
OBSERVATIONS = 32
"""How often a training is measured on its way, for the small charts beside the evidence."""
LONGEST_SWEEP = 300.0
"""Seconds that a sweep may take that nobody has asked for."""
Told = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class ExperimentDiagnosis:
    """What is known of an experiment."""

    verdict: Verdict | None
    runs: dict[str, Diagnosis] = field(default_factory=dict)


def diagnose(
    preset: Preset,
    *,
    steps: int | None = None,
    tier: Tier = "full",
    tests: bool = True,
    trial_steps: int | None = None,
    only: Collection[str] = (),
    sweep: bool | None = None,
    told: Told = lambda _line: None,
) -> ExperimentDiagnosis:
    """Train a preset's runs, and diagnose each.

    Args:
        preset: what to train.
        steps: completed updates of each run; None: as many as the preset says.
        tier: what is measured.
        tests: whether remedies are tried.
        trial_steps: of each fork; None: as many as the run has made, within bounds.
        only: the names of the runs that are trained and diagnosed; empty: all.
        sweep: whether learning rates are swept before a verdict; None: where remedies are tried,
            optimizers differ, a verdict on them would rest on it, and it does not take too long.
        told: called with a line for a person of what is being done.

    Raises what an Experiment raises; DataError, too, where data is missing amid a training.

    """
    if steps is not None:
        training = preset.training.model_copy(update={"steps": steps})
        preset = preset.model_copy(update={"training": training})
    experiment = Experiment(preset)
    threads.take(preset.training.threads, large=experiment.large)
    runs = [run for run in experiment.runs if not only or run.name in only]
    found = {}
    for place, run in enumerate(runs, 1):
        about = f"{run.name} (run {place} of {len(runs)})"
        told(f"{about}: training")
        train(run, partial(_about, told, about))
        found[run.name] = of_run(
            Origin(experiment, run), tier, tests=tests, trial_steps=trial_steps, told=told
        )
    return answered(preset, found, tests=tests, sweep=sweep, told=told)


def answered(
    preset: Preset,
    found: dict[str, Diagnosis],
    *,
    tests: bool = True,
    sweep: bool | None = None,
    told: Told = lambda _line: None,
) -> ExperimentDiagnosis:
    """The verdict on runs of a preset that have been diagnosed; see `diagnose`."""
    answer = verdict.verdict(found)
    compared = [run for run in preset.runs if run.name in found]
    optimizers = {(run.optimizer, run.arguments.model_dump_json()) for run in compared}
    asked = sweep or (sweep is None and tests and verdict.asks_for_a_sweep(answer))
    if answer is None or not asked or len(optimizers) < 2:
        return ExperimentDiagnosis(answer, found)
    longest = math.inf if sweep else LONGEST_SWEEP
    try:
        swept = sweeping.swept(preset, only=found.keys(), seconds=longest, told=told)
    except sweeping.SweepError as error:
        because = f"{answer.because}; rates were not swept: {error} (`dicttui sweep` does)"
        return ExperimentDiagnosis(replace(answer, because=because), found)
    return ExperimentDiagnosis(verdict.verdict(found, swept), found)


def _about(told: Told, what: str, line: str) -> None:
    told(f"{what}: {line}")


def train(run: GradientRun, told: Told = lambda _line: None) -> None:
    """Train a run to its end, or until it has failed. Raises DataError where data is missing."""
    every = max(1, run.target // OBSERVATIONS)
    try:
        run.look_first()
        while run.wants:
            count = min(every, run.wants, run.until_probe, run.until_resampling)
            run.advance(count, observe=run.step % every == 0 or count == run.wants)
            told(f"step {run.step:,} of {run.target:,}")
    except DataError:
        raise
    except foreign.failures() as error:
        run.fail(error)


def of_run(
    origin: Origin,
    tier: Tier,
    *,
    tests: bool,
    trial_steps: int | None = None,
    seconds: float = math.inf,
    told: Told = lambda _line: None,
) -> Diagnosis:
    """Diagnose a run as it stands."""
    run = origin.run
    if run.state == "failed":
        return Diagnosis(run.step, progress=f"it failed {run.state_detail}")
    q = examining.examine(run, tier)
    found = ranking.suspects(q)
    if tests:
        trials = trials_of(origin, q, trial_steps, seconds)
        found = list(tried(found, trials, told, run.name))
    findings = ranking.ranked(found, q, tried=tests)
    return Diagnosis(run.step, findings, unknown=unknown(q))


def trials_of(
    origin: Origin, q: Quantities, steps: int | None = None, seconds: float = math.inf
) -> Trials:
    """The trials of a run with these quantities; of each fork so many steps, or seconds."""
    falling = -q["loss_trend"] > t.FAR_FROM_THERE and q["loss_spread"] < t.BOUNCES
    return Trials(origin, steps, seconds, falling=falling)


def tried(found: Iterable[Suspected], trials: Trials, told: Told, name: str) -> Iterable[Suspected]:
    """Suspects after trying their remedies, the strongest first; those that one that holds already
    leads to are not tried.
    """
    found = list(found)
    explained: set[str] = set()
    whole = min(MOST_TRIED, sum(1 for one in found if one.suspicion.remedies))
    count, settled = 0, False
    for one in found:
        remedies = one.suspicion.remedies
        if not remedies or one.cause.id in explained:
            if one.static:
                explained |= set(one.cause.leads_to)
            yield one
            continue
        if count >= MOST_TRIED or (settled and one.suspicion.strength < WORTH_A_TRIAL):
            yield ranking.with_trial(one, None, ranking.NOT_TRIED)
            continue
        count += 1
        told(f"{name}: trying a remedy, {count} of at most {whole}: {one.cause.id}")
        measure = one.suspicion.measure or one.cause.measure
        try:
            compared = trials.compare(remedies, measure, one.cause.least_effect)
        except TrialError as error:
            yield ranking.with_trial(one, None, str(error))
            continue
        after = ranking.with_trial(one, compared)
        if after.holds:
            settled = settled or compared.gain > SETTLED
            explained |= set(one.cause.leads_to)
        yield after


def unknown(q: Quantities) -> tuple[str, ...]:
    """What could not be had, with its reason."""
    return tuple(f"{name}: {why}" for name, why in sorted(q.why.items()))
