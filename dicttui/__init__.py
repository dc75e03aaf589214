"""Watch dictionary networks train in the terminal, one optimizer beside another.

Importing this package imports nothing else: neither torch nor Textual is loaded until a
command needs it.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dicttui.watching.watch import watch

__version__ = "0.1.0"
__all__ = ["watch"]


def __getattr__(name: str) -> Any:
    """`watch` is imported, and torch with it, once somebody asks for it."""
    if name == "watch":
        from dicttui.watching.watch import watch

        return watch
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
