"""A preset as it was resolved, written as the TOML file that gives it again."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from dicttui.preset.learners import RUN_KEYS, of_the_network
from dicttui.preset.model import Preset
from dicttui.preset.resolved import dumped_run

_BARE = re.compile(r"[A-Za-z0-9_-]+")
_BESIDE_ARGUMENTS = ("arguments", "network")


def toml(preset: Preset) -> str:
    """The text of the file. Every key stands in it, those with no value left out; relative paths
    in it start from where the preset was.
    """
    return "\n".join(_lines(preset)) + "\n"


def _lines(preset: Preset) -> Iterator[str]:
    for key, text in (("title", preset.title), ("about", preset.about)):
        if text:
            yield f"{key} = {_value(text)}"
    network = preset.network.model_dump(mode="json")
    yield from _table("[data]", preset.data.model_dump(mode="json"))
    yield from _table("[network]", network)
    yield from _table("[training]", preset.training.model_dump(mode="json"))
    yield from _table("[display]", preset.display.model_dump(mode="json", exclude_unset=True))
    for run in preset.runs:
        keys = dumped_run(run)
        arguments = run.arguments.model_dump(mode="json", exclude_defaults=True)
        own = {key: value for key, value in keys.items() if key not in _BESIDE_ARGUMENTS}
        of_run = keys["network"]
        if run.learner:
            own = {key: value for key, value in own.items() if key in RUN_KEYS}
            of_run = of_the_network(of_run)
        yield from _table("[[runs]]", own | arguments)
        if keys["network"] != network:
            yield from _table("[runs.network]", of_run)


def _table(head: str, table: Mapping[str, Any]) -> Iterator[str]:
    given = {key: value for key, value in table.items() if value is not None}
    if given:
        yield ""
        yield head
        yield from (f"{_key(key)} = {_value(value)}" for key, value in given.items())


def _key(key: str) -> str:
    return key if _BARE.fullmatch(key) else _value(key)


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return repr(value)
    if isinstance(value, Mapping):
        pairs = (f"{_key(key)} = {_value(item)}" for key, item in value.items())
        return "{ " + ", ".join(pairs) + " }"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(_value(item) for item in value) + "]"
    text = str(value).replace("\\", "\\\\").replace('"', '\\"')
    several = "\n" in text
    text = "".join(
        character if character.isprintable() or (several and character == "\n")
        else f"\\U{ord(character):08X}"
        for character in text
    )  # fmt: skip
    return f'"""\n{text}"""' if several else f'"{text}"'
