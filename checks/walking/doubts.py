"""A step in doubt, looked at again: what the cluster shows now, and which way it leans. Asks and assumes nothing.

Every line is one observation; whether the step took effect is the operator's to say.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from checks.cel import expr
from checks.cluster import Resource
from checks.errors import ClusterError, NotFound
from checks.model import Result, Verdict
from checks.parse import Unparsable, parse
from checks.plans import gate
from checks.plans.diff import unified
from checks.plans.inputs import matching, source_rows
from checks.plans.plan import PlanError
from checks.plans.planner import run_read
from checks.plans.stale import identity
from checks.plans.writes import Expander, content, reborn
from checks.sessions.session import Command, Session, StepRecord
from checks.writing.verify import aliases, holds
from kb.messages import message
from kb.model import DeleteAction, Input, RestartAction, Step
from kb.safe import one_line
from kb.text import Text

if TYPE_CHECKING:
    from checks.walking.walk import Walk

YOUNG = 120.0
"""Seconds in which a write whose answer was lost may still arrive."""
SHOWN = 8
"""Lines of a difference that are shown."""


@dataclass(frozen=True, slots=True)
class Seen:
    """One thing that the cluster shows."""

    text: Text
    leans: bool | None = None
    """True: it speaks for the step having taken effect; False: against it; None: neither."""
    lines: tuple[str, ...] = ()
    """What differs, line by line."""


@dataclass(frozen=True, slots=True)
class Doubt:
    """One step in doubt, and what was seen of it."""

    step: Step
    record: StepRecord
    open: tuple[Command, ...]
    """The writes that were not answered; none where only the verification is missing."""
    seen: tuple[Seen, ...]
    age: float
    """Seconds since the last write of the step went out."""

    @property
    def young(self) -> bool:
        """Whether a write may still be on its way."""
        return bool(self.open) and self.age < YOUNG

    @property
    def leans(self) -> bool | None:
        """What everything that was seen agrees on; None where it does not, or says nothing."""
        found = {one.leans for one in self.seen if one.leans is not None}
        return found.pop() if len(found) == 1 else None


def look(walk: Walk, step_id: str) -> Doubt:
    """Runs the checks of the step and reads what its write was about; what cannot be read is said, never raised."""
    step, record = walk.guide.step(step_id), walk.record_of(step_id)
    unanswered = tuple(one for one in record.commands[record.run_from :] if one.state in ("sent", "in_doubt"))
    results = walk.look(_needed(walk, step))
    seen = (
        *_evidence(step, record, results),
        *_rows(step, record, unanswered, results),
        *_values(walk, step, record),
        *_objects(walk, step, record, unanswered),
    )
    last = max((one.at for one in record.commands), default=record.started)
    return Doubt(step, record, unanswered, seen, max(0.0, walk.clock.now() - last))


def handed_over(session: Session) -> str:
    """Who handed the session over, where nothing was begun in it since; empty otherwise."""
    last = next((one for one in reversed(session.turns) if one.state == "handed-over"), None)
    if last is None or any(record.started > last.at for record in session.steps.values()):
        return ""
    return last.before or "?"


def _say(key: str, **params: object) -> Text:
    return message(f"doubts.{key}", **params)


def _needed(walk: Walk, step: Step) -> tuple[str, ...]:
    """The checks that this step rests on, each once."""
    named: list[str] = list(aliases(walk.guide, step.verify)) if step.verify else []
    if step.already_done:
        with suppress(expr.ExpressionError):  # it is unknown then, and said so
            named += expr.compile(step.already_done).names
    named += [spec.source.partition(".")[0] for spec in step.inputs if spec.source]
    return tuple(name for name in dict.fromkeys(named) if name in walk.guide.checks)


def _way(record: StepRecord, answer: bool | None) -> bool | None:
    """What speaks for the step speaks against its undo."""
    return answer if answer is None or record.purpose == "do" else not answer


def _evidence(step: Step, record: StepRecord, results: Mapping[str, Result]) -> Iterator[Seen]:
    if step.already_done:
        answer = gate.already_done(step, results)
        key = {True: "done", False: "not-done", None: "done-unknown"}[answer]
        yield Seen(_say(key, condition=one_line(step.already_done, 200)), _way(record, answer))
    if step.verify is not None:
        result = results.get(step.verify.check)
        known = result is not None and result.verdict is not Verdict.UNKNOWN
        good = holds(step.verify, results, record.values)
        told = result.summary if result is not None else Text("–", "–")
        text = Text(
            *(
                _say("verify-holds" if good else "verify-not", said=told.get(lang)).get(lang)
                for lang in ("en", "zh")
            )
        )
        # That it does not hold may have other reasons: it speaks against nothing.
        yield Seen(text, _way(record, True if good and known else None))


def _rows(
    step: Step, record: StepRecord, unanswered: Sequence[Command], results: Mapping[str, Result]
) -> Iterator[Seen]:
    """How many of the rows that the unanswered writes were about are still what the step was meant for."""
    each = getattr(step.action, "each", "")
    spec = next((one for one in step.inputs if one.name == each and one.source), None)
    items = record.values.get(each) if each else None
    if spec is None or not isinstance(items, (list, tuple)) or not unanswered:
        return
    if record.purpose == "undo" and not _all_of_them(record, len(items)):
        return  # its writes count other rows than the step's
    mine = [row for one in unanswered for row in items[one.first : one.first + one.items]]
    left = _left(spec, mine, results, record.values)
    if left is None:
        yield Seen(_say("rows-unseen", name=spec.name))
    elif mine:
        answer = True if not left else False if left == len(mine) else None
        yield Seen(_say("rows", left=left, total=len(mine), name=spec.name), _way(record, answer))


def _all_of_them(record: StepRecord, total: int) -> bool:
    """Whether the undo that broke off was to take back every row, so that its writes count them as the step did."""
    first = not any(one.purpose == "undo" for one in record.commands[record.do_from : record.run_from])
    return first and sum(one.items for one in record.applied()) == total


def _left(
    spec: Input, mine: Sequence[Any], results: Mapping[str, Result], values: Mapping[str, Any]
) -> int | None:
    alias, _, path = spec.source.partition(".")
    result = results.get(alias)
    if result is None or result.verdict is Verdict.UNKNOWN:
        return None
    there = {identity(row) for row in matching(spec, source_rows(result, path), values)}
    return sum(identity(row) in there for row in mine)


def _values(walk: Walk, step: Step, record: StepRecord) -> Iterator[Seen]:
    """What was saved before the write, read once more."""
    if record.redacted:
        return
    for save in step.saves:
        if save.name not in record.saved:
            continue
        before, name = record.saved[save.name], one_line(save.name, 60)
        try:
            answers = {
                write.target.pod if write.target else "": parse(save.parse, run_read(walk.cluster, write))
                for write in Expander(walk.cluster, walk.layout).expand(save.read, record.values)
            }
        except (ClusterError, PlanError, Unparsable) as error:
            yield Seen(_unseen(name, error))
            continue
        now: Any = next(iter(answers.values())) if len(answers) == 1 else answers
        same = now == before
        shown = {"name": name, "before": one_line(str(before), 80), "now": one_line(str(now), 80)}
        yield Seen(_say("value-same" if same else "value-changed", **shown), _way(record, not same))


def _unseen(what: str, error: Exception) -> Text:
    text = getattr(error, "text", None)
    why = text if isinstance(text, Text) else Text.of(str(error))
    return Text(
        _say("unseen", what=what, why=one_line(why.en, 300)).en,
        _say("unseen", what=what, why=one_line(why.zh, 300)).zh,
    )


# --- objects of the API -----------------------------------------------------------------------------------------------


def _objects(walk: Walk, step: Step, record: StepRecord, unanswered: Sequence[Command]) -> Iterator[Seen]:
    """The objects of the unanswered writes beside what was saved of them right before."""
    for one in record.objects:
        names = {one["name"], f"{one['name']}.json"}  # as a file, where it is created again
        if any(names & set(command.kubectl) for command in unanswered):
            yield _object(walk, step, record, one)


def _object(walk: Walk, step: Step, record: StepRecord, one: Mapping[str, Any]) -> Seen:
    resource = Resource.parse(one["resource"])
    shown = f"{resource.dotted}/{one_line(one['name'], 100)}"
    goes = isinstance(step.action, (DeleteAction, RestartAction))
    try:
        now = walk.cluster.get(resource, one["name"], namespace=one["namespace"] or "")
    except NotFound:
        return Seen(_say("gone", what=shown), _way(record, True) if goes else None)
    except ClusterError as error:
        return Seen(_unseen(shown, error))
    was, meta = one["object"], now.get("metadata", {})
    old = was.get("metadata", {})
    if meta.get("uid") != old.get("uid"):
        answer: bool | None = (
            isinstance(step.action, RestartAction) or (goes and record.purpose == "undo") or None
        )
        if not goes and record.purpose == "undo":
            answer = content(reborn(now)) == content(
                reborn(was)
            )  # made again meanwhile, and as it was or not
        return Seen(_say("other", what=shown), answer)
    if meta.get("deletionTimestamp") and not old.get("deletionTimestamp"):
        return Seen(_say("going", what=shown), _way(record, True) if goes else None)
    if goes:
        return Seen(_say("still-there", what=shown), _way(record, False))
    if meta.get("resourceVersion") == old.get("resourceVersion") or content(now) == content(was):
        return Seen(_say("as-before", what=shown), _way(record, False))
    lines = [line for line in unified(was, now, shown)[2:] if line[:1] in "+-"]
    return Seen(_say("differs", what=shown), _way(record, True), tuple(lines[:SHOWN]))
