"""The check browser: every check of the catalogue, what it costs and needs, and what it says of this cluster."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.binding import BindingType
from textual.containers import Horizontal, VerticalScroll
from textual.content import Content
from textual.timer import Timer
from textual.widget import Widget
from textual.widgets import Input, OptionList, Static

from kb.safe import one_line
from tui.keys import quiet
from tui.messages import Answered
from tui.screens import check_text, checks_rows, evidence
from tui.screens.base import KlinikScreen
from tui.screens.check_text import Known
from tui.widgets.hints import Hint
from tui.widgets.rows import Page, Row
from tui.widgets.say import dim
from tui.widgets.search import HomeList, SearchBox
from tui.work import ask

if TYPE_CHECKING:
    from checks.layout import Layout
    from checks.model import CheckSpec
    from checks.rights.permissions import Permission
    from tui.app import KlinikApp


class ChecksScreen(KlinikScreen[None]):
    """Filter by typing; run one check, its component, or all that is shown."""

    CSS_PATH = "checks.tcss"
    AUTO_FOCUS = "#box"
    BINDINGS: ClassVar[list[BindingType]] = quiet(
        {"tab": "panes", "f7": "run", "f8": "run_shown", "f9": "evidence", "ctrl+g": "stop"}, priority=True
    )
    help_key = "checks"

    def __init__(self, words: str = "") -> None:
        super().__init__()
        self.words = words
        """What the filter begins with."""
        self.specs: dict[str, CheckSpec] = {}
        self.needs: dict[str, tuple[Permission, ...]] = {}
        """What each check has to be allowed."""
        self.layout_known: Layout | None = None
        self.shown: dict[str, list[CheckSpec]] = {}
        self.closed: set[str] = set()
        self._ticking: Timer | None = None
        self._drawing: Timer | None = None

    # --- frame --------------------------------------------------------------------------------------------------

    def body(self) -> Iterator[Widget]:
        """The filter, a line of counts, the list, and what is known of the check under the cursor."""
        yield SearchBox(
            self.words, id="box", select_on_focus=False, placeholder=self.app.say("checks.filter")
        )
        yield Static("", id="line", markup=False)
        side = VerticalScroll(Static("", id="told", markup=False), id="side", can_focus=False)
        yield Horizontal(HomeList(id="list", markup=False), side, id="main")
        yield Static("", id="advice", markup=False)

    def ready(self) -> None:
        """The catalogue is read on a thread."""
        services = self.app.services
        ask(self, "catalogue", 0, lambda: (services.catalogue(), services.layout()))
        self._ticking = self.set_interval(1.0, self._tick)
        self._draw()

    def way_here(self) -> Callable[[], None] | None:
        """The browser again."""
        return self.app.open_checks

    def retext(self) -> None:
        """In the other language."""
        self._draw()

    def hints(self) -> tuple[Hint, ...]:
        """What can be run, and how to see what it rests on."""
        stop = (Hint("^G", self.say("hint.stop"), "stop"),) if self.app.runs.state == "running" else ()
        return (
            self.hint("Enter", "open", "open"),
            self.hint("F7", "run_one", "run"),
            *stop,
            self.hint("F8", "run_shown", "run_shown"),
            self.hint("F9", "evidence", "evidence"),
            self.hint("Esc", "back", "back"),
            self.hint("^P", "commands", "palette"),
        )

    # --- what is known ------------------------------------------------------------------------------------------

    def on_answered(self, message: Answered) -> None:
        """The catalogue is read."""
        if message.error is not None:
            said = Content.styled(message.why(self.app.lang), "$text-error")
            self.query_one("#line", Static).update(said)
            return
        catalogue, self.layout_known = message.value
        layout = self.layout_known
        self.specs = {spec.id: spec for spec in catalogue}
        self.needs = {spec.id: check_text.needs(spec, layout) for spec in catalogue}
        self._ask_rights()
        self._draw()
        self._to_first()

    def _ask_rights(self) -> None:
        self.app.rights.ask(permission for needed in self.needs.values() for permission in needed)

    def checks_news(self) -> None:
        """Results came: they settle into their lines, drawn at most five times a second."""
        if self._drawing is None:
            self._drawing = self.set_timer(0.2, self._draw)

    def rights_news(self) -> None:
        """The server said what is allowed."""
        self.checks_news()

    def cluster_news(self) -> None:
        """Another cluster, or results of the triage."""
        self._ask_rights()
        self.checks_news()

    def _tick(self) -> None:
        if self.app.runs.state == "running":
            self._draw_line()

    def _may(self, spec: CheckSpec) -> bool | None:
        return check_text.allowed(self.needs[spec.id], self.app.rights.answers)

    # --- drawing ------------------------------------------------------------------------------------------------

    def _draw(self) -> None:
        if self._drawing is not None:
            self._drawing.stop()
            self._drawing = None
        words = self.query_one(SearchBox).value
        said, known = self.app.runs.latest, known_of(self.app)
        self.shown = checks_rows.grouped(checks_rows.chosen(self.specs.values(), words, said))
        closed = set() if words.strip() else self.closed
        lines = checks_rows.options(self.shown, closed, said, self._may, known)
        self.query_one(HomeList).fill(lines, keep=True, first=True)
        self._draw_line()
        self._tell()
        self.refresh_hints()

    def _draw_line(self) -> None:
        runs, known = self.app.runs, known_of(self.app)
        results = [runs.latest(check) for check in self.specs]
        shown = sum(len(specs) for specs in self.shown.values())
        count = known.say("checks.shown", shown=shown, total=len(self.specs)) if self.specs else ""
        left = Content.assemble(
            (f" {known.say('checks.title')}  ", "bold"), checks_rows.counts(results, known)
        )
        words = {"done": runs.done, "total": runs.total, "seconds": f"{runs.elapsed:.0f}", "why": runs.error}
        key = "absent" if self.app.cluster_state.phase == "absent" else runs.state
        style = "$text-error" if key in ("failed", "absent") else "$accent" if key == "running" else "$quiet"
        said = known.say(f"checks.{key}", **words) if key != "idle" else ""
        if key == "running" and runs.left is not None:
            said += f" {known.signs.dot} {known.say('home.left', n=max(1, round(runs.left)))}"
        right = Content.styled(f"{said}  ", style) if said else Content("")
        self.query_one("#line", Static).update(
            Row(left, Content.assemble(right, dim(count + " ")), share=0.6)
        )

    def _tell(self) -> None:
        """The check under the cursor: at length beside the list, in a sentence below it."""
        spec = self._spec()
        known = known_of(self.app)
        result = self.app.runs.latest(spec.id) if spec else None
        lines = [dim(self.say("checks.group_hint"))]
        if spec is not None and self.layout_known is not None:
            lines = check_text.page(spec, result, self.layout_known, known)
        self.query_one("#told", Static).update(Page(lines))
        self.query_one("#advice", Static).update(self._sentence(spec))

    def _sentence(self, spec: CheckSpec | None) -> Content:
        if spec is None:
            return dim(" " + self.say("checks.group_hint"))
        result = self.app.runs.latest(spec.id)
        said = evidence.summary(result, self.app.lang) if result else spec.why.get(self.app.lang)
        return Content.styled(" " + one_line(said, 400), "$accent" if result else "$quiet")

    # --- actions ------------------------------------------------------------------------------------------------

    def _spec(self) -> CheckSpec | None:
        kind, name = self.query_one(HomeList).chosen()
        return self.specs.get(name) if kind == "check" else None

    @on(Input.Changed, "#box")
    def _filtered(self) -> None:
        self._draw()
        self._to_first()

    def _to_first(self) -> None:
        """With a filter the cursor is on the first check, so that Enter opens it."""
        if self.query_one(SearchBox).value.strip():
            first = next((n for n, one in enumerate(self._ids()) if one.startswith("check:")), None)
            self.query_one(HomeList).highlighted = first

    def _ids(self) -> list[str]:
        return [option.id or "" for option in self.query_one(HomeList).options]

    @on(OptionList.OptionHighlighted, "#list")
    def _moved(self) -> None:
        self._tell()

    @on(Input.Submitted, "#box")
    @on(OptionList.OptionSelected, "#list")
    def action_open(self) -> None:
        """The check under the cursor at length; a component is closed or opened."""
        kind, name = self.query_one(HomeList).chosen()
        if kind == "check":
            self.app.open_check(name)
        elif kind == "group":
            self.closed ^= {name}
            self._draw()

    def action_run(self) -> None:
        """Runs the check under the cursor, or the component."""
        kind, name = self.query_one(HomeList).chosen()
        if kind == "check":
            run_one(self.app, self.specs[name])
        elif kind == "group":
            self._run(self.shown.get(name, []))

    def action_run_shown(self) -> None:
        """Runs all that the filter leaves."""
        self._run([spec for specs in self.shown.values() for spec in specs])

    def _run(self, specs: list[CheckSpec]) -> None:
        light = [spec.id for spec in specs if spec.cost != "heavy"]
        if len(light) < len(specs):
            left = len(specs) - len(light)
            self.notify(self.say("checks.heavy_left", n=left), markup=False, timeout=8)
        if connected(self.app):
            self.app.runs.start(light)

    def action_stop(self) -> None:
        """No more is asked; what has come stays."""
        self.app.runs.stop()

    def action_evidence(self) -> None:
        """What the answer under the cursor rests on, raw."""
        spec = self._spec()
        if spec is not None:
            open_evidence(self.app, spec)

    def action_into_list(self) -> None:
        """From the box into the list."""
        self.query_one(HomeList).focus()

    def action_panes(self) -> None:
        """Between the filter and the list."""
        box, view = self.query_one(SearchBox), self.query_one(HomeList)
        (view if box.has_focus else box).focus()

    def action_again(self) -> None:
        """Runs what is under the cursor again."""
        self.action_run()

    def action_back(self) -> None:
        """Empties the filter, else leaves; what runs goes on."""
        box = self.query_one(SearchBox)
        if box.value:
            box.value = ""
            box.focus()
        else:
            super().action_back()


def known_of(app: KlinikApp) -> Known:
    """What the app knows beside a check."""
    guided = app.link.guided()
    return Known(
        app.lang,
        app.signs,
        time.time(),
        app.rights.answers,
        {article.id: article.title(app.lang) for article in guided},
        frozenset(app.runs.running),
        frozenset(app.runs.waiting),
    )


def connected(app: KlinikApp) -> bool:
    """Whether there is a cluster to ask; says so where there is none."""
    if app.link.cluster is None or app.cluster_state.phase == "absent":
        app.notify(app.say("checks.no_cluster"), severity="warning", markup=False)
        return False
    return True


def run_one(app: KlinikApp, spec: CheckSpec) -> None:
    """Runs one check; a heavy one is asked about first."""
    if not connected(app):
        return
    if spec.cost != "heavy":
        app.runs.start([spec.id])
        return
    from tui.screens.confirm import SureDialog

    def decided(yes: bool | None) -> None:
        if yes:
            app.runs.start([spec.id])

    question = app.say("checks.heavy_sure", title=one_line(spec.title.get(app.lang)))
    app.push_screen(SureDialog(question, app.say("checks.heavy_yes"), app.say("checks.heavy_no")), decided)


def open_evidence(app: KlinikApp, spec: CheckSpec) -> None:
    """What a check's last answer rests on, raw; says so where it was never run."""
    result = app.runs.latest(spec.id)
    if result is None:
        app.notify(app.say("checks.no_evidence"), markup=False)
    else:
        app.open_text(spec.title.get(app.lang), evidence.raw([result], app.lang, time.time()))
