"""Where what a watched loop leaves behind is kept: where the program keeps it."""

import tomllib
from pathlib import Path

from dicttui.own_state import config_file, experiments


def record_directory() -> Path:
    """Where experiments are recorded: as the user's settings say, else the usual place. Settings
    that cannot be read are left for the commands to complain of.
    """
    try:
        with config_file().open("rb") as file:
            chosen = tomllib.load(file).get("record_directory")
    except (OSError, tomllib.TOMLDecodeError):
        chosen = None
    return Path(chosen).expanduser() if isinstance(chosen, str) else experiments()
