"""Facts to a judgement, as a check's file says it (docs/formats.md). Pure: the same facts give the same judgement."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from checks import judges, say
from checks.cel import expr
from checks.cel.expr import Unknown
from checks.model import (
    SEVERITY,
    Answer,
    CheckSpec,
    Fact,
    Judgement,
    Read,
    Roleless,
    Row,
    Verdict,
    is_listing,
    worst,
)
from kb.messages import message
from kb.text import Text
from kb.wording import explained

BAD = (Verdict.WARN, Verdict.FAIL)


class Gap(Exception):
    """Something that judging needs is not known: the reason code, and the detail for people."""

    def __init__(self, reason: str, detail: Text):
        super().__init__(detail.en)
        self.reason = reason
        self.detail = detail


def judge(spec: CheckSpec, facts: Mapping[str, Fact], params: Mapping[str, Any], now: float) -> Judgement:
    """What the check says about these facts; `params` are complete, `now` is Unix time."""
    if spec.judge:
        return judges.find(spec.judge)(facts, params, now)
    return _each(spec, facts, params, now) if spec.each else _whole(spec, facts, params, now)


# --- the facts as a whole -------------------------------------------------------------------------------------------


def _whole(spec: CheckSpec, facts: Mapping[str, Fact], params: Mapping[str, Any], now: float) -> Judgement:
    try:
        bound = {name: _all_of(facts[name], read) for name, read in spec.reads.items()}
        names = {**bound, "params": params, "now": now}
        measures, gaps = _measure(spec, names)
        verdict, text, reason = _outcome(spec, {**names, **measures}, gaps)
    except Gap as gap:
        return say.unknown(gap.reason, gap.detail)
    values = {**params, **measures}
    return Judgement(
        verdict=verdict,
        summary=say.filled(text, {**values, "value": measures.get(spec.value)}),
        value=measures.get(spec.value),
        reason=reason,
        data=_small(measures),
        tables=_tables(measures),
    )


def _all_of(fact: Fact, read: Read) -> Any:
    """What a read is bound to: the objects of a list, or ``{target, node, pod, value}`` of every answer."""
    if fact.error:
        raise Gap(fact.error, fact.message)
    for answer in fact.failed:
        raise Gap(answer.error, _named(answer))
    if is_listing(read):
        return fact.items
    return [{"target": a.target, "node": a.node, "pod": a.pod, "value": a.value} for a in fact.answers]


def _named(answer: Answer) -> Text:
    where = answer.target or answer.source
    return explained(where, answer.message) if where else answer.message


# --- every answer, or every object, apart ---------------------------------------------------------------------------


def _each(spec: CheckSpec, facts: Mapping[str, Fact], params: Mapping[str, Any], now: float) -> Judgement:
    fact, read = facts[spec.each], spec.reads[spec.each]
    if fact.error:
        return say.unknown(fact.error, fact.message)
    if is_listing(read):
        for answer in fact.failed:
            return say.unknown(answer.error, _named(answer))
        parts = [_part(item) for item in fact.items]
    else:
        parts = list(fact.answers)
    others = _Others(spec, facts)
    judged = [_row(spec, part, others, params, now) for part in parts]
    if not judged:
        return Judgement(Verdict.SKIPPED, message("checks.nothing-here"))
    return _fold(spec, judged, params)


def _part(item: Mapping[str, Any]) -> Answer:
    """One object, event or series of a list, named by what it is or is about."""
    if isinstance(labels := item.get("labels"), Mapping) and "metadata" not in item:
        return Answer(",".join(f"{name}={value}" for name, value in labels.items()), item, "", 0.0)
    meta = item.get("metadata", item)
    meta = meta if isinstance(meta, Mapping) else {}
    name, namespace = str(meta.get("name", "")), meta.get("namespace")
    return Answer(f"{namespace}/{name}" if namespace else name, item, "", 0.0)


def _role(read: Read) -> str:
    return "" if isinstance(read, Roleless) else read.on


class _Others:
    """The reads besides the one that is judged apart, as each part sees them; indexed once, not per row."""

    def __init__(self, spec: CheckSpec, facts: Mapping[str, Fact]):
        self.lists: dict[str, Any] = {}
        self.gaps: dict[str, Gap] = {}
        self.by_target: dict[str, dict[str, Answer]] = {}
        self.single: dict[str, Answer] = {}
        own = spec.reads[spec.each]
        for name, read in spec.reads.items():
            if name == spec.each:
                continue
            fact = facts[name]
            if fact.error:
                self.gaps[name] = Gap(fact.error, fact.message)
            elif is_listing(read) or is_listing(own):
                self._bind_all(name, fact, read)
            elif _role(own) != _role(read) and len(fact.answers) == 1:
                self.single[name] = fact.answers[0]
            else:
                self.by_target[name] = {answer.target: answer for answer in fact.answers}

    def _bind_all(self, name: str, fact: Fact, read: Read) -> None:
        try:
            self.lists[name] = _all_of(fact, read)
        except Gap as gap:
            self.gaps[name] = gap

    def bindings(self, target: str) -> tuple[dict[str, Any], dict[str, Gap]]:
        """Values by read name for one part, and why the rest is not there."""
        values, gaps = dict(self.lists), dict(self.gaps)
        answers = {name: known.get(target) for name, known in self.by_target.items()}
        for name, answer in {**answers, **self.single}.items():
            if answer is None:
                gaps[name] = Gap("absent", message("checks.no-answer-of", read=name, target=target))
            elif answer.error:
                gaps[name] = Gap(answer.error, _named(answer))
            else:
                values[name] = answer.value
        return values, gaps


def _row(
    spec: CheckSpec, part: Answer, others: _Others, params: Mapping[str, Any], now: float
) -> tuple[Row, Text]:
    """The row of one part, and why nothing is known about it, where that is so."""
    if part.error:
        return _unknown_row(part.target, Gap(part.error, part.message))
    values, gaps = others.bindings(part.target)
    names = {
        **values,
        spec.each: part.value,
        "params": params,
        "now": now,
        "target": part.target,
        "node": part.node,
        "pod": part.pod,
    }
    try:
        measures, more = _measure(spec, names, gaps)
        verdict, text, reason = _outcome(spec, {**names, **measures}, more)
    except Gap as gap:
        return _unknown_row(part.target, gap)
    shown = {**params, "target": part.target, "node": part.node, "pod": part.pod, **measures}
    data = {**_small(measures), **({"reason": reason} if reason else {})}
    said = say.filled(text, shown)
    return Row(part.target, verdict, said, measures.get(spec.value), data), said


def _unknown_row(target: str, gap: Gap) -> tuple[Row, Text]:
    data = {"reason": gap.reason, "detail": gap.detail.en}
    return Row(target, Verdict.UNKNOWN, say.because(gap.reason, gap.detail), data=data), gap.detail


def _fold(spec: CheckSpec, judged: Sequence[tuple[Row, Text]], params: Mapping[str, Any]) -> Judgement:
    """The whole from its rows: the worst verdict (unknown beats ok), the folded value, the summary."""
    rows = tuple(row for row, _ in judged)
    unknown = [row for row in rows if row.verdict is Verdict.UNKNOWN]
    verdict = worst(tuple(row.verdict for row in rows))
    reason = (
        Counter(str(row.data.get("reason", "")) for row in unknown).most_common(1)[0][0] if unknown else ""
    )
    bad = [row for row in rows if row.verdict in BAD]
    value = _folded(spec, rows)
    first = max(rows, key=lambda row: (SEVERITY[row.verdict], _rank(row.value)))
    counts = {
        "total": len(rows),
        "bad": len(bad),
        "unknown": len(unknown),
        "ok": sum(row.verdict is Verdict.OK for row in rows),
        "worst": first.target,
    }
    detail = _detail(judged, reason)
    if len(unknown) == len(rows):
        return _with_rows(say.unknown(reason, detail), rows, counts, None)
    summary = say.filled(spec.summary, {**params, **counts, "value": value})
    if unknown:
        summary = say.joined(summary, say.part_unknown(len(unknown), len(rows), reason))
    data = {**{key: v for key, v in first.data.items() if key not in ("reason", "detail")}, **counts}
    whole = Judgement(
        verdict=verdict,
        summary=summary,
        value=value,
        reason=reason if verdict is Verdict.UNKNOWN else "",
        remedy=say.remedy(reason, detail) if verdict is Verdict.UNKNOWN else Text(),
        data=data,
    )
    return _with_rows(whole, rows, data, value)


def _detail(judged: Sequence[tuple[Row, Text]], reason: str) -> Text:
    """The first part that is unknown for this reason, as the example of all."""
    for row, why in judged:
        if row.verdict is Verdict.UNKNOWN and row.data.get("reason") == reason:
            return explained(row.target, why or row.text)
    return Text()


def _with_rows(whole: Judgement, rows: Sequence[Row], data: Mapping[str, Any], value: Any) -> Judgement:
    table = tuple({"target": r.target, "verdict": str(r.verdict), "value": r.value, **r.data} for r in rows)
    return Judgement(
        whole.verdict,
        whole.summary,
        value,
        whole.reason,
        whole.remedy,
        dict(data),
        {"rows": table},
        tuple(rows),
    )


def _folded(spec: CheckSpec, rows: Sequence[Row]) -> Any:
    if spec.fold == "count":
        return sum(row.verdict in BAD for row in rows)
    values = [row.value for row in rows if isinstance(row.value, int | float)]
    if not values:
        return None
    if spec.fold == "sum":
        return sum(values)
    return max(values) if spec.fold == "max" else min(values)


def _rank(value: Any) -> float:
    return float(value) if isinstance(value, int | float) else float("-inf")


# --- expressions ----------------------------------------------------------------------------------------------------


def _measure(
    spec: CheckSpec, names: Mapping[str, Any], gaps: Mapping[str, Gap] | None = None
) -> tuple[dict[str, Any], dict[str, Gap]]:
    """The measures that have a value, and for every other name why it has none."""
    bound, found, missing = dict(names), {}, dict(gaps or {})
    for name, text in spec.measure.items():
        try:
            bound[name] = found[name] = expr.compile(text).value(bound)
        except Unknown as error:
            missing[name] = missing.get(error.name) or _unanswered(text, error)
    return found, missing


def _outcome(spec: CheckSpec, names: Mapping[str, Any], gaps: Mapping[str, Gap]) -> tuple[Verdict, Text, str]:
    """The first outcome whose condition holds; a condition that cannot be decided decides that nothing is known."""
    for outcome in spec.outcomes:
        if not outcome.when:
            return _said(outcome.verdict, outcome.say, outcome.reason)
        try:
            if expr.compile(outcome.when).truth(names):
                return _said(outcome.verdict, outcome.say, outcome.reason)
        except Unknown as error:
            raise gaps.get(error.name) or _unanswered(outcome.when, error) from None
    raise Gap("error", message("checks.no-outcome", check=spec.id))


def _said(verdict: Verdict, text: Text, reason: str) -> tuple[Verdict, Text, str]:
    return verdict, text, (reason or "absent") if verdict is Verdict.UNKNOWN else reason


def _unanswered(text: str, error: Unknown) -> Gap:
    return Gap("unparsable", explained(text, error.text))


# --- what is kept ---------------------------------------------------------------------------------------------------


def _is_table(value: Any) -> bool:
    return (
        isinstance(value, list | tuple) and bool(value) and all(isinstance(item, Mapping) for item in value)
    )


def _small(measures: Mapping[str, Any]) -> dict[str, Any]:
    """Measures that expressions of a guide may see: everything but lists of mappings."""
    return {name: value for name, value in measures.items() if not _is_table(value)}


def _tables(measures: Mapping[str, Any]) -> dict[str, tuple[Mapping[str, Any], ...]]:
    return {name: tuple(value) for name, value in measures.items() if _is_table(value)}
