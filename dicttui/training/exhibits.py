"""What is shown closely of one run; made only while somebody asks for it."""

import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

from torch import Tensor

from dicttui.networks import foreign
from dicttui.training import gallery, sample_view
from dicttui.training.budget import Spacing
from dicttui.training.closeup import (
    AtomOrder,
    AtomsAsked,
    AtomsShown,
    SampleAsked,
    SampleShown,
)
from dicttui.training.gallery import AtomFacts

if TYPE_CHECKING:
    from dicttui.training.run import GradientRun

log = logging.getLogger(__name__)
Asked = TypeVar("Asked")
Shown = TypeVar("Shown")

SHARE_OF_TIME = 0.05
"""Share of the time that making pictures of atoms, or looking at a sample, may take each."""
ORDER_LASTS = 5.0
"""Seconds for which atoms stay in an order, so that one can look at them."""
SHARE_OF_ORDER = 0.02
"""Share of the time that putting them in order may take: it costs a forward pass."""

Place = tuple[int, int]
"""Of a run: segment and completed updates."""


class Exhibits:
    """The close-ups of one run. What has been made is shown again until making it anew is worth its
    time; once more when the run stands still; and at once where something else is asked for.
    """

    def __init__(self) -> None:
        self._atoms = _Kept[AtomsAsked, AtomsShown]()
        self._samples = _Kept[SampleAsked, SampleShown]()
        self._known: _Known | None = None
        self._ordering = Spacing(SHARE_OF_ORDER, ORDER_LASTS)

    def atoms(
        self, run: "GradientRun", asked: Sequence[AtomsAsked], image: Sequence[int] | None
    ) -> tuple[AtomsShown, ...]:
        """The parts of the run's dictionary that are asked for; none where atoms are no pictures
        (`image` is None).
        """
        wanted = [part for part in asked if part.run == run.name] if image is not None else []

        def make(part: AtomsAsked) -> AtomsShown:
            known = self._facts(run)
            ordered = known.order(run, part.order)
            assert image is not None
            return gallery.part(run.trainable, part, image, known.facts, ordered, run.step)

        def failed(part: AtomsAsked, why: str) -> AtomsShown:
            return AtomsShown(part, run.step, 0, run.step, 0.0, trouble=why)

        return self._atoms.made(run, wanted, make, failed)

    def samples(
        self, run: "GradientRun", asked: Sequence[SampleAsked], image: Sequence[int] | None
    ) -> tuple[SampleShown, ...]:
        """The samples that are asked for, as the run reconstructs them."""
        wanted = [sample for sample in asked if sample.run == run.name]

        def make(sample: SampleAsked) -> SampleShown:
            known = self._facts(run)
            return sample_view.shown(run.trainable, sample, image, known.facts, run.step)

        def failed(sample: SampleAsked, why: str) -> SampleShown:
            return SampleShown(sample, run.step, 0, held_out=False, trouble=why)

        return self._samples.made(run, wanted, make, failed)

    def _facts(self, run: "GradientRun") -> "_Known":
        """Of all atoms, not too long ago; of a run that stands still, now."""
        known, place = self._known, (run.segment, run.step)
        device = run.trainable.device
        stale = known is None or known.facts.norms.device != device or known.place[0] != place[0]
        moved = known is not None and known.place != place
        if known is None or stale or (moved and (run.wants == 0 or self._ordering.allows())):
            began = time.perf_counter()
            self._known = known = _Known(place, gallery.facts(run.trainable, run.step), {})
            self._ordering.spent(time.perf_counter() - began)
        return known


@dataclass(frozen=True, slots=True)
class _Known:
    """What puts atoms in order, and the orders that have been asked for."""

    place: Place
    facts: AtomFacts
    orders: dict[AtomOrder, Tensor]

    def order(self, run: "GradientRun", by: AtomOrder) -> Tensor:
        if by not in self.orders:
            self.orders[by] = gallery.order(run.trainable, self.facts, by)
        return self.orders[by]


class _Kept(Generic[Asked, Shown]):
    """What was made for those who ask, with what they asked for."""

    def __init__(self) -> None:
        self._shown: dict[Asked, Shown] = {}
        self._place: Place | None = None
        self._spacing = Spacing(SHARE_OF_TIME)

    def made(
        self,
        run: "GradientRun",
        wanted: Sequence[Asked],
        make: Callable[[Asked], Shown],
        failed: Callable[[Asked, str], Shown],
    ) -> tuple[Shown, ...]:
        """What is wanted, made by `make`, or by `failed` with the reason where that raises."""
        place = (run.segment, run.step)
        moved = place != self._place
        anew = moved and (run.wants == 0 or self._spacing.allows())
        before, self._shown = self._shown, {}
        began = time.perf_counter()
        for asked in wanted:
            if asked in before and not anew:
                self._shown[asked] = before[asked]
                continue
            try:
                self._shown[asked] = make(asked)
            except foreign.failures() as error:
                # To look at a network must not end its training.
                log.exception("run %s cannot be looked at", run.name)
                self._shown[asked] = failed(asked, foreign.told(error).strip().split("\n")[0])
        if anew:
            self._place = place
            self._spacing.spent(time.perf_counter() - began)
        return tuple(self._shown.values())
