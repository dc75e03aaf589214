"""What tells the runs apart without their colours: a shape each, and dashes from the ninth on."""

from dicttui.report.markup import Markup, element

COLOURS = 8
_SHAPES = (
    "M-4 0a4 4 0 1 0 8 0a4 4 0 1 0 -8 0z",
    "M-3.6 -3.6h7.2v7.2h-7.2z",
    "M0 -4.8L4.6 3.4H-4.6z",
    "M0 -5L5 0L0 5L-5 0z",
    "M0 4.8L4.6 -3.4H-4.6z",
    "M-1.4 -4.4h2.8v3h3v2.8h-3v3h-2.8v-3h-3v-2.8h3z",
    "M0 -4.8L4.6 -1.5L2.8 4H-2.8L-4.6 -1.5z",
    "M-5 -2.4h10v4.8h-10z",
)
"""Circle, square, triangle, diamond, triangle upside down, cross, pentagon, bar."""


def run_class(run: int) -> str:
    """The class of whatever is drawn in the colour of the run at a place, from 0."""
    return f"r{run % COLOURS + 1}"


def marker(run: int, x: float, y: float) -> Markup:
    """A run's shape, with its middle there."""
    hollow = " hollow" if run >= COLOURS else ""
    return element(
        "path",
        d=_SHAPES[run % len(_SHAPES)],
        transform=f"translate({x:.1f} {y:.1f})",
        class_=f"marker {run_class(run)}{hollow}",
    )


def chip(run: int) -> Markup:
    """A run's shape in a line of text."""
    return element(
        "svg",
        marker(run, 7, 7),
        class_="chip",
        viewBox="0 0 14 14",
        aria_hidden="true",
    )
