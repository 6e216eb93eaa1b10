"""From incident to article: a session as the beginning of an article in both languages, ready for `kb lint`. Pure.

What was seen, found, done and proven is filled in from the journal; what only a person can say stays a TODO.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from checks.sessions.export import fence, plain, when
from checks.sessions.redacted import redacted
from checks.sessions.session import Command, Round, Session, StepRecord
from kb.messages import message
from kb.model import Article
from kb.safe import printable
from kb.text import Text

LANGS = ("en", "zh")
_BAD = ("fail", "warn")
_WORDS = 40
"""Words of a command that are kept; rows by their ids are no knowledge for the next incident."""


def draft(session: Session, article: Article | None, langs: Sequence[str] = LANGS) -> dict[str, str]:
    """The files of the article by name, ``en.md`` and ``zh.md``; `article` is the one whose guide was walked."""
    clean = redacted(session)
    return {f"{lang}.md": _text(clean, article, lang) for lang in langs}


def _text(session: Session, article: Article | None, lang: str) -> str:
    parts = [
        *_front(),
        *_head(session, lang),
        *_symptoms(session, article, lang),
        *_environment(session, lang),
    ]
    parts += [
        *_diagnosis(session, lang),
        *_cause(session, article, lang),
        *_resolution(session, article, lang),
    ]
    parts += _related(session, lang)
    return "\n".join(parts).rstrip() + "\n"


def _say(key: str, lang: str, **params: object) -> str:
    return message(f"draft.{key}", **params).get(lang)


def _front() -> Iterator[str]:
    yield from (
        "---",
        "kind: [Troubleshooting]",
        "products: [Kube-OVN]",
        "components: []",
        "ProductsVersion: []",
        "---",
        "",
    )


def _head(session: Session, lang: str) -> Iterator[str]:
    yield f"# {_say('title', lang, title=plain(session.title.get(lang) or session.article, 120))}"
    yield ""
    yield _say("todo-who", lang)
    yield ""


def _section(key: str, lang: str) -> list[str]:
    return [f"## {_say(key, lang)}", ""]


def _symptoms(session: Session, article: Article | None, lang: str) -> Iterator[str]:
    yield from _section("symptoms", lang)
    results = _first(session).results
    for alias, one in _bad(results).items():
        yield f"- {plain(_symptom_text(article, alias, lang) or _title(one, lang), 200)}: {_summary(one, lang)}"
    yield f"- {_say('todo-literal', lang)}"
    yield ""


def _symptom_text(article: Article | None, alias: str, lang: str) -> str:
    guide = article.guide if article else None
    found = next((s for s in guide.symptoms if alias in s.checks), None) if guide else None
    return found.text.get(lang) if found else ""


def _environment(session: Session, lang: str) -> Iterator[str]:
    yield from _section("environment", lang)
    for one in _first(session).results.values():
        if str(one.get("check", "")).endswith(".version"):
            yield f"- {_title(one, lang)}: {_summary(one, lang)}"
    yield f"- {_say('todo-versions', lang)}"
    yield ""


def _diagnosis(session: Session, lang: str) -> Iterator[str]:
    yield from _section("diagnosis", lang)
    before, after = _first(session).results, session.rounds[-1].results if session.rounds else {}
    yield f"| {_say('check', lang)} | {_say('before', lang)} | {_say('after', lang)} |"
    yield "|---|---|---|"
    for alias in {**before, **after}:
        one, then = before.get(alias, {}), after.get(alias, {})
        name = one.get("check") or then.get("check") or alias
        yield f"| `{plain(str(name), 80)}` | {_cell(one, lang)} | {_cell(then, lang)} |"
    yield ""


def _cause(session: Session, article: Article | None, lang: str) -> Iterator[str]:
    yield from _section("cause", lang)
    guide = article.guide if article else None
    cause = next((c for c in guide.causes if c.id == session.cause), None) if guide else None
    if cause is not None:
        yield plain(cause.text.get(lang), 400)
        yield ""
        if cause.explain:
            yield plain(cause.explain.get(lang), 2000)
            yield ""
    elif session.cause:
        yield plain(session.cause)
        yield ""
    yield _say("todo-why", lang)
    yield ""


def _resolution(session: Session, article: Article | None, lang: str) -> Iterator[str]:
    yield from _section("resolution", lang)
    number = 0
    for record in session.steps.values():
        if record.state in ("todo", "skipped"):
            continue
        number += 1
        yield f"{number}. **{plain(_step_text(article, record, lang), 200)}** {_went(record, lang)}"
        yield ""
        for command in _shown(record):
            yield from _inside(_block(command))
            yield ""
        if record.line:
            yield from _inside(fence(printable(record.line), "bash"))
            yield ""
    if not number:
        yield f"1. {_say('todo-step', lang)}"
        yield ""


def _inside(block: Sequence[str]) -> Iterator[str]:
    """A block within an item of a list: each of its lines has to be indented, or the item and the block end there."""
    yield from (f"   {line}" for line in "\n".join(block).split("\n"))


def _step_text(article: Article | None, record: StepRecord, lang: str) -> str:
    guide = article.guide if article else None
    step = next((s for s in guide.steps if s.id == record.id), None) if guide else None
    return step.text.get(lang) if step else record.id


def _went(record: StepRecord, lang: str) -> str:
    state = message("session.export-state-" + record.state.replace("_", "-")).get(lang)
    took = round(record.ended - record.started) if record.ended and record.started else 0
    proof = record.proof()
    held = _say("proven" if proof and proof.ok else "unproven", lang)
    said = _say("went", lang, state=state, took=took, proof=held)
    return f"{said} {plain(record.reason, 400)}".rstrip() if record.reason else said


def _shown(record: StepRecord) -> tuple[Command, ...]:
    """The first write of each kind: the other batches are the same with other rows."""
    seen: dict[tuple[str, ...], Command] = {}
    for command in record.commands:
        if command.purpose == "do":
            seen.setdefault(command.kubectl[:8], command)
    return tuple(seen.values())


def _block(command: Command) -> list[str]:
    words = list(command.kubectl)
    if len(words) > _WORDS:
        words = [*words[:_WORDS], "…"]
    return fence(printable(shlex.join(words)), "bash")


def _related(session: Session, lang: str) -> Iterator[str]:
    yield from _section("related", lang)
    times = f"{when(session.opened)} – {when(session.finished or session.updated)}"
    yield f"- {_say('session', lang, id=plain(session.id, 120), times=times)}"
    if session.article:
        yield f"- {_say('article', lang, id=plain(session.article, 120))}"
    for said in (session.why, *(note.text for note in session.notes)):
        if said:
            yield f"- {plain(said, 2000)}"
    yield ""


# --- results ----------------------------------------------------------------------------------------------------------


def _first(session: Session) -> Round:
    return session.rounds[0] if session.rounds else Round(0.0, {})


def _bad(results: Mapping[str, Any]) -> dict[str, Any]:
    return {alias: one for alias, one in results.items() if one.get("verdict") in _BAD}


def _title(one: Mapping[str, Any], lang: str) -> str:
    return plain(Text.of(one.get("title")).get(lang) or str(one.get("check", "")), 200)


def _summary(one: Mapping[str, Any], lang: str) -> str:
    return plain(Text.of(one.get("summary")).get(lang), 400)


def _cell(one: Mapping[str, Any], lang: str) -> str:
    return f"{plain(str(one.get('verdict', '?')))}: {_summary(one, lang)}" if one else "–"
