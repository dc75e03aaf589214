"""How `replay` shows how far it is: a bar on the terminal, and nothing once it is over."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress


@contextmanager
def shown(total: int) -> Iterator[Callable[[int], None]]:
    """For a `with`: what is called with how many of so many losses have been compared. Where
    stderr is no terminal nothing is shown; stdout is for the outcome.
    """
    if not sys.stderr.isatty():
        yield lambda _compared: None
        return
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
    )

    bar = Progress(
        TextColumn("comparing losses"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(),
        console=Console(stderr=True, highlight=False), auto_refresh=False, transient=True,
    )  # fmt: skip
    task = bar.add_task("", total=total)

    def show(compared: int) -> None:
        bar.update(task, completed=compared)
        with suppress(OSError):  # a terminal that is gone needs no bar
            bar.refresh()

    with suppress(OSError):
        bar.start()
    try:
        yield show
    finally:
        with suppress(OSError):
            bar.stop()
