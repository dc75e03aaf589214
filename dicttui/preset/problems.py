"""What is wrong with a preset, or with another file of the same form."""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong."""

    where: str
    """The place in the file: "runs[0].lr"; empty for the file as a whole."""
    text: str
    """What is wrong, and what is allowed."""
    source: str | None = None
    """Where it was said, if not in the file: "command line"."""

    def told(self, file: str) -> str:
        """The line a person reads, `file: where: what is wrong, what is allowed`.

        A file may hold what a terminal would obey instead of showing it: that is written as in
        Python.
        """
        line = ": ".join(part for part in (self.source or file, self.where, self.text) if part)
        return "".join(
            character if character.isprintable() else character.encode("unicode_escape").decode()
            for character in line
        )


class PresetError(Exception):
    """A preset cannot be used; every reason at once."""

    def __init__(self, errors: Iterable[str]) -> None:
        self.errors = tuple(errors)
        """Each as `file: where: what is wrong, what is allowed`."""
        super().__init__("\n".join(self.errors))
