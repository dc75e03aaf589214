"""A preset as it was resolved, in plain JSON: what a recording keeps, and reads back to the letter.

A preset's file may have changed since, and the command line may have changed it: here every run
stands with all its keys.
"""

from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from dicttui.preset.data import AnyData
from dicttui.preset.learners import ARGUMENTS
from dicttui.preset.model import DisplaySpecification, Preset, TrainingSpecification
from dicttui.preset.networks import AnyNetwork
from dicttui.preset.optimizers import OtherOptimizer
from dicttui.preset.problems import PresetError
from dicttui.preset.runs import RunSpecification

_DATA: TypeAdapter[AnyData] = TypeAdapter(AnyData)
_NETWORK: TypeAdapter[AnyNetwork] = TypeAdapter(AnyNetwork)
_HEADING = ("source", "trusted_code", "title", "about")


def dumped(preset: Preset) -> dict[str, Any]:
    """The whole preset as JSON has it."""
    return {
        **{key: getattr(preset, key) for key in _HEADING},
        "directory": str(preset.directory.absolute()),
        "data": preset.data.model_dump(mode="json"),
        "network": preset.network.model_dump(mode="json"),
        "training": preset.training.model_dump(mode="json"),
        "display": preset.display.model_dump(mode="json", exclude_unset=True),
        "runs": [dumped_run(run) for run in preset.runs],
    }


def loaded(table: Any, file: str = "preset.json") -> Preset:
    """The preset again. Raises PresetError, naming the file, where it is none."""
    try:
        return Preset(
            **{key: table[key] for key in _HEADING},
            directory=Path(table["directory"]),
            data=_DATA.validate_python(table["data"]),
            network=_NETWORK.validate_python(table["network"]),
            training=TrainingSpecification.model_validate(table["training"]),
            display=DisplaySpecification.model_validate(table["display"]),
            runs=tuple(loaded_run(run, file) for run in table["runs"]),
        )
    except (ValidationError, KeyError, TypeError, ValueError) as error:
        raise PresetError([f"{file}: this is no recorded preset: {_first_line(error)}"]) from error


def dumped_run(run: RunSpecification) -> dict[str, Any]:
    """One run as JSON has it."""
    return {
        **run.model_dump(mode="json", exclude={"arguments", "network"}),
        "arguments": run.arguments.model_dump(mode="json"),
        "network": run.network.model_dump(mode="json"),
    }


def loaded_run(table: Any, file: str = "preset.json") -> RunSpecification:
    """The run again. Raises PresetError, naming the file, where it is none."""
    try:
        other = "settings" in table["arguments"]
        optimizer = OtherOptimizer if other else ARGUMENTS[table["optimizer"]]
        return RunSpecification(
            **(
                table
                | {
                    "arguments": optimizer.model_validate(table["arguments"]),
                    "network": _NETWORK.validate_python(table["network"]),
                }
            )
        )
    except (ValidationError, KeyError, TypeError, ValueError) as error:
        raise PresetError([f"{file}: this is no recorded run: {_first_line(error)}"]) from error


def _first_line(error: Exception) -> str:
    if isinstance(error, ValidationError):
        (first, *_) = error.errors(include_url=False)
        where = ".".join(str(part) for part in first["loc"])
        return f"{where}: {first['msg']}" if where else str(first["msg"])
    if isinstance(error, KeyError):
        return f"it says nothing of {error}"
    return str(error).partition("\n")[0]
