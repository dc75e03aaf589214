"""Two themes of our own, one dark and one light; Textual's own stand beside them."""

from textual.theme import Theme

DARK = Theme(
    name="dicttui-dark",
    primary="#7AB8E8",
    secondary="#9AA7B8",
    accent="#F2C14E",
    success="#5CC49A",
    warning="#F2A33A",
    error="#FF7A6B",
    foreground="#D5DBE3",
    background="#11151B",
    surface="#161B22",
    panel="#2C3541",
    dark=True,
    variables={"muted": "#8793A3", "faint": "#68747F"},
)
LIGHT = Theme(
    name="dicttui-light",
    primary="#1F5F99",
    secondary="#5A6675",
    accent="#8A5A00",
    success="#1B7350",
    warning="#935100",
    error="#B3261E",
    foreground="#1D242D",
    background="#FBFBF8",
    surface="#F2F3EF",
    panel="#C9CFD6",
    dark=False,
    variables={"muted": "#5E6976", "faint": "#7C8690"},
)
OURS = (DARK, LIGHT)

FALLBACKS = {"muted": "#808A96", "faint": "#707A85"}
"""Variables that Textual's own themes lack: greys that can be read on dark and on light."""

TEXTUALS = ("textual-dark", "textual-light", "nord", "gruvbox", "dracula", "solarized-light")
"""Those of Textual's themes that `T` also passes through; the command palette has them all."""


def following(current: str, available: list[str]) -> str:
    """The theme after `current`, round and round."""
    cycle = [name for name in (*(theme.name for theme in OURS), *TEXTUALS) if name in available]
    return cycle[(cycle.index(current) + 1) % len(cycle)] if current in cycle else cycle[0]
