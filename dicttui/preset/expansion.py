"""The `[[runs]]` tables of a preset, made into runs.

A list for `lr` or `optimizer` makes one run of each (of each pair, if both are lists).
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any, cast

from dicttui.preset.checking import (
    Checked,
    Kinds,
    at,
    canonical,
    check,
    check_kind,
    spellings,
    unknown_key,
    wrong_value,
    wrong_word,
)
from dicttui.preset.learners import ARGUMENTS, LEARNERS, RUN_KEYS, without_meaning
from dicttui.preset.networks import AnyNetwork, AutoencoderNetwork
from dicttui.preset.optimizers import OptimizerSpecification
from dicttui.preset.problems import Problem
from dicttui.preset.runs import RunKeys, RunSpecification
from dicttui.preset.specification import Specification
from dicttui.preset.wording import shown

_BESIDE = (*RunKeys.model_fields, "network")


@dataclass(slots=True)
class _Candidate:
    """A run that is being read."""

    name: str
    chosen: bool
    """Whether a person gave the name."""
    keys: RunKeys
    arguments: OptimizerSpecification
    network: Specification


@dataclass(slots=True)
class _Table:
    """What came of one [[runs]] table."""

    candidates: list[_Candidate]
    """The runs that are right so far."""
    given_names: list[str]
    """The names that a person gave its runs, of the wrong runs too."""
    problems: list[Problem]


def expand(
    tables: Sequence[Any], network: Mapping[str, Any], network_is_sound: bool, kinds: Kinds
) -> tuple[list[RunSpecification], list[Problem]]:
    """The runs of a preset, and what is wrong with them.

    `network` is the table of `[network]`, over which `[runs.network]` is laid; where it is not
    sound itself, its own problems are not told again for each run.
    """
    candidates: list[_Candidate] = []
    given_names: list[tuple[int, str]] = []
    problems: list[Problem] = []
    for index, table in enumerate(tables):
        where = f"runs[{index}]"
        if not isinstance(table, dict):
            problems.append(wrong_value(where, table, "a table, [[runs]]"))
            continue
        checked = _network(
            network, table.get("network", {}), at(where, "network"), network_is_sound, kinds
        )
        problems += checked.problems
        found = _runs_of_table(index, table, checked.specification)
        candidates += found.candidates
        given_names += ((index, name) for name in found.given_names)
        problems += found.problems
    problems += _taken_names(given_names)
    _tell_apart(candidates)
    runs = [
        RunSpecification(
            **(dict(candidate.keys) | {"name": candidate.name}),
            arguments=candidate.arguments,
            network=cast(AnyNetwork, candidate.network),
        )
        for candidate in candidates
        if not problems
    ]
    return runs, list(dict.fromkeys(problems))


def _network(
    base: Mapping[str, Any], own: Any, where: str, base_is_sound: bool, kinds: Kinds
) -> Checked[Specification]:
    """The network of one run: its own keys over those of `[network]`."""
    if not isinstance(own, dict):
        return Checked(None, (wrong_value(where, own, "a table, [runs.network]"),))
    kind = own.get("kind", base.get("kind"))
    own_places = {at(where, key) for key in own}
    if not isinstance(kind, str) or kind not in kinds:
        # A kind that stands only in [network] has been told there.
        of_kind = {"kind": kind} if "kind" in base else {}
        checked = check_kind(kinds, of_kind | own, where)
        return Checked(None, tuple(p for p in checked.problems if p.where in own_places))
    known = set(kinds[kind].model_fields)
    inherited = {
        key: value
        for key, value in canonical(kinds[kind], base).items()
        # Another kind of network has keys of its own; what it does not know is not its concern.
        if key in known or kind == base.get("kind")
    }
    given = {spellings(kinds[kind]).get(key, key) for key in own}
    merged = {key: value for key, value in inherited.items() if key not in given} | own
    checked = check_kind(kinds, merged | {"kind": kind}, where)
    if base_is_sound:
        return checked
    return Checked(None, tuple(p for p in checked.problems if p.where in own_places))


def _runs_of_table(index: int, table: Mapping[str, Any], network: Specification | None) -> _Table:
    where = f"runs[{index}]"
    keys = {key: value for key, value in table.items() if key in RunKeys.model_fields}
    own = {key: value for key, value in table.items() if key not in _BESIDE}
    problems = [*_repeated(where, keys, "optimizer"), *_repeated(where, keys, "lr")]
    chosen = "name" in keys
    named = check(RunKeys, {"name": keys.get("name", "run"), "optimizer": "SGD", "lr": 1.0}, where)
    if named.problems:
        problems += named.problems
        keys["name"] = "run"
    has_a_name = chosen and named.specification is not None
    optimizers = _each(keys.get("optimizer"), at(where, "optimizer"))
    rates = _each(keys.get("lr"), at(where, "lr"))
    several_optimizers, several_rates = len(optimizers) > 1, len(rates) > 1
    candidates = []
    given_names = []
    pairs: list[tuple[Any, Any]] = []
    for (optimizer_at, optimizer), (lr_at, lr) in product(optimizers, rates):
        specification = ARGUMENTS.get(optimizer) if isinstance(optimizer, str) else None
        arguments = None
        learner = LEARNERS.get(optimizer) if isinstance(optimizer, str) else None
        if specification is None:
            problems += _without_optimizer(where, optimizer_at, optimizer, keys, own)
        else:
            decided = learner.decided if learner else ()
            checked = check(
                specification,
                {key: value for key, value in own.items() if key not in decided},
                where,
                beside=RUN_KEYS if learner else _BESIDE,
                note=f" of a run with {optimizer}",
            )
            problems += checked.problems
            arguments = checked.specification
        name = _name(keys, optimizer, lr, several_optimizers, several_rates)
        if learner:
            problems += without_meaning(optimizer, table, RunKeys.model_fields, where)
            given = {"name": name, "optimizer": optimizer, "lr": None}
        else:
            usual = specification.default_lr if specification else 1.0
            given = keys | {
                "name": name,
                "optimizer": optimizer if specification else "SGD",
                "lr": lr if lr is not None else usual,
            }
        run = check(RunKeys, given, where)
        wrong_lr = any(problem.where == at(where, "lr") for problem in run.problems)
        # A name that is made with a wrong value will be another once the value is right.
        wrong_part = (several_optimizers and not specification) or (several_rates and wrong_lr)
        if has_a_name and not wrong_part and (optimizer, lr) not in pairs:
            given_names.append(given["name"])
        pairs.append((optimizer, lr))
        problems += [
            Problem(lr_at, problem.text) if problem.where == at(where, "lr") else problem
            for problem in run.problems
        ]
        if network:
            problems += unfit_for_the_network(run.specification, arguments, network, where)
        if run.specification and arguments and network:
            candidates.append(
                _Candidate(run.specification.name, chosen, run.specification, arguments, network)
            )
    return _Table(candidates, given_names, problems)


def _each(value: Any, where: str) -> list[tuple[str, Any]]:
    """A value or each of a list of values, with its place."""
    if isinstance(value, list):
        return [(f"{where}[{index}]", item) for index, item in enumerate(value)]
    return [(where, value)]


def unfit_for_the_network(
    keys: RunKeys | None,
    arguments: OptimizerSpecification | None,
    network: Specification,
    where: str,
) -> Iterable[Problem]:
    """What a run's sound keys and arguments say that its network cannot have."""
    if keys:
        yield from _cannot_resample(keys, network, where)
    if arguments:
        yield from _too_many_coefficients(arguments, network, where)


def _cannot_resample(keys: RunKeys, network: Specification, where: str) -> Iterable[Problem]:
    if keys.resample_every > 0 and not isinstance(network, AutoencoderNetwork):
        yield Problem(
            at(where, "resample_every"),
            "this network's atoms cannot be started anew one by one; allowed: with a sparse "
            "autoencoder (relu, topk, …), or 0",
        )


def _too_many_coefficients(
    arguments: OptimizerSpecification, network: Specification, where: str
) -> Iterable[Problem]:
    wanted = getattr(arguments, "transform_n_nonzero_coefs", None)
    atoms = getattr(network, "dict_size", None)
    if wanted is not None and atoms is not None and wanted > atoms:
        yield Problem(
            at(where, "transform_n_nonzero_coefs"),
            f"{wanted} are more than there are atoms; allowed: at most dict_size ({atoms})",
        )


def _repeated(where: str, keys: Mapping[str, Any], key: str) -> Iterable[Problem]:
    """What is wrong with a list that makes several runs."""
    values = keys.get(key)
    if not isinstance(values, list):
        return
    if not values:
        yield Problem(at(where, key), "an empty list makes no run; allowed: at least one value")
    for position, value in enumerate(values):
        if value in values[:position]:
            yield Problem(
                f"{at(where, key)}[{position}]",
                f"{shown(value)} stands in the list twice; allowed: each value once",
            )


def _without_optimizer(
    where: str, place: str, optimizer: Any, keys: Mapping[str, Any], own: Mapping[str, Any]
) -> Iterable[Problem]:
    """The problems of a run whose optimizer is missing or unknown."""
    every_argument = {key for cls in ARGUMENTS.values() for key in cls.model_fields}
    pool = (*_BESIDE, *sorted(every_argument))
    unknown = [unknown_key(where, key, pool) for key in own if key not in every_argument]
    if "optimizer" in keys:
        yield wrong_word(place, optimizer, ARGUMENTS)
    elif not any('"optimizer"?' in problem.text for problem in unknown):
        yield Problem(place, f"missing; allowed: {', '.join(ARGUMENTS)}")
    yield from unknown


def _name(
    keys: Mapping[str, Any], optimizer: Any, lr: Any, several_optimizers: bool, several_rates: bool
) -> Any:
    """The name a person gave, or the optimizer's; with what tells several runs apart."""
    parts = []
    if "name" in keys:
        if not isinstance(keys["name"], str):
            return keys["name"]
        parts.append(keys["name"])
    if several_optimizers or "name" not in keys:
        parts.append(optimizer.lower() if isinstance(optimizer, str) else "run")
    if several_rates:
        parts.append(_rate(lr))
    return "-".join(parts)


def _rate(lr: Any) -> str:
    return f"{lr:g}" if isinstance(lr, int | float) else "lr"


def _taken_names(given: Iterable[tuple[int, str]]) -> Iterable[Problem]:
    """Names that a person gave twice, from each with the index of its [[runs]] table."""
    first: dict[str, int] = {}
    for table, name in given:
        if name in first:
            yield Problem(
                f"runs[{table}].name",
                f'"{name}" is the name of runs[{first[name]}] too; allowed: each name once',
            )
        first.setdefault(name, table)


def _tell_apart(candidates: Sequence[_Candidate]) -> None:
    """Make the names that nobody gave unique: first by the learning rate, then by counting."""
    counts = Counter(candidate.name for candidate in candidates)
    for candidate in candidates:
        rate = _rate(candidate.keys.lr)
        has_rate = candidate.keys.lr is not None
        ambiguous = has_rate and not candidate.chosen and counts[candidate.name] > 1
        if ambiguous and not candidate.name.endswith(f"-{rate}"):
            candidate.name = f"{candidate.name}-{rate}"
    taken = {candidate.name for candidate in candidates if candidate.chosen}
    for candidate in candidates:
        if candidate.chosen:
            continue
        name, number = candidate.name, 2
        while name in taken:
            name, number = f"{candidate.name}-{number}", number + 1
        candidate.name = name
        taken.add(name)
