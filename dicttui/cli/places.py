"""Where the program keeps what is its own.

`DICTTUI_STATE_DIR` moves all of it into one directory.
"""

from pathlib import Path

from dicttui.own_state import VARIABLE, config_file, experiments, moved, state_directory

__all__ = ["VARIABLE", "config_file", "experiments", "log_file", "state_directory"]


def log_file() -> Path:
    """What a person should not have to see, tracebacks too."""
    from platformdirs import user_log_path

    return (moved() or user_log_path("dicttui", appauthor=False)) / "dicttui.log"
