"""Results to what they mean for a guide: which symptoms show, and the state of every cause, upstream first. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from checks.cel import expr
from checks.cel.expr import Expression, ExpressionError
from checks.model import CauseState, Result, Verdict, worst
from kb.messages import message
from kb.model import Cause, Guide, Symptom
from kb.text import Text


@dataclass(frozen=True, slots=True)
class SymptomVerdict:
    """Whether a symptom shows: fail or warn is yes, ok is no."""

    symptom: Symptom
    verdict: Verdict
    reason: str
    summary: Text
    results: tuple[Result, ...] = ()


Because = tuple[str, Verdict, Text]
"""Alias, verdict and summary of one result that a cause rests on."""


@dataclass(frozen=True, slots=True)
class CauseVerdict:
    """The state of a cause, what it rests on, and which aliases would settle it where it is unknown."""

    cause: Cause
    state: CauseState
    because: tuple[Because, ...]
    settle: tuple[str, ...] = ()


def bindings(results: Mapping[str, Result]) -> dict[str, Any]:
    """What conditions of a guide see: each alias with a verdict as ``{…data, verdict, value, reason, unread}``.

    An alias whose verdict is unknown is left out, so that a condition that needs it is unknown. Where some targets are
    bad, others may be unknown without that: `unread` names them, for a condition that is about certain targets.
    """
    return {
        alias: {
            **result.judgement.data,
            "verdict": str(result.verdict),
            "value": result.judgement.value,
            "reason": result.judgement.reason,
            "unread": [row.target for row in result.judgement.rows if row.verdict is Verdict.UNKNOWN],
        }
        for alias, result in results.items()
        if result.verdict is not Verdict.UNKNOWN
    }


def holds(condition: str, results: Mapping[str, Result], **more: Any) -> bool | None:
    """Whether a condition over results (and more names, ``saved``, ``inputs``) is true, false or unknown."""
    compiled = _compiled(condition)
    return compiled.evaluate({**bindings(results), **more}) if compiled else None


def _compiled(condition: str) -> Expression | None:
    """The expression; none where the text is broken, which lint has said and which is unknown here."""
    try:
        return expr.compile(condition)
    except ExpressionError:
        return None


def symptom_verdicts(guide: Guide, results: Mapping[str, Result]) -> tuple[SymptomVerdict, ...]:
    """Whether each symptom of the guide shows, in the order of the guide."""
    return tuple(_symptom(symptom, results) for symptom in guide.symptoms)


def _symptom(symptom: Symptom, results: Mapping[str, Result]) -> SymptomVerdict:
    if not symptom.checks:
        return SymptomVerdict(symptom, Verdict.SKIPPED, "", message("checks.symptom-no-check"))
    found = tuple(results[alias] for alias in symptom.checks if alias in results)
    missing = len(found) < len(symptom.checks)
    verdicts = (*(result.verdict for result in found), *((Verdict.UNKNOWN,) if missing else ()))
    verdict = worst(verdicts)
    deciding = next((result for result in found if result.verdict is verdict), None)
    if deciding is None:
        return SymptomVerdict(symptom, verdict, "not-run", message("checks.symptom-not-run"), found)
    return SymptomVerdict(symptom, verdict, deciding.judgement.reason, deciding.summary, found)


def judge_causes(guide: Guide, results: Mapping[str, Result]) -> tuple[CauseVerdict, ...]:
    """The state of every cause, those that bring about others before them, else in the order of the guide."""
    seen = bindings(results)
    return tuple(_cause(cause, guide, results, seen) for cause in upstream_first(guide.causes))


def _cause(
    cause: Cause, guide: Guide, results: Mapping[str, Result], seen: Mapping[str, Any]
) -> CauseVerdict:
    supported, refuted = _compiled(cause.supported_when), _compiled(cause.refuted_when)
    state: CauseState = "open"
    if supported and supported.evaluate(seen):
        state = "supported"
    elif refuted and refuted.evaluate(seen):
        state = "refuted"
    elif _undecided(cause.supported_when, supported, seen) or _undecided(cause.refuted_when, refuted, seen):
        state = "unknown"
    settle = _settle(guide, (supported, refuted), seen) if state == "unknown" else ()
    return CauseVerdict(cause, state, _because(cause, results), settle)


def _undecided(text: str, expression: Expression | None, seen: Mapping[str, Any]) -> bool:
    """Whether a condition that is there cannot be decided; one that is not there is plainly not true."""
    return bool(text.strip()) and (expression is None or expression.evaluate(seen) is None)


def _settle(
    guide: Guide, expressions: Iterable[Expression | None], seen: Mapping[str, Any]
) -> tuple[str, ...]:
    """The aliases without a verdict that undecided conditions name; else those that lack a value they need."""
    needed = {name for e in expressions if e and e.evaluate(seen) is None for name in e.names}
    unseen = tuple(alias for alias in guide.checks if alias in needed and alias not in seen)
    return unseen or tuple(alias for alias in guide.checks if alias in needed)


def _because(cause: Cause, results: Mapping[str, Result]) -> tuple[Because, ...]:
    return tuple(
        (alias, results[alias].verdict, results[alias].summary)
        for alias in cause.evidence
        if alias in results
    )


def upstream_first(causes: Iterable[Cause]) -> tuple[Cause, ...]:
    """Causes so that each stands before those it brings about; else as given (in a circle: as given)."""
    left = list(causes)
    ordered: list[Cause] = []
    while left:
        below = {other for cause in left for other in cause.upstream_of if other != cause.id}
        following = next((cause for cause in left if cause.id not in below), left[0])
        left.remove(following)
        ordered.append(following)
    return tuple(ordered)
