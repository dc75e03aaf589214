"""Reading a preset: a shipped one by its name, a person's own by its path."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

from dicttui.preset.checking import Checked, at, check, check_kind, kinds_of, wrong_value
from dicttui.preset.data import AnyData
from dicttui.preset.expansion import expand
from dicttui.preset.model import DisplaySpecification, Preset, TrainingSpecification
from dicttui.preset.networks import AnyNetwork
from dicttui.preset.problems import PresetError, Problem
from dicttui.preset.runs import RunKeys, RunSpecification
from dicttui.preset.shipped import find, names
from dicttui.preset.specification import Specification
from dicttui.preset.toml import load
from dicttui.preset.values import MOST_RUNS, WATCHED
from dicttui.preset.wording import listed, nearest

__all__ = ["Overrides", "PresetError", "find", "given_by_path", "names", "read"]

DATA_KINDS = {kind: cls for kind, cls in kinds_of(AnyData).items() if kind != WATCHED}
NETWORK_KINDS = {kind: cls for kind, cls in kinds_of(AnyNetwork).items() if kind != WATCHED}
COMMAND_LINE = "command line"
NO_MINIBATCHES = (
    "Rprop goes by the signs of whole gradients, which minibatches do not have; "
    "allowed: with data.batch_size = 0 (full batch)"
)


@dataclass(frozen=True, slots=True)
class Overrides:
    """What the command line changes in a preset; None leaves what the preset says."""

    seed: int | None = None
    steps: int | None = None
    device: str | None = None
    lr: float | None = None
    """Of every run."""
    run_lr: Mapping[str, float] = field(default_factory=dict)
    """Of single runs, by name."""
    threads: int | None = None
    engine: str | None = None
    default_device: str = "auto"
    """Where a preset says "auto" or nothing."""


class _Heading(Specification):
    """The keys of a preset outside its tables."""

    title: str = ""
    about: str = ""


def given_by_path(source: str) -> bool:
    """Whether a preset is meant by path: with a `/` in it, or ending in `.toml`."""
    return "/" in source or source.endswith(".toml")


def read(source: str, overrides: Overrides | None = None) -> Preset:
    """Read a preset, by the name of a shipped one or by path.

    Raises PresetError with everything that is wrong, each as
    `file: where: what is wrong, what is allowed`.
    """
    overrides = overrides or Overrides()
    by_path = given_by_path(source)
    path = Path(source).expanduser() if by_path else find(source)
    table = load(path)
    if isinstance(table, Problem):
        suggestion = nearest(path.stem, names()) if table.text == "no such file" else None
        hint = f'; the shipped preset is called by its name alone, "{suggestion}"'
        raise PresetError([table.told(source) + (hint if suggestion else "")])
    if not table:
        raise PresetError(
            [Problem("", "empty; a preset has at least [network] and [[runs]]").told(source)]
        )
    reading = _Reading(table, overrides, by_path)
    preset = reading.preset(source, path.parent)
    if preset is None:
        raise PresetError(problem.told(source) for problem in dict.fromkeys(reading.problems))
    return preset


class _Reading:
    """One preset while its problems are being collected."""

    def __init__(self, table: dict[str, Any], overrides: Overrides, trusted: bool) -> None:
        self.table = table
        self.overrides = overrides
        self.trusted = trusted
        self.problems: list[Problem] = []

    def preset(self, source: str, directory: Path) -> Preset | None:
        """The preset; None if there are problems."""
        sections = ("data", "network", "training", "display", "runs")
        heading = self._taken(
            check(
                _Heading,
                {key: value for key, value in self.table.items() if key not in sections},
                "",
                beside=sections,
            )
        )
        data = self._taken(check_kind(DATA_KINDS, self._section("data"), "data", "gaussian"))
        runs = self._runs()
        training = self._training()
        display = self._taken(check(DisplaySpecification, self._section("display"), "display"))
        self._cross_check()
        if self.problems or not (heading and data and training and display):
            return None
        return Preset(
            source=source,
            directory=directory,
            trusted_code=self.trusted,
            title=heading.title,
            about=heading.about,
            data=cast(AnyData, data),
            network=runs[0].network if "network" not in self.table else self.network,
            training=training,
            display=display,
            runs=tuple(runs),
        )

    def _taken(self, checked: Checked[Any]) -> Any:
        self.problems += checked.problems
        return checked.specification

    def _section(self, name: str) -> dict[str, Any]:
        section = self.table.get(name, {})
        if isinstance(section, dict):
            return section
        self.problems.append(wrong_value(name, section, f"a table, [{name}]"))
        return {}

    def _runs(self) -> list[RunSpecification]:
        table = self._section("network")
        network = None
        if "network" in self.table:
            network = self._taken(check_kind(NETWORK_KINDS, table, "network"))
        self.network = cast(AnyNetwork, network)
        tables = self.table.get("runs", [])
        if not isinstance(tables, list):
            self.problems.append(wrong_value("runs", tables, "one or more tables, [[runs]]"))
            return []
        every_run_has_its_own = bool(tables) and all(
            isinstance(run, dict)
            and isinstance(run.get("network"), dict)
            and "kind" in run["network"]
            for run in tables
        )
        if "network" not in self.table and not every_run_has_its_own:
            self.problems.append(
                Problem("network", f"missing; allowed: a table with kind = {listed(NETWORK_KINDS)}")
            )
        if not tables and not any('"runs"?' in problem.text for problem in self.problems):
            self.problems.append(Problem("runs", "missing; allowed: one or more tables, [[runs]]"))
        runs, problems = expand(tables, table, network is not None, NETWORK_KINDS)
        self.problems += problems
        if len(runs) > MOST_RUNS:
            self.problems.append(Problem("runs", f"{len(runs)} runs; allowed: at most {MOST_RUNS}"))
        return self._with_rates(runs)

    def _with_rates(self, runs: list[RunSpecification]) -> list[RunSpecification]:
        """The runs with the command line's learning rates."""
        everywhere, single = self.overrides.lr, dict(self.overrides.run_lr)
        for lr in dict.fromkeys(
            [*([everywhere] if everywhere is not None else []), *single.values()]
        ):
            rate = check(RunKeys, {"name": "run", "optimizer": "SGD", "lr": lr}, "")
            self.problems += [Problem("--lr", p.text, COMMAND_LINE) for p in rate.problems]
        known = [run.name for run in runs]
        for name in single:
            if runs and name not in known:
                suggestion = nearest(name, known)
                hint = f'did you mean "{suggestion}"? ' if suggestion else ""
                text = f'no run is called "{name}"; {hint}allowed: {listed(known)}'
                self.problems.append(Problem("--lr", text, COMMAND_LINE))
        without = [run.name for run in runs if run.lr is None]
        for name in single:
            if name in without:
                text = f'run "{name}" has no learning rate; allowed: other runs'
                self.problems.append(Problem("--lr", text, COMMAND_LINE))
        if everywhere is not None and runs and len(without) == len(runs):
            self.problems.append(Problem("--lr", "no run has a learning rate", COMMAND_LINE))
        return [
            run
            if run.lr is None
            else run.model_copy(
                update={"lr": single.get(run.name, run.lr if everywhere is None else everywhere)}
            )
            for run in runs
        ]

    def _training(self) -> TrainingSpecification | None:
        table = dict(self._section("training"))
        overridden = {
            key: getattr(self.overrides, key)
            for key in ("seed", "steps", "device", "threads", "engine")
            if getattr(self.overrides, key) is not None
        }
        if "device" not in overridden and table.get("device", "auto") == "auto":
            table["device"] = self.overrides.default_device
        checked = check(TrainingSpecification, table | overridden, "training")
        places = {at("training", key): f"--{key}" for key in overridden}
        self.problems += [
            Problem(places[p.where], p.text, COMMAND_LINE) if p.where in places else p
            for p in checked.problems
        ]
        return checked.specification

    def _cross_check(self) -> None:
        """What one table may say only beside what another says."""
        data = self.table.get("data")
        batch_size = data.get("batch_size", 0) if isinstance(data, dict) else 0
        tables = self.table.get("runs")
        for index, run in enumerate(tables if isinstance(tables, list) else []):
            optimizers = run.get("optimizer") if isinstance(run, dict) else None
            if batch_size != 0 and "Rprop" in (
                optimizers if isinstance(optimizers, list) else [optimizers]
            ):
                self.problems.append(Problem(f"runs[{index}].optimizer", NO_MINIBATCHES))
        if not self.trusted:
            self.problems += [
                Problem(
                    at(where, "kind"),
                    '"user" runs a person\'s own code; allowed: only in a preset given by path',
                )
                for where, network in self._network_tables()
                if network.get("kind") == "user"
            ]

    def _network_tables(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """Every table that describes a network, with its place."""
        yield "network", self._section("network")
        runs = self.table.get("runs")
        for index, run in enumerate(runs if isinstance(runs, list) else []):
            if isinstance(run, dict) and isinstance(run.get("network"), dict):
                yield f"runs[{index}].network", run["network"]
