"""The run of a step in the app: begun, followed, stopped between two writes, over."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from textual.timer import Timer
from textual.widgets import OptionList

from checks.session import SETTLED
from tui.screens import step_hand
from tui.screens.fix_ways import StepWays
from tui.screens.guide_run import RunLog

if TYPE_CHECKING:
    from checks.stepevents import StepEvent
    from checks.walk import Walk
    from tui.walker import Snapshot


class StepRuns(StepWays):
    """What is known of the run under way."""

    snap: Snapshot
    problem: str
    log_of: dict[str, RunLog]
    stop: threading.Event | None
    drawing: Timer | None

    if TYPE_CHECKING:

        @property
        def lang(self) -> str: ...

        def draw(self) -> None:
            """Everything again, from values."""

        def failed(self, error: Exception) -> None:
            """A plan, a run or an undo was refused, or failed."""

        def _draw_detail(self) -> None: ...

        def _ask_form(self, *, preview: bool) -> None: ...

    def begin(self, step: str, call: Callable[[Walk, threading.Event], Iterator[StepEvent]]) -> None:
        """Starts a run of the step, unless one is under way."""
        if self.running:
            return
        self.running, self.plan, self.problem = step, None, ""
        self.log_of[step] = RunLog(step)
        stop = self.stop = threading.Event()
        self.walker.do("run", lambda walk: call(walk, stop))
        self.draw()
        self.query_one("#detail").scroll_home(animate=False)

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
        self.form = None
        self.draw()
        if error is None:
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

    def action_stop(self) -> None:
        """Stops between two writes."""
        if self.stop is not None:
            self.stop.set()
            self.notify(self.screen.say("fix.stopping"), markup=False)
