"""State: the loss is not finite, or far above where it began."""

from dicttui.diagnosis import thresholds as t
from dicttui.diagnosis.cause import Cause, Suspicion
from dicttui.diagnosis.quantities import Quantities


def _suspect(q: Quantities) -> Suspicion | None:
    if q["diverged"] == 1:
        return Suspicion(
            1.0, f"it diverged: {q.fact('ended') or 'the loss is not finite'}",
            (q.evidence("loss_peak_over_first", "highest loss ÷ first loss", t.GREW),),
        )  # fmt: skip
    if q["loss_over_first"] > t.GREW:
        return Suspicion(
            0.9, f"the loss is {q['loss_over_first']:.3g} times what it began with",
            (q.evidence("loss_over_first", "last loss ÷ first loss", t.GREW),),
        )  # fmt: skip
    return None


CAUSE = Cause(
    id="diverged",
    answer="undetermined",
    mechanism="The weights have left every region in which the loss is useful. It is a state: a "
    "step that is too large, samples that are not sound, or lost precision leads to it.",
    source="dicttui goes back to the last finite state and names the first tensor that was not",
    against="a finite loss below the first",
    suspect=_suspect,
    state=True,
)
