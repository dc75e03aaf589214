"""Examining a training while it runs, within a share of its time."""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType

from dicttui.diagnosis import examining, ranking
from dicttui.diagnosis.diagnosing import unknown
from dicttui.diagnosis.joining import joined
from dicttui.diagnosis.process import Tried, Trying
from dicttui.diagnosis.quantities import Quantities, Quantity
from dicttui.diagnosis.tiers import TIERS, Tier
from dicttui.diagnosis.verdict import verdict as answered
from dicttui.preset import resolved
from dicttui.preset.model import Preset
from dicttui.training import moments
from dicttui.training.experiment import Experiment
from dicttui.training.finding import Diagnosis, Finding, Verdict
from dicttui.training.run import GradientRun
from dicttui.training.snapshot import View

SHARE_OF_TIME: dict[Tier, float] = {"economy": 0.03, "business": 0.1, "full": 0.3}
"""Of the trainer's time that an examination may take."""
LARGEST = 2**22
"""Bytes of a run, gradients and optimizer state among them, above which only the economy tier is
measured beside a training: a part of the others could hold a key up."""
FEWEST_STEPS = 50
"""Before that, and before that at other settings, a loss has no trend, and every run looks ill."""
AGAIN = 3
"""Remedies are tried anew, where somebody looks, once a run is so many times as long as it was."""
FOLLOWED = ("sharpness_ratio", "update_ratio", "noise_over_signal", "staleness", "silent_fraction",
            "loss_trend", "fvu", "norm_ratio")  # fmt: skip
MOST_POINTS = 64


@dataclass(slots=True)
class _Known:
    """What is known of one run, at the settings that it has."""

    since: int = 0
    """Completed updates at which it has come to these."""
    diagnosis: Diagnosis = field(default_factory=Diagnosis)
    """What is told."""
    fresh: Diagnosis = field(default_factory=Diagnosis)
    """What its numbers say."""
    nothing: Finding | None = None
    """That nothing is wrong, with the numbers of then."""
    whole: bool = False
    """Whether that is from every measure, so that what is not in it is no more."""
    examined: int = -1
    """Completed updates when an examination was last begun."""
    parts: Iterator[Quantities | None] | None = None
    """The rest of an examination that has begun."""
    history: dict[str, tuple[list[int], list[float]]] = field(default_factory=dict)
    trying: Trying | None = None
    tried_at: int = 0
    """Completed updates when that began."""
    tried: Tried | None = None
    """What has come of it, or of the time before where that has only begun."""


class Live:
    """Keeps a diagnosis of every run: from its numbers as it trains, and, while a screen shows it,
    from trying its remedies in another process, one run after the other.
    """

    def __init__(self, preset: Preset, tier: Tier, look_again: Callable[[], None]) -> None:
        self._preset = resolved.dumped(preset)
        self._look_again = look_again
        self._share = SHARE_OF_TIME[tier]
        self._known: dict[str, _Known] = {}
        self._spent_until = 0.0
        """When what has been spent is paid for."""
        self._ended: list[Trying] = []
        """Given up, and perhaps not gone yet."""

    def examine(self, experiment: Experiment, view: View) -> None:
        """Measure one more part of the run that has waited longest, if there is time for it; all
        that is left of one that stands still.
        """
        self.forget(self._known.keys() - {run.name for run in experiment.runs})
        for run in experiment.runs:
            self._known.setdefault(run.name, _Known())
        waiting = [run for run in experiment.runs if self._due(run)]
        still = [run for run in waiting if run.state != "running"]
        for run in still:
            self._go_on(run, whole=True)
        if not still and waiting and time.monotonic() >= self._spent_until:
            began = time.thread_time()
            self._go_on(min(waiting, key=lambda one: self._known[one.name].examined), whole=False)
            self._spent_until = time.monotonic() + (time.thread_time() - began) / self._share
        for run in experiment.runs:
            known = self._known[run.name]
            _hear(known)
            wanted = run.name in view.why and self._is_to_be_tried(run)
            in_the_way = self._tried_now() if wanted else ""
            if wanted and not in_the_way:
                known.tried_at = run.step
                known.trying = Trying(self._preset, moments.taken(run), self._look_again)
            known.diagnosis = replace(_told(known), progress=_progress(run, known, in_the_way))

    def forget(self, runs: Iterable[str], since: Mapping[str, int] = MappingProxyType({})) -> None:
        """What was known of these runs holds no longer: they have other settings since a step, or
        are gone. What is being tried of them is given up.
        """
        for name in list(runs):
            known = self._known.pop(name, None)
            if known is not None and known.trying is not None:
                known.trying.end()
                self._ended = [*(one for one in self._ended if not one.over), known.trying]
            if name in since:
                self._known[name] = _Known(since[name])

    def diagnosis(self, run: str) -> Diagnosis | None:
        """What is known of a run of that name."""
        known = self._known.get(run)
        return None if known is None else known.diagnosis

    def verdict(self) -> Verdict | None:
        """What is known of the experiment."""
        found = answered({name: known.diagnosis for name, known in self._known.items()})
        if found is None or found.answer != "optimizer":
            return found
        # One rate each proves nothing of optimizers, and rates are not swept beside a training.
        because = (
            f"{found.because}; before it is the optimizer, its rates must be swept: dicttui sweep"
        )
        return Verdict("undetermined", because)

    def close(self, timeout: float) -> None:
        """Give up what is being tried."""
        self.forget(self._known.copy())
        deadline = time.monotonic() + timeout
        for trying in self._ended:
            trying.join(max(0.0, deadline - time.monotonic()))

    # -- from its numbers ------------------------------------------------------------------------

    def _due(self, run: GradientRun) -> bool:
        known = self._known[run.name]
        if run.state == "failed" or _too_new(run, known):
            return False
        return known.parts is not None or known.examined != run.step

    def _go_on(self, run: GradientRun, *, whole: bool) -> None:
        known = self._known[run.name]
        if known.parts is None:
            known.examined = run.step
            known.parts = _parts(run)
        for q in known.parts:
            if q is not None:
                known.parts = None
                _conclude(run, known, q)
                return
            if not whole:
                return

    # -- by trying -------------------------------------------------------------------------------

    def _is_to_be_tried(self, run: GradientRun) -> bool:
        known = self._known[run.name]
        if run.state == "failed" or _too_new(run, known) or not run.reached:
            return False
        if known.trying is None:
            return True
        return known.trying.over and run.step > AGAIN * known.tried_at

    def _tried_now(self) -> str:
        """The run of which remedies are being tried; empty: of none."""
        running = (n for n, k in self._known.items() if k.trying is not None and not k.trying.over)
        return next(running, "")


def _too_new(run: GradientRun, known: _Known) -> bool:
    """Whether it has made too few steps, and is to make more or, at other settings, may."""
    goes_on = run.state in ("running", "paused") or (run.state == "finished" and known.since > 0)
    return goes_on and run.reached - known.since < FEWEST_STEPS


def _hear(known: _Known) -> None:
    """Take in what has come of trying."""
    if known.trying is not None and known.trying.newest is not None:
        known.tried = known.trying.newest


def _told(known: _Known) -> Diagnosis:
    if known.tried is None:
        return known.fresh
    if known.trying is not None and not known.trying.over:
        return known.tried.diagnosis
    return joined(known.fresh, known.nothing, known.tried, whole=known.whole)


def _progress(run: GradientRun, known: _Known, in_the_way: str) -> str:
    """What goes on, or why there is nothing yet; empty: nothing."""
    trying = known.trying
    if run.state == "failed":
        return f"it failed {run.state_detail}"
    if _too_new(run, known):
        new = "its settings are new" if known.since else "a loss has no trend before"
        return f"{new}: it is examined at step {known.since + FEWEST_STEPS:,}"
    if in_the_way:
        return f"its remedies are tried after those of {in_the_way}"
    if trying is None:
        return ""
    if not trying.over:
        told = "" if trying.newest is None else trying.newest.diagnosis.progress
        return told or "trying remedies: starting"
    if trying.failure:
        return trying.failure
    return f"remedies were tried at step {known.tried_at:,}" if run.step > known.tried_at else ""


def _conclude(run: GradientRun, known: _Known, q: Quantities) -> None:
    for name in FOLLOWED:
        if name in q.known:
            steps, values = known.history.setdefault(name, ([], []))
            if not steps or run.step > steps[-1]:
                steps.append(run.step)
                values.append(q[name])
            if len(steps) > MOST_POINTS:
                del steps[1::2], values[1::2]
            found = q.known[name]
            q.known[name] = Quantity(found.value, found.note, tuple(steps), tuple(values))
    findings = ranking.ranked(ranking.suspects(q), q, tried=False)
    known.fresh = Diagnosis(run.step, findings, unknown=unknown(q))
    known.nothing, known.whole = ranking.healthy(q), _is_small(run)


def _is_small(run: GradientRun) -> bool:
    return run.trainable.fork_bytes() <= LARGEST


def _parts(run: GradientRun) -> Iterator[Quantities | None]:
    """An examination part by part: None after each but the last, then everything."""
    q = Quantities(hurried=True)
    small = _is_small(run)
    parts = [part for name in TIERS if small or name == "economy" for part in examining.PARTS[name]]
    for part in parts[:-1]:
        examining.measure(part, run, q)
        yield None
    examining.measure(parts[-1], run, q)
    if not small:
        q.why["gradients, curvature"] = "of a network this large taken on the screen `w` only"
    yield q
