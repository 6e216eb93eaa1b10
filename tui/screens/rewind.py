"""The undo of the whole session: its steps latest first, what each would send, one confirmation, and how it went."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterator
from typing import TYPE_CHECKING, Any, ClassVar

from textual import on
from textual.binding import BindingType
from textual.containers import Container, VerticalScroll
from textual.content import Content
from textual.timer import Timer
from textual.widget import Widget
from textual.widgets import OptionList, Static

from checks.clock import Control
from checks.writing.turns import Held
from kb.messages import message
from kb.safe import one_line
from tui.keys import quiet
from tui.screens import beforeafter, restored_rows, step_text
from tui.screens import rewind_rows as rows
from tui.screens.base import KlinikScreen
from tui.screens.guide_run import RunLog
from tui.walker import wording
from tui.widgets.hints import Hint
from tui.widgets.lists import settle
from tui.widgets.rows import Page, Row

if TYPE_CHECKING:
    from checks.plans.plan import Plan
    from checks.walking.rewind import Leg, Rewind, RewindEnded
    from tui.messages import Answered
    from tui.screens.guide import GuideScreen

OLD = 120.0
"""Seconds after which the way back is read again before it is run."""


class RewindScreen(KlinikScreen[None]):
    """Reads, shows and runs the way back; the walk stays with the guide, which hands its news on to this screen."""

    CSS_PATH = "rewind.tcss"
    AUTO_FOCUS = "#legs"
    BINDINGS: ClassVar[list[BindingType]] = quiet({"f5": "run", "x": "stop", "h": "hold", "ctrl+y": "copy"})
    help_key = "rewind"

    def __init__(self, guide: GuideScreen) -> None:
        super().__init__()
        self.guide = guide
        self.shown: Rewind | None = None
        self.problem = ""
        self.reading = False
        self.running = ""  # id of the step that is being undone; "…" before the first
        self.failed = ""
        self.undone: list[str] = []
        self.log_of: dict[str, RunLog] = {}
        self.ended: RewindEnded | None = None
        self.stop: Control | None = None
        self.over: Collection[str] = frozenset()
        self.drawing: Timer | None = None
        self.then: Callable[[], None] | None = None

    def body(self) -> Iterator[Widget]:
        """What it comes to, the steps, and what the one under the cursor means."""
        yield Static("", id="crumb", classes="crumb", markup=False)
        yield Static("", id="head", markup=False)
        with Container(id="both"):
            yield OptionList(id="legs", markup=False)
            with VerticalScroll(id="leg-why"):
                yield Static("", markup=False)

    def ready(self) -> None:
        """The way back is read from the cluster."""
        self.action_again()

    def retext(self) -> None:
        """In the other language."""
        self._draw()

    def action_again(self) -> None:
        """Reads it again, unless it is being run."""
        if self.running or self.reading:
            return

        def read(walk: Any) -> Any:
            from checks.walking.rewind import plan_rewind

            return plan_rewind(walk)

        self.reading, self.problem = True, ""
        self.guide.walker.do("rewind-plan", read)
        self._draw()

    @property
    def writing(self) -> bool:
        """Whether something is being undone."""
        return bool(self.running)

    def stop_writing(self) -> None:
        """No further write is begun."""
        self.action_stop()

    # --- news from the walk -------------------------------------------------------------------------------------

    def planned(self, answer: Answered) -> None:
        """The way back came, or why there is none."""
        self.reading = False
        then, self.then = self.then, None
        if answer.error is not None:
            self.problem = one_line(wording(answer.error, self.app.lang), 600)
            self._draw()
            return
        self.shown, self.ended = answer.value, None
        self.undone, self.failed = [], ""
        self._draw()
        if self.shown is not None and self.shown.plans:
            self._to(self.shown.plans[0].step_id)
        if then is not None and self.shown is not None and self.shown.plans and self.app.screen is self:
            then()

    def event(self, event: Any) -> None:
        """Something happened on the way back; many events are drawn at once."""
        from checks.walking.rewind import LegStarted, RewindEnded
        from checks.writing.stepevents import StepEnded

        if isinstance(event, LegStarted):
            self.running = event.step
            self.log_of[event.step] = RunLog.of(event.step, self._plan_of(event.step))
            self._to(event.step)
        elif isinstance(event, RewindEnded):
            self.ended = event
        elif self.running in self.log_of:
            self.log_of[self.running].add(event, self.app.lang)
            if isinstance(event, StepEnded):
                self.undone += [event.step] if event.state == "undone" else []
                self.failed = event.step if event.state != "undone" else ""
        if self.drawing is None:
            self.drawing = self.set_timer(0.2, self._drawn)

    def _drawn(self) -> None:
        self.drawing = None
        self._draw()

    def ran(self, error: Exception | None) -> None:
        """The way back is over, or was refused."""
        self.running, self.stop = "", None
        if error is not None:
            self.problem = one_line(wording(error, self.app.lang), 600)
            self.notify(self.problem, severity="error", markup=False, timeout=8)
        self._draw()
        if isinstance(error, Held):
            self._ask_turn(error)
        if self.ended is not None and self.ended.state == "more":
            self.action_again()

    def _ask_turn(self, held: Held) -> None:
        """Somebody is at work there: with or without a take-over the way back is shown and confirmed anew."""
        from tui.screens.turn import TurnDialog

        def decided(answer: str | None) -> None:
            if answer is not None and not self.running:
                self.over = held.holders if answer == "take" else frozenset()
                self.then = self.action_run
                self.action_again()

        self.once_on_top(lambda: self.app.push_screen(TurnDialog(held), decided))

    def _plan_of(self, step: str) -> Plan | None:
        legs = self.shown.legs if self.shown is not None else ()
        return next((leg.plan for leg in legs if leg.step.id == step), None)

    # --- drawing ------------------------------------------------------------------------------------------------

    @property
    def leg(self) -> Leg | None:
        """The step under the cursor."""
        option = self.query_one("#legs", OptionList).highlighted_option
        legs = self.shown.legs if self.shown is not None else ()
        return next((one for one in legs if option is not None and one.step.id == option.id), None)

    def _draw(self) -> None:
        if not self.begun:
            return
        lang, signs = self.app.lang, self.app.signs
        title = one_line(self.guide.article_title)
        crumb = Content.assemble((f" {rows.word('crumb', lang)} ", "$quiet"), (title, "bold"))
        self.query_one("#crumb", Static).update(Row(crumb))
        self.query_one("#head", Static).update(Page([self._head()]))
        if self.shown is not None:
            options = [
                rows.option(n, leg, self._state(leg), lang, signs) for n, leg in enumerate(self.shown.legs, 1)
            ]
            settle(self.query_one("#legs", OptionList), options)
        self._draw_why()
        self.refresh_hints()

    def _state(self, leg: Leg) -> str:
        return rows.state_of(leg, self.running, self.undone, self.failed)

    def _head(self) -> Content:
        lang = self.app.lang
        if self.problem:
            return Content.styled(f"! {self.problem}", "bold $text-error")
        if self.ended is not None:
            good = self.ended.state in ("undone", "partly", "more")
            style = "bold $text-success" if good else "bold $text-error"
            return Content.styled(one_line(self.ended.message.get(lang), 800), style)
        if self.shown is None or self.reading:
            return Content.styled(rows.word("reading", lang), "$accent")
        if not self.shown.plans:
            return Content.styled(rows.word("nothing", lang), "bold")
        return rows.head(self.shown, lang)

    def _draw_why(self) -> None:
        leg, lang, signs = self.leg, self.app.lang, self.app.signs
        lines: list[beforeafter.Line] = []
        if leg is not None:
            log = self.log_of.get(leg.step.id)
            state = self._state(leg)
            if log is not None and state in ("running", "undone", "failed"):
                record = self.guide.snap.session.step(leg.step.id)
                if state != "running":
                    lines += [*step_text_of(record.message.get(lang), state)]
                    lines += restored_rows.compared(record.restored, lang, signs)
                held = self.stop is not None and self.stop.held and state == "running"
                lines += log.lines_of(lang, signs, held)
            else:
                lines = rows.page(leg, time.time(), lang, signs)
        self.query_one("#leg-why > Static", Static).update(Page(lines))

    def _to(self, step: str) -> None:
        ids = [leg.step.id for leg in self.shown.legs] if self.shown is not None else []
        if step in ids:
            self.query_one("#legs", OptionList).highlighted = ids.index(step)

    @on(OptionList.OptionHighlighted, "#legs")
    def _moved(self) -> None:
        self._draw_why()
        self.query_one("#leg-why").scroll_home(animate=False)

    @on(OptionList.OptionSelected, "#legs")
    def _whole(self) -> None:
        """The whole preview of the step, to read at leisure."""
        leg = self.leg
        if leg is not None and leg.plan is not None:
            text = step_text.plan_raw(leg.plan, self.app.lang)
            self.app.open_text(leg.plan.title.get(self.app.lang), text)

    def hints(self) -> tuple[Hint, ...]:
        """What can be done now."""
        lang = self.app.lang
        if self.stop is not None:
            held = self.stop.held
            key, word, action = ("F5", "hint-go-on", "run") if held else ("h", "hint-hold", "hold")
            hold = Hint(key, message(f"execution.{word}").get(lang), action)
            return (hold, self.hint("x", "stop", "stop"))
        found = [self.hint("^R", "again", "read_again"), self.hint("Esc", "back", "back")]
        if self.shown is not None and self.shown.plans and self.ended is None:
            run = Hint("F5", rows.word("key-run", lang), "run")
            found = [run, self.hint("Enter", "whole"), self.hint("^Y", "copy_kubectl", "copy"), *found]
        return tuple(found)

    # --- running ------------------------------------------------------------------------------------------------

    def action_run(self) -> None:
        """Undoes everything that is shown as undoable: armed first, then confirmed as the strictest step asks."""
        shown = self.shown
        if self.stop is not None and self.stop.held:
            self._let_go_on()
            return
        if self.running or self.reading or shown is None or not shown.plans or self.ended is not None:
            return
        app = self.app
        if not app.link.armed:
            app.ask_to_arm(self.action_run)
            return
        whole = shown.whole
        if whole is None or time.time() - whole.made_at > OLD:
            self.then = self.action_run
            self.action_again()
            return
        from tui.screens.confirm import ConfirmDialog

        def decided(yes: bool | None) -> None:
            over, self.over = self.over, frozenset()
            if yes:
                self._start(shown, over)

        app.push_screen(ConfirmDialog(whole), decided)

    def _start(self, shown: Rewind, over: Collection[str]) -> None:
        if self.running:
            return
        self.running, self.problem, self.failed = "…", "", ""
        stop = self.stop = Control()
        typed = shown.confirm.expected

        def run(walk: Any) -> Any:
            from checks.walking.rewind import run_rewind

            return run_rewind(walk, shown, typed=typed, stop=stop, take_over=over or False)

        self.guide.walker.do("rewind", run)
        self._draw()

    def _let_go_on(self) -> None:
        """Goes on with what is held, as long as writes are possible at all."""
        if self.stop is None or not self.stop.held:
            return
        if not self.app.link.armed:
            self.app.ask_to_arm(self._let_go_on)
            return
        self.stop.go_on()
        self._draw()

    def action_hold(self) -> None:
        """Holds before the next write; what is under way comes to its end."""
        if self.stop is not None and not self.stop.held:
            self.stop.hold()
            self.notify(message("execution.hold-said").get(self.app.lang), markup=False)
            self._draw()

    def action_stop(self) -> None:
        """Stops between two writes."""
        if self.stop is not None:
            self.stop.set()
            self.notify(self.say("fix.stopping"), markup=False)

    def action_copy(self) -> None:
        """Everything that would be sent, as kubectl."""
        whole = self.shown.whole if self.shown is not None else None
        if whole is None:
            return
        text = step_text.commands_of(whole)
        self.app.copy_to_clipboard(text)
        self.notify(self.say("copied", n=len(text.splitlines())), markup=False)

    def action_back(self) -> None:
        """Back to the guide, which shows what was undone; not in the middle of it."""
        if self.running:
            self.notify(rows.word("busy", self.app.lang), severity="warning", markup=False)
            return
        super().action_back()


def step_text_of(said: str, state: str) -> Iterator[Content]:
    """How undoing a step ended."""
    style = "bold $text-success" if state == "undone" else "bold $text-error"
    if said:
        yield Content.styled(one_line(said, 1000), style)


def open_rewind(guide: GuideScreen) -> None:
    """From the guide: the undo of its whole session."""
    lang = guide.app.lang
    if guide.guide is None or guide.writing:
        guide.notify(rows.word("not-now", lang), severity="warning", markup=False)
    elif guide.snap.path is None:
        guide.notify(rows.word("no-session", lang), markup=False)
    else:
        guide.app.push_screen(RewindScreen(guide))


def taken(guide: GuideScreen, answer: Answered) -> bool:
    """Whether an answer of the walk was for the undo, which has it then."""
    if not answer.tag.startswith("rewind"):
        return False
    screen = under_way(guide)
    if screen is not None and answer.tag == "rewind-plan":
        screen.planned(answer)
    elif answer.tag == "rewind":
        if screen is not None:
            screen.ran(answer.error)
        guide.app.step_over()
        guide.start_checks()
    return True


def under_way(guide: GuideScreen) -> RewindScreen | None:
    """The undo that belongs to this guide, where it is open."""
    found = (one for one in guide.app.screen_stack if isinstance(one, RewindScreen) and one.guide is guide)
    return next(found, None)
