"""Versions and machine, and what happened to the recording."""

import shlex
from collections.abc import Iterator, Mapping
from typing import Any

from dicttui.report.markup import Markup, element
from dicttui.report.parts.material import Material
from dicttui.report.wording import moment


def environment(material: Material) -> Markup:
    """A table of the environment, and the recording's events."""
    pairs = list(_pairs(material.environment))
    return element(
        "section",
        element("h2", "Environment"),
        element(
            "dl",
            (element("div", element("dt", name), element("dd", value)) for name, value in pairs),
            class_="facts",
        )
        if pairs
        else element("p", "Nothing was recorded of it.", class_="empty"),
        _events(material),
        id="environment",
    )


def _pairs(table: Mapping[str, Any], before: str = "") -> Iterator[tuple[str, str]]:
    """Names and values, those of tables in tables with both names."""
    for key, value in table.items():
        name = f"{before} {key}".strip().replace("_", " ")
        if key == "packages" and isinstance(value, Mapping):
            yield from _pairs(value)
        elif key == "command" and isinstance(value, list):
            yield name, shlex.join(str(word) for word in value)
        elif isinstance(value, Mapping):
            yield from _pairs(value, name)
        elif isinstance(value, list) and any(isinstance(item, Mapping) for item in value):
            for item in value:
                yield from _pairs(item, name) if isinstance(item, Mapping) else [(name, str(item))]
        elif isinstance(value, list | tuple):
            yield name, ", ".join(str(item) for item in value) or "none"
        elif value is not None and value != "":
            words = {True: "yes", False: "no"}
            yield name, words[value] if isinstance(value, bool) else str(value)


def _events(material: Material) -> Markup | None:
    if not material.events:
        return None
    return element(
        "details",
        element("summary", f"{len(material.events)} events of the recording"),
        element(
            "ul",
            (
                element(
                    "li",
                    element("time", moment(event.at)),
                    f" {event.kind}",
                    f": {event.text}" if event.text else "",
                )
                for event in material.events
            ),
            class_="events",
        ),
    )
