"""Commands whose names are kept for them, and which this version does not have."""

import typer

from dicttui.cli.output import refuse

RESERVED = ("sweep",)
"""No preset can be called by one of these words alone."""


def unavailable(context: typer.Context) -> None:
    """Say that this version has no such command."""
    refuse([f"dicttui {context.info_name}: not available in this version"])
