"""The fix: the steps of the chosen cause, their inputs, the preview, and the run."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.widgets import OptionList, Static

from kb.model import Input, ManualAction
from kb.safe import one_line
from tui.screens import guide_text as text
from tui.screens.evidence import command
from tui.screens.guide_run import RunLog
from tui.walker import Form, Snapshot, StepView, Walker, form, wording
from tui.widgets.hints import Hint

if TYPE_CHECKING:
    from checks.plan import Plan
    from tui.screens.guide import GuideScreen

OLD = 120.0
"""Seconds after which a preview is made again before it is run."""


class FixPane(Vertical):
    """Steps on top, inputs below, then what would be done or is being done."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("p", "preview", show=False),
        Binding("f5", "run", show=False),
        Binding("s", "skip", show=False),
        Binding("u", "undo", show=False),
        Binding("x", "stop", show=False),
        Binding("i", "edit", show=False),
        Binding("d", "done_by_hand", show=False),
        Binding("a", "accept", show=False),
        Binding("t", "settle", show=False),
        Binding("ctrl+y", "copy", show=False),
    ]

    if TYPE_CHECKING:

        @property
        def screen(self) -> GuideScreen: ...  # type: ignore[override]

    def __init__(self, walker: Walker) -> None:
        super().__init__(id="fix")
        self.walker = walker
        self.snap = Snapshot()
        self.step_id = ""
        self.given: dict[str, dict[str, Any]] = {}
        """What the operator chose, by step."""
        self.form: Form | None = None
        self.plan: Plan | None = None
        self.problem = ""
        self.log_of: dict[str, RunLog] = {}
        self.stop: threading.Event | None = None
        self.running = ""
        """Id of the step whose run is under way."""
        self.after_plan: Callable[[], None] | None = None

    def compose(self) -> ComposeResult:
        """Steps, inputs, detail."""
        yield OptionList(id="steps", markup=False)
        yield OptionList(id="inputs", markup=False)
        with VerticalScroll(id="detail"):
            yield Static("", id="head", markup=False)
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
            text.step_option(n, view, self.given.get(view.step.id, {}), self.lang, signs)
            for n, view in enumerate(self.snap.steps, 1)
        ]
        if [o.id for o in options] == [o.id for o in steps.options]:
            for index, option in enumerate(options):
                steps.replace_option_prompt_at_index(index, option.prompt)
            return
        with self.prevent(OptionList.OptionHighlighted):
            steps.set_options(options)
            ids = [o.id for o in options]
            steps.highlighted = ids.index(self.step_id) if self.step_id in ids else None

    def _draw_inputs(self) -> None:
        inputs = self.query_one("#inputs", OptionList)
        view, shown = self.view, self.form
        current = view is not None and shown is not None and shown.step_id == view.step.id
        specs = view.step.inputs if view is not None and current else ()
        inputs.display = bool(specs) and self.step_id != self.running
        if not specs or shown is None:
            return
        at = inputs.highlighted
        inputs.set_options(text.input_option(spec, shown, self.lang, self.screen.app.signs) for spec in specs)
        inputs.highlighted = min(at or 0, len(specs) - 1)

    def _draw_detail(self) -> None:
        view, signs = self.view, self.screen.app.signs
        head, body = self.query_one("#head", Static), self.query_one("#plan", Static)
        if view is None:
            head.update(Content.styled(self.screen.say("fix.no_cause"), "$quiet"))
            body.update("")
            return
        log = self.log_of.get(view.step.id)
        values = {
            **view.proposed,
            **view.record.values,
            **(self.form.values if self.form and self._formed() else {}),
        }
        plan = self.plan if self.plan is not None and self.plan.step_id == view.step.id else None
        if log is not None and (self.running == view.step.id or (plan is None and log.ended)):
            head.update(Content("") if self.running else text.step_head(view, values, plan, self.lang, signs))
            body.update(log.content(self.lang, signs))
            return
        head.update(text.step_head(view, values, plan, self.lang, signs))
        if self.problem:
            body.update(Content.styled(one_line(self.problem, 1000), "bold $text-error"))
        elif plan is not None:
            body.update(text.plan_text(plan, self.lang, signs, time.time()))
        elif self._formed() and self.form is not None and self.form.wrong:
            body.update(Content.styled(self.form.wrong.get(self.lang), "bold $text-warning"))
        else:
            body.update(Content.styled(self.screen.say("fix.press_p"), "$quiet"))

    def _formed(self) -> bool:
        return self.form is not None and self.form.step_id == self.step_id

    def hints(self) -> tuple[Hint, ...]:
        """What can be done with the step under the cursor."""
        view, hint = self.view, self.screen.hint
        if self.running:
            return (hint("x", "stop", "fix('stop')"), hint("o", "evidence", "evidence"))
        if view is None:
            return (hint("2", "causes", "phase(2)"),)
        found: list[Hint] = []
        if view.state == "in_doubt":
            found.append(hint("t", "settle", "fix('settle')"))
        elif view.state == "todo" and view.already_done:
            found.append(hint("a", "accept", "fix('accept')"))
        if isinstance(view.step.action, ManualAction):
            found.append(hint("d", "by_hand", "fix('done_by_hand')"))
        else:
            found += [hint("p", "preview", "fix('preview')"), hint("F5", "run", "fix('run')")]
        if view.step.inputs:
            found.append(hint("i", "inputs", "fix('edit')"))
        found.append(hint("s", "skip", "fix('skip')"))
        if view.record.commands and view.step.undo.parts:
            found.append(hint("u", "undo", "fix('undo')"))
        found.append(hint("^Y", "copy_kubectl", "fix('copy')"))
        return tuple(found)

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
            self.problem = ""
            if self.plan is not None and self.plan.step_id != self.step_id:
                self.plan = None
            self.draw()
            step = self.step_id
            self.set_timer(0.2, lambda: self._settled(step))

    def _settled(self, step: str) -> None:
        if step == self.step_id and not self._formed() and not self.running:
            self._ask_form(preview=True)

    def _ask_form(self, *, preview: bool) -> None:
        step, given = self.step_id, dict(self.given.get(self.step_id, {}))
        self.walker.do("form+plan" if preview else "form", lambda walk: form(walk, step, given))

    @on(OptionList.OptionSelected, "#steps")
    def _chosen(self) -> None:
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
        spec = next(spec for spec in view.step.inputs if spec.name == name)
        offered = shown.choices[name]
        if spec.source and offered.options:
            self._choose(spec, shown)
        elif spec.source and spec.type in ("rows", "node", "choice"):
            note = offered.note.get(self.lang) if offered.note else self.screen.say("input.nothing")
            self.notify(note, severity="warning", markup=False)
        else:
            from tui.screens.ask import AskDialog

            value = "" if shown.values.get(name) is None else str(shown.values[name])
            question = one_line(spec.text.get(self.lang))
            self.screen.app.push_screen(AskDialog(question, value=value), lambda v: self._given(name, v))

    def _choose(self, spec: Input, shown: Form) -> None:
        from tui.screens.choose import ChooseDialog, Item

        offered = shown.choices[spec.name]
        items = [Item(str(n), option.label, option.value) for n, option in enumerate(offered.options)]
        now = shown.values.get(spec.name)
        picked = list(now) if spec.many and isinstance(now, (tuple, list)) else [now]
        ids = {id(value) for value in picked}
        chosen = [i.key for i in items if id(i.value) in ids or (not spec.many and i.value == now)]
        note = offered.note.get(self.lang) if offered.note else ""
        dialog = ChooseDialog(
            one_line(spec.text.get(self.lang)), items, many=spec.many, chosen=chosen, note=note
        )

        def took(values: tuple[Any, ...] | None) -> None:
            if values is not None:
                self._given(spec.name, values if spec.many else values[0])

        self.screen.app.push_screen(dialog, took)

    def _given(self, name: str, value: Any) -> None:
        view = self.view
        if value is None or view is None:
            return
        known = self.given.setdefault(self.step_id, {})
        known[name] = value
        # What was chosen among the choices that this input narrows is proposed anew.
        for spec in view.step.inputs:
            if name in spec.within.values():
                known.pop(spec.name, None)
        self.plan = None
        self._ask_form(preview=True)

    # --- planning -----------------------------------------------------------------------------------------------

    def action_preview(self) -> None:
        """What exactly would be done, from the cluster as it is now."""
        if self.view is not None and not self.running:
            self.plan, self.problem = None, ""
            self.query_one("#plan", Static).update(Content.styled(self.screen.say("fix.reading"), "$accent"))
            self._ask_form(preview=True)

    def formed(self, found: Form, preview: bool) -> None:
        """The inputs are there; where nothing is wrong the plan is made next."""
        if found.step_id != self.step_id:
            return
        self.form = found
        view = self.view
        wanted = (
            view is not None
            and view.blocked is None
            and view.state in ("todo", "failed", "undone", "skipped")
        )
        if preview and wanted and found.wrong is None:
            step, values = found.step_id, dict(found.values)
            self.walker.do("plan", lambda walk: walk.plan(step, values))
        self.draw()

    def planned(self, plan: Plan) -> None:
        """The plan is there; a run that waited for it goes on."""
        if plan.step_id == self.step_id:
            self.plan, self.problem = plan, ""
            self.draw()
            then, self.after_plan = self.after_plan, None
            if then is not None:
                then()

    def failed(self, error: Exception) -> None:
        """A plan, a run or an undo was refused, or failed."""
        self.problem = wording(error, self.lang)
        self.plan, self.after_plan = None, None
        self.notify(one_line(self.problem), severity="error", markup=False, timeout=8)
        self.draw()

    # --- running ------------------------------------------------------------------------------------------------

    def action_run(self) -> None:
        """Runs the step as previewed: armed first, then confirmed."""
        view = self.view
        if view is None or self.running:
            return
        if isinstance(view.step.action, ManualAction):
            self.action_done_by_hand()
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
            self.after_plan = self._confirm
            if self.plan is not None and self.plan.purpose == "undo":
                self.action_undo()
            else:
                self.action_preview()
            return
        self._confirm()

    def _confirm(self) -> None:
        from tui.screens.confirm import ConfirmDialog

        plan = self.plan
        if plan is None:
            return
        warnings = [] if plan.purpose == "undo" else self._warnings()

        def decided(yes: bool | None) -> None:
            if yes:
                self._start(plan)

        self.screen.app.push_screen(ConfirmDialog(plan, tuple(warnings)), decided)

    def _warnings(self) -> list[str]:
        view = self.view
        found = [c for c in self.snap.causes if c.cause.id == self.snap.session.cause]
        warnings = []
        if found and found[0].state != "supported":
            warnings.append(
                self.screen.say("fix.not_supported", state=self.screen.say(f"cause.{found[0].state}"))
            )
        if view is not None and view.already_done:
            warnings.append(self.screen.say("step.already"))
        return warnings

    def _start(self, plan: Plan) -> None:
        if self.running:
            return
        self.running = plan.step_id
        self.log_of[plan.step_id] = RunLog(plan.step_id)
        self.plan = None
        stop = self.stop = threading.Event()
        typed = plan.confirm.expected
        if plan.purpose == "undo":
            self.walker.do("run", lambda walk: walk.undo(plan, typed=typed, stop=stop))
        else:
            self.walker.do("run", lambda walk: walk.run(plan, typed=typed, stop=stop))
        self.draw()

    def event(self, event: Any) -> None:
        """Something happened in the run."""
        log = self.log_of.get(self.running)
        if log is not None:
            log.add(event, self.lang)
            self._draw_detail()

    def ran(self, error: Exception | None) -> None:
        """The run is over; the guide's evidence is read again."""
        step, self.running, self.stop = self.running, "", None
        if error is not None:
            self.log_of.pop(step, None)
            self.failed(error)
        self.form = None
        self.draw()

    def action_stop(self) -> None:
        """Stops between two writes."""
        if self.stop is not None and not self.stop.is_set():
            self.stop.set()
            self.notify(self.screen.say("fix.stopping"), markup=False)

    # --- other ways ---------------------------------------------------------------------------------------------

    def action_undo(self) -> None:
        """Plans the way back; it is previewed and confirmed like a step."""
        view = self.view
        if view is None or self.running:
            return
        self.after_plan = self.action_run
        step = view.step.id
        self.walker.do("plan", lambda walk: walk.plan_undo(step))

    def action_skip(self) -> None:
        """Leaves the step out, with a reason."""
        self._reason("skip.question", lambda walk, step, why: walk.skip(step, why))

    def action_accept(self) -> None:
        """Takes a step as done because the evidence says so."""
        step = self.step_id
        if self.view is not None and self.view.already_done:
            self.walker.do("mark", lambda walk: walk.accept_done(step))

    def action_done_by_hand(self) -> None:
        """A person did it: the verification looks."""
        view = self.view
        if view is None or self.running or not isinstance(view.step.action, ManualAction):
            return
        from tui.screens.confirm import SureDialog

        step, say = view.step.id, self.screen.say

        def decided(yes: bool | None) -> None:
            if yes and not self.running:
                stop = self.stop = threading.Event()
                self.running = step
                self.log_of[step] = RunLog(step)
                self.walker.do("run", lambda walk: walk.done_by_hand(step, stop))
                self.draw()

        self.screen.app.push_screen(
            SureDialog(say("hand.question"), say("hand.yes"), say("hand.no")), decided
        )

    def action_settle(self) -> None:
        """Says whether a step in doubt took effect."""
        view = self.view
        if view is None or view.state != "in_doubt" or self.running:
            return
        from tui.screens.choose import ChooseDialog, Item

        say = self.screen.say
        items = [Item("yes", say("settle.happened"), True), Item("no", say("settle.not_happened"), False)]

        def chose(values: tuple[Any, ...] | None) -> None:
            if values is not None:
                happened = bool(values[0])
                self._reason("settle.why", lambda walk, step, why: walk.settle(step, happened, why))

        self.screen.app.push_screen(ChooseDialog(say("settle.question"), items), chose)

    def _reason(self, question: str, call: Callable[[Any, str, str], None]) -> None:
        view = self.view
        if view is None or self.running:
            return
        from tui.screens.ask import AskDialog

        step = view.step.id

        def given(why: str | None) -> None:
            if why:
                self.walker.do("mark", lambda walk: call(walk, step, why))

        self.screen.app.push_screen(AskDialog(self.screen.say(question)), given)

    def action_copy(self) -> None:
        """Copies the commands of the preview as kubectl."""
        plan = self.plan
        if plan is None:
            self.notify(self.screen.say("fix.press_p"), markup=False)
            return
        lines = [command(write.kubectl) for write in plan.commands if write.kubectl]
        self.screen.app.copy_to_clipboard("\n".join(lines))
        self.notify(self.screen.say("copied", n=len(lines)), markup=False)
