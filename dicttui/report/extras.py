"""Packages that come with an extra, and what to do where one is absent."""

from importlib import import_module
from importlib.util import find_spec
from typing import Any

from dicttui.report.error import ReportError

PACKAGES = {"parquet": "pyarrow", "tensorboard": "tensorboard", "trackio": "trackio",
            "wandb": "wandb"}  # fmt: skip
"""What each extra installs."""


def needed(module: str, extra: str) -> Any:
    """A module of an extra. Raises ReportError, with the command that installs it, where it is
    absent.
    """
    try:
        return import_module(module)
    except ImportError as error:
        raise ReportError(f"{_absent(extra)} ({error})") from error


def mind_absence(extra: str) -> None:
    """Raises ReportError, with the command that installs it, where an extra is absent."""
    found = find_spec(PACKAGES[extra])
    if found is None or found.origin is None:  # a directory of that name is no package
        raise ReportError(_absent(extra))


def _absent(extra: str) -> str:
    package = PACKAGES[extra]
    return f"{extra}: needs {package}, which is not installed: pip install {package}"
