"""The article under the cursor, beside the list: symptoms with verdicts, causes, the first lines."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static

from tui.messages import Answered
from tui.widgets.rows import Page
from tui.work import ask

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from kb.model import Article
    from tui.app import KlinikApp

DELAY = 0.12
"""Seconds the cursor rests on a line before its article is read."""


class Preview(VerticalScroll):
    """Reads the article on a thread; what came for another one meanwhile is dropped."""

    def __init__(self, *, id: str) -> None:
        super().__init__(Static(id="preview", markup=False), id=id, can_focus=False)
        self.article_id = ""
        self.lang = ""
        """The language it is shown in."""
        self.article: Article | None = None
        self.lead: tuple[Content, ...] = ()
        """Lines above the article: what of a paste it knows."""
        self._results: Mapping[str, Any] = {}
        self._read: Callable[[str], Article | None] | None = None

    def show(
        self,
        article_id: str,
        lang: str,
        read: Callable[[str], Article | None],
        *,
        at_hand: Article | None = None,
        lead: tuple[Content, ...] = (),
        results: Mapping[str, Any] | None = None,
    ) -> None:
        """Shows an article from now on; without one at hand `read` gets it, on a thread."""
        self.lang, self.lead, self._results, self._read = lang, lead, results or {}, read
        if article_id != self.article_id:
            self.article_id, self.article = article_id, at_hand
            self.scroll_home(animate=False)
            if article_id and at_hand is None:
                self.set_timer(DELAY, lambda: self._fetch(article_id))
        self._draw()

    def forget(self) -> None:
        """The article may have changed on disk: it is read again when shown next."""
        self.article_id = ""

    def _fetch(self, article_id: str) -> None:
        read = self._read
        if article_id == self.article_id and read is not None:
            ask(self, article_id, 0, lambda: read(article_id))

    def on_answered(self, message: Answered) -> None:
        """The article is read."""
        if message.tag == self.article_id:
            self.article = message.value
            self._draw()

    def _draw(self) -> None:
        from tui.screens.preview_text import preview

        app = cast("KlinikApp", self.app)
        view = self.query_one("#preview", Static)
        if self.article is not None:
            lines = preview(self.article, self.lang, app.lang, self._results, app.signs)
            view.update(Page((*self.lead, *lines)))
        else:
            said = Content("") if self.article_id else Content.styled(app.say("home.preview_empty"), "$quiet")
            view.update(Page((*self.lead, said)))
