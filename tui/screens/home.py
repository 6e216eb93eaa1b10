"""Home: type what you see, open what fits; with nothing typed, what this cluster shows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.timer import Timer
from textual.widget import Widget
from textual.widgets import Input, OptionList

from tui import filters
from tui.messages import Answered, EventArrived, SearchAnswered, StreamEnded
from tui.screens import home_doors
from tui.screens import home_lines as lines
from tui.screens.base import KlinikScreen
from tui.screens.home_hints import hints_of
from tui.screens.home_inquiry import Inquiry
from tui.screens.home_narrow import narrow
from tui.screens.home_reads import Reads
from tui.screens.home_rows import Look
from tui.widgets.hints import Hint
from tui.widgets.preview import Preview
from tui.widgets.search import HomeList, SearchBox

if TYPE_CHECKING:
    from kb.hits import SearchOutcome
    from tui.questions import Pasted
    from tui.services import Shelf

ARTICLES = ("hit", "find")
"""Kinds of lines that are articles."""


class HomeScreen(KlinikScreen[None]):
    """The first screen."""

    AUTO_FOCUS = "#box"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("tab", "panes", show=False, priority=True),
        Binding("ctrl+f", "narrow", show=False, priority=True),
        Binding("ctrl+t", "suggested", show=False, priority=True),
        Binding("f6", "mute", show=False),
        Binding("f8", "app.watch", show=False),
    ]
    help_key = "home"

    def __init__(self) -> None:
        super().__init__()
        self.inquiry: Inquiry
        self.reads: Reads
        self.opening = -1
        """The question whose first hit is to be opened when it is answered: Enter came before the answer."""
        self.opened: set[str] = set()
        """Findings whose consequences are unfolded."""
        self._begun = False
        self._ticking: Timer | None = None
        self._drawing: Timer | None = None

    @property
    def shelf(self) -> Shelf | None:
        """The library, once it is open."""
        return self.reads.shelf

    @property
    def found(self) -> SearchOutcome | None:
        """The hits of the words in the box."""
        words = self.inquiry.words
        return words.found if words is not None else None

    @property
    def found_query(self) -> str:
        """The words whose hits are shown."""
        return self.inquiry.answered

    # --- frame --------------------------------------------------------------------------------------------------

    def body(self) -> Iterator[Widget]:
        """The box, the list, and on wide terminals the preview."""
        self.inquiry, self.reads = Inquiry(self, self.app.services), Reads(self, self.app.services)
        yield SearchBox(id="box", select_on_focus=False, placeholder=self.app.say("home.placeholder"))
        yield Horizontal(HomeList(id="list", markup=False), Preview(id="side"), id="main")

    def ready(self) -> None:
        """The library is opened after the first frame."""
        self.call_after_refresh(self.set_timer, 0.01, self._begin)
        self._show()

    def _begin(self) -> None:
        self.inquiry.start()
        self._begun = True
        self.reads.look_for_sessions()

    def on_unmount(self) -> None:
        """The search thread ends."""
        self.inquiry.close()

    def retext(self) -> None:
        """Everything in the other language; the cursor stays."""
        inquiry = self.inquiry
        if inquiry.paste is not None:
            inquiry.again(self.app.lang)
        self._show(keep=True)

    def hints(self) -> tuple[Hint, ...]:
        """What the box or the list can do."""
        return hints_of(self, self.inquiry, self._other_tongue())

    # --- asking -------------------------------------------------------------------------------------------------

    @on(Input.Changed, "#box")
    def _typed(self, event: Input.Changed) -> None:
        self.opening = -1
        if event.value.strip():
            self.inquiry.ask(event.value, self.app.lang)
        else:
            self.inquiry.forget()
        if self.inquiry.words is None:
            self._show()
        self.refresh_hints()

    @on(SearchBox.Pasted)
    def _pasted(self, message: SearchBox.Pasted) -> None:
        before = self.inquiry.before if self.inquiry.paste is not None else self.query_one(SearchBox).value
        self._ask_paste(message.paste, before)

    def _ask_paste(self, paste: Pasted, before: str, where: Mapping[str, str] | None = None) -> None:
        self.opening = -1
        self.inquiry.ask_paste(paste, self.app.lang, before, where)
        box = self.query_one(SearchBox)
        box.value = ""
        box.focus()
        if self._ticking is None:
            self._ticking = self.set_interval(0.5, self._tick)
        self._show()
        self.refresh_hints()

    def _tick(self) -> None:
        """How long the paste is being read."""
        if self.inquiry.paste is not None and self.inquiry.answer is None and self.inquiry.failed is None:
            self._show(keep=True)
        elif self._ticking is not None:
            self._ticking.stop()
            self._ticking = None

    @on(SearchBox.NothingToPaste)
    def _no_paste(self) -> None:
        self.notify(self.say("pasted.by_terminal"), markup=False, timeout=8)

    def on_search_answered(self, message: SearchAnswered) -> None:
        """Hits for the question of the moment; others came too late."""
        again = self.inquiry.answered == message.query
        if self.inquiry.take(message):
            self._show(keep=again)
            if self.opening == message.run:
                self.action_open()
            self.opening = -1

    def on_answered(self, message: Answered) -> None:
        """The library is open, a paste is read, a hit told in its other language, the sessions are read."""
        kind, _, name = message.tag.partition(":")
        if kind == "library":
            self._library(message)
        elif kind == "paste":
            again = self.inquiry.answer is not None
            if self.inquiry.take_paste(message):
                self._show(keep=again)
        elif kind == "told" and message.run == self.inquiry.run and message.error is None:
            if message.value is None:
                self.notify(self.say("article.one_language"), markup=False)
            else:
                self.inquiry.told[name] = message.value
                self._show(keep=True)
                self.refresh_hints()
        elif self.reads.take(message):
            self._show(keep=True)

    def on_event_arrived(self, message: EventArrived) -> None:
        """The index went on."""
        if self.reads.event(message):
            self._show(keep=True)

    def on_stream_ended(self, message: StreamEnded) -> None:
        """The index is in step with the files."""
        if self.reads.ended(message):
            self._show(keep=True)

    def _library(self, message: Answered) -> None:
        if message.error is not None:
            self.reads.error = message.why(self.app.lang)
            said = self.say("home.no_library", error=self.reads.error)
            self.notify(said, severity="error", markup=False)
        else:
            self.reads.opened(message.value)
            self.app.link.library_ready(message.value)
        self._show(keep=True)

    def library_news(self, shelf: Shelf) -> None:
        """Files of the library changed and were taken in: the same is asked again."""
        self.reads.shelf = shelf
        self.reads.count()
        self.query_one(Preview).forget()
        self.inquiry.again(self.app.lang)
        self._show(keep=True)

    def on_screen_resume(self) -> None:
        """Back from another screen: sessions may have changed."""
        if self._begun:
            self.reads.look_for_sessions()

    # --- the list -----------------------------------------------------------------------------------------------

    def cluster_news(self) -> None:
        """New results settle into the lines without moving the cursor; they are drawn a few times a second."""
        if self._drawing is None:
            self._drawing = self.set_timer(0.1, self._drawn)

    def _drawn(self) -> None:
        self._drawing = None
        self._show(keep=True)
        self.refresh_hints()

    def look(self) -> Look:
        """In which words lines are said now, and what is known beside them."""
        findings = {f.article: f for f in self.app.link.findings()}
        guided = self.shelf.guided if self.shelf is not None else {}
        inquiry = self.inquiry
        return Look(self.app.lang, self.app.signs, findings, guided, inquiry.told, inquiry.others())

    def _show(self, *, keep: bool = False) -> None:
        """The list and the frame of the box; with `keep` the cursor stays where it is."""
        look, inquiry, box = self.look(), self.inquiry, self.query_one(SearchBox)
        if inquiry.text or inquiry.paste is not None:
            options = lines.asked(inquiry, self.reads, look)
        else:
            options = lines.cluster_options(self.app, self.opened, look)
            options += lines.session_options(self.reads.sessions, look)
            options += lines.care_options(self.reads.care, look)
        if options is not None:
            asked = bool(inquiry.text) or inquiry.paste is not None
            self.query_one(HomeList).fill(options, keep=keep, first=asked)
            self._show_preview()
        box.border_title = lines.box_title(inquiry, look)
        box.border_subtitle = lines.box_count(inquiry, self.reads, look)
        place = "pasted.placeholder" if inquiry.paste is not None else "home.placeholder"
        box.placeholder = look.say(place)

    @on(OptionList.OptionHighlighted, "#list")
    def _moved(self) -> None:
        self._show_preview()
        self.refresh_hints()

    def _lang_of(self, article: str) -> str:
        """The language in which the list shows an article."""
        return self.inquiry.lang_of(article) or self.app.lang

    def _other_tongue(self) -> str:
        """What Ctrl+L would show: another language of the article under the cursor, or of klinik."""
        kind, name = self.query_one(HomeList).chosen()
        if not isinstance(self.focused, HomeList) or kind not in ARTICLES or self.shelf is None:
            return "en" if self.app.lang == "zh" else "zh"
        return next(iter(self.shelf.library.other_languages(name, self._lang_of(name))), "")

    def _show_preview(self) -> None:
        side = self.query_one(Preview)
        if not side.display:
            return
        kind, name = self.query_one(HomeList).chosen()
        if kind not in ARTICLES or self.shelf is None:
            name = ""
        library = self.shelf.library if self.shelf is not None else None
        side.show(
            name,
            self._lang_of(name),
            lambda article: library.get(article) if library is not None else None,
            at_hand=self.shelf.guided.get(name) if self.shelf is not None else None,
            lead=lines.paste_lead(self.inquiry, name, self.look()),
            results=self.app.link.results,
        )

    def on_resize(self) -> None:
        """A preview may have come into view."""
        self.call_after_refresh(self._show_preview)

    # --- actions ------------------------------------------------------------------------------------------------

    @on(Input.Submitted, "#box")
    def _submitted(self) -> None:
        if self.inquiry.waiting:
            self.opening = self.inquiry.run
        else:
            self.action_open()

    @on(OptionList.OptionSelected, "#list")
    def _selected(self, event: OptionList.OptionSelected) -> None:
        self._open(*(event.option.id or "").split(":", 1))

    def action_open(self) -> None:
        """Opens the line under the cursor, or the first one."""
        kind, name = self.query_one(HomeList).chosen()
        if kind:
            self._open(kind, name)

    def _open(self, kind: str, name: str = "") -> None:
        if kind in ARTICLES:
            self.app.open_article(name, self._lang_of(name))
        elif kind == "suggest":
            self._retype(name)
        elif kind == "drop":
            self._narrowed({key: value for key, value in self.inquiry.filters.items() if key != name})
        elif kind == "worth" and self.inquiry.answer is not None:
            self._retype(self.inquiry.answer.worth[int(name)].text)
        elif kind == "fold":
            self.opened ^= {name}
            self._show(keep=True)
        else:
            home_doors.open_line(self.app, kind, name, self.reads.sessions)

    def action_mute(self) -> None:
        """Mutes the finding under the cursor."""
        home_doors.mute_line(self.app, *self.query_one(HomeList).chosen())

    def action_suggested(self) -> None:
        """Takes the better spelling that the frame of the box names."""
        if self.inquiry.text and self.found is not None and self.found.suggestion:
            self._retype(self.found.suggestion)

    def action_narrow(self) -> None:
        """Offers what the results can be narrowed by."""
        inquiry = self.inquiry
        paste = lines.paste_title(inquiry.paste, self.look()) if inquiry.paste is not None else ""
        narrow(self.app, inquiry, paste, self._narrowed)

    def _narrowed(self, where: Mapping[str, str]) -> None:
        """Asks the same with other filters."""
        inquiry = self.inquiry
        if inquiry.paste is not None and not inquiry.text:
            self._ask_paste(inquiry.paste, inquiry.before, where)
        else:
            self._retype(filters.joined(inquiry.plain, where))

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
        """From the list into the box, from its text to nothing or to the paste, from that to the text before it."""
        box, inquiry, app = self.query_one(SearchBox), self.inquiry, self.app
        if not box.has_focus:
            box.focus()
        elif box.value:
            text = box.value
            app.forward_trail.append(lambda: self._retype(text))
            box.value = ""
        elif inquiry.paste is not None:
            paste, before, where = inquiry.paste, inquiry.before, inquiry.where
            app.forward_trail.append(lambda: self._ask_paste(paste, before, where))
            inquiry.drop_paste()
            self._retype(before)
            self._show()
            self.refresh_hints()

    def _retype(self, text: str) -> None:
        box = self.query_one(SearchBox)
        box.value = text
        box.cursor_position = len(text)
        box.focus()

    def switch_language(self) -> bool:
        """The other language of the article under the cursor; False in the box, where it is that of klinik."""
        kind, name = self.query_one(HomeList).chosen()
        if not isinstance(self.focused, HomeList) or kind not in ARTICLES or self.shelf is None:
            return False
        if other := self._other_tongue():
            self.inquiry.tell(name, other)
        else:
            self.notify(self.say("article.one_language"), markup=False)
        return True

    def action_again(self) -> None:
        """Asks the cluster again, or tries to reach it."""
        self.app.link.again()
