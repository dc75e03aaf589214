"""What was changed while it trained, and what became of it."""

from collections.abc import Iterator

from dicttui.record.facts import RecordedIntervention
from dicttui.report.markup import Markup, element
from dicttui.report.parts.material import Material
from dicttui.report.wording import count, moment
from dicttui.training.asked import from_to
from dicttui.training.interventions import Change, Keep

HEAD = ("#", "when", "asked for", "run", "at step", "became", "measured")


def changes(material: Material) -> Markup:
    """A table of the interventions with their receipts."""
    section = element("h2", "Interventions")
    if not material.interventions:
        none = element("p", "Nothing was changed while it trained.", class_="empty")
        return element("section", section, none, id="interventions")
    table = element(
        "table",
        element("thead", element("tr", (element("th", text, scope="col") for text in HEAD))),
        element("tbody", (row for one in material.interventions for row in _rows(one))),
    )
    return element(
        "section",
        section,
        element("div", table, class_="scroll", tabindex=0),
        id="interventions",
    )


def _rows(recorded: RecordedIntervention) -> Iterator[Markup]:
    receipt = recorded.receipt
    asked = [element("b", receipt.request or receipt.kind)]
    note = recorded.intervention.note if isinstance(recorded.intervention, Keep) else ""
    if note and note not in receipt.request:
        asked.append(element("span", note, class_="quiet"))
    rows: tuple[Change | None, ...] = receipt.changes or (None,)
    for place, change in enumerate(rows):
        first = place == 0
        yield element(
            "tr",
            element("td", str(recorded.id) if first else "", class_="figure"),
            element("td", moment(recorded.at) if first else "", class_="when"),
            element("td", asked if first else None),
            element("td", change.run if change else receipt.target),
            element("td", count(change.step) if change else "", class_="figure"),
            element("td", _became(recorded, change)),
            element("td", change.note if change else "", class_="quiet"),
            class_=None if first else "more",
        )


def _became(recorded: RecordedIntervention, change: Change | None) -> Markup | str:
    failed = change.failed if change else recorded.receipt.reason
    if failed or recorded.receipt.status == "failed":
        return element("span", f"failed: {failed}" if failed else "failed", class_="failed")
    if change is None:
        return recorded.receipt.status
    return from_to(change.before, change.after)
