"""HTML and SVG from plain text: whatever is not markup already is escaped where it is put in."""

from collections.abc import Iterable
from html import escape

from dicttui.visible import visible


class Markup(str):
    """Text that is markup; every other text is a person's, and hostile."""

    __slots__ = ()


Content = str | Iterable["Content"] | None
"""Text to be escaped, markup, several of both; None is nothing."""
Attribute = str | int | float | bool | None

EMPTY = ("meta", "br", "hr", "wbr")
"""Elements of HTML that have no content and no end."""


def element(name: str, /, *content: Content, **attributes: Attribute) -> Markup:
    """An element. An underscore at an attribute's end is left out, others are written "-"."""
    words = "".join(_attribute(key, value) for key, value in attributes.items())
    if name in EMPTY:
        return Markup(f"<{name}{words}>")
    return Markup(f"<{name}{words}>{joined(*content)}</{name}>")


def joined(*content: Content) -> Markup:
    """Contents after one another."""
    return Markup("".join(_text(part) for part in content))


def _text(content: Content) -> str:
    if content is None:
        return ""
    if isinstance(content, Markup):
        return content
    if isinstance(content, str):
        return escape(visible(content))
    return "".join(_text(part) for part in content)


def _attribute(key: str, value: Attribute) -> str:
    name = key.rstrip("_").replace("_", "-")
    if value is None or value is False:
        return ""
    if value is True:
        return f" {name}"
    if isinstance(value, float):
        value = f"{value:.2f}".rstrip("0").rstrip(".")
    return f' {name}="{escape(visible(str(value)))}"'
