"""Text in a width: paragraphs, and columns of numbers."""

from collections.abc import Iterator, Sequence
from textwrap import wrap

NARROWEST, NARROWEST_LABEL = 24, 12
"""Cells for words, however deep they are indented, and for words beside numbers."""
GAP = 2


def paragraph(text: str, width: int, *, indent: int = 0, hanging: int | None = None
              ) -> Iterator[str]:  # fmt: skip
    """A paragraph in lines of at most `width`; from its second line on indented by `hanging`."""
    deeper = indent if hanging is None else hanging
    yield from wrap(
        text,
        max(width, deeper + NARROWEST),
        initial_indent=" " * indent,
        subsequent_indent=" " * deeper,
        break_long_words=False,
        break_on_hyphens=False,
    )


def columns(rows: Sequence[Sequence[str]], width: int, *, indent: int = 0) -> Iterator[list[str]]:
    """The lines of each row: its first cell on the left, wrapped where it is long, the others to
    the right, in columns.
    """
    if not rows:
        return
    cells = max(len(row) for row in rows)
    widths = [max(len(row[i]) if i < len(row) else 0 for row in rows) for i in range(1, cells)]
    taken = sum(GAP + one for one in widths)
    label = max(NARROWEST_LABEL, min(max(len(row[0]) for row in rows), width - indent - taken))
    for first, *rest in rows:
        lines = wrap(first, label, break_on_hyphens=False) or [""]
        numbers = "".join(f"{'':{GAP}}{text:>{w}}" for text, w in zip(rest, widths, strict=False))
        *before, last = lines
        yield [
            *(f"{'':{indent}}{line}" for line in before),
            f"{'':{indent}}{last:<{label}}{numbers}".rstrip(),
        ]
