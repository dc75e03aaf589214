"""How `replay` and `data inspect` show how far they are: a bar on the terminal, and nothing once
it is over.
"""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress


@contextmanager
def shown(total: int, doing: str = "comparing losses") -> Iterator[Callable[[int], None]]:
    """For a `with`: what is called with how much of so much has been done. Where stderr
    is no terminal nothing is shown; stdout is for the outcome.
    """
    if not sys.stderr.isatty():
        yield lambda _done: None
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
        TextColumn(doing), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(),
        console=Console(stderr=True, highlight=False), auto_refresh=False, transient=True,
    )  # fmt: skip
    task = bar.add_task("", total=total)

    def show(done: int) -> None:
        bar.update(task, completed=done)
        with suppress(OSError):  # a terminal that is gone needs no bar
            bar.refresh()

    with suppress(OSError):
        bar.start()
    try:
        yield show
    finally:
        with suppress(OSError):
            bar.stop()
