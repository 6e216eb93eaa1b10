"""Home: type what you see, open what fits; with nothing typed, what this cluster shows."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, ClassVar

from textual import on
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, VerticalScroll
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from tui.messages import Answered, SearchAnswered
from tui.screens import home_rows as rows
from tui.screens.base import KlinikScreen
from tui.widgets.hints import Hint
from tui.widgets.search import HomeList, SearchBox
from tui.work import Searching, ask

if TYPE_CHECKING:
    from kb.model import Article
    from tui.services import Shelf


class HomeScreen(KlinikScreen[None]):
    """The first screen."""

    AUTO_FOCUS = "#box"
    BINDINGS: ClassVar[list[BindingType]] = [Binding("tab", "panes", show=False, priority=True)]
    help_key = "home"

    def __init__(self) -> None:
        super().__init__()
        self.shelf: Shelf | None = None
        self.library_error = ""
        self.found: Any = None
        self.found_query = ""
        self.took_ms = 0.0
        self.run = 0
        self.sessions: tuple[Any, ...] = ()
        self.previewed = ""
        self.preview_article: Article | None = None
        self.searching: Searching | None = None

    # --- frame --------------------------------------------------------------------------------------------------

    def body(self) -> Iterator[Widget]:
        """The box, the list, and on wide terminals the preview."""
        yield SearchBox(id="box", select_on_focus=False, placeholder=self.app.say("home.placeholder"))
        yield Horizontal(
            HomeList(id="list", markup=False),
            VerticalScroll(Static(id="preview", markup=False), id="side", can_focus=False),
            id="main",
        )

    def ready(self) -> None:
        """The library is opened after the first frame."""
        self.call_after_refresh(self.set_timer, 0.01, self._begin)
        self._show_findings()

    def _begin(self) -> None:
        self.searching = Searching(self, self.app.services.shelf)
        self.searching.start()
        box = self.query_one(SearchBox)
        if box.value.strip():
            self.run = self.searching.search(box.value)
        self.read_sessions()

    def on_unmount(self) -> None:
        """The search thread ends."""
        if self.searching is not None:
            self.searching.close()

    def retext(self) -> None:
        """Everything in the other language; the cursor stays."""
        self.query_one(SearchBox).placeholder = self.say("home.placeholder")
        self._redraw()

    def hints(self) -> tuple[Hint, ...]:
        """What the box or the list can do."""
        if isinstance(self.focused, HomeList):
            first = (self.hint("Enter", "open", "open"), self.hint("Esc", "to_box", "back"))
        else:
            down = self.app.signs.down
            first = (self.hint("Enter", "open_first", "open"), self.hint(down, "results", "into_list"))
        rest = [
            self.hint("^V", "paste"),
            self.hint("^P", "commands", "palette"),
            self.hint("^L", "language", "tongue"),
        ]
        if self.app.cluster_state.phase == "absent":
            rest.insert(0, self.hint("^R", "retry", "again"))
        return (*first, *rest, self.hint("^Q", "quit", "quit"))

    # --- searching ----------------------------------------------------------------------------------------------

    @on(Input.Changed, "#box")
    def _typed(self, event: Input.Changed) -> None:
        query = event.value.strip()
        if self.searching is not None and query:
            self.run = self.searching.search(event.value)
        if not query:
            self.run = -1
            self.found, self.found_query = None, ""
            self._show_findings()

    def on_search_answered(self, message: SearchAnswered) -> None:
        """Hits for the question of the moment; others came too late."""
        if message.run != self.run or not self.query_one(SearchBox).value.strip():
            return
        if message.error is not None:
            self.found = None
            self._fill(
                [rows.note(self.say("home.search_failed", error=str(message.error)), "failed", "$text-error")]
            )
            return
        self.found, self.found_query, self.took_ms = message.found, message.query, message.took_ms
        self._show_hits(keep=False)

    def on_answered(self, message: Answered) -> None:
        """The library is open, or the sessions are read."""
        if message.tag == "library":
            if message.error is not None:
                self.library_error = str(message.error)
                self.notify(
                    self.say("home.no_library", error=self.library_error), severity="error", markup=False
                )
            else:
                self.shelf = message.value
                self.app.link.library_ready(message.value)
            self._redraw()
        elif message.tag == "sessions" and message.error is None:
            self.sessions = tuple(message.value)
            self._redraw()
        elif message.tag == f"preview:{self.previewed}" and message.error is None:
            self.preview_article = message.value
            self._draw_preview()

    def read_sessions(self) -> None:
        """Looks for unfinished sessions."""
        folder = self.app.services.sessions_dir

        def unfinished() -> tuple[Any, ...]:
            from checks.journal import list_sessions

            return tuple(s for s in list_sessions(folder()) if not s.finished and s.problem is None)

        ask(self, "sessions", 0, unfinished)

    def on_screen_resume(self) -> None:
        """Back from another screen: sessions may have changed."""
        if self.searching is not None:
            self.read_sessions()

    # --- the list -----------------------------------------------------------------------------------------------

    def cluster_news(self) -> None:
        """New results of the triage settle into the lines without moving the cursor."""
        self._redraw()
        self.refresh_hints()

    def _redraw(self) -> None:
        if self.found is not None:
            self._show_hits(keep=True)
        elif not self.query_one(SearchBox).value.strip():
            self._show_findings()

    def _show_hits(self, *, keep: bool) -> None:
        found, lang, signs = self.found, self.app.lang, self.app.signs
        findings = {f.article: f for f in self.app.link.findings()}
        options = [
            rows.hit_option(hit, self._guided(hit.article_id), findings.get(hit.article_id), lang, signs)
            for hit in found.hits
        ]
        if not options:
            options.append(
                rows.note(self.say("home.nothing", query=self.found_query.strip()[:60]), "nothing")
            )
            if found.suggestion:
                options.append(
                    Option(
                        Content(self.say("home.suggest", text=found.suggestion)),
                        id=f"suggest:{found.suggestion}",
                    )
                )
            options.append(rows.note(self.say("home.nothing_more"), "more"))
        self._fill(options, keep=keep)
        self.query_one(SearchBox).border_subtitle = self.say(
            "home.count", shown=len(found.hits), total=found.total, ms=max(1, round(self.took_ms))
        )

    def _show_findings(self) -> None:
        link, lang, signs = self.app.link, self.app.lang, self.app.signs
        state = self.app.cluster_state
        box = self.query_one(SearchBox)
        box.border_subtitle = (
            "" if self.shelf is not None else self.library_error[:40] or self.say("home.opening")
        )
        options: list[Option] = []
        if state.phase == "absent":
            options.append(rows.heading(self.say("home.no_cluster"), "", signs, "cluster"))
            options.append(rows.note(state.why[:400], "why", "$text-error"))
            options.append(rows.note(self.say("home.still_works"), "works"))
            options.append(
                Option(Content.styled(self.say("home.try_practice"), "bold $primary"), id="do:practice")
            )
        else:
            known = {a.id: a for a in link.guided()}
            found = [f for f in link.findings() if f.article in known]
            done, total = sum(f.done for f in found), sum(f.total for f in found)
            said = self.say(
                f"home.triage_{link.triage}", done=done, total=total, seconds=round(link.triage_took, 1)
            )
            options.append(rows.heading(self.say("home.shows"), said, signs, "shows"))
            if link.triage == "failed":
                options.append(rows.note(link.triage_error[:400], "failed", "$text-error"))
            options += [rows.finding_option(f, known[f.article], lang, signs) for f in found]
        if self.sessions:
            options.append(rows.heading(self.say("home.unfinished"), "", signs, "unfinished"))
            for session in self.sessions[:8]:
                title = session.title.get(lang) or session.article
                options.append(rows.session_option(session, title, lang, signs, time.time()))
        self._fill(options, keep=True)

    def _fill(self, options: list[Option], *, keep: bool = False) -> None:
        """Puts lines into the list; the cursor stays on the line it was on where that is still there."""
        view = self.query_one(HomeList)
        before = view.highlighted_option
        where = view.scroll_offset
        wanted = before.id if before is not None and keep else None
        ids = [option.id for option in options]
        if keep and ids == [option.id for option in view.options]:
            for index, option in enumerate(options):
                view.replace_option_prompt_at_index(index, option.prompt)
        else:
            view.set_options(options)
            if wanted in ids:
                view.highlighted = ids.index(wanted)
                view.scroll_to(*where, animate=False)
            elif self.found is not None:
                view.highlighted = next((i for i, o in enumerate(options) if not o.disabled), None)
        self._show_preview()

    @on(OptionList.OptionHighlighted, "#list")
    def _moved(self) -> None:
        self._show_preview()

    def _show_preview(self) -> None:
        side = self.query_one("#side")
        if not side.display:
            return
        view = self.query_one(HomeList)
        option = view.highlighted_option or next((o for o in view.options if not o.disabled), None)
        kind, _, name = (option.id or "").partition(":") if option is not None else ("", "", "")
        if kind not in ("hit", "find") or self.shelf is None:
            name = ""
        if name != self.previewed:
            self.previewed = name
            self.preview_article = self._guided(name)
            if name and self.preview_article is None:
                self.set_timer(0.12, lambda: self._read_preview(name))
        self._draw_preview()

    def _read_preview(self, name: str) -> None:
        shelf = self.shelf
        if name == self.previewed and shelf is not None:
            ask(self, f"preview:{name}", 0, lambda: shelf.library.get(name))

    def _draw_preview(self) -> None:
        view, article = self.query_one("#preview", Static), self.preview_article
        if article is not None:
            view.update(rows.preview(article, self.app.lang, self.app.link.results, self.app.signs))
        else:
            view.update(Content.styled("" if self.previewed else self.say("home.preview_empty"), "$quiet"))

    def _guided(self, name: str) -> Article | None:
        return self.shelf.guided.get(name) if self.shelf is not None else None

    def on_resize(self) -> None:
        """A preview may have come into view."""
        self.call_after_refresh(self._show_preview)

    # --- actions ------------------------------------------------------------------------------------------------

    @on(Input.Submitted, "#box")
    def _submitted(self) -> None:
        self.action_open()

    @on(OptionList.OptionSelected, "#list")
    def _selected(self, event: OptionList.OptionSelected) -> None:
        self._open(event.option.id or "")

    def action_open(self) -> None:
        """Opens the line under the cursor, or the first one."""
        view = self.query_one(HomeList)
        option = view.highlighted_option or next((o for o in view.options if not o.disabled), None)
        if option is not None:
            self._open(option.id or "")

    def _open(self, option_id: str) -> None:
        kind, _, name = option_id.partition(":")
        if kind == "hit":
            lang = next((hit.lang for hit in self.found.hits if hit.article_id == name), "")
            self.app.open_article(name, lang)
        elif kind == "find":
            self.app.open_article(name)
        elif kind == "session":
            self._open_session(name)
        elif kind == "suggest":
            self.query_one(SearchBox).value = name
        elif kind == "do":
            self.app.action_practice()

    def _open_session(self, session_id: str) -> None:
        for session in self.sessions:
            if session.id == session_id:
                self.app.open_guide(session.article, session.path)

    def action_into_list(self) -> None:
        """From the box into the list."""
        view = self.query_one(HomeList)
        if any(not option.disabled for option in view.options):
            view.focus()
            if view.highlighted is None:
                view.action_first()

    def action_panes(self) -> None:
        """Between the box and the list."""
        if isinstance(self.focused, HomeList):
            self.query_one(SearchBox).focus()
        else:
            self.action_into_list()

    def action_back(self) -> None:
        """From the list into the box; from a full box to an empty one, whose text Alt+Right brings back."""
        box = self.query_one(SearchBox)
        if not box.has_focus:
            box.focus()
        elif box.value:
            text = box.value
            self.app.forward_trail.append(lambda: self._retype(text))
            box.value = ""

    def _retype(self, text: str) -> None:
        box = self.query_one(SearchBox)
        box.value = text
        box.cursor_position = len(text)
        box.focus()

    def action_again(self) -> None:
        """Asks the cluster again, or tries to reach it."""
        self.app.link.again()

    def action_tongue(self) -> None:
        """The other language."""
        self.app.action_language()

    def action_quit(self) -> None:
        """Leaves klinik."""
        self.app.action_leave()
