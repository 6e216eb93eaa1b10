"""What it means when a fix is over and the evidence did not change as it should, and where to go next. Pure.

A fix is done when what showed before it no longer shows; a step that was answered is not yet that. Where it is not
so, there is always a way on: the step again or back, the next cause, what would settle one, another article, help.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from checks.causes import CauseVerdict, SymptomVerdict
from checks.sessions.session import Session, StepRecord
from checks.writing.marks import known_marks
from checks.writing.transition import lacking
from kb.messages import message
from kb.model import Article, Guide, Symptom
from kb.text import Text

State = Literal["gone", "better", "same", "worse", "unseen", "never-there", "undone"]
WayKind = Literal[
    "settle",
    "retry",
    "undo",
    "step",
    "cause",
    "evidence",
    "article",
    "workaround",
    "bundle",
    "sessions",
    "finish",
]
BAD = {"ok": 0, "skipped": 0, "warn": 1, "fail": 2}


@dataclass(frozen=True, slots=True)
class Change:
    """One symptom before the first write and now; an empty verdict: not looked at."""

    symptom: Symptom
    before: str
    now: str


@dataclass(frozen=True, slots=True)
class Standing:
    """How the symptoms stand against what they were before the fix; `undone`: it was taken back since."""

    state: State
    text: Text
    changes: tuple[Change, ...]


@dataclass(frozen=True, slots=True)
class Way:
    """One place to go to; `id` is a step, a cause, an alias or an article."""

    kind: WayKind
    id: str
    text: Text


def standing(session: Session, symptoms: Sequence[SymptomVerdict]) -> Standing | None:
    """The symptoms before and now; None before anything was written or done."""
    acted = [r for r in session.steps.values() if r.started and (r.commands or r.proofs or r.line)]
    if not acted:
        return None
    began = min(map(_first, acted))
    changes = tuple(Change(s.symptom, _before(session, s, began), str(s.verdict)) for s in symptoms)
    state = _state(changes)
    if state != "worse" and all(record.state == "undone" for record in acted):
        state = "undone"
    left = sum(BAD.get(one.now, 0) > 0 for one in changes)
    return Standing(state, message(f"execution.standing-{state}", n=left), changes)


def _first(record: StepRecord) -> float:
    """When the step was first begun: a later run, an undo too, is not what the symptoms are compared with."""
    sent, proven = record.commands[:1], record.proofs[:1]
    known = (record.started, *(one.at for one in sent), *(one.at for one in proven))
    return min((at for at in known if at), default=0.0)


def _before(session: Session, view: SymptomVerdict, began: float) -> str:
    """The worst verdict of its checks in the last round before the first step began."""
    rounds = [one for one in session.rounds if one.at <= began]
    found: list[str] = []
    for alias in view.symptom.checks:
        seen = next((r.results[alias] for r in reversed(rounds) if alias in r.results), None)
        if isinstance(seen, Mapping):
            found.append(str(seen.get("verdict", "")))
    if not found:
        return ""
    return max(found, key=lambda one: BAD.get(one, 1.5))


def _state(changes: Sequence[Change]) -> State:
    was = [one for one in changes if BAD.get(one.before, 0) > 0]
    if any(BAD.get(one.now, 0) > BAD.get(one.before, 3) for one in changes):
        return "worse"
    if any(one.now not in BAD for one in changes if one in was):
        return "unseen"
    if not was:
        return "never-there" if all(one.before in BAD for one in changes) else "unseen"
    if all(BAD[one.now] == 0 for one in was):
        return "gone"
    return "better" if any(BAD[one.now] < BAD[one.before] for one in was) else "same"


# --- one step ---------------------------------------------------------------------------------------------------------


def meaning(record: StepRecord, session: Session, check: str) -> Text | None:
    """What it means that a step did not end well; None where it did. `check` is the alias that proves it."""
    if record.state == "in_doubt":
        return message("execution.means-doubt")
    if record.state != "failed":
        return None
    if any(turn.state == "lost" and turn.step == record.id for turn in _since(session, record.started)):
        return message("execution.means-lost")
    proof = record.proof(record.purpose)
    if proof is None or proof.at < record.started:
        sent = record.commands[record.run_from :]
        through = sum(one.state == "ok" for one in sent)
        return message("execution.means-refused" if not through else "execution.means-halfway", n=through)
    if lacking(known_marks(record.marks)):
        return message("execution.means-reverted")
    return _compared(proof.before.get(check), proof.after.get(check))


def _compared(before: Any, after: Any) -> Text:
    was, now = (one if isinstance(one, Mapping) else {} for one in (before, after))
    if now.get("verdict") not in BAD:
        return message("execution.means-unseen")
    if BAD[str(now["verdict"])] > BAD.get(str(was.get("verdict")), 2):
        return message("execution.means-worse")
    same = all(was.get(key) == now.get(key) for key in ("verdict", "value", "summary"))
    return message("execution.means-same" if same else "execution.means-not-enough")


def _since(session: Session, at: float) -> list[Any]:
    return [turn for turn in session.turns if turn.at >= at]


# --- where next -------------------------------------------------------------------------------------------------------


def ways(
    article: Article, guide: Guide, session: Session, causes: Sequence[CauseVerdict], heavy: Collection[str]
) -> tuple[Way, ...]:
    """Where to go from here, the most useful first; the last ones are always there."""
    return (
        *_steps(guide, session),
        *_causes(guide, session, causes, heavy),
        *_elsewhere(article, guide, session),
    )


def _steps(guide: Guide, session: Session) -> Iterator[Way]:
    chosen = next((one for one in guide.causes if one.id == session.cause), None)
    known = {one.id: one for one in guide.steps}
    for record in session.steps.values():
        if record.id not in known:
            continue
        text = known[record.id].text
        if record.state == "in_doubt":
            yield Way("settle", record.id, message("execution.way-settle", step=text))
        elif record.state == "failed":
            yield Way("retry", record.id, message("execution.way-retry", step=text))
            if known[record.id].undo.parts and record.to_undo():
                yield Way("undo", record.id, message("execution.way-undo", step=text))
    for step_id in chosen.fix if chosen else ():
        state = session.step(step_id).state
        if state in ("todo", "skipped", "undone") and step_id in known:
            key = {"skipped": "skipped", "undone": "undone"}.get(state, "step")
            yield Way("step", step_id, message(f"execution.way-{key}", step=known[step_id].text))


def _causes(
    guide: Guide, session: Session, causes: Sequence[CauseVerdict], heavy: Collection[str]
) -> Iterator[Way]:
    others = [view for view in causes if view.cause.id != session.cause]
    for state in ("supported", "unknown", "open"):
        for view in others:
            if view.state == state and (view.cause.fix or view.settle):
                yield Way("cause", view.cause.id, message(f"execution.way-{state}", cause=view.cause.text))
    unsettled = dict.fromkeys(alias for view in causes for alias in view.settle)
    dear = [guide.checks[alias].check for alias in unsettled if alias in heavy and alias in guide.checks]
    if dear:
        yield Way("evidence", "", message("execution.way-heavy", names=", ".join(dear)))


def _elsewhere(article: Article, guide: Guide, session: Session) -> Iterator[Way]:
    chosen = next((one for one in guide.causes if one.id == session.cause), None)
    beyond = (place.partition("/")[0] for place in (chosen.leads_to if chosen else ()))
    for name in dict.fromkeys(beyond):
        if name != article.id:
            yield Way("article", name, message("execution.way-article", id=name))
    if any(s.kind == "workaround" for text in article.texts.values() for s in text.sections):
        yield Way("workaround", article.id, message("execution.way-workaround"))
    yield Way("bundle", "", message("execution.way-bundle"))
    yield Way("sessions", "", message("execution.way-sessions"))
    yield Way("finish", "", message("execution.way-finish"))
