"""Where the program keeps what is its own.

`DICTTUI_STATE_DIR` moves all of it into one directory.
"""

from dicttui.own_state import (
    VARIABLE,
    config_file,
    experiments,
    log_file,
    moved,
    state_directory,
)

__all__ = ["VARIABLE", "config_file", "experiments", "log_file", "moved", "state_directory"]
