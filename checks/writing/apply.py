"""Executes a plan: every write is in the journal before it goes out, and its answer before the next one.

Nothing is assumed: an answer that did not come back leaves the step in doubt, the first failure stops, and a journal
that cannot be written stops everything before the cluster is touched.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import Any

from checks.clock import Clock, Stop, held, stopping
from checks.cluster import PODS, Cluster, ExecResult
from checks.errors import ClusterError, InDoubt, Timeout
from checks.parse import Unparsable
from checks.plans.plan import Plan, PlanError, PlannedWrite
from checks.plans.writes import Expander
from checks.redact import redact_words, redactor
from checks.sessions.journal import Journal
from checks.sessions.session import StepState
from checks.writing import apiwrite
from checks.writing.background import Running
from checks.writing.eviction import wait_for_budget
from checks.writing.saved import save
from checks.writing.stepevents import Output, StepEvent, Waiting, WriteDone, WriteStarted
from checks.writing.successor import siblings, wait_for_successor
from checks.writing.turns import Turn, TurnLost
from kb.messages import message
from kb.safe import one_line, printable
from kb.text import Text

TAIL = 4000
"""Characters of a command's output that are kept in the journal."""
HELD_EVERY = 0.2
"""Seconds between two looks whether a held step may go on."""
Before = Callable[[int, bool], "Text | None"]
Between = Callable[[int], Generator[StepEvent, None, "Text | None"]]
_NO_TEXT = Text()
_KILLED = (124, *range(129, 166))
"""Exit codes of a command that ended by a signal (ALRM of --timeout, KILL …) or timeout(1): it may have written."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How the writing ended: ``done`` means that every write was answered, not that it is proven."""

    state: StepState
    message: Text


@dataclass(frozen=True, slots=True)
class _Answer:
    state: str
    text: Text = _NO_TEXT
    code: int | None = None
    output: str = ""


def apply(
    cluster: Cluster,
    expander: Expander,
    plan: Plan,
    journal: Journal,
    *,
    clock: Clock,
    stop: Stop | None = None,
    turn: Turn | None = None,
    before: Before | None = None,
    between: Between | None = None,
) -> Generator[StepEvent, None, Outcome]:
    """Saves what the undo needs, then sends the plan's writes one after another; returns how it ended.

    Stopping and holding take effect between writes, and so does the loss of the turn. `before` is asked right before
    every command (its index, and whether it was held) whether it still is what was shown, `between` after every write
    (its index) whether the next one may go out; both say why not. JournalError passes through: nothing goes out that
    is not written down.
    """
    pace = cluster.info.pace
    # The same key as in an export: a secret has one token in a session.
    redact = redactor(next((str(e.get("session", "")) for e in journal.entries), ""))
    try:
        yield from save(cluster, expander, plan, journal)
    except (ClusterError, PlanError, Unparsable) as error:
        text = error.text.each(one_line)
        return Outcome("failed", _with("session.save-failed", text))
    for index, write in enumerate(plan.commands):
        not_now = yield from _ready(cluster, plan, index, before, clock=clock, stop=stop)
        if not_now is not None:
            return Outcome("failed", not_now)
        if write.kind == "manual":
            continue
        lost = _lost(turn, plan, journal, write)
        if lost:
            return Outcome("failed", lost)
        answer = yield from _one(cluster, plan, journal, index, write, redact, clock=clock, stop=stop)
        if answer.state != "ok":
            state: StepState = "in_doubt" if answer.state == "in_doubt" else "failed"
            return Outcome(state, answer.text)
        why = (yield from between(index)) if between else None
        if why:
            return Outcome("failed", why)
        if write.pause and index + 1 < len(plan.commands):
            clock.sleep(write.pause * pace, stop)
    return Outcome("done", Text())


def _ready(
    cluster: Cluster, plan: Plan, index: int, before: Before | None, *, clock: Clock, stop: Stop | None
) -> Generator[StepEvent, None, Text | None]:
    """Waits until a write may go out: let go on, within the budgets, and what was shown; returns why it may not.

    All of this takes time, in which the operator may hold or end the step: that has the last word.
    """
    write, total = plan.commands[index], len(plan.commands)
    waited = False
    while True:
        waited = (yield from _held(clock, stop)) or waited
        if stopping(stop):
            return message("session.stopped", sent=index, total=total)
        if write.kind == "restart":
            over = yield from wait_for_budget(cluster, write, clock=clock, stop=stop)
            if over is not None and not stopping(stop):
                return over
        elif write.kind == "exec" and before is not None:
            changed = before(index, waited)
            if changed:
                return _with("session.changed-since", changed, sent=index, total=total)
        if not held(stop) and not stopping(stop):
            return None


def _held(clock: Clock, stop: Stop | None) -> Generator[StepEvent, None, bool]:
    """Waits as long as the operator holds the step, and says so once a second; whether it was held."""
    began = clock.monotonic()
    waited = False
    while held(stop):
        waited = True
        yield Waiting(message("session.paused"), clock.monotonic() - began, 0.0)
        clock.sleep(HELD_EVERY, stop)
    return waited


def _one(
    cluster: Cluster,
    plan: Plan,
    journal: Journal,
    index: int,
    write: PlannedWrite,
    redact: Callable[[str], str],
    *,
    clock: Clock,
    stop: Stop | None,
) -> Generator[StepEvent, None, _Answer]:
    try:
        before = siblings(cluster, write) if write.kind == "restart" else None
        replaced = _replaced(cluster, write)
    except ClusterError as error:
        return _Answer("failed", error.text)
    refused = replaced or (before.too_few if before else None)
    if refused:
        return _Answer("failed", refused)
    journal.append(
        "writing",
        step=plan.step_id,
        purpose=plan.purpose,
        index=index,
        first=write.first,
        items=write.items,
        what={"en": redact(write.what.en), "zh": redact(write.what.zh)},
        kubectl=redact_words(write.kubectl, redact),
    )
    yield WriteStarted(index, len(plan.commands), write.what, write.kubectl)
    began = clock.monotonic()
    heard: list[_Answer] = []
    try:
        heard.append((yield from _send(cluster, write, clock, stop, heard)))
    finally:
        # Also when the reader has gone away in the middle: what is known is written down.
        took = round((clock.monotonic() - began) * 1000)
        answer = heard[-1] if heard else _Answer("in_doubt")
        _record(plan, journal, index, answer, took, redact)
    if answer.state == "ok" and before is not None:
        late = yield from wait_for_successor(cluster, write, before, clock=clock, stop=stop)
        if late:
            answer = _Answer("failed", late)
    if answer.state == "ok":
        through = sum(one.items for one in plan.commands[: index + 1])
        yield WriteDone(index, len(plan.commands), through, plan.items, took)
    return answer


def _replaced(cluster: Cluster, write: PlannedWrite) -> Text | None:
    """Between two commands a pod may be replaced by another one of the same name: that one was not reviewed."""
    target = write.target
    if write.kind != "exec" or target is None or not target.uid:
        return None
    now = cluster.get(PODS, target.pod, namespace=target.namespace)
    same = now.get("metadata", {}).get("uid") == target.uid
    return None if same else message("session.stale-target", pod=one_line(target.pod, 100), role=write.role)


def _record(
    plan: Plan, journal: Journal, index: int, answer: _Answer, took: int, redact: Callable[[str], str]
) -> None:
    journal.append(
        "answer",
        step=plan.step_id,
        index=index,
        state=answer.state,
        code=answer.code,
        output=redact(answer.output[-TAIL:]),
        error=redact(answer.text.en),
        took_ms=took,
    )


def _send(
    cluster: Cluster, write: PlannedWrite, clock: Clock, stop: Stop | None, heard: list[_Answer]
) -> Generator[StepEvent, None, _Answer]:
    if write.kind == "exec":
        return (yield from _exec(cluster, write, heard))
    if write.kind == "wait":
        yield from _wait(cluster, write, clock, stop)
        return _Answer("ok")
    sent = apiwrite.send(cluster, write)
    return _Answer(sent.state, sent.text)


def _exec(cluster: Cluster, write: PlannedWrite, heard: list[_Answer]) -> Generator[StepEvent, None, _Answer]:
    target = write.target
    if target is None:
        return _Answer("failed", message("session.no-target", role=write.role))

    def call(emit: Any) -> ExecResult:
        return cluster.exec(
            target.namespace,
            target.pod,
            target.container,
            write.argv,
            timeout=write.timeout,
            on_output=emit,
        )

    running = Running(call)
    try:
        for piece in running.output():
            if piece:
                yield Output(printable(piece))
    except GeneratorExit:
        # The reader has gone: the command runs to its end, and its answer is still written down.
        heard.append(_finish(running))
        raise
    return _finish(running)


def _finish(running: Running[ExecResult]) -> _Answer:
    try:
        result = running.result()
    except (InDoubt, Timeout) as error:
        return _Answer("in_doubt", error.text)
    except ClusterError as error:
        return _Answer("in_doubt" if error.sent else "failed", error.text)
    output = printable(
        result.stdout + (("\n" if result.stdout else "") + result.stderr if result.stderr else "")
    )
    if result.code == 0:
        return _Answer("ok", Text(), 0, output)
    said = one_line(result.stderr or result.stdout, 300)
    text = message(
        "session.exec-code", program=result.argv[0] if result.argv else "", code=result.code, said=said
    )
    return _Answer("in_doubt" if result.code in _KILLED else "failed", text, result.code, output)


def _wait(
    cluster: Cluster, write: PlannedWrite, clock: Clock, stop: Stop | None
) -> Generator[StepEvent, None, None]:
    pace = cluster.info.pace
    began = clock.monotonic()
    while not stopping(stop):
        elapsed = (clock.monotonic() - began) / pace
        if elapsed >= write.timeout:
            return
        yield Waiting(write.what, elapsed, write.timeout)
        clock.sleep(min(1.0, write.timeout - elapsed) * pace, stop)


# --- before the writes ------------------------------------------------------------------------------------------------


def _lost(turn: Turn | None, plan: Plan, journal: Journal, write: PlannedWrite) -> Text | None:
    """Looks whether it is still our turn to write; where it is not, that is in the journal, and said."""
    if turn is None:
        return None
    try:
        turn.check(write)
    except TurnLost as lost:
        holder = lost.holder.name if lost.holder else ""
        journal.append("turn", step=plan.step_id, state="lost", target=lost.claim.target, holder=holder)
        return lost.text
    return None


def _with(key: str, text: Text, **more: object) -> Text:
    return Text(message(key, why=text.en, **more).en, message(key, why=text.zh, **more).zh)
