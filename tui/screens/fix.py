"""The fix: the steps of the chosen cause, their inputs, the preview, and the run."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.timer import Timer
from textual.widgets import OptionList, Static

from checks.walking.whatnext import meaning
from kb.messages import message
from kb.model import CommandAction, ManualAction
from kb.safe import one_line
from tui.keys import quiet
from tui.screens import fix_order, run_here, step_hand, step_text
from tui.screens import step_asks as asks
from tui.screens.beforeafter import Line
from tui.screens.fix_order import Order
from tui.screens.fix_runs import NOBODY, OLD, StepRuns
from tui.screens.guide_run import RunLog
from tui.walker import Form, Snapshot, StepView, Walker, form, wording
from tui.widgets.hints import Hint
from tui.widgets.lists import settle
from tui.widgets.rows import Page

if TYPE_CHECKING:
    from checks.plans.plan import Plan
    from tui.messages import Answered


ABOVE = 14
"""Lines of a running step above its output: what came last shall be in view."""


class FixPane(StepRuns):
    """Steps on top, inputs below, then what would be done or is being done."""

    BINDINGS: ClassVar[list[BindingType]] = quiet({
        "p": "preview", "f5": "run", "s": "skip", "u": "undo", "x": "stop", "i": "edit",
        "d": "done_by_hand", "a": "accept", "t": "settle", "ctrl+y": "copy", "h": "hold", "b": "batch",
    })  # fmt: skip

    def __init__(self, walker: Walker) -> None:
        super().__init__(id="fix")
        self.walker = walker
        self.snap = Snapshot()
        self.step_id = ""
        self.given: dict[str, dict[str, Any]] = {}  # what the operator chose, by step
        self.form: Form | None = None
        self.plan: Plan | None = None
        self.problem = ""
        self.reading = False  # the cluster is being read for inputs or a plan
        self.again = False  # the plan of a step that is done was asked for
        self.log_of: dict[str, RunLog] = {}
        self.stop = None
        self.started = None
        self.orders: dict[str, Order] = {}
        self.over = NOBODY
        self.looked = ""  # the step whose reading command klinik ran itself: its output stays in view
        self.running = ""  # id of the step whose run is under way
        self.drawing: Timer | None = None
        self.after_plan: Callable[[], None] | None = None
        self.asked = 0
        """The job whose answer is waited for: what was asked before it is about other inputs or another step."""

    def compose(self) -> ComposeResult:
        """Steps, inputs, detail."""
        yield OptionList(id="steps", markup=False)
        yield OptionList(id="inputs", markup=False)
        with VerticalScroll(id="detail"):
            yield Static("", id="plan", markup=False)

    # --- what is shown ------------------------------------------------------------------------------------------

    @property
    def lang(self) -> str:
        """The language of the app."""
        return self.screen.app.lang

    @property
    def view(self) -> StepView | None:
        """The step under the cursor."""
        return next((view for view in self.snap.steps if view.step.id == self.step_id), None)

    def take(self, snap: Snapshot) -> None:
        """A new snapshot; the cursor stays on its step, the first time it goes to the next one to do."""
        before = [view.step.id for view in self.snap.steps]
        self.snap = snap
        if [view.step.id for view in snap.steps] != before:
            self.step_id = snap.next_step or (snap.steps[0].step.id if snap.steps else "")
            self.plan, self.form, self.problem = None, None, ""
            self.after_plan = None
        self.draw()

    def draw(self) -> None:
        """Everything again, from values."""
        self._draw_steps()
        self._draw_inputs()
        self._draw_detail()
        self.screen.refresh_hints()

    def _draw_steps(self) -> None:
        steps, signs = self.query_one("#steps", OptionList), self.screen.app.signs
        options = [
            step_text.step_option(n, view, self.given.get(view.step.id, {}), self.lang, signs)
            for n, view in enumerate(self.snap.steps, 1)
        ]
        with self.prevent(OptionList.OptionHighlighted):
            settle(steps, options, self.step_id)

    def _draw_inputs(self) -> None:
        inputs = self.query_one("#inputs", OptionList)
        view, shown = self.view, self.form
        current = view is not None and shown is not None and shown.step_id == view.step.id
        specs = view.step.inputs if view is not None and current else ()
        inputs.display = bool(specs) and self.step_id != self.running
        if not specs or shown is None:
            return
        at = inputs.highlighted
        inputs.set_options(
            step_text.input_option(spec, shown, self.lang, self.screen.app.signs) for spec in specs
        )
        inputs.highlighted = min(at or 0, len(specs) - 1)

    def older(self) -> None:
        """How old the preview is."""
        if self.plan is not None:
            self._draw_detail()

    def _draw_detail(self) -> None:
        self.query_one("#plan", Static).update(Page(self._detail()))

    def _detail(self) -> list[Line]:
        """While it runs: the run. Else state, what would be done, what it hits, what it is about."""
        view, lang, signs, guide = self.view, self.lang, self.screen.app.signs, self.screen.guide
        if view is None or guide is None:
            return [Content.styled(self.screen.say("fix.no_cause"), "$quiet")]
        log = self.log_of.get(view.step.id)
        if log is not None and self.running == view.step.id:
            room = max(4, self.query_one("#detail").size.height - ABOVE)
            return log.lines_of(lang, signs, self.held, room)
        form = self.form_of(view)
        if step_hand.is_by_hand(guide):
            return [*step_hand.detail(view, guide, form, step_text.Said(self.problem), lang, signs)]
        plan = self.plan if self.plan is not None and self.plan.step_id == view.step.id else None
        reading = self.screen.say("fix.reading") if self.reading else ""
        said = step_text.Said(self.problem, reading, self._order(plan), self._means(view))
        return step_text.detail(view, guide, form, plan, log, said, lang, signs, time.time())

    def _order(self, plan: Plan | None) -> tuple[Content, ...]:
        if plan is None or self.view is None:
            return ()
        verified = self.view.step.verify is not None and plan.purpose == "do"
        return tuple(fix_order.lines(plan, self.order_of(plan), verified, self.lang))

    def _means(self, view: StepView) -> str:
        """What it means that the step did not end well, and the key that leads on."""
        alias = view.step.verify.check if view.step.verify is not None else ""
        found = meaning(view.record, self.snap.session, alias)
        if found is None:
            return ""
        return step_text.joined(found.get(self.lang), message("execution.next-key").get(self.lang))

    def _formed(self) -> bool:
        return self.form is not None and self.form.step_id == self.step_id

    def hints(self) -> tuple[Hint, ...]:
        """What can be done with the step under the cursor."""
        if self.running and self.looked:  # nothing to hold: it writes nothing
            return (self.screen.hint("x", "stop", "fix('stop')"),)
        many = self.plan is not None and fix_order.many(self.plan)
        keys = step_text.step_keys(self.view, bool(self.running), held=self.held, many=many)
        return tuple(self.screen.hint(key, label, action) for key, label, action in keys)

    # --- choosing a step and its inputs -------------------------------------------------------------------------

    def enter(self) -> None:
        """The pane comes into view: the next step is looked at."""
        steps = self.query_one("#steps", OptionList)
        steps.focus()
        if self.view is not None and not self._formed() and not self.running:
            self._ask_form(preview=True)

    @on(OptionList.OptionHighlighted, "#steps")
    def _moved(self, event: OptionList.OptionHighlighted) -> None:
        if event.option.id and event.option.id != self.step_id:
            self.step_id = event.option.id
            self.problem, self.plan, self.after_plan = "", None, None
            self.draw()
            step = self.step_id
            self.set_timer(0.2, lambda: self._settled(step))

    def show(self, step: str) -> bool:
        """Moves the cursor to a step; False where the chosen cause does not have it."""
        ids = [view.step.id for view in self.snap.steps]
        if step in ids:
            self.query_one("#steps", OptionList).highlighted = ids.index(step)
            self.step_id = step
        return step in ids

    def _settled(self, step: str) -> None:
        if step == self.step_id and not self._formed() and not self.running:
            self._ask_form(preview=True)

    def _ask_form(self, *, preview: bool) -> None:
        self.reading = True
        step, given = self.step_id, self._values_so_far()
        self.asked = self.walker.do("form+plan" if preview else "form", lambda walk: form(walk, step, given))

    def _values_so_far(self) -> dict[str, Any]:
        """What was given for this step; in an article's steps also what was said for the same slot elsewhere."""
        view, own = self.view, dict(self.given.get(self.step_id, {}))
        if view is None or not step_hand.is_by_hand(self.screen.guide):
            return own
        said = {
            spec.name: step_hand.said_before(self.snap.steps, self.given, spec) for spec in view.step.inputs
        }
        known = {name: value for name, value in said.items() if value is not None}
        return {**known, **view.record.values, **own}

    @on(OptionList.OptionSelected, "#steps")
    def _chosen(self) -> None:
        """The whole preview, or first of all a preview."""
        plan, view = self.plan, self.view
        form = self.form_of(view) if view is not None else None
        if view is not None and form is not None and isinstance(view.step.action, CommandAction):
            text = step_hand.whole(view, view.step.action, form, self.lang)
            copies = step_hand.to_copy(view.step.action, form.line)
            self.screen.app.open_text(view.step.text.get(self.lang), text, copies=copies)
        elif plan is not None and plan.step_id == self.step_id and not plan.manual:
            self.screen.app.open_text(plan.title.get(self.lang), step_text.plan_raw(plan, self.lang))
        else:
            self.action_preview()

    @on(OptionList.OptionSelected, "#inputs")
    def _input_chosen(self, event: OptionList.OptionSelected) -> None:
        self._edit(event.option.id or "")

    def action_edit(self) -> None:
        """Changes the input under the cursor, or the first one."""
        inputs = self.query_one("#inputs", OptionList)
        if inputs.display and inputs.option_count:
            self._edit(inputs.get_option_at_index(inputs.highlighted or 0).id or "")

    def _edit(self, name: str) -> None:
        view, shown = self.view, self.form
        if view is None or shown is None or self.running:
            return
        spec = next(one for one in view.step.inputs if one.name == name)
        asks.ask_input(self.screen.app, spec, shown, lambda value: self._given(name, value))

    def _given(self, name: str, value: Any) -> None:
        view = self.view
        if view is None:
            return
        known = self.given.setdefault(self.step_id, {})
        known[name] = value
        # What was chosen among the choices that this input narrows is proposed anew.
        for spec in view.step.inputs:
            if name in spec.within.values():
                known.pop(spec.name, None)
        self.plan, self.after_plan = None, None
        self._ask_form(preview=True)

    # --- planning -----------------------------------------------------------------------------------------------

    def action_preview(self) -> None:
        """What exactly would be done, from the cluster as it is now; a step that is done may be done again."""
        self._preview(None)

    def _preview(self, then: Callable[[], None] | None) -> None:
        self.after_plan = then
        if self.view is not None and not self.running:
            self.plan, self.problem, self.again = None, "", True
            self._ask_form(preview=True)
            self._draw_detail()

    def answered(self, message: Answered) -> None:
        """A form or a plan came, or why there is none; older questions were about other inputs or another step."""
        if message.run != self.asked:
            return
        if message.error is not None:
            self.failed(message.error)
        elif message.tag == "plan":
            self.planned(message.value)
        else:
            self.formed(message.value, message.tag == "form+plan")

    def formed(self, found: Form, preview: bool) -> None:
        """The inputs are there; where nothing is wrong the plan is made next."""
        if found.step_id != self.step_id:
            return
        self.form, self.reading = found, False
        view = self.view
        states = ("todo", "failed", "undone", *(("done", "already_done", "skipped") if self.again else ()))
        wanted = view is not None and view.blocked is None and view.state in states
        self.again = False
        if preview and wanted and found.wrong is None and not step_hand.is_by_hand(self.screen.guide):
            step, values = found.step_id, dict(found.values)
            self.reading = True
            self.asked = self.walker.do("plan", lambda walk: walk.plan(step, values))
        self.draw()

    def planned(self, plan: Plan) -> None:
        """The plan is there; a run that waited for it goes on."""
        if plan.step_id == self.step_id:
            then, self.after_plan = self.after_plan, None
            self.plan, self.problem, self.reading = plan, "", False
            self.draw()
            if (
                then is not None and self.screen.app.screen is self.screen
            ):  # else somebody looks elsewhere by now
                then()

    def failed(self, error: Exception) -> None:
        """A plan, a run or an undo was refused, or failed."""
        self.problem, self.over = wording(error, self.lang), NOBODY
        self.plan, self.after_plan, self.reading = None, None, False
        self.notify(one_line(self.problem), severity="error", markup=False, timeout=8)
        self.draw()

    # --- running ------------------------------------------------------------------------------------------------

    def action_run(self) -> None:
        """Runs the step as previewed: armed first, then confirmed. A held one goes on."""
        view = self.view
        if self.running:
            self.let_go_on()
            return
        if view is None:
            return
        if isinstance(view.step.action, ManualAction):
            self.action_done_by_hand()
            return
        if isinstance(view.step.action, CommandAction):
            run_here.ask(self)
            return
        if view.state == "in_doubt":
            self.action_settle()
            return
        if view.blocked is not None and (self.plan is None or self.plan.purpose == "do"):
            self.notify(one_line(view.blocked.get(self.lang)), severity="warning", markup=False)
            return
        app = self.screen.app
        if not app.link.armed:
            app.ask_to_arm(self.action_run)
            return
        if self.plan is None or self.plan.step_id != self.step_id or time.time() - self.plan.made_at > OLD:
            if self.plan is not None and self.plan.purpose == "undo":
                self.action_undo()
            else:
                self._preview(self._confirm)
            return
        self._confirm()

    def _confirm(self) -> None:
        from tui.screens.confirm import ConfirmDialog

        plan = self.plan
        if plan is None:
            return
        warnings = step_text.warnings(self.snap, self.view, self.lang) if plan.purpose == "do" else []
        over, self.over = self.over.get(plan.step_id, frozenset()), NOBODY
        if over:
            warnings.append(message("execution.takes-over", names=", ".join(sorted(over))).get(self.lang))

        def decided(yes: bool | None) -> None:
            if yes:
                self.start(plan, over)

        self.screen.app.push_screen(ConfirmDialog(plan, tuple(warnings)), decided)
