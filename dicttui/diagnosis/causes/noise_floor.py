"""The loss stays where minibatch noise holds it."""

from dicttui.diagnosis import thresholds as t
from dicttui.diagnosis.cause import Cause, Suspicion
from dicttui.diagnosis.quantities import Quantities
from dicttui.diagnosis.settings import keys


def _suspect(q: Quantities) -> Suspicion | None:
    if q["full_batch"] == 1 or q["diverged"] == 1:
        return None
    # Where single losses are noise, so is their trend.
    arrived = abs(q["loss_trend"]) < 3 * t.FLAT or q["loss_spread"] > t.SCATTERED
    if not (q["noise_over_signal"] > t.NOISY and arrived):
        return None
    times = (4, 16) if q["batch_size"] <= t.SMALL_BATCH else (4,)
    return Suspicion(
        0.5 + 0.15 * (q["batch_size"] <= t.SMALL_BATCH) + 0.1 * (q["noise_over_signal"] > 30),
        f"it stays at the noise of batches of {q['batch_size']:.0f}: the gradient's noise is "
        f"{q['noise_over_signal']:.2g} × its signal",
        (
            q.evidence("noise_over_signal", "gradient noise of a batch ÷ signal", t.NOISY),
            q.evidence("noise_scale", "noise scale, in samples"),
            q.evidence("loss_trend", "change of the loss in as many steps again, at this pace",
                       -t.STILL_FALLING, below=True),
            q.evidence("sharpness_ratio", "sharpness ÷ the optimizer's limit", t.EDGE),
        ),
        tuple(
            keys(f"batches of {larger}, or a learning rate that falls to 0 (schedule = \"cosine\")",
                 "now", data__batch_size=str(larger))
            for larger in (int(factor * q["batch_size"]) for factor in times)
        ),
    )  # fmt: skip


CAUSE = Cause(
    id="noise_floor",
    answer="step_size",
    mechanism="At a constant rate the noise of a minibatch's gradient is not averaged out, and "
    "the weights wander about the minimum at a height in proportion to rate ÷ batch. Larger "
    "batches, or a rate that falls, lower it.",
    source="McCandlish et al. 2018, arXiv 1812.06162; Robbins & Monro 1951",
    against="no lower loss with a batch four times as large",
    suspect=_suspect,
    least_effect=0.08,
)
