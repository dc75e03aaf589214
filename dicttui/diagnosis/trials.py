"""Trying remedies: forks with and without one, on the same batches, compared by one measure."""

import math
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from dicttui.data.error import DataError
from dicttui.diagnosis import forks, outcomes
from dicttui.diagnosis.cause import Measure
from dicttui.diagnosis.forks import Origin, TrialError
from dicttui.networks import foreign
from dicttui.training.finding import Effect, Remedy, Setting, Status
from dicttui.training.run import GradientRun

ORDERS = 3
"""Orders of batches, or starts, in which a remedy must work."""
FEWEST_STEPS, FEWEST_ANEW, MOST_STEPS = 200, 300, 5000
"""Of a fork, and of one from step 0: what goes wrong slowly shows in neither before."""
FEWEST_FALLING = 1500
"""Of one from step 0 where the run's loss was still falling: what it would come to is not known."""
LOOKED_FROM = 0.75
"""Share of a fork's steps after which it is looked at."""
GOOD_ENOUGH = math.log(3)
"""Gain from which on no other remedy of the same cause is tried."""
LEAST_SHARE, LEAST = 5e-3, 1e-30
"""Below that one value of a share, or of another measure, is as good as another."""
CHUNK = 100
"""Steps between two moments at which a trial may be given up."""

Outcomes = dict[str, float]
Key = tuple[str, tuple[Setting, ...], int]


class GivenUpError(Exception):
    """Whoever asked for a trial no longer wants it."""


@dataclass(slots=True)
class Trials:
    """The forks of one run. Those without a remedy serve every remedy that begins where they do."""

    origin: Origin
    steps: int | None = None
    """Of each fork; None: as long as the run has been, within bounds."""
    seconds: float = math.inf
    """Of this thread that a fork may take: one that takes longer is as long as that allows."""
    falling: bool = False
    """Whether the run's loss was still falling fast when it ended."""
    go_on: Callable[[], bool] = lambda: True
    """Asked often; False gives up."""
    _made: dict[Key, Outcomes] = field(default_factory=dict)
    _pace: float = 0.0
    """Seconds a step of a fork has taken."""

    def compare(self, remedies: Sequence[Remedy], measure: Measure, least: float) -> "Compared":
        """Try each remedy on one fork, and the best of them in the other orders.

        Raises TrialError where none can be tried, GivenUpError.
        """
        best: tuple[Remedy, tuple[float, float]] | None = None
        errors = list[str]()
        for remedy in remedies:
            try:
                value = self._outcome(remedy.begins, remedy.settings, 0)[measure]
                without = self._outcome(remedy.begins, (), 0)[measure]
            except TrialError as error:
                errors.append(str(error))
                continue
            except KeyError:
                errors.append(f"{measure} is not known here")
                continue
            gain = _gain(without, value, _floor(measure))
            if best is None or (gain, -value) > best[1]:
                best = remedy, (gain, -value)
            if GOOD_ENOUGH < gain < math.inf:
                break  # those after it are stronger medicine
        if best is None:
            raise TrialError(errors[0] if errors else "no remedy that could be tried")
        return self._judged(best[0], measure, least)

    def _judged(self, remedy: Remedy, measure: Measure, least: float) -> "Compared":
        without, remedied = list[float](), list[float]()
        for order in range(ORDERS):
            without.append(self._outcome(remedy.begins, (), order)[measure])
            remedied.append(self._outcome(remedy.begins, remedy.settings, order)[measure])
            if order == 0 and _gain(without[0], remedied[0], _floor(measure)) < least / 2:
                break  # what does nothing here need not be tried twice more
        status = _judge(without, remedied, least, _floor(measure))
        steps = self.length(remedy.begins)
        sentence = _sentence(measure, without, remedied, steps, remedy.begins)
        effect = Effect(measure, tuple(without), tuple(remedied), steps, sentence)
        pairs = zip(without, remedied, strict=True)
        gain = _mean([_gain(w, r, _floor(measure)) for w, r in pairs])
        return Compared(remedy, status, effect, gain)

    def length(self, begins: str) -> int:
        """Steps of a fork."""
        run = self.origin.run
        if self.steps is not None:
            return self.steps
        done = run.reached
        if begins == "step_0":
            wanted = max(done, FEWEST_FALLING if self.falling else FEWEST_ANEW)
        else:
            wanted = max(done // 2, FEWEST_STEPS)
        wanted = min(wanted, MOST_STEPS)
        if self._pace and wanted * self._pace > self.seconds:
            wanted = max(FEWEST_STEPS, int(self.seconds / self._pace))
        return wanted

    def _outcome(self, begins: str, settings: tuple[Setting, ...], order: int) -> Outcomes:
        where = "step_0" if begins == "step_0" else "now"
        key = (where, settings, order)
        if key not in self._made:
            if where == "step_0":
                fork = forks.anew(self.origin, settings, order)
            else:
                fork = forks.from_here(self.origin, settings, order)
            self._made[key] = self._trained(fork, _asked(settings) or self.length(begins))
        return self._made[key]

    def _trained(self, fork: GradientRun, steps: int) -> Outcomes:
        first, until = fork.step, fork.step + steps
        fork.target = until
        looks = [
            first + int(steps * (LOOKED_FROM + (1 - LOOKED_FROM) * (i + 1) / outcomes.LOOKS))
            for i in range(outcomes.LOOKS)
        ]
        seen, began = list[Outcomes](), time.perf_counter()
        try:
            for stop in looks:
                self._advance(fork, min(stop, until))
                seen.append(outcomes.outcome(fork))
                if fork.state in ("diverged", "failed"):
                    return seen[-1]
        except GivenUpError:
            raise
        except DataError as error:
            raise TrialError(str(error)) from error
        except foreign.failures() as error:
            raise TrialError(f"a step of the fork failed: {foreign.named(error)}") from error
        self._pace = (time.perf_counter() - began) / max(1, steps)
        return {name: statistics.median(one[name] for one in seen) for name in seen[0]}

    def _advance(self, fork: GradientRun, until: int) -> None:
        while fork.step < until and fork.state == "running":
            if not self.go_on():
                raise GivenUpError
            fork.advance(min(CHUNK, until - fork.step), observe=False)


def _asked(settings: Sequence[Setting]) -> int | None:
    """The steps that a remedy consists of, where it does."""
    return next((int(s.value) for s in settings if s.key == "training.steps"), None)


@dataclass(frozen=True, slots=True)
class Compared:
    """What came of trying the best of some remedies."""

    remedy: Remedy
    status: Status
    effect: Effect
    gain: float
    """Mean natural logarithm of what the measure was ÷ what it is with the remedy."""


def _gain(without: float, remedied: float, floor: float) -> float:
    """By how much a measure is lower, as a natural logarithm: it is a ratio that counts. Below the
    floor one value is as good as another.
    """
    if not math.isfinite(remedied):
        return -math.inf
    if not math.isfinite(without):
        return math.inf
    return math.log(max(without, floor)) - math.log(max(remedied, floor))


def _mean(gains: Sequence[float]) -> float:
    """Infinite where a fork diverged with the remedy (−inf), or only without one."""
    if -math.inf in gains:
        return -math.inf
    return statistics.fmean(gains)


def _floor(measure: Measure) -> float:
    return LEAST_SHARE if measure.endswith("fraction") else LEAST


def _judge(
    without: Sequence[float], remedied: Sequence[float], least: float, floor: float
) -> Status:
    """confirmed: better in every order, by at least `least` of what it was, and by more than forks
    without the remedy differ among themselves: on average, or so that the worst fork with it is
    better than the best without. refuted: not better in most.
    """
    if len(without) < ORDERS or any(not math.isfinite(value) for value in remedied):
        return "refuted"
    gains = [_gain(w, r, floor) for w, r in zip(without, remedied, strict=True)]
    better = [gain > -math.log1p(-least) for gain in gains]
    finite = [value for value in without if math.isfinite(value)]
    if not finite:
        return "confirmed"
    logs = [math.log(max(value, floor)) for value in finite]
    spread = statistics.stdev(logs) if len(logs) > 1 else 0.0
    apart = max(remedied) < min(without)
    if all(better) and (apart or _mean(gains) > spread):
        return "confirmed"
    return "suspected" if sum(better) * 2 > len(better) else "refuted"


def _sentence(
    measure: str, without: Sequence[float], remedied: Sequence[float], steps: int, begins: str
) -> str:
    where = _WHERE[begins]
    better = sum(1 for w, r in zip(without, remedied, strict=True) if r < w)
    of_what = "starts" if begins == "step_0" else "orders of batches"
    count = f"better in {better} of {len(without)} {of_what}"
    if len(without) == 1:
        count = "hardly better, and not tried again" if better else "no better, and not tried again"
    return (
        f"{measure.replace('_', ' ')} {_middle(without)} → {_middle(remedied)} after {steps:,} "
        f"steps {where}, {count}"
    )


_WHERE = {
    "step_0": "from step 0",
    "now": "from here",
    "last_finite": "from the last finite state",
}


def _middle(values: Sequence[float]) -> str:
    value = statistics.median(values)
    return "not finite" if not math.isfinite(value) else f"{value:.3g}"
