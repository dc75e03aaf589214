"""A card for each run: what it is, how it ended, what a person should notice."""

from collections.abc import Iterator

from dicttui.report.charts.markers import run_class
from dicttui.report.markup import Markup, element
from dicttui.report.parts.heading import progress, run_name
from dicttui.report.parts.material import Material, RunMaterial
from dicttui.report.parts.metrics import metric
from dicttui.report.wording import count, number, share

ON_THE_CARD = ("mse", "fvu", "l0", "dead_fraction", "recovered")
CAUTION = (
    "The lowest training loss can belong to the worst dictionary: look at the codes, the dead "
    "atoms, the norms and, where the true atoms are known, at recovery too."
)


def runs(material: Material) -> Markup:
    """The section with every run's card, and what has to be said of comparing them."""
    return element(
        "section",
        element("h2", "Runs"),
        (element("p", words, class_="notice") for words in _notices(material)),
        element("div", (_card(run) for run in material.runs), class_="cards"),
        element("p", CAUTION, class_="quiet caution") if len(material.runs) > 1 else None,
        id="runs",
    )


def _notices(material: Material) -> Iterator[str]:
    if material.objectives_differ:
        yield (
            "The objectives of these runs differ: their losses are sums of different things and "
            "do not compare. mse and fvu do."
        )
    specifications = [run.recorded.specification for run in material.runs]
    with_rates = [s for s in specifications if s.get("lr") is not None]
    optimizers = {specification.get("optimizer") for specification in with_rates}
    rates = {specification.get("lr") for specification in with_rates}
    if len(optimizers) > 1 and len(rates) == 1:
        who = "All runs" if len(with_rates) == len(specifications) else "All runs that have one"
        yield (
            f"{who} have the same learning rate. That says nothing about their optimizers: "
            "each has to be seen at a rate of its own."
        )


def _card(run: RunMaterial) -> Markup:
    recorded, picture = run.recorded, run.picture
    specification = recorded.specification
    settings = picture.settings if picture else ""
    network = picture.network if picture else str(specification.get("network", {}).get("kind", ""))
    optimizer = picture.optimizer if picture else str(specification.get("optimizer", ""))
    return element(
        "article",
        element(
            "h3", run_name(run), element("span", recorded.state, class_=f"state {recorded.state}")
        ),
        element("p", element("strong", optimizer), _rate(run), class_="what"),
        element("p", ", ".join(part for part in (settings, network) if part), class_="what quiet"),
        _origin(run),
        element("dl", _figures(run), class_="figures"),
        (element("p", alert, class_="alert") for alert in _alerts(run)),
        class_=f"card {run_class(run.place)}",
    )


def _rate(run: RunMaterial) -> str:
    """The learning rate at the end, and at the start if it was another, after an optimizer."""
    picture = run.picture
    start = run.recorded.specification.get("lr")
    if picture is None or picture.base_lr is None:
        return f" at lr {number(start)}" if isinstance(start, float | int) else ", no learning rate"
    words = f" at lr {number(picture.base_lr)}"
    if picture.base_dictionary_lr not in (None, picture.base_lr):
        words += f", dictionary {number(picture.base_dictionary_lr)}"
    if isinstance(start, float | int) and float(start) != picture.base_lr:
        words += f" (began with {number(start)})"
    schedule = run.recorded.specification.get("schedule", "constant")
    return words if schedule == "constant" else f"{words}, {schedule} schedule"


def _origin(run: RunMaterial) -> Markup | None:
    if not run.recorded.parent:
        return None
    words = f"forked from {run.recorded.parent} at step {count(run.recorded.forked_at)}"
    return element("p", words, class_="what quiet")


def _figures(run: RunMaterial) -> Iterator[Markup]:
    yield _figure("loss", number(run.last_loss, 5), f"after {progress(run)}", large=True)
    recorded = run.recorded
    best = f"at step {count(recorded.best_step)}" if recorded.best_step is not None else ""
    yield _figure("best loss", number(recorded.best_loss, 5), best, large=True)
    for name in ON_THE_CARD:
        values = run.metrics.get(name)
        if values and values[-1][1] is not None:
            known = metric(name)
            value = values[-1][1]
            text = share(value) if known.share else number(value)
            yield _figure(known.title, text, "", about=known.says)


def _figure(name: str, value: str, more: str, *, large: bool = False, about: str = "") -> Markup:
    return element(
        "div",
        element("dt", name),
        element("dd", value, element("small", more) if more else None),
        class_="large" if large else None,
        title=about or None,
    )


def _alerts(run: RunMaterial) -> list[str]:
    """What went wrong, and what else a person should notice."""
    picture = run.picture
    alerts = [alert.text for alert in picture.alerts] if picture else []
    if picture and picture.state_detail and picture.state_detail not in alerts:
        alerts.insert(0, picture.state_detail)
    return alerts
