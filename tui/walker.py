"""The one thread of a walk: a `Walk` must not be used by two, so jobs queue here and snapshots come back.

The screen never touches the walk itself; it draws the last `Snapshot`.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from checks.model import CheckFinished, Result, RunEvent
from checks.sessions.session import Session, StepRecord, StepState
from kb.model import CommandAction
from kb.text import Text
from tui.messages import Answered, EventArrived
from tui.work import Owner

if TYPE_CHECKING:
    from pathlib import Path

    from checks.causes import CauseVerdict, SymptomVerdict
    from checks.local.record import LocalRun
    from checks.local.walk import LocalPlan
    from checks.plans.inputs import Choices
    from checks.walking.walk import Walk
    from kb.model import Step

SETTLE = 0.15
"""Seconds between two snapshots while results stream in."""


@dataclass(frozen=True, slots=True)
class StepView:
    """One step of the chosen cause as it stands."""

    step: Step
    state: StepState
    record: StepRecord
    blocked: Text | None
    already_done: bool | None
    proposed: Mapping[str, Any]
    ran: LocalRun | None = None
    """The last time klinik ran an article's reading command itself."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Everything a screen shows of a walk, at one instant."""

    results: Mapping[str, Result] = field(default_factory=dict)
    symptoms: tuple[SymptomVerdict, ...] = ()
    causes: tuple[CauseVerdict, ...] = ()
    steps: tuple[StepView, ...] = ()
    session: Session = Session()  # noqa: RUF009 - a frozen value
    path: Path | None = None
    next_step: str = ""
    heavy: tuple[str, ...] = ()
    """Aliases of the heavy checks: they run only when asked for."""


@dataclass(frozen=True, slots=True)
class Form:
    """The inputs of a step: what may be chosen, what is chosen, and what is wrong with it."""

    step_id: str
    choices: Mapping[str, Choices]
    values: Mapping[str, Any]
    wrong: Text | None = None
    line: str = ""
    """With an article's command: its line with these values, the slots that have none left visible."""
    missing: tuple[str, ...] = ()
    """With an article's command: the inputs that its line still needs."""
    here: LocalPlan | None = None
    """With an article's command that only reads: what klinik would run itself."""
    not_here: Text | None = None
    """Why it would not."""


def snapshot(walk: Walk, before: Snapshot | None = None) -> Snapshot:
    """The walk as it stands; evaluates the conditions of causes and steps.

    With `before` only what a running step changes is looked at again: its state and record.
    """
    if before is not None:
        steps = tuple(
            replace(
                view,
                state=walk.state(view.step.id),
                record=walk.record_of(view.step.id),
                ran=walk.session.ran(view.step.id),
            )
            for view in before.steps
        )
        return replace(before, results=walk.results, steps=steps, session=walk.session, path=walk.path)
    following = walk.next_step()
    light = {use.alias for use in walk.uses()}
    return Snapshot(
        results=walk.results,
        symptoms=walk.symptoms(),
        causes=walk.causes(),
        steps=tuple(_step(walk, step) for step in walk.steps()),
        session=walk.session,
        path=walk.path,
        next_step=following.id if following is not None else "",
        heavy=tuple(alias for alias in walk.guide.checks if alias not in light),
    )


def _step(walk: Walk, step: Step) -> StepView:
    from checks.plans.inputs import choices

    values: dict[str, Any] = {}
    for spec in step.inputs:
        if spec.type != "rows":  # rows never stand in a title, and may be tens of thousands
            value = choices(spec, walk.results, values).default
            if value not in (None, (), ""):
                values[spec.name] = value
    return StepView(
        step,
        walk.state(step.id),
        walk.record_of(step.id),
        walk.blocked(step.id),
        walk.already_done(step.id),
        values,
        walk.session.ran(step.id),
    )


def form(walk: Walk, step_id: str, given: Mapping[str, Any]) -> Form:
    """The inputs of a step with what was given, and proposals for the rest, input after input."""
    from checks.plans.inputs import InputError, choices

    step = walk.guide.step(step_id)
    if isinstance(step.action, CommandAction):
        return _command_form(walk, step, step.action, given)
    values: dict[str, Any] = {}
    offered: dict[str, Choices] = {}
    for spec in step.inputs:
        one = choices(spec, walk.results, values)
        offered[spec.name] = one
        value = given.get(spec.name, one.default)
        if value not in (None, (), ""):
            values[spec.name] = value
    try:
        typed = walk.values(step_id, values)
    except InputError as error:
        return Form(step_id, offered, values, error.text)
    return Form(step_id, offered, typed)


def _command_form(walk: Walk, step: Step, action: CommandAction, given: Mapping[str, Any]) -> Form:
    """The line of an article with what was given; a value that cannot stand in it is left out and said."""
    from checks.plans.commandline import unfilled
    from checks.plans.inputs import InputError, choices
    from checks.plans.plan import PlanError
    from kb.derive.names import is_secret

    offered = {spec.name: choices(spec, walk.results, {}) for spec in step.inputs}
    values: dict[str, Any] = {}
    wrong: Text | None = None
    for spec in step.inputs:
        if is_secret(spec.name):  # never asked for: the slot stays in the line
            continue
        value = given.get(spec.name, offered[spec.name].default)
        if value in (None, ""):
            continue
        try:
            walk.line(step.id, {spec.name: value})
        except (InputError, PlanError) as error:
            wrong = wrong or error.text
        else:
            values[spec.name] = value
    missing = unfilled(action, step.inputs, values)
    here, not_here = _here(walk, step, values)
    return Form(step.id, offered, values, wrong, walk.line(step.id, values), missing, here, not_here)


def _here(walk: Walk, step: Step, values: Mapping[str, Any]) -> tuple[LocalPlan | None, Text | None]:
    """What klinik would run itself, or why it would not."""
    from checks.local.walk import NotLocal, plan_local

    try:
        return plan_local(walk, step.id, values), None
    except NotLocal as error:
        return None, error.text


class Walker:
    """Runs jobs on a walk, one after another, and reports to its owner; every report carries the job's number."""

    def __init__(self, owner: Owner, make: Callable[[], Walk]) -> None:
        self._owner = owner
        self._make = make
        self._jobs: queue.SimpleQueue[tuple[str, int, Callable[[Walk], Any]] | None] = queue.SimpleQueue()
        self._count = 0
        self._reading: threading.Event | None = None
        self._left: tuple[str, ...] = ()

    def start(self) -> None:
        """Opens the walk."""
        threading.Thread(target=self._work, name="klinik-walk", daemon=True).start()

    def do(self, tag: str, call: Callable[[Walk], Any], *, patient: bool = False) -> int:
        """Queues a job; a run of checks under way makes room for it, unless it is `patient`. Returns its number."""
        if self._reading is not None and not patient:
            self._reading.set()
        self._count += 1
        self._jobs.put((tag, self._count, call))
        return self._count

    def check(self, names: tuple[str, ...] | None = None) -> int:
        """Queues a run of checks: all but heavy ones unless named."""
        stop = threading.Event()
        number = self.do("check", lambda walk: self._checks(walk, names, stop))
        self._reading = stop
        return number

    def left(self, job: int) -> tuple[str, ...]:
        """The checks that jobs cut short, once `job` was the last that waited; else none."""
        return self._left if job == self._count else ()

    def _checks(self, walk: Walk, names: tuple[str, ...] | None, stop: threading.Event) -> Iterator[RunEvent]:
        asked = [use.alias for use in walk.uses(names)]
        due, self._left = dict.fromkeys((*self._left, *asked)), ()
        for event in walk.check(names, stop):
            if isinstance(event, CheckFinished):
                due.pop(event.result.alias, None)
            yield event
        # What no job cut short has said all it has to say.
        self._left = tuple(alias for alias in due if stop.is_set() or alias not in asked)

    def close(self) -> None:
        """Lets the thread end after the job at hand, and the journal go."""
        if self._reading is not None:
            self._reading.set()
        self._jobs.put(None)

    def _work(self) -> None:
        walk: Walk | None = None
        try:
            walk = self._make()
            first = snapshot(walk)  # a journal may tell of steps that the guide no longer has
        except Exception as error:  # shown by the owner: it has no walk then
            if walk is not None:
                walk.close()
            self._owner.post_message(Answered("open", 0, error=error))
            return
        try:
            self._owner.post_message(EventArrived("snapshot", 0, first))
            self._owner.post_message(Answered("open", 0, value=walk.guide))
            while (job := self._jobs.get()) is not None:
                self._one(walk, *job)
        finally:
            walk.close()

    def _one(self, walk: Walk, tag: str, number: int, call: Callable[[Walk], Any]) -> None:
        value: Any = None
        failed: Exception | None = None
        try:
            value = call(walk)
            if isinstance(value, Iterator):
                self._iterate(walk, tag, number, value)
                value = None
        except Exception as error:  # a refusal, a failure of the cluster or a bug: the owner says which
            failed = error
        self._owner.post_message(EventArrived("snapshot", number, snapshot(walk)))
        self._owner.post_message(Answered(tag, number, value=value, error=failed))

    def _iterate(self, walk: Walk, tag: str, number: int, events: Iterator[Any]) -> None:
        """Posts every event; now and then a snapshot, during a write one that leaves the evidence alone."""
        shown = time.monotonic()
        writing = snapshot(walk) if tag == "run" else None
        for event in events:
            self._owner.post_message(EventArrived(tag, number, event))
            if time.monotonic() - shown > SETTLE:
                self._owner.post_message(EventArrived("snapshot", number, snapshot(walk, writing)))
                shown = time.monotonic()


def wording(error: Exception, lang: str) -> str:
    """What an error says, in the operator's language where it has one."""
    text = getattr(error, "text", None)
    if isinstance(text, Text):
        return text.get(lang)
    changes = getattr(error, "changes", None)
    if isinstance(changes, tuple) and all(isinstance(change, Text) for change in changes):
        return " ".join(change.get(lang) for change in changes)
    return str(getattr(error, "message", "") or error or type(error).__name__)
