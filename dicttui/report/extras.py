"""Packages that come with an extra, and what to do where one is absent."""

from importlib import import_module
from typing import Any

from dicttui.report.error import ReportError


def needed(module: str, extra: str) -> Any:
    """The module. Raises ReportError, with the command that installs it, where it is absent."""
    try:
        return import_module(module)
    except ImportError as error:
        raise ReportError(
            f"{extra}: needs a package that is not here ({error}); "
            f'install it with: pip install "dicttui[{extra}]"'
        ) from error
