"""The base of dialogs: a box over the screen that asks one thing."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar, cast

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.screen import ModalScreen
from textual.widget import Widget

from dicttui.tui.glyphs import Glyphs
from dicttui.tui.widgets.roles import Role, RoleLines, Span, folded

if TYPE_CHECKING:
    from dicttui.tui.app import DicttuiApp

Answer = TypeVar("Answer")

LEAST_HEIGHT_FOR_BORDER = 15


class Words(RoleLines):
    """A few words, folded at spaces, as high as they need."""

    DEFAULT_CSS = """
    Words { height: auto; width: 1fr; }
    """

    def __init__(self, words: str, role: Role, *, glyphs: Glyphs) -> None:
        super().__init__(glyphs=glyphs)
        self.words = words
        self._role: Role = role

    def tell(self, words: str) -> None:
        """Say something else."""
        if words != self.words:
            self.words = words
            self.refresh(layout=True)
            self.redraw()

    def get_content_height(self, container: Any, viewport: Any, width: int) -> int:
        """As many lines as the words fold into."""
        del container, viewport
        return len(folded(self.words, width)) if self.words else 0

    def draw(self, width: int, height: int) -> list[Any]:
        """The folded words."""
        del height
        return [self.strip([(line, self._role)]) for line in folded(self.words, width)]


class DialogKeys(RoleLines):
    """The last line of a dialog."""

    DEFAULT_CSS = """
    DialogKeys { height: 1; margin-top: 1; }
    """

    fields = 1
    """Between which `tab` moves."""

    def draw(self, width: int, height: int) -> list[Any]:
        """How to answer and how to leave."""
        del height
        spans: list[Span] = [("enter", "key"), (" ok  ", "muted")]
        if self.fields > 1 and width >= 40:
            spans += [("tab", "key"), (" next field  ", "muted")]
        return [self.strip([*spans, ("esc", "key"), (" cancel", "muted")])]


class Dialog(ModalScreen[Answer]):
    """Asks one thing; its answer is None if it is left."""

    CSS_PATH = "dialog.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "leave", show=False)]

    heading = ""
    body = ""

    @property
    def glyphs(self) -> Glyphs:
        """The app's characters."""
        return cast("DicttuiApp", self.app).glyphs

    def fields(self) -> Iterable[Widget]:
        """What is asked."""
        raise NotImplementedError

    def compose(self) -> ComposeResult:
        """A heading, some words, the fields, an error, and how to answer."""
        glyphs = self.glyphs
        self._error = Words("", "bad", glyphs=glyphs)
        self._error.id = "error"
        self._error.display = False
        with VerticalScroll(id="box", can_focus=False) as box:
            box.border_title = glyphs.plain(self.heading)
            # Where there is no room for a border.
            heading = Words(self.heading, "accent", glyphs=glyphs)
            heading.id = "heading"
            yield heading
            if self.body:
                yield Words(self.body, "muted", glyphs=glyphs)
            fields = list(self.fields())
            yield from fields
            yield self._error
            keys = DialogKeys(glyphs=glyphs)
            keys.fields = sum(not isinstance(field, Words) for field in fields)
            yield keys

    def refuse(self, why: str) -> None:
        """Say what is wrong with the answer."""
        self._error.display = True
        self._error.tell(f"{self.glyphs.alert} {why}")

    def finish(self, answer: Answer | None) -> None:
        """Answer, once: what is pressed while the dialog goes away is not meant for it."""
        if self.is_current:
            self.dismiss(answer)

    def action_leave(self) -> None:
        """No answer."""
        self.finish(None)

    def on_resize(self, event: events.Resize) -> None:
        """A border and margins only where there is room."""
        self.set_class(event.size.height < LEAST_HEIGHT_FOR_BORDER, "-low")
