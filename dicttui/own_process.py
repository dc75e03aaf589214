"""Processes of our own beside this one."""

import os
import sys
from pathlib import Path

import dicttui


def environment() -> dict[str, str]:
    """Ours, in which this very dicttui is found though nothing is imported from where we stand."""
    package = str(Path(dicttui.__file__).parents[1])
    if package in sys.path[1:]:
        return dict(os.environ)
    paths = [os.environ.get("PYTHONPATH", ""), package]
    return os.environ | {"PYTHONPATH": os.pathsep.join(path for path in paths if path)}
