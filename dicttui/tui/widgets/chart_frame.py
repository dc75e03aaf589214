"""The heading of a chart, and the axes about it."""

from collections.abc import Sequence

from rich.style import Style
from rich.text import Text

from dicttui.tui.glyphs import Glyphs
from dicttui.tui.plotext_canvas import Frame
from dicttui.tui.scaling import Axis
from dicttui.tui.ticks import ticks
from dicttui.tui.widgets.chart_marks import Plane

# Below these an axis takes more room than it is worth.
_NARROWEST_WITH_LABELS = 20
_LOWEST_WITH_AXIS = 5
_LOWEST_WITH_HEADING = 3


def framed(
    width: int, height: int, x: Axis, y: Axis, *, labels: bool, glyphs: Glyphs
) -> tuple[Frame, Plane]:
    """The frame with its ticks where there is something to read, and its canvas's plane."""
    axis_below = height >= _LOWEST_WITH_AXIS
    rows = height - 2 if axis_below else height
    y_values: list[tuple[float, str]] = []
    if labels and width >= _NARROWEST_WITH_LABELS and rows >= 2:
        y_values = ticks(y, max(2, rows // 3), glyphs=glyphs)
    # A first frame tells how wide the canvas is, which the ticks' cells depend on.
    sized = Frame(
        width,
        height,
        ((0, ""),) if axis_below else (),
        tuple((0, label) for _, label in y_values),
    )
    plane = Plane(x, y, sized.canvas_width, sized.canvas_height, glyphs)
    x_values = []
    if labels and axis_below:
        x_values = ticks(x, max(1, plane.width // 12), glyphs=glyphs)
    frame = Frame(
        width,
        height,
        tuple((plane.column(value), label) for value, label in x_values) or sized.x_ticks,
        tuple((plane.row(value), label) for value, label in y_values),
    )
    return frame, plane


def heading(entries: Sequence[tuple[str, Style]], width: int, height: int) -> list[Text]:
    """Texts one after the other, on as many lines as are worth it on a chart of such a height; what
    is left out is counted.
    """
    at_most = 0 if height < _LOWEST_WITH_HEADING else max(1, height // 8)
    if not at_most:
        return []
    lines = [Text(no_wrap=True)]
    for i, (entry, style) in enumerate(entries):
        left = len(entries) - i
        more = f" +{left}"
        room = width - (len(more) if left > 1 and len(lines) == at_most else 0)
        gap = "  " if lines[-1].plain else ""
        if len(lines[-1].plain) + len(gap) + len(entry) > room and lines[-1].plain:
            if len(lines) == at_most:
                lines[-1].append(more)
                break
            lines.append(Text(no_wrap=True))
            gap = ""
        lines[-1].append(gap + entry, style)
    return lines
