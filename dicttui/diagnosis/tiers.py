"""Tiers of cost. Importing this module does not import torch."""

from typing import Literal

Tier = Literal["economy", "business", "full"]
"""economy: from what is known anyway, and a few forward passes; business: gradients, the state of
the optimizer, one step that is thrown away; full: curvature."""
TIERS: tuple[Tier, ...] = ("economy", "business", "full")
