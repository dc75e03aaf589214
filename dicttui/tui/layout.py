"""How the main screen shares out its cells, from 1×1 upwards."""

from dataclasses import dataclass

MIN_CARD_WIDTH = 36
MIN_CARD_HEIGHT = 8
"""With its border; below it a card has none."""
BORDER = 2
MOST_FACTS = 12
"""Lines of text of a card on which everything is known."""
MOST_SPARK = 4
LOWEST_URGENT = 6
MOST_NORM_LINES = 16
DISTRIBUTION_LINES = 10
"""Of the norms of more rows than that, drawn as a distribution or as bars in columns."""
BESIDE = 44
"""Cells from which on the atoms' norms stand beside the rows'."""


@dataclass(frozen=True, slots=True)
class Plan:
    """Heights in lines; 0 is not shown. Cards that are higher together than `cards` scroll."""

    title: int
    cards: int
    chart: int
    system: int
    receipt: int
    keys: int
    columns: int
    """Cards beside each other."""
    card_height: int
    bordered: bool
    single: bool
    """Whether only the selected card has room."""


def plan(
    width: int,
    height: int,
    runs: int,
    enlarged: bool,
    norm_lines: int = 6,
    *,
    urgent: bool = False,
) -> Plan:
    """Share out a screen of so many cells among so many runs.

    `norm_lines` is what the norms of a card's rows would take; a card is given no more than it can
    use, and the chart has the rest. `urgent` is whether the line of the machine says something
    that a person needs on a low screen too.
    """
    keys = 1 if height >= 3 else 0
    receipt = 1 if height >= 5 else 0
    system = 1 if height >= (LOWEST_URGENT if urgent else 16) else 0
    title = 1 if height >= 14 else 0
    room = max(0, height - keys - receipt - system - title)
    single = enlarged or runs <= 1 or room < MIN_CARD_HEIGHT or width < 30
    columns = 1 if single else _columns(width, runs)
    card_rows = 1 if single else -(-runs // columns)
    chart = 0 if enlarged else _chart(room, card_rows)
    cards = room - chart
    # Many runs lose their borders and their details before one of them goes out of sight.
    card_height = max(1, cards // card_rows)
    if chart:
        card_height = min(card_height, MOST_FACTS + MOST_SPARK + norm_lines + BORDER)
        cards = min(cards, card_height * card_rows)
        chart = room - cards
    bordered = card_height >= 7 and width >= 24
    return Plan(title, cards, chart, system, receipt, keys, columns, card_height, bordered, single)


def _columns(width: int, runs: int) -> int:
    """As many cards side by side as have room, in rows of equal length."""
    most = max(1, width // MIN_CARD_WIDTH)
    rows = -(-runs // most)
    return -(-runs // rows)


def _chart(room: int, card_rows: int) -> int:
    """The chart's share: none where it would leave a card without its essentials."""
    if room < 15:
        return 0
    share = 0.36 if card_rows == 1 else 0.3
    return max(6, round(room * share) - (1 if room < 24 else 0))


@dataclass(frozen=True, slots=True)
class CardPlan:
    """Lines of one card's parts, without its border."""

    facts: int
    spark: int
    norms: int
    """Of the rows' norms, and of the atoms' beside or below them."""
    beside: bool
    """Whether the atoms' norms stand beside the rows'."""


def norm_lines(rows: int, atoms: bool, width: int) -> int:
    """The lines that the norms of so many rows can use on a card of so many cells."""
    if not rows:
        return 0
    lines = rows + 1 if rows < MOST_NORM_LINES else DISTRIBUTION_LINES
    return 2 * lines if atoms and width < BESIDE else lines


def plan_card(width: int, height: int, facts: int, rows: int, atoms: bool) -> CardPlan:
    """Share out a card's cells among so many facts and the norms of so many rows."""
    beside = atoms and width >= BESIDE
    if height < 6:
        return CardPlan(min(facts, height), 0, 0, beside)
    wanted = norm_lines(rows, atoms, width)
    spark = 1 if height < 14 else 2 if height < 18 else 3
    stacked = atoms and not beside
    # What a person must know of a run comes before the details of its norms.
    # Rows and atoms below each other want a heading each, and the rows' range.
    least = min(wanted, 4 if height >= 14 else 3 if stacked and height >= 10 else 2)
    shown = max(1, min(facts, height - spark - least))
    norms = min(height - shown - spark, wanted)
    spark = min(height - shown - norms, max(6, height // 2))
    norms = height - shown - spark if wanted else 0
    return CardPlan(shown, spark, norms, beside)
