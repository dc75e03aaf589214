"""The report of a recorded experiment: one page that needs nothing but itself."""

import base64
import hashlib
import os
import secrets
from contextlib import suppress
from functools import cache
from importlib.resources import files
from pathlib import Path

from dicttui import __version__
from dicttui.record.error import RecordError
from dicttui.record.reading import Recorded
from dicttui.report.error import ReportError
from dicttui.report.markup import Markup, element, joined
from dicttui.report.parts.changes import changes
from dicttui.report.parts.curves import curves
from dicttui.report.parts.environment import environment
from dicttui.report.parts.heading import heading
from dicttui.report.parts.material import Material, gather
from dicttui.report.parts.repeat import repeat
from dicttui.report.parts.rows import rows
from dicttui.report.parts.runs import runs
from dicttui.report.parts.table import table
from dicttui.report.parts.why import why

PLACES = (
    ("runs", "Runs"),
    ("why", "Why"),
    ("curves", "Curves"),
    ("norms", "Norms"),
    ("interventions", "Interventions"),
    ("metrics", "Metrics"),
    ("environment", "Environment"),
    ("again", "Again"),
)
"""The sections by their ids, as the page's own links call them."""


def write(directory: Path, path: Path) -> None:
    """Write the report of the experiment recorded in a directory; a file that is there is replaced.

    The file is whole or as it was. Raises ReportError.
    """
    try:
        recorded = Recorded.open(directory)
    except RecordError as error:
        raise ReportError(str(error)) from error
    write_page(recorded, path)


def write_page(experiment: Recorded, path: Path) -> None:
    """Write the report of an experiment that is open, as `write` does. Raises ReportError."""
    try:
        text = page(experiment)
    except RecordError as error:
        raise ReportError(str(error)) from error
    partial = path.with_name(f".{path.name}.{secrets.token_hex(4)}.partial")
    try:
        partial.write_text(text, encoding="utf-8")
        os.replace(partial, path)
    except OSError as error:
        with suppress(OSError):
            partial.unlink()
        raise ReportError(f"{path}: cannot be written: {error.strerror or error}") from error


def page(experiment: Recorded) -> str:
    """The whole page as HTML."""
    material = gather(experiment)
    style = _style()
    # The one style is known by its digest; scripts, pictures, fonts, connections: none at all.
    policy = (
        f"default-src 'none'; style-src '{_digest(style)}'; base-uri 'none'; form-action 'none'"
    )
    head = element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", http_equiv="Content-Security-Policy", content=policy),
        element("meta", name_="viewport", content="width=device-width, initial-scale=1"),
        element("meta", name_="referrer", content="no-referrer"),
        element("meta", name_="color-scheme", content="light dark"),
        element("meta", name_="generator", content=f"dicttui {__version__}"),
        element("title", f"{material.title} · dicttui"),
        element("style", Markup(style)),
    )
    whole = element("html", head, element("body", _body(material)), lang="en")
    return f"<!DOCTYPE html>\n{whole}\n"


def _body(material: Material) -> Markup:
    links = (element("a", title, href=f"#{place}") for place, title in PLACES)
    return element(
        "main",
        heading(material),
        element("nav", links),
        runs(material),
        why(material),
        curves(material),
        rows(material),
        changes(material),
        table(material),
        environment(material),
        repeat(material),
        element(
            "footer",
            joined("Written by dicttui ", __version__, ". This page loads nothing from elsewhere."),
        ),
    )


@cache
def _style() -> str:
    return files("dicttui.report").joinpath("page.css").read_text("utf-8")


def _digest(text: str) -> str:
    digest = hashlib.sha256(text.encode()).digest()
    return f"sha256-{base64.b64encode(digest).decode()}"
