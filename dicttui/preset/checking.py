"""A table of a TOML file against a specification, every problem at once.

Values are taken strictly: a text is no number and a bool is no int. A whole number is welcome where
a float is meant, and a list where a tuple is.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar, get_args, get_origin

from pydantic import AliasChoices, ValidationError
from pydantic.fields import FieldInfo

from dicttui.preset.problems import Problem
from dicttui.preset.specification import Specification
from dicttui.preset.wording import allowed, listed, nearest, shown, words

Spec = TypeVar("Spec", bound=Specification)
Kinds = Mapping[str, type[Specification]]


@dataclass(frozen=True, slots=True)
class Checked(Generic[Spec]):
    """What came of a check."""

    specification: Spec | None
    """None if there are problems."""
    problems: tuple[Problem, ...]


def at(where: str, key: str) -> str:
    """The place of a key in a table."""
    return f"{where}.{key}" if where else key


def kinds_of(annotation: Any) -> dict[str, type[Specification]]:
    """The classes of a union that its `kind` tells apart, by kind."""
    union = get_args(annotation)[0]
    return {get_args(cls.model_fields["kind"].annotation)[0]: cls for cls in get_args(union)}


def spellings(cls: type[Specification]) -> dict[str, str]:
    """Every spelling of every key of a specification, and the field it stands for."""
    found = {}
    for name, field in cls.model_fields.items():
        found[name] = name
        if isinstance(field.validation_alias, AliasChoices):
            found |= {str(alias): name for alias in field.validation_alias.choices}
    return found


def canonical(cls: type[Specification], table: Mapping[str, Any]) -> dict[str, Any]:
    """A table with the field's name for each of its other spellings."""
    known = spellings(cls)
    return {known.get(key, key): value for key, value in table.items()}


def unknown_key(where: str, key: str, known: Iterable[str], note: str = "") -> Problem:
    """The problem of a key that does not exist, with the nearest that does."""
    known = tuple(known)
    suggestion = nearest(key, known)
    hint = f'did you mean "{suggestion}"?' if suggestion else f"allowed: {listed(known)}"
    return Problem(at(where, key), f"unknown key{note}; {hint}")


def check(
    cls: type[Spec],
    table: Mapping[str, Any],
    where: str,
    *,
    beside: Iterable[str] = (),
    note: str = "",
) -> Checked[Spec]:
    """Check a table against a specification.

    `beside` are keys that may stand in the same table but are read elsewhere (an unknown key may
    be a misspelling of one of them); `note` says what the unknown keys are unknown to.
    """
    known = spellings(cls)
    problems: list[Problem] = []
    values: dict[str, Any] = {}
    spelled: dict[str, str] = {}
    meant: set[str] = set()
    for key, value in table.items():
        name = known.get(key)
        if name is None:
            pool = (*known, *beside)
            meant.add(nearest(key, pool) or "")
            problems.append(unknown_key(where, key, pool, note))
        elif name in values:
            both = f'"{spelled[name]}" and "{key}"'
            problems.append(Problem(at(where, key), f"{both} are the same; allowed: one of them"))
        else:
            values[name] = _with_tuples(value, cls.model_fields[name])
            spelled[name] = key
    wrong: set[str] = set()
    specification = None
    try:
        specification = cls.model_validate(values, strict=True)
    except ValidationError as error:
        for detail in error.errors(include_url=False):
            if detail["type"] == "broken_rule":
                continue
            name = str(detail["loc"][0]) if detail["loc"] else ""
            if name in wrong:
                continue
            wrong.add(name)
            if detail["type"] == "missing":
                if meant.isdisjoint(spelling for spelling, field in known.items() if field == name):
                    field = cls.model_fields[name]
                    problems.append(Problem(at(where, name), f"missing; allowed: {allowed(field)}"))
            elif name:
                problems.append(
                    _refused(at(where, spelled[name]), values[name], cls.model_fields[name])
                )
            else:
                problems.append(Problem(where, detail["msg"].removeprefix("Value error, ")))
    sound = {
        name: values.get(name, field.get_default(call_default_factory=True))
        for name, field in cls.model_fields.items()
        if name not in wrong and (name in values or not field.is_required())
    }
    problems += [
        Problem(at(where, spelled.get(key, key)), text) for key, text in cls.broken_rules(sound)
    ]
    return Checked(None if problems else specification, tuple(problems))


def check_kind(
    kinds: Kinds, table: Mapping[str, Any], where: str, default: str | None = None
) -> Checked[Specification]:
    """Check a table whose `kind` says which specification it is to keep."""
    kind = table.get("kind", default)
    if isinstance(kind, str) and kind in kinds:
        others = {
            key: [other for other, cls in kinds.items() if key in spellings(cls)] for key in table
        }
        own = spellings(kinds[kind])
        foreign = {key for key in table if key not in own and others[key]}
        checked = check(
            kinds[kind],
            {key: value for key, value in table.items() if key not in foreign} | {"kind": kind},
            where,
            note=f' of kind "{kind}"',
        )
        problems = tuple(
            Problem(
                at(where, key),
                f'unknown key of kind "{kind}"; allowed: with kind = '
                + " or ".join(f'"{other}"' for other in others[key]),
            )
            for key in sorted(foreign)
        )
        problems += checked.problems
        return Checked(None if problems else checked.specification, problems)
    return Checked(None, (kind_problem(kinds, table, where), *_whatever_kind(kinds, table, where)))


def _whatever_kind(kinds: Kinds, table: Mapping[str, Any], where: str) -> Iterable[Problem]:
    """What is wrong with single keys of a table whose kind is missing or unknown.

    Each is held against the kind that is most likely meant, or against all that have such a key
    where that one has none: then it is wrong only if no kind allows it.
    """
    kind = table.get("kind")
    meant = nearest(kind, kinds) if isinstance(kind, str) else None
    every_key = sorted({key for cls in kinds.values() for key in spellings(cls)})
    for key, value in table.items():
        having = [cls for cls in kinds.values() if key in spellings(cls)]
        if not having:
            yield unknown_key(where, key, every_key)
        elif key != "kind":
            judges = [kinds[meant]] if meant and kinds[meant] in having else having
            verdicts = [_alone(cls, key, value, where) for cls in judges]
            if all(verdicts):
                yield verdicts[0][0]


def _alone(cls: type[Specification], key: str, value: Any, where: str) -> list[Problem]:
    """What is wrong with the value of one key, whatever else the table says or lacks."""
    name = spellings(cls)[key]
    field = cls.model_fields[name]
    value = _with_tuples(value, field)
    try:
        cls.model_validate({name: value}, strict=True)
    except ValidationError as error:
        if any(detail["loc"][:1] == (name,) for detail in error.errors(include_url=False)):
            return [_refused(at(where, key), value, field)]
    return [Problem(at(where, key), text) for _, text in cls.broken_rules({name: value})]


def kind_problem(kinds: Kinds, table: Mapping[str, Any], where: str) -> Problem:
    """The problem of a kind that is missing or unknown."""
    if "kind" not in table:
        return Problem(at(where, "kind"), f"missing; allowed: {listed(kinds)}")
    return wrong_word(at(where, "kind"), table["kind"], kinds)


def wrong_word(where: str, value: object, known: Iterable[str]) -> Problem:
    """The problem of a value that is none of the known words."""
    known = tuple(known)
    suggestion = nearest(value, known) if isinstance(value, str) else None
    hint = f'did you mean "{suggestion}"? ' if suggestion else ""
    return Problem(where, f"{shown(value)} is not known; {hint}allowed: {listed(known)}")


def _refused(where: str, value: object, field: FieldInfo) -> Problem:
    """The problem of a value that a field does not accept."""
    known = words(field)
    if known and isinstance(value, str):
        return wrong_word(where, value, known)
    return wrong_value(where, value, allowed(field))


def wrong_value(where: str, value: object, accepted: str) -> Problem:
    """The problem of a value of the wrong type or out of range."""
    return Problem(where, f"{shown(value)} is not allowed; allowed: {accepted}")


def _with_tuples(value: Any, field: FieldInfo) -> Any:
    """Lists as tuples, except in a table whose values belong to a person's own code."""
    if isinstance(value, list) and get_origin(field.annotation) is not dict:
        return tuple(_with_tuples(item, field) for item in value)
    return value
