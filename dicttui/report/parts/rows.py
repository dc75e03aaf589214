"""The norms of the dictionary's rows before and after training."""

from dicttui.report.charts import norms as chart
from dicttui.report.markup import Markup, element
from dicttui.report.parts.heading import run_name
from dicttui.report.parts.material import Material, RunMaterial
from dicttui.report.wording import count, number
from dicttui.training.snapshot import Norms

CHANGED = 1e-3
"""Share of its norm by which a row has grown or shrunk, and not only been rounded."""


def rows(material: Material) -> Markup:
    """A picture of each run's rows, and of its atoms where they are others."""
    figures = [figure for run in material.runs for figure in _figures(run)]
    return element(
        "section",
        element("h2", "Norms of the rows, before and after"),
        element(
            "p",
            "Each row of a dictionary has a line from its norm before training (hollow) to its "
            "norm at the end (filled). Where there are many rows: how many have which norm, before "
            "as an outline.",
            class_="quiet",
        ),
        element("div", figures, class_="small")
        if figures
        else element("p", "No norms were recorded.", class_="empty"),
        id="norms",
    )


def _figures(run: RunMaterial) -> list[Markup]:
    picture = run.picture
    if picture is None or picture.norms is None:
        return []
    found = [_figure(run, "dictionary", run.norms_before, picture.norms)]
    if picture.atom_norms is not None:
        found.append(_figure(run, "atoms in input space", run.atom_norms_before,
                             picture.atom_norms))  # fmt: skip
    return found


def _figure(run: RunMaterial, what: str, before: Norms | None, after: Norms) -> Markup:
    return element(
        "figure",
        element("figcaption", run_name(run), f" {what}"),
        chart.draw(run.place, before, after),
        element("p", _told(before, after, run.recorded.parent), class_="quiet"),
    )


def _told(before: Norms | None, after: Norms, parent: str) -> str:
    """How far the norms reach, and how many rows grew and shrank."""
    words = [f"{_range(after)} at the end"]
    if before is not None:
        words.append(f"{_range(before)} {'when it was forked' if parent else 'before'}")
        if before.values and len(before.values) == len(after.values):
            pairs = list(zip(before.values, after.values, strict=True))
            grew = sum(1 for old, new in pairs if new > old * (1 + CHANGED))
            shrank = sum(1 for old, new in pairs if new < old * (1 - CHANGED))
            words.append(f"{count(grew)} of {count(len(pairs))} rows grew, {count(shrank)} shrank")
    return "; ".join(words)


def _range(norms: Norms) -> str:
    low, high = number(norms.minimum, 3), number(norms.maximum, 3)
    return f"all {low}" if low == high else f"{low} to {high} (ratio {number(norms.ratio, 3)})"
