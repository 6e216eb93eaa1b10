"""What all dialogs share: a frame in the colour of the cluster, the words, Esc goes back."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, TypeVar

from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen

if TYPE_CHECKING:
    from tui.app import KlinikApp

ResultT = TypeVar("ResultT")


class Dialog(ModalScreen[ResultT]):
    """A question over the screen that asked it."""

    CSS_PATH = "dialog.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "back", show=False)]
    help_key = "dialog"
    GIVES_WAY: ClassVar[str] = "#what, #items"
    """Lists that are scrolled where the frame is higher than the screen: question, keys and buttons stay in view."""
    LEAST: ClassVar[int] = 3
    """Lines that such a list keeps."""

    if TYPE_CHECKING:

        @property
        def app(self) -> KlinikApp: ...  # type: ignore[override]

    def say(self, key: str, /, **params: object) -> str:
        """One of the app's own messages."""
        return self.app.say(key, **params)

    def frame(self, *, dangerous: bool = False) -> Vertical:
        """The frame, titled with the cluster where what is asked touches it."""
        box = Vertical(id="frame", classes="frame")
        if dangerous:
            state = self.app.cluster_state
            name = state.practice or state.context
            kind = "practice" if state.practice else "production" if state.production else ""
            word = self.say(f"status.{kind}") + " " if kind else ""
            box.border_title = f"{word}{name}".replace("[", "(").replace("]", ")")
            box.add_class(f"-{kind or 'cluster'}")
        return box

    def on_resize(self) -> None:
        """Another size: lists get what there is, and then give way again."""
        self.fit()

    def fit(self) -> None:
        """Lays the frame out anew; called too where what stands in it grew."""
        for part in self.query(self.GIVES_WAY):
            part.styles.clear_rule("max_height")
        self.call_after_refresh(self._give_way)

    def _give_way(self) -> None:
        frames = self.query("#frame")
        if not self.is_attached or not frames:
            return
        frame = frames.first()
        over = frame.virtual_size.height - frame.content_size.height
        for part in sorted(self.query(self.GIVES_WAY), key=lambda one: -one.size.height):
            height = part.size.height
            less = min(over, height - self.LEAST)
            if less > 0:
                part.styles.max_height = height - less
                over -= less

    def switch_language(self) -> bool:
        """A dialog is read in the language it was asked in."""
        return True

    def action_back(self) -> None:
        """Back, with nothing decided."""
        if self.app.screen is self:
            self.dismiss(None)
