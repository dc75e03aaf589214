"""Every fault, by cause and setting."""

from . import data, implementation, initialisation, objective, optimizer
from .injection import HEALTHY, Injection, healthy

__all__ = ["ALL", "HEALTHY", "Injection", "healthy"]

ALL: dict[tuple[str, str], Injection] = {}
for _room in (optimizer, objective, initialisation, data, implementation):
    for _injection in _room.INJECTIONS:
        _key = (_injection.cause, _injection.setting)
        if _key in ALL:
            raise ValueError(f"{_key} is injected twice")
        ALL[_key] = _injection
