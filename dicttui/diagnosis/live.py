"""Examining a training while it runs, within a share of its time."""

import logging
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace

from dicttui.diagnosis import examining, ranking
from dicttui.diagnosis.diagnosing import unknown
from dicttui.diagnosis.process import Trying
from dicttui.diagnosis.quantities import Quantities, Quantity
from dicttui.diagnosis.tiers import TIERS, Tier
from dicttui.diagnosis.verdict import verdict as answered
from dicttui.preset import resolved
from dicttui.preset.model import Preset
from dicttui.training import moments
from dicttui.training.experiment import Experiment
from dicttui.training.finding import Diagnosis, Verdict
from dicttui.training.run import GradientRun
from dicttui.training.snapshot import View

log = logging.getLogger(__name__)

SHARE_OF_TIME: dict[Tier, float] = {"economy": 0.03, "business": 0.1, "full": 0.3}
"""Of the trainer's time that an examination may take."""
LARGEST = 2**22
"""Bytes of a run, gradients and optimizer state among them, above which only the economy tier is
measured beside a training: a part of the others could hold a key up."""
FEWEST_STEPS = 50
"""Before that a loss has no trend, and every run looks ill."""
FOLLOWED = ("sharpness_ratio", "update_ratio", "noise_over_signal", "staleness", "silent_fraction",
            "loss_trend", "fvu", "norm_ratio")  # fmt: skip
MOST_POINTS = 64


@dataclass(slots=True)
class _Known:
    """What is known of one run."""

    diagnosis: Diagnosis
    examined: int = -1
    """Completed updates when an examination was last begun."""
    segment: int = 0
    parts: Iterator[Quantities | None] | None = None
    """The rest of an examination that has begun."""
    history: dict[str, tuple[list[int], list[float]]] = field(default_factory=dict)
    tried: Diagnosis | None = None
    """What came of trying remedies, and where that began."""
    trying: Trying | None = None
    tried_at: int = 0
    """Completed updates when that began."""


class Live:
    """Keeps a diagnosis of every run: from its numbers as it trains, and, while a screen shows it,
    from trying its remedies in another process.
    """

    def __init__(self, preset: Preset, tier: Tier, look_again: Callable[[], None]) -> None:
        self._preset = resolved.dumped(preset)
        self._look_again = look_again
        self._share = SHARE_OF_TIME[tier]
        self._known: dict[str, _Known] = {}
        self._spent_until = 0.0
        """When what has been spent is paid for."""

    def examine(self, experiment: Experiment, view: View) -> None:
        """Measure one more part of the run that has waited longest, if there is time for it; all
        that is left of one that stands still.
        """
        for run in experiment.runs:
            known = self._known.setdefault(run.name, _Known(Diagnosis()))
            if known.segment != run.segment:
                self._known[run.name] = known = _Known(Diagnosis(), segment=run.segment)
            self._try_if_asked(run, known, view)
        waiting = [run for run in experiment.runs if self._due(run)]
        still = [run for run in waiting if run.state != "running"]
        for run in still:
            self._go_on(run, whole=True)
        if not still and waiting and time.monotonic() >= self._spent_until:
            began = time.thread_time()
            self._go_on(min(waiting, key=lambda one: self._known[one.name].examined), whole=False)
            self._spent_until = time.monotonic() + (time.thread_time() - began) / self._share

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
        running = [k.trying for k in self._known.values() if k.trying is not None]
        for trying in running:
            trying.end()
        for trying in running:
            trying.join(timeout)

    # -- from its numbers ------------------------------------------------------------------------

    def _due(self, run: GradientRun) -> bool:
        known = self._known[run.name]
        if run.state == "failed" or (run.reached < FEWEST_STEPS and run.state == "running"):
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
                self._conclude(run, known, q)
                return
            if not whole:
                return

    def _conclude(self, run: GradientRun, known: _Known, q: Quantities) -> None:
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
        fresh = Diagnosis(run.step, findings, unknown=unknown(q))
        trying = known.trying is not None and not known.trying.over
        progress = known.diagnosis.progress if trying else ""
        known.diagnosis = replace(_joined(fresh, known.tried), progress=progress)

    # -- by trying -------------------------------------------------------------------------------

    def _try_if_asked(self, run: GradientRun, known: _Known, view: View) -> None:
        asked = run.name in view.why
        if not asked:
            return  # what is being tried goes on: whoever comes back finds it done
        moved = run.step - known.tried_at
        again = known.trying is not None and known.trying.over and moved > 2 * known.tried_at
        if run.state == "failed" or run.reached < FEWEST_STEPS:
            return
        if known.trying is not None and not again:
            return
        known.tried_at = run.step

        def told(diagnosis: Diagnosis) -> None:
            known.tried = diagnosis
            known.diagnosis = diagnosis
            self._look_again()

        def failed(why: str) -> None:
            log.warning("run %s: %s", run.name, why)
            known.diagnosis = replace(known.diagnosis, progress=why)
            self._look_again()

        known.trying = Trying(self._preset, moments.taken(run), told, failed)
        known.diagnosis = replace(known.diagnosis, progress="trying remedies: starting")


def _parts(run: GradientRun) -> Iterator[Quantities | None]:
    """An examination part by part: None after each but the last, then everything."""
    q = Quantities()
    small = run.trainable.fork_bytes() <= LARGEST
    parts = [part for name in TIERS if small or name == "economy" for part in examining.PARTS[name]]
    for part in parts[:-1]:
        examining.measure(part, run, q)
        yield None
    examining.measure(parts[-1], run, q)
    if not small:
        q.why["gradients, curvature"] = "of a network this large taken on the screen `w` only"
    yield q


def _joined(fresh: Diagnosis, tried: Diagnosis | None) -> Diagnosis:
    """What was tried stands until the run's own numbers say otherwise: a cause that is no longer
    seen is gone, one that was tried keeps what came of it.
    """
    if tried is None:
        return fresh
    if tried.progress:
        return tried
    known = {finding.cause: finding for finding in tried.findings}
    if all(f.cause in known or f.cause == "healthy" for f in fresh.findings):
        return replace(tried, step=max(tried.step, 0))
    return fresh if not fresh.findings else replace(
        fresh, findings=tuple(known.get(f.cause, f) for f in fresh.findings)
    )  # fmt: skip
