"""A tensor that should be trained does not move."""

from dicttui.diagnosis.cause import Cause, Suspicion
from dicttui.diagnosis.quantities import Quantities
from dicttui.diagnosis.settings import keys


def _suspect(q: Quantities) -> Suspicion | None:
    still = q["frozen_fraction"] > 0 and bool(q.fact("frozen"))
    outside = bool(q.fact("not_trained"))
    scaled = q["dictionary_lr_scale"] < 0.01
    if not (still or outside or scaled):
        return None
    names = q.fact("not_trained") or q.fact("frozen") or "the dictionary"
    remedies = (keys("the dictionary at the rate of the rest", "step_0",
                     dictionary_lr_scale="1.0"),) if scaled else ()  # fmt: skip
    return Suspicion(
        0.97 if outside or scaled else 0.6 + 0.35 * min(1.0, 4 * q["frozen_fraction"]),
        f"not trained: {names} {'stands where it began' if still else 'hardly moves'}",
        (
            q.evidence("frozen_fraction", "share of parameters that stand where they began", 0),
            q.evidence("least_change", "smallest change of a tensor ÷ its size"),
            q.evidence("dictionary_lr_scale", "dictionary_lr_scale", 0.01, below=True),
        ),
        remedies,
        untested=""
        if scaled
        else "it is in the network's own code: requires_grad, a detach, or "
        "parameters that the optimizer was not given",
    )


CAUSE = Cause(
    id="frozen_parameters",
    answer="implementation",
    mechanism="No gradient reaches the tensor, or no optimizer holds it, so that training happens "
    "around it. The loss falls all the same, as far as the rest can make up for it.",
    source="torch.Tensor.detach, requires_grad_: PyTorch, Autograd mechanics",
    against="every tensor has moved",
    suspect=_suspect,
    leads_to=("step_too_small", "dead_atoms", "code_collapse", "bad_initialisation", "shrinkage",
              "penalty_too_strong", "noise_floor", "duplicate_atoms", "unscaled_data",
              "edge_of_stability", "scale_degeneracy", "no_structure"),
)  # fmt: skip
