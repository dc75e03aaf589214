"""Measuring a run for its diagnosis, by tiers of cost."""

import logging
from collections.abc import Callable

from dicttui.data.error import DataError
from dicttui.diagnosis import beginning, configured, curvature, moving, sampled, standing
from dicttui.diagnosis.quantities import Quantities
from dicttui.diagnosis.tiers import TIERS, Tier
from dicttui.networks import foreign
from dicttui.training.run import GradientRun

log = logging.getLogger(__name__)

Part = Callable[[GradientRun, Quantities], None]
PARTS: dict[Tier, tuple[Part, ...]] = {
    "economy": (configured.look, sampled.look, standing.look, beginning.look),
    "business": (moving.look,),
    "full": (curvature.look,),
}
"""What each tier adds to those before it."""


def examine(run: GradientRun, tier: Tier) -> Quantities:
    """Everything that can be had of a run as it stands; it is left as it was. What a person's
    network raises, or data that cannot be read, costs the quantities of that part alone.
    """
    q = Quantities()
    for name in TIERS[: TIERS.index(tier) + 1]:
        for part in PARTS[name]:
            measure(part, run, q)
    return q


def measure(part: Part, run: GradientRun, q: Quantities) -> None:
    """One part of an examination."""
    try:
        part(run, q)
    except DataError as error:
        q.why[_named(part)] = str(error)
    except foreign.failures() as error:
        log.exception("%s could not be measured on run %s", _named(part), run.name)
        q.why[_named(part)] = foreign.named(error).split("\n")[0]


def _named(part: Part) -> str:
    return part.__module__.rpartition(".")[2]
