"""The undo of a whole session: its steps taken back latest first, previewed together, confirmed once, each one proven.

What cannot be taken back is named with the reason the step gave before it ran. The first failure stops.
"""

from __future__ import annotations

from collections.abc import Collection, Generator, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

from checks.clock import Stop, stopping
from checks.errors import ClusterError
from checks.plans.plan import LINES, Confirm, Plan, PlanError, Preview, StalePlan, bound, digest
from checks.plans.planner import confirmation
from checks.risk.degrees import worst_risk
from checks.sessions.journal import JournalError
from checks.sessions.session import Entry, StepRecord
from checks.walking.steprun import NotConfirmed
from checks.writing.stepevents import StepEnded, StepEvent
from kb.messages import message
from kb.model import ManualAction, Risk, Step, Undo
from kb.safe import one_line
from kb.text import Text

if TYPE_CHECKING:
    from checks.walking.walk import Walk

_CONTENT = 4
"""Where `bound` has the digest of the object's content: an earlier leg may have changed it, which is no surprise."""


@dataclass(frozen=True, slots=True)
class Leg:
    """One step of the way back: its plan, or why there is none."""

    step: Step
    plan: Plan | None
    why: Text | None = None
    by_hand: bool = False
    """A person did it: its undo, where there is one, is a person's too."""
    later: bool = False
    """It writes to what a step before it on this way also writes to: shown again, and confirmed, when that is done."""

    @property
    def named(self) -> bool:
        """Whether the step itself said before it ran that it cannot be undone."""
        return self.plan is None and not self.step.undo.parts


@dataclass(frozen=True, slots=True)
class Rewind:
    """The whole way back, latest step first, as it would go now."""

    legs: tuple[Leg, ...]
    risk: Risk
    confirm: Confirm
    production: bool = False

    @property
    def plans(self) -> tuple[Plan, ...]:
        """The plans in the order in which they will run."""
        return tuple(leg.plan for leg in self.legs if leg.plan is not None and not leg.later)

    @property
    def later(self) -> tuple[Leg, ...]:
        """What can only be planned once the rest is undone."""
        return tuple(leg for leg in self.legs if leg.later)

    @property
    def stays(self) -> tuple[Leg, ...]:
        """What will stay as it is."""
        return tuple(leg for leg in self.legs if leg.plan is None and not leg.later)

    @property
    def digest(self) -> str:
        """SHA-256 over all plans in their order."""
        return digest([plan.digest for plan in self.plans])

    @property
    def whole(self) -> Plan | None:
        """All of it as one plan, for reading, copying and confirming; it is never run as such."""
        plans = self.plans
        if not plans:
            return None
        lines = [line for plan in plans for line in (f"# {plan.title.en}", *plan.preview.lines)]
        total = len(plans) + sum(plan.preview.total for plan in plans)
        return replace(
            plans[0],
            title=message("undo.title", count=len(plans)),
            risk=self.risk,
            commands=tuple(write for plan in plans for write in plan.commands),
            preview=Preview("text", tuple(lines[:LINES]), total),
            confirm=self.confirm,
            impact=message("undo.impact", count=len(plans), stays=len(self.stays)),
            made_at=min(plan.made_at for plan in plans),
            warnings=tuple(dict.fromkeys(warning for plan in plans for warning in plan.warnings)),
            values={},
        )


@dataclass(frozen=True, slots=True)
class LegStarted:
    """A step of the way back begins; `number` counts from 1."""

    step: str
    number: int
    total: int


@dataclass(frozen=True, slots=True)
class RewindEnded:
    """The way back is over: how many steps were undone, and what stays, by step with the reason."""

    state: Literal["undone", "partly", "more", "failed", "stopped"]
    """``partly``: something stays for good; ``more``: the rest can be planned now."""
    undone: tuple[str, ...]
    stays: tuple[tuple[str, Text], ...]
    message: Text


RewindEvent = StepEvent | LegStarted | RewindEnded


def order(entries: Iterable[Entry], records: Mapping[str, StepRecord]) -> tuple[str, ...]:
    """The steps with something to take back, by the first write that is still there, the latest first.

    By the journal's order, not its times: a clock may jump. A step that was run twice goes at its first run, so that
    what was saved before it has the last word.
    """
    starts: dict[str, list[int]] = {}
    for number, entry in enumerate(entries):
        step = str(entry.get("step", ""))
        if entry.get("kind") == "start" and entry.get("purpose") != "undo":
            starts.setdefault(step, []).append(number)
        elif entry.get("kind") == "ended" and entry.get("state") == "undone":
            starts[step] = []
    known = [step for step, at in starts.items() if at and step in records]
    return tuple(sorted(known, key=lambda step: starts[step][0], reverse=True))


def plan_rewind(walk: Walk) -> Rewind:
    """The way back from where the session is; reads the cluster. Raises PlanError where nothing can be taken back."""
    doubt = next(iter(walk.in_doubt()), None)
    if doubt is not None:
        raise PlanError(message("undo.doubt", step=doubt.text))
    legs = tuple(
        leg
        for step_id in order(walk.journal.entries if walk.path or walk.session.id else (), walk.session.steps)
        if (leg := _leg(walk, _step(walk, step_id))) is not None
    )
    if not legs:
        raise PlanError(message("session.undo-nothing"))
    legs = _postponed(legs)
    plans = [leg.plan for leg in legs if leg.plan is not None and not leg.later]
    risk = worst_risk([plan.risk for plan in plans]) if plans else "read"
    writes = [write for plan in plans for write in plan.commands]
    return Rewind(legs, risk, confirmation(walk.cluster, risk, writes), walk.cluster.info.production)


def _postponed(legs: tuple[Leg, ...]) -> tuple[Leg, ...]:
    """Marks the first leg that meets an object of an earlier one, and all that follow it: the order is kept."""
    met: set[tuple[str, str, str]] = set()
    found: list[Leg] = []
    later = False
    for leg in legs:
        mine = {
            (write.resource, write.namespace, write.name)
            for write in (leg.plan.commands if leg.plan is not None else ())
            if write.resource
        }
        later = later or bool(mine & met)
        met |= mine
        found.append(replace(leg, later=True) if later and not leg.named else leg)
    return tuple(found)


def _step(walk: Walk, step_id: str) -> Step:
    """The step, or where the guide has it no longer one that says so: what it did cannot be taken back by its guide."""
    known = next((step for step in walk.guide.steps if step.id == step_id), None)
    nothing = Undo(message("undo.step-gone"))
    return known or Step(step_id, Text.of(step_id), Text(), Text(), ManualAction(Text()), nothing)


def _leg(walk: Walk, step: Step) -> Leg | None:
    record = walk.record_of(step.id)
    if not record.to_undo():
        by_hand = record.state == "done" and not record.commands
        return Leg(step, None, step.undo.text or message("session.no-undo"), True) if by_hand else None
    if not step.undo.parts:
        return Leg(step, None, step.undo.text or message("session.no-undo"))
    try:
        return Leg(step, walk.plan_undo(step.id))
    except PlanError as error:
        return Leg(step, None, error.text)
    except ClusterError as error:
        return Leg(step, None, error.text)


def run_rewind(
    walk: Walk,
    rewind: Rewind,
    *,
    typed: str,
    stop: Stop | None = None,
    take_over: bool | Collection[str] = False,
) -> Iterator[RewindEvent]:
    """Runs a confirmed way back; raises NotArmed, NotConfirmed and PlanError at once.

    While iterating it raises StalePlan before a step whose undo is no longer the one that was shown, and whatever
    `Walk.undo` raises; what was undone by then stays undone, and the way back can be planned again. `take_over` as
    in `Walk.run`.
    """
    if not rewind.plans:
        raise PlanError(message("session.undo-nothing"))
    walk.access.require(walk.cluster.info)
    if not rewind.confirm.accepts(typed):
        raise NotConfirmed(message("session.not-confirmed", words=rewind.confirm.expected))
    return _run(walk, rewind, stop, take_over)


def _run(
    walk: Walk, rewind: Rewind, stop: Stop | None, over: bool | Collection[str]
) -> Generator[RewindEvent, None, None]:
    plans = rewind.plans
    stays = tuple((leg.step.id, leg.why or Text()) for leg in rewind.stays)
    walk.record(
        "rewind",
        state="begun",
        steps=[plan.step_id for plan in plans],
        stays={step: {"en": why.en, "zh": why.zh} for step, why in stays},
        digest=rewind.digest,
    )
    undone: list[str] = []
    ended: StepEnded | None = None
    for number, shown in enumerate(plans, 1):
        if stopping(stop):
            break
        yield LegStarted(shown.step_id, number, len(plans))
        try:
            ended = yield from _one(walk, shown, stop, over)
        except JournalError:
            raise
        except Exception as error:  # told by who reads the events; the journal says how far it came
            walk.record("rewind", state="failed", steps=undone, error=one_line(str(error), 300))
            raise
        if ended is None or ended.state != "undone":
            break
        undone.append(shown.step_id)
    last = _ended(undone, rewind, stays, ended, stopping(stop))
    walk.record("rewind", state=last.state, steps=undone)
    yield last


def _one(
    walk: Walk, shown: Plan, stop: Stop | None, over: bool | Collection[str]
) -> Generator[RewindEvent, None, StepEnded | None]:
    fresh = walk.plan_undo(shown.step_id)
    if sketch(fresh) != sketch(shown):
        raise StalePlan((message("undo.changed", step=shown.title),))
    # The whole way back was confirmed, by the strictest of its steps.
    ended: StepEnded | None = None
    for event in walk.undo(fresh, typed=fresh.confirm.expected, stop=stop, take_over=over):
        if isinstance(event, StepEnded):
            ended = event
        yield event
    return ended


def sketch(plan: Plan) -> list[Any]:
    """What a plan does and to what, without the versions that an earlier step of the same way back may have moved."""
    return [_without_content(bound(write)) for write in plan.commands]


def _without_content(one: Sequence[Any]) -> list[Any]:
    kind, where, what, *rest = one
    return [kind, where, [part for at, part in enumerate(what) if at != _CONTENT], *rest]


def _ended(
    undone: Sequence[str],
    rewind: Rewind,
    stays: tuple[tuple[str, Text], ...],
    last: StepEnded | None,
    stopped: bool,
) -> RewindEnded:
    total = len(rewind.plans)
    if len(undone) == total and rewind.later:
        text = message("undo.more", count=total, later=len(rewind.later))
        return RewindEnded("more", tuple(undone), stays, text)
    if len(undone) == total:
        key = "undo.partly" if stays else "undo.whole"
        text = message(key, count=total, stays=len(stays))
        return RewindEnded("partly" if stays else "undone", tuple(undone), stays, text)
    if stopped and (last is None or last.state == "undone"):
        text = message("undo.stopped", done=len(undone), total=total)
        return RewindEnded("stopped", tuple(undone), stays, text)
    why = last.message if last else Text()
    text = Text(
        message("undo.failed", done=len(undone), total=total, why=why.en).en,
        message("undo.failed", done=len(undone), total=total, why=why.zh).zh,
    )
    return RewindEnded("failed", tuple(undone), stays, text)
