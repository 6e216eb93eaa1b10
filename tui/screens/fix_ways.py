"""Ways through a step other than running it: by hand, skipped, taken as done, settled, undone, copied."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from textual.containers import Vertical

from kb.model import CommandAction, ManualAction
from tui.screens import resume, step_hand, step_text
from tui.screens import step_asks as asks

if TYPE_CHECKING:
    from checks.clock import Control
    from checks.plans.plan import Plan
    from checks.walking.walk import Walk
    from checks.writing.stepevents import StepEvent
    from tui.screens.guide import GuideScreen
    from tui.walker import Form, StepView, Walker


class StepWays(Vertical):
    """The actions; the pane that shows the steps says which one is meant."""

    walker: Walker
    form: Form | None
    plan: Plan | None
    running: str
    after_plan: Callable[[], None] | None
    asked: int

    if TYPE_CHECKING:

        @property
        def screen(self) -> GuideScreen: ...  # type: ignore[override]

        @property
        def view(self) -> StepView | None: ...

        def begin(self, step: str, call: Callable[[Walk, Control], Iterator[StepEvent]]) -> None:
            """Starts a run of the step."""

        def action_run(self) -> None:
            """Runs the step as previewed."""

    def form_of(self, view: StepView) -> Form | None:
        """The inputs of this step, where they are known."""
        return self.form if self.form is not None and self.form.step_id == view.step.id else None

    def action_undo(self) -> None:
        """Plans the way back; it is previewed and confirmed like a step."""
        view = self.view
        if view is None or self.running:
            return
        if not view.step.undo.parts:
            self.notify(self.screen.say("hand.no_undo"), severity="warning", markup=False)
            return
        self.after_plan = self.action_run
        step = view.step.id
        self.asked = self.walker.do("plan", lambda walk: walk.plan_undo(step))

    def action_skip(self) -> None:
        """Leaves the step out, with a reason."""
        view = self.view
        if view is not None and not self.running:
            step = view.step.id
            asks.ask_reason(
                self.screen.app,
                "skip.question",
                lambda why: self.walker.do("skip", lambda walk: walk.skip(step, why)),
            )

    def action_accept(self) -> None:
        """Takes a step as done because the evidence says so."""
        view = self.view
        if view is not None and view.already_done and not self.running:
            step = view.step.id
            self.walker.do("mark", lambda walk: walk.accept_done(step))

    def action_done_by_hand(self) -> None:
        """A person did it: the verification looks, where there is one."""
        view = self.view
        if view is None or self.running:
            return
        step, app = view.step.id, self.screen.app
        if isinstance(view.step.action, CommandAction):
            form = self.form_of(view)
            if form is None:
                return
            values = dict(form.values)
            asks.ask_ran(
                app,
                step_hand.shown_line(form),
                form.missing,
                lambda: self.begin(step, lambda walk, stop: walk.done_by_hand(step, stop, values)),
            )
        elif isinstance(view.step.action, ManualAction):
            asks.ask_done(
                app,
                lambda: self.begin(step, lambda walk, stop: walk.done_by_hand(step, stop)),
                checked=view.step.verify is not None,
            )

    def action_settle(self) -> None:
        """Shows what the cluster says of the steps in doubt, and asks whether they took effect."""
        view = self.view
        if view is not None and view.state == "in_doubt" and not self.running:
            resume.open_on(self.screen)

    def action_copy(self) -> None:
        """Copies the line of an article, or the commands of the preview as kubectl."""
        view = self.view
        text, note = "", ""
        if view is not None and isinstance(view.step.action, CommandAction):
            form = self.form_of(view)
            if form is not None:
                text = step_hand.to_copy(view.step.action, form.line)
                if form.missing:
                    note = " " + self.screen.say("hand.still_open", names=", ".join(form.missing))
        elif self.plan is not None:
            text = step_text.commands_of(self.plan) or self.plan.instruction.get(self.screen.app.lang)
        if not text:
            self.notify(self.screen.say("fix.press_p"), markup=False)
            return
        self.screen.app.copy_to_clipboard(text)
        said = self.screen.say("copied", n=len(text.splitlines())) + note
        self.notify(said, severity="warning" if note else "information", markup=False)
