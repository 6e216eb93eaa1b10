"""A walk through a guide: symptoms, cause, fix, proof. It draws snapshots; the walk lives on its own thread."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, ClassVar

from textual import on
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.widget import Widget
from textual.widgets import OptionList, Static

from checks.model import CheckFinished, RunStarted, Verdict
from checks.pasting.elsewhere import ASKED
from kb.messages import message
from kb.safe import one_line
from tui.keys import quiet
from tui.messages import Answered, EventArrived
from tui.screens import guide_draw as drawing
from tui.screens import guide_sources, resume, rewind, step_hand
from tui.screens import sessionfiles_draft as drafting
from tui.screens import step_asks as asks
from tui.screens.base import KlinikScreen
from tui.screens.fix import FixPane
from tui.screens.guide_draw import PHASES
from tui.screens.guide_keys import keys
from tui.screens.guide_open import open_walk
from tui.walker import Snapshot, Walker, wording
from tui.widgets.hints import Hint

if TYPE_CHECKING:
    from checks.walking.walk import Walk
    from kb.model import Article, Cause, Guide
    from tui.screens.outlook import OutlookScreen
    from tui.upkeep import News


class GuideScreen(KlinikScreen[None]):
    """One walk through one guide on the cluster at hand."""

    CSS_PATH = "guide.tcss"
    BINDINGS: ClassVar[list[BindingType]] = quiet({
        "1": "phase(1)", "2": "phase(2)", "3": "phase(3)", "4": "phase(4)", "c": "check",
        "H": "heavy", "o": "evidence", "e": "elsewhere", "n": "note", "f": "finish", "w": "next",
        "P": "whole_plan", "U": "rewind",
    })  # fmt: skip
    help_key = "guide"
    AGES = 5.0

    def __init__(self, article_id: str, session: str = "") -> None:
        super().__init__()
        self.article_id = article_id
        self.session_path = session
        self.guide: Guide | None = None
        self.snap = Snapshot()
        self.phase = 1
        self.checking = self.causes_seen = False
        self.to_undo = False  # opened to undo the whole session
        self.ahead: OutlookScreen | None = None
        self.progress = ""
        self.article_title = article_id
        self.article: Article | None = None
        self.walker = Walker(self, self._make)

    def _make(self) -> Walk:
        """Opens the walk, on its thread."""
        walk = open_walk(self.app, self.article_id, self.session_path)
        self.article = walk.article
        return walk

    # --- frame --------------------------------------------------------------------------------------------------

    def body(self) -> Iterator[Widget]:
        """The phases, one of them in view."""
        yield Static("", id="crumb", classes="crumb", markup=False)
        yield Static("", id="line", markup=False)
        with Horizontal(id="symptoms", classes="phase"):
            yield OptionList(id="symptom-list", markup=False)
            with VerticalScroll(id="symptom-why", classes="why"):
                yield Static("", markup=False)
        with Horizontal(id="cause", classes="phase"):
            yield OptionList(id="cause-list", markup=False)
            with VerticalScroll(id="cause-why", classes="why"):
                yield Static("", markup=False)
        yield FixPane(self.walker)
        with Vertical(id="proof", classes="phase"), VerticalScroll(id="proof-text"):
            yield Static("", markup=False)

    def ready(self) -> None:
        """The walk is opened on its thread."""
        self.fix = self.query_one(FixPane)
        self.fix.add_class("phase")
        self._read_title()
        self._show_phase()
        self.walker.start()
        if not self.session_path:
            asks.look_for_earlier(self, self.article_id)

    def on_unmount(self) -> None:
        """The walk's thread ends; the journal can be taken up again."""
        self.walker.close()

    @property
    def derived(self) -> bool:
        """Whether the guide comes from the article's text: no live checks, every step done by a person."""
        return step_hand.is_by_hand(self.guide)

    @property
    def writing(self) -> bool:
        """Whether a step is being run."""
        return bool(self.fix.running) if self.is_mounted else False

    def stop_writing(self) -> None:
        """No further write is begun."""
        self.fix.action_stop()

    def way_here(self) -> Callable[[], None] | None:
        """The same walk again, from its journal where it has one."""
        app, name = self.app, self.article_id
        path = str(self.snap.path) if self.snap.path and not self.snap.session.outcome else ""
        return lambda: app.open_guide(name, path, keep_trail=True)

    # --- reports of the walk ------------------------------------------------------------------------------------

    def on_event_arrived(self, message: EventArrived) -> None:
        """A snapshot, or an event of a run."""
        if message.tag == "snapshot":
            self.snap = message.event
            self._draw()
        elif message.tag == "check":
            self._check_event(message.event)
        elif message.tag == "run":
            self.fix.event(message.event)
        elif message.tag == "rewind" and (way_back := rewind.under_way(self)) is not None:
            way_back.event(message.event)

    def _check_event(self, event: Any) -> None:
        if isinstance(event, RunStarted):
            self.progress = f"0/{event.total}"
        elif isinstance(event, CheckFinished):
            self.progress = f"{event.done}/{event.total}"
        self._draw_line()

    def on_answered(self, message: Answered) -> None:
        """A job of the walk is over."""
        tag, error = message.tag, message.error
        left = self.walker.left(message.run)
        if left and tag != "run":
            self.start_checks(left)
        if drafting.taken(self, message) or rewind.taken(self, message):
            return
        if tag == "elsewhere":
            guide_sources.offer(self, message)
        elif tag == "earlier":
            self.once_on_top(lambda: asks.ask_resume(self.app, message.value, self._resume))
        elif tag == "open":
            self._opened(message)
        elif tag == "check":
            self.checking = bool(left)
            if error is not None:
                self._complain(error)
            self._draw()
        elif tag == "outlook":
            if self.ahead is not None:
                self.ahead.take(message)
        elif tag == "run":
            self.fix.ran(error)
            self.app.step_over()
            self.start_checks()
        elif tag in ("form", "form+plan", "plan"):
            self.fix.answered(message)
        elif error is not None:
            self._complain(error)
        elif tag == "choose":
            self.action_phase(3)
        elif tag == "skip":
            self.fix.go_on()
        elif tag == "finish":
            drafting.after_finish(self, self.snap.session.id, str(self.snap.path or ""))

    def _opened(self, message: Answered) -> None:
        if message.error is not None:
            why = one_line(wording(message.error, self.app.lang), 600)
            self.query_one("#line", Static).update(Content.styled(f" {why}", "bold $text-error"))
            return
        self.guide = message.value
        self._read_title()
        self._draw()
        if self.snap.session.cause:
            self.action_phase(3)
        resume.begin(self)
        if self.to_undo and self.app.screen is self:  # steps in doubt are asked for first
            self.action_rewind()

    def files_changed(self, news: News) -> None:
        """A walk goes on with the guide it began with, whatever happens to its file."""
        if self.guide is not None and self.article_id in (*news.changed, *news.removed):
            self.notify(self.say("guide.kept"), markup=False, timeout=8)

    def _resume(self, path: str) -> None:
        """Goes on with an earlier session in place of this walk, which wrote nothing yet."""
        if self.app.screen is self and self.snap.path is None:
            self.dismiss()
            self.app.open_guide(self.article_id, path, keep_trail=True)

    def _complain(self, error: Exception) -> None:
        self.notify(one_line(wording(error, self.app.lang)), severity="error", markup=False, timeout=8)

    def start_checks(self, names: tuple[str, ...] | None = None) -> None:
        """Runs the checks; what is known stays until the new answers are there."""
        if self.guide is not None and self.guide.checks:
            self.checking = True
            self.walker.check(names)
            self._draw_line()

    # --- drawing ------------------------------------------------------------------------------------------------

    def retext(self) -> None:
        """Everything in the other language."""
        self._read_title()
        self._draw()

    def older(self) -> None:
        """How old answers and previews are."""
        drawing.older(self)

    def _read_title(self) -> None:
        shelf = self.app.link.shelf
        if self.article is not None:
            self.article_title = self.article.title(self.app.lang)
        elif shelf is not None and self.article_id in shelf.guided:
            self.article_title = shelf.guided[self.article_id].title(self.app.lang)

    def _draw(self) -> None:
        drawing.everything(self)

    def _draw_why(self) -> None:
        drawing.beside(self)

    def _draw_line(self) -> None:
        drawing.top(self)

    # --- moving -------------------------------------------------------------------------------------------------

    def action_phase(self, number: int) -> None:
        """Symptoms, cause, fix or proof."""
        self.phase = number
        self._show_phase()
        self._draw_line()
        if number == 3:
            self.fix.enter()
        else:
            target = self.query_one({1: "#symptom-list", 2: "#cause-list", 4: "#proof-text"}[number])
            target.focus()
            supported = [n for n, view in enumerate(self.snap.causes) if view.state == "supported"]
            if number == 2 and supported and not self.causes_seen and isinstance(target, OptionList):
                target.highlighted = supported[0]
            self.causes_seen = self.causes_seen or number == 2
        self.refresh_hints()

    def _show_phase(self) -> None:
        for number, name in enumerate(PHASES, 1):
            self.query_one(f"#{name}").display = number == self.phase

    def hints(self) -> tuple[Hint, ...]:
        """What the phase can do."""
        common = (self.hint("n", "note", "note"), self.hint("Esc", "back", "back"))
        if self.phase == 3:
            whole = Hint("P", message("outlook.key-whole").get(self.app.lang), "whole_plan")
            more = self.hint("o", "source", "evidence") if self.derived else whole
            written = any(view.record.commands for view in self.snap.steps)
            word = message("undo.key-whole").get(self.app.lang)
            back = (Hint("U", word, "rewind"),) if written and not self.writing else ()
            return (*self.query_one(FixPane).hints(), *back, more, *common)
        unseen = any(r.judgement.reason in ASKED for r in self.snap.results.values())
        found = keys(self.phase, self.guide, heavy=bool(self.snap.heavy), unseen=unseen)
        return (*(self.hint(key, label, action) for key, label, action in found), *common)

    def hint(self, key: str, label: str, action: str = "") -> Hint:
        """A hint; words of the execution and the undo have catalogues of their own."""
        if label.startswith(("execution.", "undo.")):
            return Hint(key, message(label).get(self.app.lang), action)
        return super().hint(key, label, action)

    @on(OptionList.OptionHighlighted, "#symptom-list, #cause-list")
    def _moved(self) -> None:
        self._draw_why()

    @on(OptionList.OptionSelected, "#symptom-list")
    def _to_causes(self) -> None:
        self.action_phase(2)

    @on(OptionList.OptionSelected, "#cause-list")
    def action_choose(self) -> None:
        """Plans the fix of the cause under the cursor; one the evidence does not support asks first."""
        at = self.query_one("#cause-list", OptionList).highlighted
        if at is None or at >= len(self.snap.causes) or self.writing:
            return
        view = self.snap.causes[at]
        if view.cause.id == self.snap.session.cause:
            self.action_phase(3)
            return
        if not view.cause.fix:
            self.notify(self.say("guide.no_fix"), severity="warning", markup=False)
            return
        if self.derived:  # without evidence there is none to go against, and klinik sends nothing
            self._walk("choose", lambda walk: walk.choose(view.cause.id))
        elif view.state == "supported":
            self._look_ahead(view.cause)
        else:
            asks.ask_anyway(self.app, view, lambda: self._look_ahead(view.cause))

    def _look_ahead(self, cause: Cause) -> None:
        """The whole plan of a cause comes before its first step; from there it is chosen."""
        from tui.screens.outlook import look_ahead

        def chosen() -> None:
            if cause.id == self.snap.session.cause:
                self.action_phase(3)
            else:
                self._walk("choose", lambda walk: walk.choose(cause.id))

        self.ahead = look_ahead(self, cause, chosen)

    def action_whole_plan(self) -> None:
        """The whole plan again, as the cluster is now."""
        if self.guide is None or self.derived or self.writing or not self.snap.session.cause:
            return
        self._look_ahead(self.guide.cause(self.snap.session.cause))

    # --- actions ------------------------------------------------------------------------------------------------

    def action_fix(self, name: str) -> None:
        """An action of the fix pane, from a hint."""
        getattr(self.fix, f"action_{name}")()

    def action_check(self) -> None:
        """Runs the checks again."""
        if not self.writing:
            self.start_checks()
        if self.derived:
            self.notify(self.say("derived.no_checks"), markup=False)

    def action_again(self) -> None:
        """The same; a guide without checks has nothing to read."""
        if not self.derived:
            self.action_check()

    def action_heavy(self) -> None:
        """Runs the heavy checks too, after asking."""
        if not self.snap.heavy or self.guide is None or self.writing:
            return
        names = ", ".join(self.guide.checks[alias].check for alias in self.snap.heavy)
        asks.ask_heavy(self.app, names, lambda: self.start_checks(self.snap.heavy))

    def action_evidence(self) -> None:
        """What was read for the line under the cursor, raw; in an article's guide the text that it comes from."""
        guide_sources.show_evidence(self)

    def action_elsewhere(self) -> None:
        """The commands for somebody who may read more, and a box for what they printed."""
        guide_sources.look_elsewhere(self)

    def action_next(self) -> None:
        """What it means that the fix is not done yet, and where to go."""
        from tui.screens.next import open_next

        open_next(self)

    def action_rewind(self) -> None:
        """The undo of everything this session did."""
        rewind.open_rewind(self)

    def action_note(self) -> None:
        """A note for the journal."""
        asks.ask_reason(self.app, "note.question", lambda note: self._walk("mark", lambda w: w.note(note)))

    def action_finish(self) -> None:
        """Ends the session with its outcome."""
        if self.writing or self.guide is None:
            return
        present = sum(s.verdict in (Verdict.FAIL, Verdict.WARN) for s in self.snap.symptoms)
        versions = self.app.versions
        asks.ask_outcome(
            self.app, present, lambda out, why: self._walk("finish", lambda w: w.finish(out, why, versions))
        )

    def _walk(self, tag: str, call: Callable[[Walk], None]) -> None:
        self.walker.do(tag, call)

    def action_back(self) -> None:
        """One phase is not a level: Esc leaves the walk, which stays resumable; not during a write."""
        if self.writing:
            self.notify(self.say("fix.running"), severity="warning", markup=False)
            return
        super().action_back()
