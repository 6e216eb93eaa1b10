"""A session in the order in which it happened: one line for all that was seen, sent, proven or said. Pure."""

from __future__ import annotations

import shlex
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from checks.local.told import told
from checks.sessions.session import Command, Round, Session, StepRecord
from kb.messages import message
from kb.safe import one_line, printable
from kb.text import Text

Tone = Literal["", "good", "bad", "doubt"]
LONG = 2000
"""Characters of a line of a closer look."""
VERDICTS = ("fail", "warn", "unknown", "ok", "skipped")
OUTPUT = 40
"""Lines of an output that a closer look shows."""


@dataclass(frozen=True, slots=True)
class Moment:
    """One line of a timeline."""

    at: float
    text: Text
    tone: Tone = ""
    """How it went, for colours and marks."""
    step: str = ""
    """The step that it belongs to."""
    more: tuple[Text, ...] = ()
    """What a closer look shows, a line each: results, the command line, the end of its output."""


def timeline(session: Session) -> tuple[Moment, ...]:
    """Everything of a session that has a time, the earliest first; words of foreign origin are one line each."""
    found = [*_opened(session), *_rounds(session), *_turns(session), *_notes(session)]
    for record in session.steps.values():
        found += _step(record)
    found += _runs(session)
    found += _finished(session)  # the last of those at the same instant
    return tuple(sorted((one for one in found if one.at), key=lambda one: one.at))


def _say(key: str, **params: object) -> Text:
    return message(f"timeline.{key}", **params)


def _opened(session: Session) -> Iterator[Moment]:
    yield Moment(session.opened, _say("opened", operator=one_line(session.operator, 80)))


def _finished(session: Session) -> Iterator[Moment]:
    if session.outcome:
        tone: Tone = "good" if session.outcome == "solved" else "bad"
        known = session.outcome if session.outcome in ("solved", "not-solved", "abandoned") else ""
        text = message(f"session.export-{known}") if known else Text.of(one_line(session.outcome, 80))
        yield Moment(session.finished, _say("finished", outcome=text), tone)


def _rounds(session: Session) -> Iterator[Moment]:
    for one in session.rounds:
        yield Moment(one.at, _say("checked", counts=_counts(one)), more=tuple(_results(one.results)))


def _results(results: Mapping[str, Any]) -> Iterator[Text]:
    for alias, one in results.items():
        told = Text.of(one.get("summary"))
        word, name = _verdict(str(one.get("verdict", "?"))), one.get("check") or alias
        yield Text(
            one_line(f"{word.en}  {name}: {told.get('en')}", LONG),
            one_line(f"{word.zh}  {name}：{told.get('zh')}", LONG),
        )


def _verdict(value: str) -> Text:
    return _say(f"verdict-{value}") if value in VERDICTS else Text.of(one_line(value, 20))


def _counts(one: Round) -> Text:
    verdicts = Counter(str(result.get("verdict", "?")) for result in one.results.values())
    known = [(_verdict(value), verdicts[value]) for value in VERDICTS if verdicts[value]]
    return Text(
        ", ".join(f"{word.en} {n}" for word, n in known) or "–",
        "，".join(f"{word.zh} {n}" for word, n in known) or "–",
    )


def _turns(session: Session) -> Iterator[Moment]:
    for one in session.turns:
        names = {"target": one_line(one.target, 120), "holder": one_line(one.holder or "–", 120)}
        if one.state == "handed-over":
            yield Moment(one.at, message("handover.told", operator=one_line(one.before, 120)))
        elif one.state == "taken-over":
            yield Moment(one.at, _say("taken-over", before=one_line(one.before, 120), **names), "doubt")
        else:
            yield Moment(one.at, _say("lost", **names), "bad")


def _notes(session: Session) -> Iterator[Moment]:
    for note in session.notes:
        yield Moment(note.at, Text.of(f"{one_line(note.operator, 80)}: {one_line(note.text, 2000)}"))


def _runs(session: Session) -> Iterator[Moment]:
    for one in session.runs:
        text = message("localrun.moment", line=one_line(one.line, 300), ended=told(one))
        yield Moment(one.at, text, "good" if one.answered else "")


def _step(record: StepRecord) -> Iterator[Moment]:
    name = one_line(record.id, 80)
    if record.started:
        yield Moment(
            record.started, _say("undo" if record.purpose == "undo" else "step", step=name), "", name
        )
    for command in record.commands:
        tone: Tone = "good" if command.state == "ok" else "bad" if command.state == "failed" else "doubt"
        state = message("session.export-command-" + command.state.replace("_", "-"))
        yield Moment(
            command.at, _say("sent", what=command.what, state=state), tone, name, tuple(_sent(command))
        )
    for proof in record.proofs:
        held = message("session.export-held" if proof.ok else "session.export-not-held")
        told: Tone = "good" if proof.ok else "bad"
        yield Moment(proof.at, _say("proof", step=name, held=held), told, name, tuple(_results(proof.after)))
    if record.ended:
        settled = record.state in ("done", "already_done", "undone")
        ending: Tone = "good" if settled else "" if record.state == "skipped" else "bad"
        state = message("session.export-state-" + record.state.replace("_", "-"))
        why = (Text.of(one_line(record.reason, LONG)),) if record.reason else ()
        said = (record.message,) if record.message else ()
        yield Moment(record.ended, _say("ended", step=name, state=state), ending, name, (*said, *why))


def _sent(command: Command) -> Iterator[Text]:
    """The command line, how long it took, and the end of what came back."""
    if command.kubectl:
        yield Text.of("$ " + one_line(shlex.join(command.kubectl), LONG))
    if command.took_ms:
        yield Text.of(f"{command.took_ms:,} ms")
    heard = "\n".join(part for part in (command.output, command.error) if part.strip())
    for line in printable(heard).splitlines()[-OUTPUT:]:
        yield Text.of(one_line(line, LONG))
