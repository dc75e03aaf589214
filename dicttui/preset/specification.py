"""The base of everything a preset may say."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar, Self

from pydantic import BaseModel, ConfigDict, model_validator
from pydantic_core import PydanticCustomError


@dataclass(frozen=True, slots=True)
class Rule:
    """What several keys of one table must keep together."""

    keys: tuple[str, ...]
    """The keys it is about; the first is the one an error points at."""
    kept: Callable[..., bool]
    """Called with the keys' values, in their order."""
    message: str
    """What is wrong and what is allowed; `{key}` stands for a key's value."""


class Specification(BaseModel):
    """An immutable part of a preset; a key that is not listed is an error."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        populate_by_name=True,
        protected_namespaces=(),
        allow_inf_nan=False,
    )
    rules: ClassVar[tuple[Rule, ...]] = ()

    @classmethod
    def broken_rules(cls, values: dict[str, Any]) -> list[tuple[str, str]]:
        """The (key, message) of every rule that the values break.

        Rules about a key without a value are left out, so that the sound part of a wrong table can
        be asked about too.
        """
        return [
            (rule.keys[0], rule.message.format(**values))
            for rule in cls.rules
            if all(key in values for key in rule.keys)
            and not rule.kept(*(values[key] for key in rule.keys))
        ]

    @model_validator(mode="after")
    def _keeps_its_rules(self) -> Self:
        broken = self.broken_rules(dict(self))
        if broken:
            text = "; ".join(f"{key}: {message}" for key, message in broken)
            raise PydanticCustomError("broken_rule", "{text}", {"text": text})
        return self
