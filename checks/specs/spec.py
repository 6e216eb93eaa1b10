"""``checks/*.yaml`` to `CheckSpec` values, with every mistake of a file noted at its line (docs/formats.md)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from string import Formatter
from typing import Any

from checks.cel import expr
from checks.cel.expr import ExpressionError
from checks.judges import JUDGES
from checks.model import CheckSpec, Cost, Outcome, Read, Verdict
from checks.specs.applicability import applies_of
from checks.specs.readspec import SlotError, fill, read_of, slots
from checks.specs.shape import Place
from kb.findings import nearest
from kb.problem import Problem
from kb.said import text_of
from kb.text import Text
from kb.yamlfile import Document

__all__ = ["SlotError", "fill", "slots", "specs_of"]

KEYS = (
    "id", "title", "why", "cost", "unit", "articles", "params", "reads", "each", "measure", "outcomes", "value",
    "fold", "worse", "summary", "judge", "applies", "tests",
)  # fmt: skip
ID = re.compile(r"[a-z0-9][a-z0-9-]*(\.[a-z0-9][a-z0-9-]*)+")
NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
FOLDS = ("max", "min", "sum", "count")
WORSE = ("higher", "lower", "never")
COSTS = ("cheap", "moderate", "heavy")
_AMBIENT = ("target", "node", "pod", "params", "now")
"""Names that every condition of a check may use besides reads and measures."""
_WHOLE = ("value", "total", "bad", "unknown", "ok", "worst")
"""Placeholders of a summary besides params and measures."""


def specs_of(
    document: Document, roles: Iterable[str], *, shipped: bool = False
) -> tuple[list[CheckSpec], list[Problem]]:
    """The checks of one file that can be used, and all problems of the file.

    Expressions of a `shipped` file are not compiled: the tests did, and reading CEL takes a third of the start.
    """
    problems = list(document.problems)
    place = Place(document, (), document.data, problems, shipped)
    if document.data is None:
        return [], problems
    if not isinstance(document.data, list):
        place.say("not-list")
        return [], problems
    found = [spec for item in place.each() if (spec := _spec(item, tuple(roles)))]
    return found, problems


def _spec(place: Place, roles: tuple[str, ...]) -> CheckSpec | None:
    """One check; None where it has any error, because half a check may not judge."""
    before = len(place.problems)
    if not place.mapping(KEYS, ("id", "title", "why", "reads")):
        return None
    id_ = place.at("id").string()
    if id_ and not ID.fullmatch(id_):
        place.at("id").say("bad-id", id=id_)
    params = dict(place.at("params").items()) if place.at("params").value is not None else {}
    defaults = {name: param.value for name, param in params.items()}
    reads = _reads(place.at("reads"), defaults, roles)
    spec = CheckSpec(
        id=id_,
        title=place.at("title").text() if "title" in place else Text(),
        why=place.at("why").text() if "why" in place else Text(),
        path=place.document.path,
        line=place.document.line(place.where),
        reads=reads,
        params=defaults,
        cost=_cost(place.at("cost").choice(COSTS, "cheap")),
        each=place.at("each").string(),
        outcomes=_outcomes(place.at("outcomes")),
        measure={name: code.string() for name, code in place.at("measure").items()},
        value=place.at("value").string(),
        fold=_fold(place.at("fold").choice(FOLDS, "max")),
        worse=_worse(place.at("worse").choice(WORSE, "higher")),
        summary=place.at("summary").text() if "summary" in place else Text(),
        judge=place.at("judge").string(),
        unit=place.at("unit").string(),
        articles=place.at("articles").strings(),
        applies=applies_of(place.at("applies"), reads, roles),
    )
    _check(spec, place)
    broken = any(problem.severity == "error" for problem in place.problems[before:])
    return None if broken else spec


def _cost(text: str) -> Cost:
    return "heavy" if text == "heavy" else "moderate" if text == "moderate" else "cheap"


def _fold(text: str) -> Any:
    return text


def _worse(text: str) -> Any:
    return text


def _reads(place: Place, params: Mapping[str, Any], roles: tuple[str, ...]) -> dict[str, Read]:
    if place.value is not None and not place.mapping():
        return {}
    names = tuple(name for name, _ in place.items())
    if not names:
        place.say("no-reads")
    for name, inner in place.items():
        if not NAME.fullmatch(name):
            inner.say("bad-name", name=name)
    made = {name: read_of(inner, names, params, roles) for name, inner in place.items()}
    return {name: read for name, read in made.items() if read is not None}


def _outcomes(place: Place) -> tuple[Outcome, ...]:
    found = []
    for item in place.each():
        if not item.mapping(("when", "verdict", "say", "reason"), ("verdict", "say")):
            continue
        verdict = item.at("verdict").choice(tuple(Verdict), Verdict.UNKNOWN)
        say = item.at("say").text() if "say" in item else Text()
        found.append(Outcome(Verdict(verdict), say, item.at("when").string(), item.at("reason").string()))
    return tuple(found)


# --- what must fit together -----------------------------------------------------------------------------------------


def _check(spec: CheckSpec, place: Place) -> None:
    for name in set(spec.measure) & (set(spec.reads) | set(_AMBIENT)):
        place.at("measure").say("name-taken", name=name)
    if spec.judge:
        _check_judged(spec, place)
    else:
        _check_outcomes(spec, place)
    if spec.each and spec.each not in spec.reads:
        place.at("each").say("unknown-read", name=spec.each, hint=nearest(spec.each, spec.reads))
    if spec.value and not spec.judge and spec.value not in spec.measure:
        place.at("value").say("unknown-measure", name=spec.value, hint=nearest(spec.value, spec.measure))


def _check_judged(spec: CheckSpec, place: Place) -> None:
    if spec.judge not in JUDGES:
        place.at("judge").say("unknown-judge", name=spec.judge, hint=nearest(spec.judge, JUDGES))
    for key in ("outcomes", "measure", "each", "value", "summary"):
        if key in place:
            place.at(key).say("judge-and", key=key)


def _check_outcomes(spec: CheckSpec, place: Place) -> None:
    known = [*spec.reads, *_AMBIENT]
    for name, code in place.at("measure").items():
        if not NAME.fullmatch(name):
            code.say("bad-name", name=name)
        check_expression(code, code.string(), known, spec.params)
        known.append(name)
    outcomes = place.at("outcomes")
    if not spec.outcomes:
        place.say("no-outcomes")
        return
    for index, item in enumerate(outcomes.each()):
        last = index == len(outcomes.value) - 1
        if "when" in item:
            check_expression(item.at("when"), item.at("when").string(), known, spec.params)
        elif not last:
            item.say("default-not-last")
        if last and "when" in item:
            item.say("no-default")
        _check_slots(item.at("say"), [*spec.params, *spec.measure, "target", "node", "pod"])
    if spec.each and "summary" not in place:
        place.say("no-summary")
    if "summary" in place:
        _check_slots(place.at("summary"), [*spec.params, *_WHOLE])


def check_expression(place: Place, text: str, names: Iterable[str], params: Mapping[str, Any]) -> None:
    """Note what is wrong with a CEL text: its syntax, names it cannot know, params that are not declared."""
    if place.shipped:
        return
    try:
        compiled = expr.compile(text)
    except ExpressionError as error:
        place.say("cel", why=error.text)
        return
    for name in sorted(compiled.names - set(names)):
        place.say("unknown-name", name=name, hint=nearest(name, names))
    for root, field in sorted(compiled.fields):
        if root == "params" and field not in params:
            place.say("unknown-param", name=field, hint=nearest(field, params))


def _check_slots(place: Place, known: Iterable[str]) -> None:
    for lang, inner in place.items():
        if lang not in ("en", "zh") or not isinstance(inner.value, str):
            continue
        try:
            names = {name for _, name, _, _ in Formatter().parse(inner.value) if name is not None}
        except ValueError as error:
            inner.say("braces", why=text_of(error))
            continue
        for name in sorted(names):
            if re.split(r"[.\[]", name)[0] not in set(known):
                inner.say("unknown-placeholder", name=name, hint=nearest(name, known))
