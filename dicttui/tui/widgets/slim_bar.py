"""A bar of one line that says how far something is."""

from dicttui.tui.glyphs import Glyphs
from dicttui.tui.widgets.roles import Role, Span

SHORTEST, LONGEST = 6, 24
"""Cells."""


def slim_bar(share: float, cells: int, glyphs: Glyphs, role: Role = "accent") -> list[Span]:
    """`━━━━━━────`, full only where all of it is done."""
    done, left = ("=", "-") if glyphs.ascii else ("━", "─")
    filled = int(max(0.0, min(1.0, share)) * cells)
    return [(done * filled, role), (left * (cells - filled), "faint")]
