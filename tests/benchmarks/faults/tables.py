"""Presets as nested dicts, as a person's TOML file has them."""

import copy
import json
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from dicttui.preset.model import Preset
from dicttui.preset.reading import read

Table = dict[str, Any]
HERE = Path(__file__).parent
"""Where presets look for `own_networks.py`."""
_OF_ALL = {"device": "cpu", "threads": 1, "engine": "eager"}


def experiment(data: Table, network: Table, run: Table, steps: int, **training: Any) -> Table:
    """The table of a preset with one run."""
    return {
        "data": data,
        "network": network,
        "training": {"steps": steps, **training},
        "runs": [{"name": "run", **run}],
    }


def changed(table: Table, **sections: Mapping[str, Any]) -> Table:
    """A copy with keys of `data`, `network`, `training` or the run laid over; None takes a key
    away. Keys of `arguments`, those of a person's own network, are laid over one by one.
    """
    made = copy.deepcopy(table)
    for name, keys in sections.items():
        section = made["runs"][0] if name == "run" else made[name]
        for key, value in keys.items():
            if key == "arguments":
                section.setdefault("arguments", {}).update(value)
            elif value is None:
                section.pop(key, None)
            else:
                section[key] = value
    return made


def scaled(table: Table, factor: float, section: str = "run", key: str = "lr") -> Table:
    """A copy with one number multiplied."""
    before = (table["runs"][0] if section == "run" else table[section])[key]
    return changed(table, **{section: {key: before * factor}})


def preset_of(table: Table, seed: int, title: str) -> Preset:
    """The preset of a table, read from a file as a person's own is."""
    made = changed(table, training={"seed": seed, **_OF_ALL})
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"{title}.toml"
        path.write_text(toml({"title": title, **made}))
        return read(str(path)).model_copy(update={"directory": HERE, "source": str(path)})


def toml(table: Table) -> str:
    """The text of a preset's file."""
    lines = []
    for key, value in table.items():
        if key == "runs":
            for run in value:
                lines += ["[[runs]]", *(f"{k} = {_value(v)}" for k, v in run.items())]
        elif isinstance(value, dict):
            lines += [f"[{key}]", *(f"{k} = {_value(v)}" for k, v in value.items())]
        else:
            lines.append(f"{key} = {_value(value)}")
    return "\n".join(lines) + "\n"


def _value(value: Any) -> str:
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{key} = {_value(item)}" for key, item in value.items()) + " }"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(_value, value)) + "]"
    return json.dumps(value)
