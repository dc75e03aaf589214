"""Where the program keeps what is its own.

`DICTTUI_STATE_DIR` moves all of it into one directory.
"""

import os
from pathlib import Path

VARIABLE = "DICTTUI_STATE_DIR"


def _moved() -> Path | None:
    chosen = os.environ.get(VARIABLE)
    return Path(chosen).expanduser() if chosen else None


def config_file() -> Path:
    """The user's settings."""
    from platformdirs import user_config_path

    return (_moved() or user_config_path("dicttui", appauthor=False)) / "config.toml"


def log_file() -> Path:
    """What a person should not have to see, tracebacks too."""
    from platformdirs import user_log_path

    return (_moved() or user_log_path("dicttui", appauthor=False)) / "dicttui.log"


def state_directory() -> Path:
    """What the program remembers: recorded experiments, the sockets of those that are served."""
    from platformdirs import user_state_path

    return _moved() or user_state_path("dicttui", appauthor=False)


def experiments() -> Path:
    """Where experiments are recorded unless another place is named."""
    return state_directory() / "experiments"
