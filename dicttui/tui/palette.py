"""The colours of runs, told apart by the colour-blind too; every curve also has its own marker.

After Okabe and Ito, "Color Universal Design" (2008), lightened for dark backgrounds and darkened
for light ones so that each has a contrast of at least 3 : 1 (WCAG 2.2, 1.4.11) with them.
"""

from functools import lru_cache

from rich.style import Style

NAMES = ("blue", "orange", "green", "purple", "yellow", "vermilion", "sky", "grey")
"""The colours in the order in which runs take them."""

_ON_DARK = ("#56B4E9", "#E69F00", "#1DB38A", "#D98CB8", "#F0E442", "#F0702E", "#A5DCFF", "#B8B8B8")
_ON_LIGHT = ("#0072B2", "#B36200", "#00785A", "#A04A7E", "#7A6F00", "#C23B00", "#2A7FAD", "#5C5C5C")


def run_colour(index: int, *, dark: bool) -> str:
    """The colour of the run at a position, from 0, as "#RRGGBB"; they repeat after eight."""
    colours = _ON_DARK if dark else _ON_LIGHT
    return colours[index % len(colours)]


@lru_cache(maxsize=256)
def run_style(index: int, *, dark: bool, dim: bool = False, bold: bool = False) -> Style:
    """The style of what is drawn for the run at a position, from 0."""
    # None, not False: False would take the attribute from what lies below.
    return Style(color=run_colour(index, dark=dark), dim=dim or None, bold=bold or None)


def theme_variables(*, dark: bool) -> dict[str, str]:
    """The colours as variables of the stylesheets: `$run-1` to `$run-8`."""
    return {f"run-{i + 1}": run_colour(i, dark=dark) for i in range(len(NAMES))}
