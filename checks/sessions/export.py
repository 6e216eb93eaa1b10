"""A session for others: Markdown to read, JSON to keep; without secrets. Pure."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from checks.local.told import told
from checks.redact import redact_tree, redactor
from checks.sessions.redacted import redacted
from checks.sessions.session import Command, Proof, Session, StepRecord
from checks.sessions.steprecord import in_words
from checks.sessions.timeline import timeline
from checks.writing.marks import known_marks
from kb.messages import message
from kb.safe import one_line, printable
from kb.text import Text

ITEMS = 20
"""Words of a command that are shown of a long list of items, and rows of a value."""
_MARKS = re.compile(r"([\\`*_\[\]<>|#~&])")

Redact = Callable[[str], str]


def session_markdown(session: Session, lang: str, *, with_timeline: bool = True) -> str:
    """The session as Markdown in `lang`: symptoms, evidence, cause, steps with exact commands, proof, notes."""
    session, redact = redacted(session), redactor(session.id)
    parts = [*_head(session, lang, redact), *_checks(session, lang, redact), *_cause(session, lang)]
    for record in session.steps.values():
        parts += _step(record, lang, redact)
    parts += _runs(session, lang, redact)
    parts += _notes(session, lang, redact)
    if with_timeline:
        parts += _timeline(session, lang, redact)
    return "\n".join(parts).rstrip() + "\n"


def session_json(session: Session, lang: str) -> dict[str, Any]:
    """The session as one JSON document, texts in `lang`, secrets replaced by tokens."""
    session, redact = redacted(session), redactor(session.id)
    document = {
        "id": session.id,
        "article": session.article,
        "title": session.title.get(lang),
        "cluster": dict(session.cluster),
        "operator": session.operator,
        "reasons": list(session.reasons),
        "opened": session.opened,
        "updated": session.updated,
        "cause": session.cause or None,
        "causes": dict(session.causes),
        "checks": [{"at": one.at, "results": _texts(one.results, lang)} for one in session.rounds],
        "steps": [_step_json(record, lang) for record in session.steps.values()],
        "runs": [asdict(one) for one in session.runs],
        "turns": [asdict(one) for one in session.turns],
        "notes": [{"at": one.at, "operator": one.operator, "text": one.text} for one in session.notes],
        "outcome": session.outcome or None,
        "why": session.why or None,
        "versions": dict(session.versions),
        "finished": session.finished or None,
        "timeline": [
            {"at": one.at, "text": one.text.get(lang), "tone": one.tone or None, "step": one.step or None}
            for one in timeline(session)
        ],
        "damaged": session.damaged,
        "newer": session.newer,
    }
    clean: dict[str, Any] = redact_tree(document, redact)
    return clean


def _step_json(record: StepRecord, lang: str) -> dict[str, Any]:
    return {
        "id": record.id,
        "state": record.state,
        "risk": record.risk,
        "digest": record.digest,
        "values": dict(record.values),
        "started": record.started,
        "ended": record.ended,
        "message": record.message.get(lang),
        "reason": record.reason,
        "line": record.line or None,
        "saved": dict(record.saved),
        "objects": [dict(one) for one in record.objects],
        "files": [dict(one) for one in record.files],
        "restored": [_in(one, lang) for one in record.restored],
        "commands": [_command_json(command, lang) for command in record.commands],
        "proofs": [_proof_json(proof, lang) for proof in record.proofs],
        "marks": [dict(mark) for mark in record.marks],
    }


def _command_json(command: Command, lang: str) -> dict[str, Any]:
    return {
        "purpose": command.purpose,
        "what": command.what.get(lang),
        "kubectl": list(command.kubectl),
        "at": command.at,
        "state": command.state,
        "code": command.code,
        "items": command.items,
        "output": command.output,
        "error": command.error,
        "took_ms": command.took_ms,
    }


def _in(thing: Mapping[str, Any], lang: str) -> dict[str, Any]:
    """A thing that was compared, in one language."""
    return {**thing, **{key: in_words(thing[key], lang) for key in ("what", "now") if key in thing}}


def _proof_json(proof: Proof, lang: str) -> dict[str, Any]:
    return {
        "purpose": proof.purpose,
        "ok": proof.ok,
        "took": proof.took,
        "at": proof.at,
        "before": _texts(proof.before, lang),
        "after": _texts(proof.after, lang),
    }


def _texts(results: Mapping[str, Any], lang: str) -> dict[str, Any]:
    """Results in short with their texts in one language."""
    return {
        alias: {
            key: Text.of(value).get(lang) if key in ("summary", "title") else value
            for key, value in one.items()
        }
        for alias, one in results.items()
    }


# --- Markdown ---------------------------------------------------------------------------------------------------------


def session_summary(session: Session, lang: str) -> str:
    """The session in two or three plain sentences, to paste into a chat; bounded, without secrets."""
    session = redacted(session)
    cluster = session.cluster
    where = (cluster.get("practice") and f"PRACTICE {cluster['practice']}") or cluster.get("context", "")
    did = [record.id for record in session.steps.values() if record.state in ("done", "already_done")]
    nothing = message("timeline.summary-nothing").get(lang)
    proofs = (p for record in session.steps.values() for p in record.proofs if p.purpose == "do")
    proof = max(proofs, key=lambda p: p.at, default=None)
    text = message(
        "timeline.summary",
        title=session.title.get(lang) or session.article,
        cluster=str(where),
        outcome=_outcome(session, lang),
        cause=session.cause or nothing,
        done=", ".join(did) or nothing,
        proof=_proved(proof, lang),
    )
    doubt = [record.id for record in session.steps.values() if record.state == "in_doubt"]
    more = [message("timeline.summary-doubt", steps=", ".join(doubt)).get(lang)] if doubt else []
    said = " ".join([text.get(lang), *more, *([session.why] if session.why else [])])
    return redactor(session.id)(one_line(said, 1500))


def _proved(proof: Proof | None, lang: str) -> str:
    if proof is None or not proof.after:
        return message("timeline.summary-no-proof").get(lang)
    alias = next((a for a in proof.after if proof.after[a] != proof.before.get(a)), next(iter(proof.after)))
    told = [
        Text.of(side.get(alias, {}).get("summary")).get(lang) or "–" for side in (proof.before, proof.after)
    ]
    return message("timeline.summary-proof", before=told[0], after=told[1]).get(lang)


def _say(key: str, lang: str, **params: object) -> str:
    return message(f"session.export-{key}", **params).get(lang)


def plain(text: str, limit: int = 400) -> str:
    """Foreign text as Markdown that means nothing but itself."""
    return _MARKS.sub(r"\\\1", one_line(text, limit))


def _timeline(session: Session, lang: str, redact: Redact) -> Iterator[str]:
    yield f"## {message('timeline.heading').get(lang)}"
    yield ""
    for one in timeline(session):
        yield f"- {when(one.at)} {plain(redact(one.text.get(lang)), 2000)}"
    yield ""


def when(at: float) -> str:
    """A time as exports write it: UTC, to the second; a dash for none."""
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M:%S UTC") if at else "–"


def fence(text: str, info: str = "") -> list[str]:
    """The lines of a code block whose fence is longer than any run of backticks inside."""
    longest = max((len(run) for run in re.findall(r"`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return [f"{fence}{info}", text, fence]


def _head(session: Session, lang: str, redact: Redact) -> Iterator[str]:
    cluster = session.cluster
    where = (cluster.get("practice") and f"PRACTICE {cluster['practice']}") or cluster.get("context", "")
    yield f"# {plain(session.title.get(lang) or session.article)}"
    yield ""
    yield f"- {_say('session', lang)}: {plain(session.id)}"
    yield f"- {_say('article', lang)}: {plain(session.article)}"
    yield f"- {_say('cluster', lang)}: {plain(str(where))} ({plain(str(cluster.get('server', '')))})"
    yield f"- {_say('operator', lang)}: {plain(session.operator)}"
    if session.reasons:
        yield f"- {_say('reason', lang)}: {plain(redact('; '.join(session.reasons)))}"
    yield f"- {_say('time', lang)}: {when(session.opened)} – {when(session.finished or session.updated)}"
    yield f"- {_say('outcome', lang)}: {_outcome(session, lang)}"
    if session.why:
        yield f"- {_say('why', lang)}: {plain(redact(session.why), 2000)}"
    for component, version in session.versions.items():
        yield f"- {plain(component, 60)}: {plain(version, 60)}"
    if session.damaged:
        yield f"- {_say('damaged', lang, count=session.damaged)}"
    yield ""


def _outcome(session: Session, lang: str) -> str:
    known = {"solved", "not-solved", "abandoned"}
    if not session.outcome:
        return _say("unfinished", lang)
    return _say(session.outcome, lang) if session.outcome in known else plain(session.outcome)


def _checks(session: Session, lang: str, redact: Redact) -> Iterator[str]:
    if not session.rounds:
        return
    last = session.rounds[-1]
    yield f"## {_say('evidence', lang)}"
    yield ""
    yield f"{when(last.at)}"
    yield ""
    for alias, one in last.results.items():
        reason = f" ({one['reason']})" if one.get("reason") else ""
        summary = plain(redact(Text.of(one.get("summary")).get(lang)))
        yield f"- **{plain(str(one.get('verdict', '?')) + reason)}** {plain(str(one.get('check', alias)))}: {summary}"
    yield ""


def _cause(session: Session, lang: str) -> Iterator[str]:
    if not session.cause:
        return
    yield f"## {_say('cause', lang)}"
    yield ""
    yield plain(session.cause)
    for cause, state in session.causes.items():
        yield f"- {plain(cause)}: {plain(state)}"
    yield ""


def _step(record: StepRecord, lang: str, redact: Redact) -> Iterator[str]:
    yield f"## {_say('step', lang)} {plain(record.id)}: {_say('state-' + record.state.replace('_', '-'), lang)}"
    yield ""
    if record.started:
        yield f"- {_say('time', lang)}: {when(record.started)} – {when(record.ended)}"
    if record.risk:
        yield f"- {_say('risk', lang)}: {plain(record.risk)}"
    for name, value in record.values.items():
        yield f"- {plain(name)}: {plain(redact(_value(value)))}"
    if record.reason:
        yield f"- {_say('why', lang)}: {plain(redact(record.reason))}"
    if record.message:
        yield f"- {plain(redact(record.message.get(lang)))}"
    for name, value in record.saved.items():
        yield f"- {_say('saved', lang)} {plain(name)}: {plain(redact(str(value)))}"
    for one in record.files:
        yield f"- {_say('saved', lang)} {plain(str(one.get('database')))}: {plain(str(one.get('name')))}"
    yield ""
    if record.line:
        yield from fence(redact(printable(record.line)), "sh")
        yield ""
    for command in record.commands:
        yield from _command(command, lang, redact)
    for proof in record.proofs:
        yield from _proof(proof, lang, redact)
    yield from _marks(record, lang, redact)
    yield from _restored(record, lang, redact)


def _restored(record: StepRecord, lang: str, redact: Redact) -> Iterator[str]:
    """What the undo brought back: everything that was saved before the step, as it was and as it was found after."""
    things = [one for one in record.restored if isinstance(one, Mapping)]
    if not things:
        return
    yield f"{_say('undo', lang)}: {message('undo.compared').get(lang)}"
    yield ""
    yield f"| | {_say('before', lang)} | {_say('after', lang)} |"
    yield "|---|---|---|"
    for one in sorted(things, key=lambda one: one.get("same") is True)[:ITEMS]:
        same = one.get("same")
        words = [plain(redact(in_words(one.get(key, ""), lang)), 200) for key in ("before", "now")]
        if one.get("kind") == "object":
            known = message("undo.as-before" if same else "undo.absent").get(lang)
            words = ["", words[1] or plain(known)]
        yield f"| {plain(redact(in_words(one.get('what', ''), lang)))} | {words[0]} | {words[1]} |"
    if len(things) > ITEMS:
        yield f"| +{len(things) - ITEMS} | | |"
    yield ""


def _marks(record: StepRecord, lang: str, redact: Redact) -> Iterator[str]:
    """What shows that the writes of the last run took hold of their targets."""
    known = known_marks(record.marks)
    if not known:
        return
    changed = sum(mark.changed is True for mark in known)
    yield message("execution.marks", changed=changed, total=len(known)).get(lang)
    yield ""
    for mark in known[:ITEMS]:
        what = message(f"execution.mark-{mark.kind}").get(lang)
        sign = {True: "→", False: "=", None: "?"}[mark.changed]
        ends = f"{plain(redact(mark.before), 120) or '–'} {sign} {plain(redact(mark.after), 120) or '–'}"
        yield f"- {plain(mark.target, 160)} ({what}): {ends}"
    if len(known) > ITEMS:
        yield f"- {message('execution.marks-more', n=len(known) - ITEMS).get(lang)}"
    yield ""


def _value(value: Any) -> str:
    if isinstance(value, (list, tuple)):
        shown = ", ".join(one_line(str(one), 60) for one in value[:3])
        return f"{len(value):,}: {shown}{' …' if len(value) > 3 else ''}"
    return str(value)


def _command(command: Command, lang: str, redact: Redact) -> Iterator[str]:
    undo = f"{_say('undo', lang)}: " if command.purpose == "undo" else ""
    took = f", {command.took_ms} ms" if command.took_ms else ""
    state = _say("command-" + command.state.replace("_", "-"), lang)
    yield f"{undo}{plain(command.what.get(lang))}: {state} ({when(command.at)}{took})"
    yield ""
    words = list(command.kubectl)
    if len(words) > 2 * ITEMS + 20:
        words = [*words[: ITEMS + 20], f"…{len(words) - 2 * ITEMS - 20}…", *words[-ITEMS:]]
    yield from fence(redact(printable(shlex.join(words))), "sh")
    said = "\n".join(part for part in (command.output, command.error) if part)
    if said.strip():
        yield from fence(redact(printable(said)).strip("\n"))
    yield ""


def _proof(proof: Proof, lang: str, redact: Redact) -> Iterator[str]:
    held = _say("held" if proof.ok else "not-held", lang)
    undo = f"{_say('undo', lang)}: " if proof.purpose == "undo" else ""
    yield f"{undo}{_say('proof', lang)}: {held} ({proof.took:.0f} s)"
    yield ""
    yield f"| {_say('check', lang)} | {_say('before', lang)} | {_say('after', lang)} |"
    yield "|---|---|---|"
    for alias in {**proof.before, **proof.after}:
        before, after = proof.before.get(alias, {}), proof.after.get(alias, {})
        check = after.get("check") or before.get("check") or alias
        yield f"| {plain(str(check))} | {_cell(before, lang, redact)} | {_cell(after, lang, redact)} |"
    yield ""


def _cell(one: Mapping[str, Any], lang: str, redact: Redact) -> str:
    if not one:
        return "–"
    return (
        f"{plain(str(one.get('verdict', '?')))}: {plain(redact(Text.of(one.get('summary')).get(lang)), 200)}"
    )


def _runs(session: Session, lang: str, redact: Redact) -> Iterator[str]:
    if not session.runs:
        return
    yield f"## {message('localrun.heading').get(lang)}"
    yield ""
    for one in session.runs:
        yield f"{plain(one.step)}: {told(one).get(lang)} ({when(one.at)}, {one.took_ms} ms)"
        yield ""
        yield from fence(redact(printable(one.line)), "sh")
        if one.output.strip():
            yield from fence(redact(printable(one.output)).strip("\n"))
        if one.cut:
            yield message("localrun.cut").get(lang)
        yield ""


def _notes(session: Session, lang: str, redact: Redact) -> Iterator[str]:
    if not session.notes:
        return
    yield f"## {_say('notes', lang)}"
    yield ""
    for note in session.notes:
        yield f"- {when(note.at)} {plain(note.operator)}: {plain(redact(note.text), 4000)}"
