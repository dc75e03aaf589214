"""A short sweep of learning rates for each run of a preset: each optimizer at its own best rate,
because a comparison at one rate each says nothing about the optimizers.
"""

import math
import statistics
import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

from pydantic import TypeAdapter, ValidationError

from dicttui.data.error import DataError
from dicttui.diagnosis import outcomes
from dicttui.diagnosis.comparison import Measured, Point, SweepResult, Swept
from dicttui.diagnosis.forks import SEEDS_APART
from dicttui.diagnosis.trials import CHUNK, LOOKED_FROM
from dicttui.networks import foreign
from dicttui.preset.model import Preset
from dicttui.preset.runs import LearningRate, RunSpecification
from dicttui.training import threads
from dicttui.training.experiment import Experiment
from dicttui.training.run import GradientRun

RATES, SEEDS = 5, 3
FACTOR = 10**0.5
"""From one rate to the next."""
MOST_ADDED = 4
"""Rates that are added on the side where the best of a run stands at the edge."""
LONG = 5.0
"""Seconds of a training beside which what the first of all takes longer does not count."""
_RATE: TypeAdapter[float] = TypeAdapter(LearningRate)

Told = Callable[[str], None]


class SweepError(Exception):
    """A run cannot be swept; the message says why, for a person."""


def swept(
    preset: Preset,
    *,
    rates: int = RATES,
    seeds: int = SEEDS,
    only: Collection[str] = (),
    seconds: float = math.inf,
    told: Told = lambda _line: None,
    expects: Callable[[float], None] = lambda _seconds: None,
) -> SweepResult:
    """Train each run of a preset at several rates, from several seeds.

    All runs of a seed have the same samples, batches and, where shapes agree, first weights.

    Args:
        preset: what is trained, for as many steps as it says.
        rates: how many, a factor √10 apart, the preset's own in their middle.
        seeds: how many: the preset's, and every SEEDS_APART on.
        only: the names of the runs; empty: all.
        seconds: that it may take: a SweepError is raised where it will take longer.
        told: called with a line for a person of what is being done.
        expects: called once, with the seconds that it will take, once that is known.

    Raises SweepError, and what an Experiment raises.

    """
    runs = [run for run in preset.runs if not only or run.name in only]
    sweep = _Sweep(preset, [preset.training.seed + SEEDS_APART * i for i in range(seeds)],
                   rates * len(runs), seconds, told, expects)  # fmt: skip
    found = tuple(sweep.run(specification, rates) for specification in runs)
    measure, why = measured_by(runs)
    return SweepResult(found, tuple(sweep.seeds), preset.training.steps, measure, why)


def measured_by(runs: Sequence[RunSpecification]) -> tuple[Measured, str]:
    """What runs are compared by, and why that is not the loss."""
    if len({run.objective for run in runs}) > 1:
        return "fvu", "the runs have different objectives, so that their losses do not compare"
    if len({(run.constraint, run.max_norm) for run in runs}) > 1:
        return "fvu", (
            "the runs have different constraints, so that one may lower its loss by scale alone"
        )
    return "loss", ""


@dataclass(slots=True)
class _Sweep:
    preset: Preset
    seeds: list[int]
    planned: int
    """Rates of all runs together, as far as they are known."""
    seconds: float
    told: Told
    expects: Callable[[float], None]
    done: int = 0
    """Trainings."""
    expected: bool = False

    def run(self, specification: RunSpecification, rates: int) -> Swept:
        """One run at all its rates."""
        given = specification.lr
        found = {
            place: self._point(specification, rate) for place, rate in _rates(given, rates).items()
        }
        for _ in range(MOST_ADDED):
            place = _beyond({place: point.median("loss") for place, point in found.items()})
            rate = None if place is None or given is None else _stepped(given, place)
            if place is None or rate is None:
                break
            self.planned += 1
            found[place] = self._point(specification, rate)
        points = [found[place] for place in sorted(found)]
        rest = specification.model_dump(exclude={"name", "optimizer", "lr", "arguments"})
        return Swept(specification.name, _words(specification), repr(rest), given, tuple(points))

    def _point(self, specification: RunSpecification, rate: float | None) -> Point:
        losses, fvus = list[float](), list[float]()
        for seed in self.seeds:
            whole = self.planned * len(self.seeds)
            at = "" if rate is None else f" at lr {rate:g}"
            self.told(f"training {self.done + 1} of {whole}: {specification.name}{at}, seed {seed}")
            began = time.perf_counter()
            end = self._trained(specification, rate, seed)
            self.done += 1
            self._expect(time.perf_counter() - began, whole)
            losses.append(end["loss"])
            fvus.append(end["fvu"])
        return Point(rate, tuple(losses), tuple(fvus))

    def _expect(self, took: float, whole: int) -> None:
        """Say how long all will take. The first training is longer than the others."""
        if self.expected or (self.done == 1 and took < LONG):
            return
        self.expected = True
        seconds = took * whole
        self.expects(seconds)
        if seconds > self.seconds:
            raise SweepError(f"it would take about {seconds:.0f} s, more than {self.seconds:.0f} s")

    def _trained(
        self, specification: RunSpecification, rate: float | None, seed: int
    ) -> dict[str, float]:
        training = self.preset.training.model_copy(update={"seed": seed % 2**63})
        swept = tuple(
            run.model_copy(update={"lr": rate}) if run.name == specification.name else run
            for run in self.preset.runs
        )
        update = {"training": training, "runs": swept}
        experiment = Experiment(self.preset.model_copy(update=update))
        threads.take(training.threads, large=experiment.large)
        run = experiment.run(specification.name)
        assert run is not None
        try:
            run.look_first()
            return end_of(run)
        except DataError:
            raise
        except foreign.failures() as error:
            at = "" if rate is None else f" at lr {rate:g}"
            raise SweepError(
                f"run {specification.name}{at}: step {run.step:,} failed: {foreign.named(error)}"
            ) from error


def end_of(run: GradientRun) -> dict[str, float]:
    """Train a run to its end; the median of each measure over looks in its last quarter, all
    infinite of one that has diverged.
    """
    steps = run.target
    seen = []
    for look in range(1, outcomes.LOOKS + 1):
        until = int(steps * (LOOKED_FROM + (1 - LOOKED_FROM) * look / outcomes.LOOKS))
        while run.step < until and run.wants:
            count = min(CHUNK, until - run.step, run.until_probe, run.until_resampling)
            run.advance(count, observe=False)
        seen.append(outcomes.outcome(run))
        if run.state == "diverged":
            return seen[-1]
    ends = {name: statistics.median(one[name] for one in seen) for name in seen[0]}
    return {name: math.inf if math.isnan(value) else value for name, value in ends.items()}


def _rates(given: float | None, count: int) -> dict[int, float | None]:
    """So many rates around a given one, by how many factors they are away from it; of a learner
    that has none, none.
    """
    if given is None:
        return {0: None}
    places = range(-(count // 2), count - count // 2)
    return {place: rate for place in places if (rate := _stepped(given, place)) is not None}


def _stepped(given: float, places: int) -> float | None:
    """A rate so many factors away from another; None where no preset may have it."""
    rate = given if places == 0 else float(f"{given * FACTOR**places:.3g}")
    try:
        return _RATE.validate_python(rate)
    except ValidationError:
        return None


def _beyond(losses: dict[int, float]) -> int | None:
    """The next place on the side where the best stands at the edge; None where it does not."""
    lowest, highest = min(losses), max(losses)
    finite = [place for place, loss in losses.items() if math.isfinite(loss)]
    if not finite:
        return lowest - 1  # a rate at which it does not diverge can only be smaller
    best = min(finite, key=lambda place: losses[place])
    if best == highest:
        return best + 1
    return best - 1 if best == lowest else None


def _words(specification: RunSpecification) -> str:
    arguments = specification.arguments.model_dump(exclude_unset=True)
    return ", ".join([specification.optimizer, *(f"{k} {v}" for k, v in arguments.items())])
