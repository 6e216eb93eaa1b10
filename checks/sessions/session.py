"""A session: what one operator found and did with one guide on one cluster, folded from its journal.

Everything here is a function of values. `advance` takes one entry further; an entry of an unknown kind
changes nothing, so an older klinik reads a newer journal as far as it understands it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any

from checks.local.record import run_of
from checks.sessions import entryshape
from checks.sessions.sessionrecord import Note, Round, Session, SessionSummary, TurnChange
from checks.sessions.steprecord import SETTLED, Command, Proof, Purpose, StepRecord, StepState
from kb.model import NOTHING
from kb.text import Text

__all__ = [
    "SETTLED",
    "VERSION",
    "Command",
    "Entry",
    "Note",
    "Proof",
    "Purpose",
    "Round",
    "Session",
    "SessionSummary",
    "StepRecord",
    "StepState",
    "TurnChange",
    "advance",
    "fold",
    "interrupted",
    "summary",
]

VERSION = 1
Entry = dict[str, Any]
"""One line of a journal: ``{"v", "n", "at", "kind", …}``."""


def fold(entries: Iterable[Entry]) -> Session:
    """The session that these entries tell."""
    session = Session()
    for entry in entries:
        session = advance(session, entry)
    return session


def advance(session: Session, entry: Entry) -> Session:
    """The session after one more entry."""
    change = _CHANGES.get(entry.get("kind", ""))
    if entryshape.damaged(entry):
        return _damaged(session, entry)
    try:
        at = float(entry.get("at") or 0.0)
        newer = session.newer or int(entry.get("v") or 0) > VERSION
        after = change(session, entry) if change else session
    except (AttributeError, KeyError, TypeError, ValueError):
        # JSON, and yet not what klinik writes: a damaged line is counted, and hides no other.
        return _damaged(session, entry)
    return replace(after, updated=max(session.updated, at), newer=newer)


def interrupted(session: Session) -> Session:
    """The session when nobody runs it: a running step is in doubt as soon as a write of it went out."""
    steps = {key: _settle(record) for key, record in session.steps.items()}
    return replace(session, steps=steps)


def summary(entries: Iterable[Entry], path: str = "", name: str = "") -> SessionSummary:
    """The line of a session in a list."""
    entries = tuple(entries)
    session = interrupted(fold(entries))
    total = next((int(e.get("steps") or 0) for e in reversed(entries) if e.get("kind") == "cause"), 0)
    return SessionSummary(
        id=session.id or name,
        path=path,
        article=session.article,
        title=session.title,
        context=str(session.cluster.get("context", "")),
        practice=str(session.cluster.get("practice", "")),
        operator=session.operator,
        cause=session.cause,
        opened=session.opened,
        updated=session.updated,
        done=sum(record.state in SETTLED and record.state != "undone" for record in session.steps.values()),
        in_doubt=sum(record.state == "in_doubt" for record in session.steps.values()),
        total=total,
        outcome=session.outcome,
        cluster=session.cluster,
    )


def _settle(record: StepRecord) -> StepRecord:
    if record.state != "running":
        return record
    sent = record.commands[record.run_from :]
    if not sent:
        return replace(record, state=record.before_run)
    commands = tuple(
        replace(one, state="in_doubt") if one.state == "sent" else one for one in record.commands
    )
    return replace(record, state="in_doubt", commands=commands)


def _with_step(session: Session, step_id: str, **changes: Any) -> Session:
    record = replace(session.step(step_id), **changes)
    return replace(session, steps={**session.steps, step_id: record})


def _opened(session: Session, e: Entry) -> Session:
    return replace(
        session,
        id=e.get("session", ""),
        article=e.get("article", ""),
        title=Text.of(e.get("title")),
        lang=e.get("lang", "en"),
        cluster=e.get("cluster", {}),
        operator=e.get("operator", ""),
        guide=e.get("guide", ""),
        opened=e.get("at", 0.0),
    )


def _armed(session: Session, e: Entry) -> Session:
    reason = e.get("reason", "")
    return session if reason in session.reasons else replace(session, reasons=(*session.reasons, reason))


def _checked(session: Session, e: Entry) -> Session:
    return replace(session, rounds=(*session.rounds, Round(e.get("at", 0.0), e.get("results", {}))))


def _cause(session: Session, e: Entry) -> Session:
    return replace(session, cause=e.get("cause", ""), causes=e.get("causes", {}))


def _start(session: Session, e: Entry) -> Session:
    record = session.step(e["step"])
    changes: dict[str, Any] = {}
    if e.get("purpose") != "undo":
        kept = tuple(reversed(record.to_undo()))
        changes = {
            "values": e.get("values", {}),
            "saved": NOTHING,
            "objects": (),
            "files": (),
            "rows": (),
            "redacted": bool(e.get("redacted")),
            "do_from": len(record.commands),
            "earlier": tuple(replace(run, earlier=()) for run in kept),
        }
    return _with_step(
        session,
        record.id,
        state="running",
        before_run=record.state,
        purpose=e.get("purpose", "do"),
        run_from=len(record.commands),
        planned=int(e.get("writes") or 0),
        started=e.get("at", 0.0),
        ended=0.0,
        risk=e.get("risk", ""),
        digest=e.get("digest", ""),
        line=e.get("line", ""),
        message=Text(),
        marks=(),
        **changes,
    )


def _saved(session: Session, e: Entry) -> Session:
    record = session.step(e["step"])
    saved = {**record.saved, e["name"]: e.get("value")}
    return _with_step(session, record.id, saved=saved, redacted=record.redacted or bool(e.get("redacted")))


def _saved_object(session: Session, e: Entry) -> Session:
    one = {key: e.get(key) for key in ("resource", "namespace", "name", "object")}
    same = ("resource", "namespace", "name")
    record = session.step(e["step"])
    kept = [old for old in record.objects if any(old[key] != one[key] for key in same)]
    redacted = record.redacted or bool(e.get("redacted"))
    return _with_step(session, record.id, objects=(*kept, one), redacted=redacted)


def _saved_file(session: Session, e: Entry) -> Session:
    if e.get("purpose") != "do" or "sha256" not in e:
        return session
    one = {key: e.get(key) for key in ("database", "name", "size", "sha256")}
    record = session.step(e["step"])
    return _with_step(session, record.id, files=(*record.files, one))


def _saved_rows(session: Session, e: Entry) -> Session:
    """Rows to compare with after an undo; those that lost something in a hand-over would compare with tokens."""
    tables = {table: held for table, held in e["tables"].items() if isinstance(held, Mapping)}
    if not tables or e.get("redacted"):
        return session
    one = {key: str(e.get(key, "")) for key in ("program", "role", "pod", "node")}
    record = session.step(e["step"])
    return _with_step(session, record.id, rows=(*record.rows, {**one, "tables": tables}))


def _writing(session: Session, e: Entry) -> Session:
    record = session.step(e["step"])
    command = Command(
        purpose=e.get("purpose", "do"),
        index=e.get("index", 0),
        what=Text.of(e.get("what")),
        kubectl=tuple(e.get("kubectl", ())),
        at=e.get("at", 0.0),
        first=e.get("first", 0),
        items=e.get("items", 0),
    )
    return _with_step(session, record.id, commands=(*record.commands, command))


def _answer(session: Session, e: Entry) -> Session:
    record = session.step(e["step"])
    if not record.commands:
        return session
    last = replace(
        record.commands[-1],
        state=e.get("state", "ok"),
        code=e.get("code"),
        output=e.get("output", ""),
        error=e.get("error", ""),
        took_ms=e.get("took_ms", 0),
    )
    return _with_step(session, record.id, commands=(*record.commands[:-1], last))


def _moved(session: Session, e: Entry) -> Session:
    marks = tuple(mark for mark in e.get("marks", ()) if isinstance(mark, Mapping))
    return _with_step(session, e["step"], marks=marks)


def _verified(session: Session, e: Entry) -> Session:
    record = session.step(e["step"])
    proof = Proof(
        purpose=e.get("purpose", "do"),
        ok=bool(e.get("ok")),
        before=e.get("before", {}),
        after=e.get("after", {}),
        took=e.get("took", 0.0),
        at=e.get("at", 0.0),
    )
    return _with_step(session, record.id, proofs=(*record.proofs, proof))


def _restored(session: Session, e: Entry) -> Session:
    things = e.get("things")
    known = tuple(one for one in things if isinstance(one, Mapping)) if isinstance(things, list) else ()
    return _with_step(session, e["step"], restored=known)


def _ended(session: Session, e: Entry) -> Session:
    return _with_step(
        session,
        e["step"],
        state=e.get("state", "failed"),
        message=Text.of(e.get("message")),
        reason=e.get("reason", ""),
        ended=e.get("at", 0.0),
    )


def _note(session: Session, e: Entry) -> Session:
    note = Note(e.get("at", 0.0), e.get("text", ""), e.get("operator", ""))
    return replace(session, notes=(*session.notes, note))


def _ran(session: Session, e: Entry) -> Session:
    return replace(session, runs=(*session.runs, run_of(e)))


def _turn(session: Session, e: Entry) -> Session:
    words = {key: str(e.get(key, "")) for key in ("step", "state", "target", "holder", "before")}
    return replace(session, turns=(*session.turns, TurnChange(e.get("at", 0.0), **words)))


def _handed_over(session: Session, e: Entry) -> Session:
    change = TurnChange(e.get("at", 0.0), "", "handed-over", "", "", str(e.get("operator", "")))
    return replace(session, turns=(*session.turns, change))


def _resumed(session: Session, e: Entry) -> Session:
    return replace(
        interrupted(session), operator=e.get("operator") or session.operator, outcome="", finished=0.0
    )


def _finished(session: Session, e: Entry) -> Session:
    versions = {str(key): str(value) for key, value in (e.get("versions") or {}).items()}
    return replace(
        session,
        outcome=e.get("outcome", ""),
        finished=e.get("at", 0.0),
        why=str(e.get("why") or ""),
        versions=versions,
    )


def _damaged(session: Session, _: Entry) -> Session:
    return replace(session, damaged=session.damaged + 1)


_CHANGES: Mapping[str, Callable[[Session, Entry], Session]] = {
    "opened": _opened,
    "armed": _armed,
    "checked": _checked,
    "cause": _cause,
    "start": _start,
    "saved": _saved,
    "saved_object": _saved_object,
    "saved_file": _saved_file,
    "saved_rows": _saved_rows,
    "writing": _writing,
    "answer": _answer,
    "moved": _moved,
    "verified": _verified,
    "ended": _ended,
    "restored": _restored,
    "note": _note,
    "ran": _ran,
    "turn": _turn,
    "handed-over": _handed_over,
    "resumed": _resumed,
    "finished": _finished,
    "damaged": _damaged,
}
