"""Where the program keeps what it remembers, for rooms that know nothing of the command line."""

import os
from pathlib import Path

VARIABLE = "DICTTUI_STATE_DIR"
"""Names a directory for all of it."""


def moved() -> Path | None:
    """The directory into which everything has been moved; None: nothing has."""
    chosen = os.environ.get(VARIABLE)
    return Path(chosen).expanduser() if chosen else None


def state_directory() -> Path:
    """What the program remembers: recorded experiments, the sockets of those that are served, what
    samples were scaled by.
    """
    from platformdirs import user_state_path

    return moved() or user_state_path("dicttui", appauthor=False)


def config_file() -> Path:
    """The user's settings."""
    from platformdirs import user_config_path

    return (moved() or user_config_path("dicttui", appauthor=False)) / "config.toml"


def log_file() -> Path:
    """What a person should not have to see, tracebacks too."""
    from platformdirs import user_log_path

    return (moved() or user_log_path("dicttui", appauthor=False)) / "dicttui.log"


def experiments() -> Path:
    """Where experiments are recorded unless another place is named."""
    return state_directory() / "experiments"
