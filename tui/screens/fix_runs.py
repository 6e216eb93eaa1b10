"""The run of a step in the app: begun, followed, stopped between two writes, over."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterator, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from textual.timer import Timer
from textual.widgets import OptionList

from checks.clock import Control
from checks.sessions.session import SETTLED
from checks.writing.turns import Held
from kb.messages import message
from tui.screens import fix_order, step_hand
from tui.screens.fix_order import Order
from tui.screens.fix_ways import StepWays
from tui.screens.guide_run import RunLog

if TYPE_CHECKING:
    from checks.clock import Holds
    from checks.plans.plan import Plan
    from checks.walking.walk import Walk
    from checks.writing.stepevents import StepEvent
    from tui.walker import Snapshot


OLD = 120.0
"""Seconds after which a preview is made again before it is run."""


NOBODY: Mapping[str, Collection[str]] = MappingProxyType({})


class StepRuns(StepWays):
    """What is known of the run under way."""

    snap: Snapshot
    problem: str
    log_of: dict[str, RunLog]
    stop: Control | None
    started: Plan | None
    """The plan of the last run."""
    orders: dict[str, Order]
    """What was chosen, by step."""
    over: Mapping[str, Collection[str]]
    """Whose turn may be taken in the next run, by step: asked for in one go, forgotten where that breaks off."""
    drawing: Timer | None
    looked: str

    if TYPE_CHECKING:

        @property
        def lang(self) -> str: ...

        def draw(self) -> None:
            """Everything again, from values."""

        def failed(self, error: Exception) -> None:
            """A plan, a run or an undo was refused, or failed."""

        def _draw_detail(self) -> None: ...

        def _ask_form(self, *, preview: bool) -> None: ...

    def begin(
        self,
        step: str,
        call: Callable[[Walk, Control], Iterator[StepEvent]],
        plan: Plan | None = None,
        holds: Holds = "never",
    ) -> None:
        """Starts a run of the step, unless one is under way."""
        if self.running:
            return
        self.running, self.plan, self.problem, self.started = step, None, "", plan
        self.log_of[step] = RunLog.of(step, plan)
        stop = self.stop = Control(holds)
        self.walker.do("run", lambda walk: call(walk, stop))
        self.draw()
        self.query_one("#detail").scroll_home(animate=False)

    def start(self, plan: Plan, over: Collection[str] = frozenset()) -> None:
        """Runs a confirmed plan in the order that was chosen; `over` names those whose turn may be taken."""
        typed, order = plan.confirm.expected, self.order_of(plan)

        def call(walk: Walk, stop: Control) -> Iterator[StepEvent]:
            run = walk.undo if plan.purpose == "undo" else walk.run
            return run(plan, typed=typed, stop=stop, take_over=over or False, batch=order.batch)

        self.begin(plan.step_id, call, plan, order.holds)

    def order_of(self, plan: Plan) -> Order:
        """How it goes through its targets: as chosen for this step, else as usual for its risk."""
        return self.orders.get(plan.step_id) or fix_order.usual(plan)

    def action_batch(self) -> None:
        """Chooses how many targets go at once after the first, and where the step holds."""
        plan = self.plan
        if plan is None or self.running or not fix_order.many(plan):
            self.notify(message("execution.one-target").get(self.lang), markup=False)
            return

        def chose(order: Order) -> None:
            self.orders[plan.step_id] = order
            self.draw()

        fix_order.ask(self.screen.app, plan, self.order_of(plan), chose)

    def event(self, event: Any) -> None:
        """Something happened in the run; many events are drawn at once."""
        log = self.log_of.get(self.running)
        if log is not None:
            log.add(event, self.lang)
            if self.drawing is None:
                self.drawing = self.set_timer(0.2, self._draw_run)

    def _draw_run(self) -> None:
        self.drawing = None
        self._draw_detail()

    def ran(self, error: Exception | None) -> None:
        """The run is over; the guide's evidence is read again."""
        step, self.running, self.stop = self.running, "", None
        if error is not None:
            self.log_of.pop(step, None)
            self.failed(error)
        if isinstance(error, Held):
            self._ask_turn(error)
        self.form = None
        self.draw()
        looked, self.looked = self.looked, ""
        if looked:
            self._ask_form(preview=False)
        elif error is None:
            self.go_on()

    def go_on(self) -> None:
        """In an article's steps, which nothing verifies, the cursor goes to the next one that is not settled."""
        view, ids = self.view, [one.step.id for one in self.snap.steps]
        if view is None or not step_hand.is_by_hand(self.screen.guide) or view.state not in SETTLED:
            return
        at = ids.index(view.step.id)
        later = (one.step.id for one in self.snap.steps[at + 1 :] if one.state not in SETTLED)
        following = next(later, self.snap.next_step)
        if following:
            self.query_one("#steps", OptionList).highlighted = ids.index(following)
        else:
            self._ask_form(preview=False)

    def _ask_turn(self, held: Held) -> None:
        """Somebody is at work there: waiting is the answer unless the operator says otherwise."""
        from tui.screens.turn import TurnDialog

        plan = self.started

        def decided(answer: str | None) -> None:
            if plan is None or self.running or answer is None:
                return
            if answer == "take" and time.time() - plan.made_at <= OLD:
                self.start(plan, held.holders)
                return
            # What was confirmed is old by now: shown and confirmed anew, the take-over with it.
            self.over = {plan.step_id: held.holders} if answer == "take" else NOBODY
            (self.action_undo if plan.purpose == "undo" else self.action_run)()

        screen = self.screen
        screen.once_on_top(lambda: screen.app.push_screen(TurnDialog(held), decided))

    @property
    def held(self) -> bool:
        """Whether the run under way is held."""
        return self.stop is not None and self.stop.held

    def action_hold(self) -> None:
        """Holds before the next write; what is under way comes to its end."""
        if self.stop is not None and not self.stop.held and not self.looked:
            self.stop.hold()
            self.notify(message("execution.hold-said").get(self.lang), markup=False)
            self.draw()

    def let_go_on(self) -> None:
        """Goes on with a held step, as long as writes are possible at all."""
        app = self.screen.app
        if self.stop is None or not self.stop.held:
            return
        if not app.link.armed:
            app.ask_to_arm(self.let_go_on)
            return
        self.stop.go_on()
        self.draw()

    def action_stop(self) -> None:
        """Stops between two writes."""
        if self.stop is not None:
            self.stop.set()
            self.notify(self.screen.say("fix.stopping"), markup=False)
