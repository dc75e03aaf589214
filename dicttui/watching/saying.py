"""What a watched loop's person is told on stderr: little, and nothing twice."""

import sys
from pathlib import Path


class Say:
    """Says things on stderr.

    Args:
        name: the loop's.
        quiet: whether only troubles are told.

    """

    def __init__(self, name: str, *, quiet: bool) -> None:
        self.id = ""
        """Of the experiment, once it is served."""
        self.log: Path | None = None
        """Where tracebacks are."""
        self._name, self._quiet = name, quiet
        self._said: set[str] = set()

    def begun(self, directory: Path | None, missing: dict[str, str]) -> None:
        """That it is being watched, and how to see it."""
        if self._quiet:
            return
        where = f"recorded in {directory}" if directory is not None else "nothing is recorded"
        shown = f"dicttui attach {self.id} shows it; " if self.id else ""
        self._put(f"watching {self._name}: {shown}{where}")
        for what, why in missing.items():
            self._put(f"not known of it: {what}: {why}")

    def paused(self, step: int) -> None:
        """Why the loop stands still, and how it goes on."""
        self._put(
            f"{self._name} is paused at step {step:,} from another terminal; dicttui attach "
            f"{self.id} and space resume it, Ctrl-C here ends it"
        )

    def failed(self, error: BaseException) -> None:
        """That something of the watching failed; the same is told once."""
        first_line = f"{type(error).__name__}: {error}".split("\n")[0]
        if first_line in self._said:
            return
        self._said.add(first_line)
        more = f" (more in {self.log})" if self.log is not None else ""
        self._put(f"{self._name} could not be looked at: {first_line}{more}; its training goes on")

    def trouble(self, text: str) -> None:
        """Anything else that is wrong; once."""
        if text not in self._said:
            self._said.add(text)
            self._put(text)

    def _put(self, text: str) -> None:
        try:
            print(f"dicttui: {text}", file=sys.stderr, flush=True)
        except (OSError, ValueError, AttributeError):  # there is no stderr any more
            return
