"""The table of metrics: the last value of each and the best."""

from math import isfinite

from dicttui.report.markup import Markup, element
from dicttui.report.parts.heading import progress, run_name
from dicttui.report.parts.material import Material, RunMaterial, Values, best
from dicttui.report.parts.metrics import Metric, in_order, metric
from dicttui.report.table import DERIVED
from dicttui.report.wording import count, number, share


def table(material: Material) -> Markup:
    """Metrics down, runs across."""
    columns = [_columns(run) for run in material.runs]
    names = in_order({name for column in columns for name in column})
    head = element(
        "tr",
        element("th", "metric", scope="col"),
        (
            element("th", run_name(run), element("small", progress(run)), scope="col")
            for run in material.runs
        ),
    )
    body = (
        element(
            "tr",
            element("th", metric(name).title, element("small", metric(name).says), scope="row"),
            (
                element("td", _cell(metric(name), column.get(name, ())), class_="figure")
                for column in columns
            ),
        )
        for name in names
    )
    whole = element("table", element("thead", head), element("tbody", body), class_="metrics")
    return element(
        "section",
        element("h2", "Metrics"),
        element(
            "p",
            "The last value, and below it the best one where one way is better. Metrics are taken "
            "now and then, losses at every step; both before the step's update.",
            class_="quiet",
        ),
        element("div", whole, class_="scroll", tabindex=0),
        id="metrics",
    )


def _columns(run: RunMaterial) -> dict[str, Values]:
    columns: dict[str, Values] = {
        name: values for name, values in run.metrics.items() if len(values)
    }
    for name, derived in DERIVED.items():
        if name in columns:
            columns[derived] = [
                (step, None if value is None else 1 - value) for step, value in columns[name]
            ]
    losses = run.losses
    if losses.steps:
        last: list[tuple[int, float | None]] = [(losses.steps[-1], losses.losses[-1])]
        recorded = run.recorded
        if recorded.best_step is not None and recorded.best_loss is not None:
            last.insert(0, (recorded.best_step, recorded.best_loss))
        columns["loss"] = last
    return columns


def _cell(known: Metric, values: Values) -> list[Markup | str]:
    if not values:
        return ["n/a"]
    write = share if known.share else (lambda value: number(value, 5))
    step, value = values[-1]
    cell: list[Markup | str] = [element("span", write(value), title=f"at step {step:,}")]
    if known.better is None:
        return cell
    found = best(values, largest=known.better == "largest")
    if found is not None and (value is None or not isfinite(value) or found[1] != value):
        cell.append(element("small", f"best {write(found[1])} at {count(found[0])}"))
    return cell
