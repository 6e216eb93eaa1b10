"""The run of one confirmed plan inside a walk: look again, write, prove, and write all of it down."""

from __future__ import annotations

from collections.abc import Collection, Generator, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from checks.clock import Control, Stop
from checks.operators import holder
from checks.plans import gate, stale
from checks.plans.plan import Plan, StalePlan
from checks.plans.writes import Expander
from checks.redact import redactor
from checks.sessions.journal import JournalError
from checks.sessions.session import StepState
from checks.signature import signed
from checks.walking import restored
from checks.walking.lookagain import LookAgain
from checks.writing import canary, traces, transition
from checks.writing.apply import Outcome, apply
from checks.writing.moves import Moves
from checks.writing.stepevents import CanaryLooked, StepEnded, StepEvent, StepStarted, Verified, Waiting
from checks.writing.turns import Took, Turn, claims, kept
from checks.writing.verify import aliases, brief, prove
from kb.messages import message
from kb.model import CommandAction
from kb.text import Text

if TYPE_CHECKING:
    from checks.walking.walk import Walk


HOLD = 30.0
"""Cluster seconds in which the writes of a step without verification have to take hold of their targets."""


class NotConfirmed(Exception):
    """What was typed is not what the plan asks for; nothing was sent."""

    def __init__(self, text: Text):
        super().__init__(text.en)
        self.text = text


class StepRun:
    """One run; `events` may be iterated once."""

    def __init__(
        self,
        walk: Walk,
        plan: Plan,
        reason: str,
        stop: Stop | None,
        *,
        take_over: bool | Collection[str] = False,
        batch: int = canary.BATCH,
    ):
        self._walk = walk
        self._plan = plan
        self._reason = reason
        self._stop = stop
        self._over = take_over
        self._batches = dict(canary.batches(plan.commands, batch))
        self._step = walk.guide.step(plan.step_id)
        self._ended = False
        self._moves: Moves | None = None

    def events(self) -> Iterator[StepEvent]:
        """Everything that happens, `StepEnded` last; raises Held, StalePlan and JournalError."""
        yield Waiting(message("session.looking-again"), 0.0, 0.0)
        turn = self._turn()
        self._write_taking()
        took = turn.take(over=self._over)
        try:
            # Looked at while nobody else may write: what is seen now is what will be written to.
            before = self._look_again()
            yield from kept(turn, self._run(turn, took, before))
        finally:
            turn.release()

    @property
    def _holder(self) -> str:
        walk = self._walk
        path = walk.journal.path  # asking for the journal makes it, and names the session
        return holder(walk.operator, walk.session.id or (path.stem if path else ""))

    def _turn(self) -> Turn:
        plan, walk = self._plan, self._walk
        return Turn(
            walk.cluster,
            claims(plan.commands),
            holder=self._holder,
            purpose=f"{walk.article.id}/{plan.step_id} ({plan.purpose})",
            clock=walk.clock,
        )

    def _run(
        self, turn: Turn, took: tuple[Took, ...], before: Mapping[str, Any]
    ) -> Generator[StepEvent, None, None]:
        plan, walk = self._plan, self._walk
        self._again = LookAgain(walk, plan, self._step)
        self._write_start(before)
        try:
            self._write_taken(took)
            yield StepStarted(plan.step_id, plan.purpose, len(plan.commands), plan.items)
            seen = transition.look_before(walk.cluster, plan, self._step, walk.layout)
            moves = self._moves = Moves(walk, plan, self._step, seen)
            expander = Expander(walk.cluster, walk.layout)
            try:
                outcome = yield from apply(
                    signed(walk.cluster, self._reason),
                    expander,
                    plan,
                    walk.journal,
                    clock=walk.clock,
                    stop=self._stop,
                    turn=turn,
                    before=self._again.before,
                    between=self._between,
                )
            finally:
                walk.refold()
            if outcome.state == "done":
                outcome = yield from self._prove(before, moves)
            self._end(outcome.state, outcome.message)
            self._trace(outcome.state)
            yield StepEnded(plan.step_id, outcome.state, outcome.message)
        finally:
            # The reader went away in the middle: what was begun and not finished is in doubt.
            if not self._ended and self._begun():
                self._leave()

    def _look_again(self) -> dict[str, Any]:
        """Fresh results of what the plan rests on; raises StalePlan. Returns the results before, in short."""
        plan, walk, verify = self._plan, self._walk, self._step.verify
        needed = gate.needs(self._step, walk.guide.checks) if plan.purpose == "do" else ()
        names = (*stale.sources(plan), *(aliases(walk.guide, verify) if verify else ()))
        fresh = walk.look(tuple(dict.fromkeys((*names, *needed))))
        blocked = gate.blocked(self._step, walk.results) if needed else None
        if blocked:
            raise StalePlan((blocked,))
        twin = self._step.preview if plan.purpose == "do" else None
        stale.still_valid(walk.cluster, walk.layout, plan, fresh, twin)
        return brief(fresh)

    def _write_taking(self) -> None:
        """Leases are writes, too: where nothing can be written down, not even they go out."""
        wanted = claims(self._plan.commands)
        if wanted:
            targets = [claim.target for claim in wanted]
            self._walk.record("taking", step=self._plan.step_id, targets=targets, holder=self._holder)

    def _write_start(self, before: Mapping[str, Any]) -> None:
        plan = self._plan
        if self._reason:
            self._walk.record("armed", reason=self._reason)
        self._walk.record(
            "start",
            step=plan.step_id,
            purpose=plan.purpose,
            values=plan.values if plan.purpose == "do" else {},
            risk=plan.risk,
            digest=plan.digest,
            writes=len(plan.commands),
            items=plan.items,
            operator=self._walk.operator,
            reason=self._reason,
            before=before,
            **self._shown_line(),
        )

    def _between(self, index: int) -> Generator[StepEvent, None, Text | None]:
        """The first target of many, and every batch after it, is looked at before the next one is touched."""
        self._again.after(index)
        targets = self._batches.get(index)
        if not targets:
            return None
        why = yield from self._look_at(targets, index)
        if why is None and isinstance(self._stop, Control):
            self._stop.looked()
        return why

    def _look_at(self, targets: tuple[str, ...], index: int) -> Generator[StepEvent, None, Text | None]:
        walk, verify = self._walk, self._step.verify
        moves = self._moves.of(targets, index) if self._moves else None
        why = (yield from moves.taken_hold(verify.within if verify else HOLD, self._stop)) if moves else None
        marks = moves.marks if moves else ()
        if why is not None:
            yield CanaryLooked(targets, False, summary=why, marks=marks)
            walk.record("canary", step=self._plan.step_id, targets=list(targets), ok=False)
            return why
        if verify is None or self._plan.purpose == "undo":
            yield CanaryLooked(targets, None, marks=marks)
            return None
        question = canary.Question(walk.guide, verify, targets, *self._touched(targets, index))
        pace = walk.cluster.info.pace
        why = yield from canary.look_at(
            question, walk.look, pace=pace, clock=walk.clock, stop=self._stop, marks=marks
        )
        walk.record("canary", step=self._plan.step_id, targets=list(targets), ok=why is None)
        return why

    def _touched(self, targets: tuple[str, ...], index: int) -> tuple[dict[str, Any], str]:
        """The step's values with only the items that these targets stand for so far, and the name of their list."""
        plan, each = self._plan, getattr(self._step.action, "each", "")
        items = plan.values.get(each)
        if not each or not isinstance(items, (list, tuple)):
            return dict(plan.values), ""
        mine = [write for write in plan.commands[: index + 1] if canary.target_of(write) in targets]
        chosen = [items[at] for write in mine for at in range(write.first, write.first + write.items)]
        return {**plan.values, each: chosen}, each

    def _write_taken(self, took: tuple[Took, ...]) -> None:
        """Only what was taken from somebody at work is worth a line: the rest is told by the start itself."""
        for one in took:
            if one.before is not None:
                self._walk.record(
                    "turn",
                    step=self._plan.step_id,
                    state="taken-over",
                    target=one.claim.target,
                    holder=self._holder,
                    before=one.before.name,
                )

    def _trace(self, state: StepState) -> None:
        """An Event on what was written to; that it could not be left is in the journal, and changes nothing else."""
        walk, plan = self._walk, self._plan
        record = walk.session.step(plan.step_id)
        sent = {one.index for one in record.commands[record.run_from :] if one.state != "failed"}
        writes = [write for index, write in enumerate(plan.commands) if index in sent]
        if not traces.objects_of(writes):
            return
        known = {(one["resource"], one["namespace"], one["name"]): one["object"] for one in record.objects}
        trace = traces.Trace(
            walk.article.id, plan.step_id, plan.purpose, walk.operator, walk.session.id, self._reason, state
        )
        left, failed = traces.leave(walk.cluster, writes, known, trace, walk.clock.now())
        walk.record("traced", step=plan.step_id, left=left, failed=failed)

    def _shown_line(self) -> dict[str, str]:
        """The line of an article that a person ran, as it was shown, without secrets."""
        if not isinstance(self._step.action, CommandAction):
            return {}
        return {"line": redactor(self._walk.session.id)(self._plan.instruction.en)}

    def _prove(self, before: Mapping[str, Any], moves: Moves) -> Generator[StepEvent, None, Outcome]:
        """First that the writes took hold of what they were sent to, then that the checks hold for their time."""
        walk, verify, plan = self._walk, self._step.verify, self._plan
        if plan.purpose == "undo":
            return (yield from self._prove_undo(before, moves))
        if verify is None:
            why = yield from moves.taken_hold(HOLD, self._stop)
            yield moves.told()
            return Outcome("failed", why) if why else Outcome("done", message("session.done-unproven"))
        clock, pace = walk.clock, walk.cluster.info.pace
        ok, results, took, why = yield from prove(
            walk.guide, verify, walk.look, pace=pace, clock=clock, stop=self._stop, inputs=plan.values,
            lacking=moves.lacking,
        )  # fmt: skip
        yield moves.told()
        after_brief = brief(results)
        self._verified(ok, before, after_brief, took)
        yield Verified(ok, before, after_brief)
        return Outcome("done", message("session.done")) if ok else Outcome("failed", why)

    def _prove_undo(self, before: Mapping[str, Any], moves: Moves) -> Generator[StepEvent, None, Outcome]:
        """Everything that was saved before the step is compared with what is there now."""
        walk, verify = self._walk, self._step.verify
        found = yield from restored.come_back(walk, self._step, self._stop)
        yield moves.told()
        wrong = restored.differing(found)
        walk.record("restored", step=self._plan.step_id, things=restored.as_entries(found))
        if verify is not None:
            after = brief(walk.look(aliases(walk.guide, verify)))
            self._verified(wrong is None, before, after, 0.0)
            yield Verified(wrong is None, before, after)
        return Outcome("failed", wrong) if wrong else Outcome("undone", restored.told(found))

    def _verified(self, ok: bool, before: Mapping[str, Any], after: Mapping[str, Any], took: float) -> None:
        plan = self._plan
        self._walk.record(
            "verified",
            step=plan.step_id,
            purpose=plan.purpose,
            ok=ok,
            before=before,
            after=after,
            took=round(took, 3),
        )

    def _end(self, state: StepState, text: Text) -> None:
        self._ended = True
        said = {"en": text.en, "zh": text.zh}
        self._walk.record(
            "ended", step=self._plan.step_id, purpose=self._plan.purpose, state=state, message=said
        )

    def _leave(self) -> None:
        """Says that the step is left in doubt; where not even that can be written, the journal says it by its gap."""
        try:
            self._end("in_doubt", message("session.left"))
        except JournalError:
            self._walk.break_off()

    def _begun(self) -> bool:
        return self._walk.session.step(self._plan.step_id).state == "running"
