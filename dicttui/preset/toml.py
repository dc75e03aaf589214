"""A TOML file as a table, or a clear word on why it is none."""

import re
import tomllib
from pathlib import Path
from typing import Any

from dicttui.preset.problems import Problem


def load(path: Path) -> dict[str, Any] | Problem:
    """The table of a TOML file, or what keeps it from being one."""
    try:
        text = path.read_bytes().decode("utf-8")
    except FileNotFoundError:
        return Problem("", "no such file")
    except IsADirectoryError:
        return Problem("", "a directory; allowed: a TOML file")
    except UnicodeDecodeError as error:
        return Problem(f"byte {error.start}", "not UTF-8; allowed: a text file in UTF-8")
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        return Problem("", f"cannot be read: {reason}")
    try:
        return tomllib.loads(text.removeprefix("\ufeff"))
    except tomllib.TOMLDecodeError as error:
        return _syntax_problem(str(error), text)
    except (ValueError, RecursionError) as error:
        reason = "nested too deeply" if isinstance(error, RecursionError) else str(error)
        return Problem("", f"not valid TOML: {reason}")


def _syntax_problem(message: str, text: str) -> Problem:
    """The message of tomllib with its place moved to the front."""
    place = re.search(r" \(at (?:line (\d+), column (\d+)|end of document)\)$", message)
    if place is None:
        return Problem("", f"not valid TOML: {message}")
    if place[1]:
        line, column = int(place[1]), int(place[2])
    else:
        lines = text.split("\n")
        line, column = len(lines), len(lines[-1]) + 1
    return Problem(f"line {line}, column {column}", f"not valid TOML: {message[: place.start()]}")
