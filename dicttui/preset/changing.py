"""A preset with some of its keys changed: what a remedy does to it.

A setting is a key and its value as TOML has it. The key is one of a run ("lr", "betas"), of its
network ("network.init"), or of what all runs share ("data.scaling", "training.steps").
"""

import tomllib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, cast

from dicttui.preset.checking import Kinds, canonical, check, check_kind, spellings, wrong_word
from dicttui.preset.data import AnyData, OwnData
from dicttui.preset.expansion import unfit_for_the_network
from dicttui.preset.learners import ARGUMENTS, LEARNERS, RUN_KEYS, without_meaning
from dicttui.preset.model import Preset, TrainingSpecification
from dicttui.preset.networks import AnyNetwork, UserNetwork, weights_of
from dicttui.preset.optimizers import OptimizerSpecification
from dicttui.preset.problems import PresetError, Problem
from dicttui.preset.reading import DATA_KINDS, NETWORK_KINDS, NO_MINIBATCHES
from dicttui.preset.runs import RunKeys, RunSpecification
from dicttui.preset.specification import Specification
from dicttui.preset.wording import listed

Settings = Sequence[tuple[str, str]]
"""Keys, and their values as TOML has them."""

NO_OTHER_CODE = "a person's own code; allowed: in a preset's file, and no other than it names"
_SHARED = ("data", "training")
_NETWORK = "network"


def changed(preset: Preset, settings: Settings, run: str | None = None) -> Preset:
    """The preset with these settings.

    Keys of a run, or of its network, change the run of that name; with None every run that has such
    a key. Another `network.kind` keeps what both kinds have, another `optimizer` the arguments that
    were given and that both have. Raises PresetError with everything that is wrong: a key that no
    run has, a value that it does not allow, what all runs share where a run is named.
    """
    values, problems = _values(settings)
    tables = _by_table(values)
    if run is not None:
        problems += _misplaced(tables, run)
        if run not in (names := [one.name for one in preset.runs]):
            problems.append(Problem("", f'no run is called "{run}"; allowed: {listed(names)}'))
    else:
        problems += _nobodys(preset.runs, tables)
    data, wrong = _of_kind(DATA_KINDS, preset.data, tables["data"], "data")
    problems += wrong
    training = check(TrainingSpecification, dict(preset.training) | tables["training"], "training")
    problems += training.problems
    runs = []
    for one in preset.runs:
        own = _had(one, tables) if run is None else tables
        meant = run in (None, one.name)
        with_them, wrong = _run(one, own[""], own[_NETWORK]) if meant else (one, [])
        runs.append(with_them or one)
        problems += wrong
    network: Specification | None = preset.network
    if run is None:
        of_network = _known(NETWORK_KINDS, preset.network, tables[_NETWORK])
        network, wrong = _of_kind(NETWORK_KINDS, preset.network, of_network, _NETWORK)
        problems += wrong
    if getattr(data, "batch_size", 0) != 0 and any(one.optimizer == "Rprop" for one in runs):
        problems.append(Problem("optimizer", NO_MINIBATCHES))
    _refuse(problems, preset.source)
    return preset.model_copy(
        update={
            "data": cast(AnyData, data),
            "network": cast(AnyNetwork, network),
            "training": training.specification,
            "runs": tuple(runs),
        }
    )


def changed_run(run: RunSpecification, settings: Settings) -> RunSpecification:
    """One run with these settings, by itself: see `changed`. Raises PresetError as that does."""
    values, problems = _values(settings)
    tables = _by_table(values)
    problems += _misplaced(tables, run.name)
    with_them, wrong = _run(run, tables[""], tables[_NETWORK])
    _refuse([*problems, *wrong], run.name)
    assert with_them is not None  # without a problem there is one
    return with_them


def with_absolute_paths(preset: Preset) -> Preset:
    """The preset with paths that mean the same wherever its file lies."""
    data = preset.data
    if isinstance(data, OwnData):
        data = data.model_copy(update={"path": _absolute(data.path, preset.directory)})
    return preset.model_copy(
        update={
            "data": data,
            "network": _with_absolute_weights(preset.network, preset.directory),
            "runs": tuple(
                run.model_copy(
                    update={"network": _with_absolute_weights(run.network, preset.directory)}
                )
                for run in preset.runs
            ),
        }
    )


def _with_absolute_weights(network: AnyNetwork, directory: Path) -> AnyNetwork:
    weights = weights_of(network)
    if weights is None:
        return network
    return network.model_copy(update={"weights": _absolute(weights, directory)})


def _absolute(path: str, directory: Path) -> str:
    return str(directory.absolute() / Path(path).expanduser())


def _refuse(problems: Iterable[Problem], source: str) -> None:
    told = list(dict.fromkeys(problem.told(source) for problem in problems))
    if told:
        raise PresetError(told)


def _values(settings: Settings) -> tuple[dict[str, Any], list[Problem]]:
    """Each key with what its TOML text says, and what is wrong with the texts."""
    values: dict[str, Any] = {}
    problems = []
    for key, text in settings:
        if key in values:
            problems.append(Problem(key, "stands there twice; allowed: each key once"))
        try:
            table = tomllib.loads(f"value = {text}")
        except (tomllib.TOMLDecodeError, RecursionError):
            table = {}
        if set(table) == {"value"}:
            values[key] = table["value"]
        else:
            problems.append(Problem(key, f"{text!r} is no value as TOML has it"))
    return values, problems


def _by_table(values: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """The values by the table that they stand in: "" has a run's own."""
    tables: dict[str, dict[str, Any]] = {"": {}, _NETWORK: {}, **{name: {} for name in _SHARED}}
    for key, value in values.items():
        table, dot, rest = key.partition(".")
        if dot and table in tables:
            tables[table][rest] = value
        else:
            tables[""][key] = value
    return tables


def _misplaced(tables: Mapping[str, Mapping[str, Any]], run: str) -> Iterable[Problem]:
    """What is wrong with keys of what all runs share, where one run is meant."""
    for table in _SHARED:
        for key in tables[table]:
            text = f'all runs share it, so that "{run}" cannot have its own'
            yield Problem(f"{table}.{key}", text)


def _run(
    run: RunSpecification, own: Mapping[str, Any], of_network: Mapping[str, Any]
) -> tuple[RunSpecification | None, list[Problem]]:
    """The run with its own keys, and its network's, changed; None if something is wrong."""
    if "name" in own:
        return None, [Problem("name", "tells runs apart; allowed: settings of a run")]
    optimizer = own.get("optimizer", run.optimizer)
    if not isinstance(optimizer, str) or optimizer not in ARGUMENTS:
        return None, [wrong_word("optimizer", optimizer, ARGUMENTS)]
    network, problems = _of_kind(NETWORK_KINDS, run.network, of_network, _NETWORK)
    # Settings come from a recording or over a socket, too, and a factory is imported and called.
    if isinstance(network, UserNetwork) and not _is_same_code(run.network, network):
        problems.append(Problem("network.factory", NO_OTHER_CODE))
    keys, wrong = _keys(run, optimizer, own)
    problems += wrong
    learner = LEARNERS.get(optimizer)
    beside = RUN_KEYS if learner else tuple(RunKeys.model_fields)
    checked = check(
        ARGUMENTS[optimizer],
        _kept(run.arguments, ARGUMENTS[optimizer])
        | {
            key: value
            for key, value in own.items()
            if key not in RunKeys.model_fields and not (learner and key in learner.decided)
        },
        "",
        beside=beside,
        note=f" of a run with {optimizer}",
    )
    problems += checked.problems
    if network is not None:
        problems += unfit_for_the_network(keys, checked.specification, network, "")
    if problems or keys is None or network is None:
        return None, problems
    return (
        RunSpecification(
            **dict(keys),
            arguments=cast(OptimizerSpecification, checked.specification),
            network=cast(AnyNetwork, network),
        ),
        [],
    )


def _is_same_code(before: AnyNetwork, now: UserNetwork) -> bool:
    return isinstance(before, UserNetwork) and before.factory == now.factory


def _keys(
    run: RunSpecification, optimizer: str, own: Mapping[str, Any]
) -> tuple[RunKeys | None, list[Problem]]:
    if optimizer in LEARNERS:
        problems = list(without_meaning(optimizer, own, RunKeys.model_fields, ""))
        given = {"name": run.name, "optimizer": optimizer, "lr": None}
    else:
        problems = []
        had = {key: getattr(run, key) for key in RunKeys.model_fields}
        had["lr"] = ARGUMENTS[optimizer].default_lr if run.lr is None else run.lr
        given = had | {key: value for key, value in own.items() if key in RunKeys.model_fields}
    checked = check(RunKeys, given, "")
    return checked.specification, [*problems, *checked.problems]


def _kept(arguments: OptimizerSpecification, cls: type[OptimizerSpecification]) -> dict[str, Any]:
    """Of an optimizer's arguments, those that are not its own defaults and that the other takes."""
    if isinstance(arguments, cls):
        return dict(arguments)
    given = {key: getattr(arguments, key) for key in arguments.model_dump(exclude_defaults=True)}
    return _taken(cls, given)


def _of_kind(
    kinds: Kinds, had: Specification, own: Mapping[str, Any], where: str
) -> tuple[Specification | None, list[Problem]]:
    """A table of which `kind` says what it may hold, with keys changed."""
    if not own:
        return had, []
    kind = own.get("kind", getattr(had, "kind", None))
    if not isinstance(kind, str) or kind not in kinds:
        return None, [wrong_word(f"{where}.kind", kind, kinds)]
    kept = dict(had) if isinstance(had, kinds[kind]) else _taken(kinds[kind], dict(had))
    given = set(canonical(kinds[kind], own))
    kept = {key: value for key, value in kept.items() if key not in given} | {"kind": kind}
    checked = check_kind(kinds, kept | dict(own), where)
    return checked.specification, list(checked.problems)


def _taken(cls: type[Specification], table: Mapping[str, Any]) -> dict[str, Any]:
    """The keys of another table that a specification has, and whose values it allows."""
    known = {key: value for key, value in table.items() if key in cls.model_fields}
    wrong = {problem.where for problem in check(cls, known, "").problems}
    return {key: value for key, value in known.items() if key not in wrong}


def _had(
    run: RunSpecification, tables: Mapping[str, Mapping[str, Any]]
) -> dict[str, dict[str, Any]]:
    """Of the settings of every run, those that this run has a key for."""
    learner = run.learner is not None and "optimizer" not in tables[""]
    of_run = RUN_KEYS if learner else tuple(RunKeys.model_fields)
    optimizer = tables[""].get("optimizer", run.optimizer)
    known = isinstance(optimizer, str) and optimizer in ARGUMENTS
    arguments = ARGUMENTS[optimizer].model_fields if known else ()
    return {
        "": {key: value for key, value in tables[""].items() if key in of_run or key in arguments},
        _NETWORK: _known(NETWORK_KINDS, run.network, tables[_NETWORK]),
    }


def _known(kinds: Kinds, had: Specification, own: Mapping[str, Any]) -> dict[str, Any]:
    """The keys that a table of this kind, or of the kind it is to be, has."""
    kind = own.get("kind", getattr(had, "kind", None))
    cls = kinds.get(kind, type(had)) if isinstance(kind, str) else type(had)
    return {key: value for key, value in own.items() if key in spellings(cls)}


def _nobodys(
    runs: Iterable[RunSpecification], tables: Mapping[str, Mapping[str, Any]]
) -> Iterable[Problem]:
    """What is wrong with keys that no run has."""
    had = [_had(run, tables) for run in runs]
    for table in ("", _NETWORK):
        for key in tables[table]:
            if not any(key in of_run[table] for of_run in had):
                where = f"{table}.{key}" if table else key
                yield Problem(where, "no run of this preset has such a key")
