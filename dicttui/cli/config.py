"""The user's settings, `config.toml`."""

from typing import Annotated, ClassVar

from pydantic import Field

from dicttui.cli.places import config_file
from dicttui.preset.checking import check
from dicttui.preset.model import TrainingSpecification
from dicttui.preset.problems import PresetError, Problem
from dicttui.preset.specification import Rule, Specification
from dicttui.preset.toml import load
from dicttui.record.schedule import ALLOWED, is_schedule


class Config(Specification):
    """Defaults for what the command line leaves open."""

    theme: str | None = None
    refresh: Annotated[float, Field(ge=0.1, le=60)] = 4.0
    """Pictures per second."""
    device: str = TrainingSpecification.model_fields["device"].default
    """Where presets that say "auto" train."""
    record_directory: str | None = None
    """Where experiments are recorded, each in a directory of its own."""
    checkpoint_every: str | int | None = None
    """How often a checkpoint is written, as `--checkpoint-every` has it."""
    bell: bool = True
    """Ring once when a run finishes or diverges."""

    rules: ClassVar[tuple[Rule, ...]] = (
        Rule(
            ("checkpoint_every",),
            lambda words: words is None or is_schedule(str(words)),
            f"{{checkpoint_every!r}} does not say how often; allowed: {ALLOWED}",
        ),
    )


def read_config() -> Config:
    """The user's settings, or the defaults where there is no file.

    Raises PresetError, naming the file, with everything that is wrong.
    """
    path = config_file()
    if not path.exists():
        return Config()
    table = load(path)
    if isinstance(table, Problem):
        raise PresetError([table.told(str(path))])
    checked = check(Config, table, "")
    problems = list(checked.problems)
    device = check(TrainingSpecification, {"device": table.get("device", "auto")}, "")
    problems += [problem for problem in device.problems if problem not in problems]
    if checked.specification is None or problems:
        raise PresetError(problem.told(str(path)) for problem in problems)
    return checked.specification
