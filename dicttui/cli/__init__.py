"""The command line; imports neither torch nor Textual until a command needs it."""


def main() -> int:
    """Run the program with the process's arguments; its exit status."""
    from dicttui.cli.application import run

    return run()
