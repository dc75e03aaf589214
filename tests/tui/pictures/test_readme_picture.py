"""The README's picture shows the app as it is: `pytest … --snapshot-update` draws it anew.

Its numbers are a real training's: `article_sparse.json` was recorded from the preset
`article-sparse`, seed 0, with SGD's learning rate set to 0.05 at step 41.
"""

import asyncio
import html
import json
import re
from pathlib import Path

import pytest
from driving import Driver
from handmade import HandmadeSession
from pydantic import TypeAdapter

from dicttui.training.interventions import Receipt
from dicttui.training.snapshot import Snapshot
from dicttui.tui.app import DicttuiApp

RECORDED = Path(__file__).with_name("article_sparse.json")
PICTURE = Path(__file__).parents[2] / "readme.svg"
SIZE = (120, 40)
FONTS = '"DejaVu Sans Mono", Menlo, Consolas, "Liberation Mono", monospace'


class RecordedSession(HandmadeSession):
    """A session that shows a training as it once was."""

    def __init__(self) -> None:
        recorded = json.loads(RECORDED.read_text("utf-8"))
        super().__init__(TypeAdapter(Snapshot).validate_python(recorded["snapshot"]))
        self._recorded = TypeAdapter(list[Receipt]).validate_python(recorded["receipts"])

    def tell(self) -> None:
        """Let the receipts be read."""
        self._receipts = self._recorded


def draw() -> str:
    """The app's main screen as an SVG."""
    session = RecordedSession()
    app = DicttuiApp(session)

    async def run() -> str:
        async with app.run_test(size=SIZE) as pilot:
            driver = Driver(app, pilot, session)
            await driver.until(lambda: driver.kind == "main")
            session.tell()
            await driver.see("lr 0.01 → 0.05")
            await driver.settle()
            return app.export_screenshot(title="dicttui article-sparse", simplify=True)

    return for_any_renderer(asyncio.run(run()))


def for_any_renderer(svg: str) -> str:
    """The picture without fonts from elsewhere, each word at its own column: what knows no
    `textLength`, or has another font, still draws every word where it stands on the screen.
    """
    svg = re.sub(r"terminal-\d+", "dicttui", svg)
    svg = re.sub(r"@font-face \{.*?\}\s*", "", svg, flags=re.S)
    svg = svg.replace("Fira Code, monospace", FONTS)
    return re.sub(r"<text ([^>]*?)>([^<]*)</text>", _words, svg)


def _words(text: re.Match[str]) -> str:
    attributes, characters = text[1], html.unescape(text[2]).replace("\xa0", " ")
    x, length = (re.search(rf'\b{name}="([\d.]+)"', attributes) for name in ("x", "textLength"))
    if x is None or length is None or not characters.strip():
        return text[0] if characters.strip() else ""
    cell = float(length[1]) / len(characters)
    words = []
    # Dots of curves and lines one by one: fonts that have none borrow them, in another width.
    for word in re.finditer(
        r"[\u2800-\u28ff\u2500-\u257f]|[^ \u2800-\u28ff\u2500-\u257f]+", characters
    ):
        placed = attributes.replace(x[0], f'x="{float(x[1]) + cell * word.start():.1f}"')
        placed = placed.replace(length[0], f'textLength="{cell * len(word[0]):.1f}"')
        words.append(f"<text {placed}>{html.escape(word[0], quote=False)}</text>")
    return "".join(words)


def test_the_readmes_picture_is_the_app_as_it_is(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    drawn = draw()
    if request.config.getoption("--snapshot-update"):
        PICTURE.write_text(drawn, "utf-8")
    assert PICTURE.read_text("utf-8") == drawn, "stale: run this test with --snapshot-update"


def test_the_picture_has_every_word_of_the_screen() -> None:
    words = " ".join(html.unescape(w) for w in re.findall(r"<text [^>]*>([^<]+)</text>", draw()))
    for said in ("Adam", "SGD", "▶ running", "lr 0.01 → 0.05", "all codes zero"):
        assert said in words
