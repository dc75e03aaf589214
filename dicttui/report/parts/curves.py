"""The charts of the losses and of every metric."""

from collections import defaultdict
from collections.abc import Iterator
from math import isfinite

from dicttui.report.charts import lines
from dicttui.report.charts.lines import Chart, Floor, Line, Mark
from dicttui.report.markup import Markup, element
from dicttui.report.parts.heading import legend
from dicttui.report.parts.material import Material, RunMaterial
from dicttui.report.parts.metrics import TERM, in_order, metric
from dicttui.report.wording import count

NOT_DRAWN = ("mmcs_random",)
"""One number, and no curve."""
LESS_ASKED_FOR = ("l1", "norm_max", "norm_min", "lr")
"""Beside metrics on held-out samples."""


def curves(material: Material) -> Markup:
    """The large charts, then the small ones."""
    names = _names(material)
    large = _large(material, names)
    small = [name for name in names if name not in large]
    less = [name for name in small if name in LESS_ASKED_FOR or name.startswith("held_out_")]
    less = [name for name in less if name != "held_out_loss"]
    first = [name for name in small if name not in less]
    return element(
        "section",
        element("h2", "Curves"),
        legend(material),
        (_figure(material, name, large=True) for name in large),
        element("div", (_figure(material, name, large=False) for name in first), class_="small"),
        element(
            "details",
            element("summary", f"{len(less)} more"),
            element("div", (_figure(material, name, large=False) for name in less), class_="small"),
        )
        if less
        else None,
        id="curves",
    )


def _names(material: Material) -> list[str]:
    """Every metric of which there is something to see, loss first."""
    found = {
        name
        for run in material.runs
        for name, values in run.metrics.items()
        if name not in NOT_DRAWN
        and not name.startswith(TERM)
        and any(value is not None and isfinite(value) for _, value in values)
    }
    # Without a schedule the marks on the losses say it all.
    if all(run.recorded.specification.get("schedule") == "constant" for run in material.runs):
        found.discard("lr")
    return in_order(found | {"loss"})


def _large(material: Material, names: list[str]) -> list[str]:
    """What compares between the runs, and what the preset asks for."""
    comparable = "mse" if material.objectives_differ and "mse" in names else "loss"
    chosen = [comparable, material.preset.charted]
    return [name for name in dict.fromkeys(chosen) if name in names]


def _figure(material: Material, name: str, *, large: bool) -> Markup:
    chart = _chart(material, name)
    known = metric(name)
    says = known.says
    if name.endswith("loss") and material.objectives_differ:
        says = f"objectives differ, so that these do not compare; {says}"
    ghosts = any(line.ghost for line in chart.lines)
    drawn = (
        [lines.draw(chart, lines.WIDE), lines.draw(chart, lines.NARROW)]
        if large
        else lines.draw(chart, lines.SMALL)
    )
    if large and ghosts:
        says += ". Faint: what was taken back"
    return element(
        "figure",
        element("figcaption", element("b", known.title), f" {says}"),
        drawn,
        class_="large" if large else None,
    )


def _chart(material: Material, name: str) -> Chart:
    display = material.preset.display
    known = metric(name)
    drawn: list[Line] = []
    for run in material.runs:
        drawn += _lines(run, name)
    for run in material.taken_back if name == "loss" else ():
        title = f"{run.name}, a fork that was taken back"
        drawn.append(Line(run.place, run.name, run.losses.steps, run.losses.losses, ghost=True,
                          within=False, title=title))  # fmt: skip
    shown = name in ("loss", "mse", material.preset.charted)
    return Chart(
        title=known.title,
        lines=tuple(drawn),
        marks=tuple(_marks(material)) if shown else (),
        floors=tuple(_floors(material)) if name == "loss" else (),
        y_log=known.log and (display.y == "log" or name != "loss"),
        x_log=display.x == "log",
        zero=not known.log,
        include=(1.0,) if known.share else (),
    )


def _lines(run: RunMaterial, name: str) -> Iterator[Line]:
    if name != "loss":
        values = run.metrics.get(name, ())
        steps = [step for step, _ in values]
        yield Line(run.place, run.name, steps, [v for _, v in values], within=not run.diverged)
        return
    for piece in run.undone:
        title = f"{run.name}: taken back to step {count(piece.from_step)}"
        yield Line(run.place, run.name, piece.steps, piece.losses, ghost=True, within=False,
                   title=title)  # fmt: skip
    yield Line(run.place, run.name, run.losses.steps, run.losses.losses, within=not run.diverged)


def _marks(material: Material) -> Iterator[Mark]:
    """The changes on the curves as they are; one that several runs share is drawn once."""
    shared: dict[tuple[int, str], list[int]] = defaultdict(list)
    for run in material.runs:
        for mark in run.picture.marks if run.picture else ():
            shared[mark.step, mark.label].append(run.place)
    for (step, label), places in shared.items():
        yield Mark(step, label, places[0] if len(places) == 1 else None)


def _floors(material: Material) -> Iterator[Floor]:
    known = {
        (run.picture.loss_floor, run.picture.loss_floor_label)
        for run in material.runs
        if run.picture and run.picture.loss_floor is not None
    }
    for value, label in sorted(known):
        if value is not None and isfinite(value):
            yield Floor(value, label)
