"""The diagnosis of a watched loop: as of any run, but that nothing can be tried on it."""

from collections.abc import Mapping
from dataclasses import replace

import torch
from torch import Tensor

from dicttui.diagnosis import (
    beginning,
    configured,
    curvature,
    moving,
    ranking,
    sampled,
    standing,
    verdict,
)
from dicttui.diagnosis.examining import measure
from dicttui.diagnosis.live import FEWEST_STEPS
from dicttui.diagnosis.quantities import Quantities
from dicttui.diagnosis.tiers import Tier
from dicttui.measures import steps
from dicttui.training.finding import Diagnosis, Finding, Verdict
from dicttui.watching.run import WatchedRun
from dicttui.watching.undisturbed import own_streams

CANNOT_TRY = (
    "this is a loop of one's own, of which dicttui can make no fork: try it in the loop yourself"
)
HEALTHY = (
    "Every failure mode that dicttui knows was looked for, as far as its quantities can be had of "
    "this loop. None speaks for one; nothing was tried."
)
OF_BATCHES = ("batch_size", "full_batch", "noise_scale", "noise_over_signal", "rising_share")
"""Quantities that only the loop's own batches have."""
NO_MATTER = ("this network has none", "no L1 penalty", "no samples are held out")
"""Reasons that say nothing of the loop."""
OF_GRADIENTS = ("gradient_norm", "penalty_share", "staleness", "sharpness")


class Examination:
    """What is known of a run, from its start on."""

    def __init__(self, run: WatchedRun) -> None:
        self._run = run
        self._begun = Quantities()
        self._before: Tensor | None = None
        self._ratio: float | None = None
        if run.network.parts.every:
            with own_streams(run.trainable.device):
                measure(beginning.begun, run, self._begun)

    # -- one real step -------------------------------------------------------------------------

    @torch.no_grad()
    def before_step(self) -> None:
        """Remember the dictionary: the loop makes exactly one step until `after_step`."""
        if self._run.network.parts.dictionary:
            self._before = self._run.network.dictionary.detach().clone()

    @torch.no_grad()
    def after_step(self) -> None:
        """See how far the rows have moved in that step."""
        before, self._before = self._before, None
        if before is not None:
            ratios = steps.update_ratio(before, self._run.network.dictionary.detach())
            known = ratios[~ratios.isnan()]
            self._ratio = float(known.median()) if len(known) else None

    @property
    def amid_step(self) -> bool:
        """Whether `after_step` is to follow."""
        return self._before is not None

    # -- what it comes to ----------------------------------------------------------------------

    def diagnosis(self, tier: Tier) -> Diagnosis:
        """What is known now. The loop cannot tell that it was looked at."""
        run = self._run
        if run.step < FEWEST_STEPS and run.state == "running":
            early = f"too little is known before step {FEWEST_STEPS}"
            return Diagnosis(progress=early, unknown=_listed(run.network.parts.missing))
        q = self._measured(tier)
        found = ranking.ranked(ranking.suspects(q), q, tried=False)
        relevant = {name: why for name, why in q.why.items() if why not in NO_MATTER}
        unknown = _listed(relevant | run.network.parts.missing)
        return Diagnosis(run.step, tuple(_untried(f) for f in found), unknown=unknown)

    def _measured(self, tier: Tier) -> Quantities:
        run = self._run
        parts, q = run.network.parts, Quantities()
        looks = [configured.look]
        if run.x is not None:
            looks.append(sampled.look)
        looks.append(standing.look if parts.every else standing.losses)
        with own_streams(run.trainable.device):
            for look in looks:
                measure(look, run, q)
            if run.initial.tensors:
                measure(beginning.moved, run, q)
            self._with_gradients(tier, q)
        q.facts["kind"] = "user"  # its code is a person's own, as that of a preset's user network
        q.known |= self._begun.known
        if self._ratio is not None:
            q.put("update_ratio", self._ratio)
        if run.batch_size is None:
            for name in OF_BATCHES:
                q.known.pop(name, None)
                q.why[name] = (
                    "the batch size is not known; allowed: batch_size=…, or step(loss, batch=x)"
                )
        return q

    def _with_gradients(self, tier: Tier, q: Quantities) -> None:
        run, parts = self._run, self._run.network.parts
        why = ""
        if not (parts.every and parts.loss):
            why = "takes loss=…, and all that makes a code and atoms"
        elif any(p._backward_hooks for p in run.network.module.parameters()):
            why = "its parameters have hooks, which a gradient of ours would call"
        if why:
            for name in OF_GRADIENTS:
                q.put(name, None, why)
        elif tier != "economy":
            measure(moving.look, run, q)
            if tier == "full":
                measure(curvature.look, run, q)


def _listed(why: Mapping[str, str]) -> tuple[str, ...]:
    return tuple(f"{name}: {reason}" for name, reason in sorted(why.items()))


def verdict_of(run: WatchedRun, found: Diagnosis) -> Verdict | None:
    """Is it the optimizer? As far as that can be said of one loop of which nothing was tried."""
    return verdict.verdict({run.name: found}) if found.findings else None


def _untried(finding: Finding) -> Finding:
    if finding.cause == "healthy":
        return replace(finding, status="suspected", mechanism=HEALTHY)
    why = finding.untested
    if finding.remedy is not None:
        why = why or CANNOT_TRY
    return replace(finding, status="suspected", effect=None, untested=why)
