"""The command line; imports neither torch nor Textual until a command needs it."""

import gc
import sys


def main() -> int:
    """Run the program with the process's arguments; its exit status."""
    # Nothing of what is imported becomes garbage. It is collected again where a command begins, or
    # after the app's first picture.
    gc.disable()
    from dicttui.cli.at_once import open_at_once, opens_at_once

    if (preset := opens_at_once(sys.argv[1:])) is not None:
        return open_at_once(preset)
    from dicttui.cli.application import run

    return run()
