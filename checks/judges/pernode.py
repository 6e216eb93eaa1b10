"""What judges over nodes share: joining the answers of one node, and folding nodes into one judgement."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from checks.judges.lists import failure, unknown
from checks.model import Answer, Fact, Judgement, Row, Verdict, worst
from kb.messages import message
from kb.safe import one_line
from kb.text import Text

_WHOLE = re.compile(r"[+-]?[0-9]{1,30}")
Table = tuple[Mapping[str, Any], ...]


@dataclass(frozen=True, slots=True)
class NodeAnswers:
    """The answers of one target (a node, for roles with a pod per node) to several reads, by read."""

    target: str
    node: str
    pod: str
    answers: Mapping[str, Answer]

    def value(self, read: str) -> Any:
        """The parsed answer to a read; None where it failed or was not asked."""
        answer = self.answers.get(read)
        return None if answer is None or answer.error else answer.value

    def failed(self, *reads: str) -> Answer | None:
        """The first of the reads that has no usable answer here; None when all have."""
        for read in reads:
            answer = self.answers.get(read)
            if answer is None:
                return Answer(self.target, None, "", 0.0, error="absent", node=self.node, pod=self.pod)
            if answer.error:
                return answer
        return None


def nodes_of(facts: Mapping[str, Fact], *reads: str) -> Iterator[NodeAnswers]:
    """The answers joined by target, in the order of the first read that names the target."""
    found: dict[str, dict[str, Answer]] = {}
    for read in reads:
        for answer in facts[read].answers if read in facts else ():
            found.setdefault(answer.target, {})[read] = answer
    for target, answers in found.items():
        first = next(iter(answers.values()))
        yield NodeAnswers(target, first.node or target, first.pod, answers)


def nobody(facts: Mapping[str, Fact], *reads: str) -> Judgement | None:
    """An unknown judgement where one of the reads had nobody to ask; single failed answers are rows instead."""
    for read in reads:
        fact = facts.get(read)
        if fact is None or fact.error or not fact.answers:
            return failure(facts, read)
    return None


def unread(target: str, answer: Answer) -> Row:
    """The row of a target that gave no usable answer, with the reason."""
    why = (answer.message or Text.of(answer.error)).each(lambda text: one_line(text, 160))
    return Row(
        target, Verdict.UNKNOWN, message("lists.unread", what=target, why=why), data={"reason": answer.error}
    )


def folded(
    rows: Sequence[Row],
    summary: Text,
    *,
    value: Any = None,
    data: Mapping[str, Any] | None = None,
    tables: Mapping[str, Table] | None = None,
) -> Judgement:
    """The judgement of a whole: the worst row wins, unknown beats ok and brings its reason and remedy."""
    verdict = worst(tuple(row.verdict for row in rows))
    reason, remedy = "", Text()
    if verdict is Verdict.UNKNOWN:
        lost = next(row for row in rows if row.verdict is Verdict.UNKNOWN)
        reason = str(lost.data.get("reason") or "error")
        remedy = unknown(reason, summary).remedy
        if all(row.verdict is Verdict.UNKNOWN for row in rows):
            # Nothing was read: a summary made of zeros, and their value, would look like a measurement.
            summary, value, data = message("checks.unknown", reason=lost.text), None, {}
        else:
            summary = Text(f"{summary.en}; {lost.text.en}", f"{summary.zh}；{lost.text.zh}")
    return Judgement(
        verdict,
        summary,
        value=value,
        reason=reason,
        remedy=remedy,
        data=data or {},
        tables=tables or {},
        rows=tuple(rows),
    )


def graded(value: float, params: Mapping[str, Any]) -> Verdict:
    """ok, warn or fail by ``params.warn`` and ``params.fail``, both inclusive."""
    if value >= float(params["fail"]):
        return Verdict.FAIL
    return Verdict.WARN if value >= float(params["warn"]) else Verdict.OK


def bad(rows: Sequence[Row]) -> list[str]:
    """The targets that warn or fail."""
    return [row.target for row in rows if row.verdict in (Verdict.WARN, Verdict.FAIL)]


def leading(rows: Sequence[Row]) -> str:
    """The first target that fails, else the first that warns; empty where all is well."""
    failing = (row.target for row in rows if row.verdict is Verdict.FAIL)
    return next(failing, next(iter(bad(rows)), ""))


def samples(value: Any) -> list[tuple[float, Any]]:
    """``(at, value)`` of a read with several samples, in order of time; `at` in seconds of the cluster's time."""
    if not isinstance(value, (list, tuple)):
        return []
    return sorted(((float(s["at"]), s["value"]) for s in value), key=lambda pair: pair[0])


def whole_number(value: Any) -> int | None:
    """An integer from parsed text or number; None for anything else."""
    if isinstance(value, bool) or value is None:
        return None
    text = str(value).strip()
    return int(text) if _WHOLE.fullmatch(text) else None


def log_clock(at: NodeAnswers, read: str, now: float) -> float:
    """The time a log is measured against: when it was read, or its newest line where the node's clock runs ahead."""
    answer = at.answers[read]
    newest = max((float(entry["at"]) for entry in answer.value or ()), default=0.0)
    return max(answer.at or now, newest)
