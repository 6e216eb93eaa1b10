"""Evaluating a part of PromQL over samples in memory: selectors, arithmetic and comparison, `or`, the common functions.

For the Prometheus of the practice cluster. What is beyond it raises `NotEvaluated`, never gives an empty answer; it is
held to the real one in tests/prometheus. Pure.
"""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from checks.prom.query import Matcher, NotPromQL, Selector, Token, matchers_of, tokens
from kb.messages import message
from kb.said import quoted

Labels = dict[str, str]
Series = tuple[Labels, float]
Points = Sequence[tuple[float, float]]
"""Times in seconds and values, the oldest first."""
NAME = "__name__"
_DURATION = re.compile(r"([0-9]+)(ms|[smhdw])")
_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86_400.0, "w": 604_800.0}
_FOLDS: Mapping[str, Callable[[Sequence[float]], float]] = {
    "sum": math.fsum,
    "min": min,
    "max": max,
    "count": lambda values: float(len(values)),
    "avg": lambda values: math.fsum(values) / len(values),
}
_LEVELS = (("or",), ("==", "!=", ">=", "<=", ">", "<"), ("+", "-"), ("*", "/"))
_COMPARE: Mapping[str, Callable[[float, float], bool]] = {
    "==": lambda a, b: a == b, "!=": lambda a, b: a != b, ">=": lambda a, b: a >= b,
    "<=": lambda a, b: a <= b, ">": lambda a, b: a > b, "<": lambda a, b: a < b,
}  # fmt: skip


class NotEvaluated(Exception):
    """A query of Prometheus's language that is beyond this part of it."""


class Samples(Protocol):
    """Where the samples are; `at` of an instant is when it was taken, in Unix seconds."""

    def instant(self, selector: Selector) -> Iterable[tuple[Labels, float, float]]:
        """Labels, value and time of the newest sample of every series."""
        ...

    def past(self, selector: Selector, seconds: float) -> Iterable[tuple[Labels, Points]]:
        """The points of every series in the last so many seconds; time 0 is the end."""
        ...


@dataclass(slots=True)
class _Reader:
    """The tokens of a query, taken one by one."""

    tokens: list[Token]
    at: int = 0

    @property
    def text(self) -> str:
        return self.tokens[self.at][1] if self.at < len(self.tokens) else ""

    def take(self, wanted: str = "") -> Token:
        if self.at >= len(self.tokens) or (wanted and self.text != wanted):
            found = repr(self.text) if self.text else message("promql.end")
            expected = repr(wanted) if wanted else message("promql.expression")
            raise NotPromQL(message("promql.expected", found=found, wanted=expected))
        self.at += 1
        return self.tokens[self.at - 1]


def evaluate(query: str, samples: Samples) -> list[Series] | float:
    """The vector or the number that a query comes to; raises NotPromQL and NotEvaluated."""
    reader = _Reader(list(tokens(query)))
    found: list[Series] | float = _Evaluator(reader, samples).level(0)
    if reader.at < len(reader.tokens):
        raise NotEvaluated(reader.text)
    return found


class _Evaluator:
    """Evaluates while it reads: the queries are short and asked once."""

    def __init__(self, reader: _Reader, samples: Samples) -> None:
        self.reader, self.samples = reader, samples

    def level(self, depth: int) -> Any:
        """An expression of operators of this binding or a closer one."""
        if depth == len(_LEVELS):
            return self.primary()
        left = self.level(depth + 1)
        while self.reader.text in _LEVELS[depth]:
            sign = self.reader.take()[1]
            if self.reader.text in ("bool", "on", "ignoring"):
                raise NotEvaluated(self.reader.text)
            left = _binary(sign, left, self.level(depth + 1))
        return left

    def primary(self) -> Any:
        kind, text, *_ = self.reader.take()
        if kind == "number":
            return _number(text)
        if text == "-":
            return _binary("*", self.primary(), -1.0)
        if text == "(":
            inner = self.level(0)
            self.reader.take(")")
            return inner
        if text == "{":
            return self._selector("", self.reader.at - 1)
        if kind != "name":
            raise NotPromQL(message("promql.unexpected", text=repr(text)))
        if text in (*_FOLDS, "topk", "bottomk") and self.reader.text in ("(", "by", "without"):
            return self._aggregation(text)
        if self.reader.text == "(":
            return self._call(text)
        return self._selector(text, self.reader.at)

    def _selector(self, name: str, at: int) -> Any:
        matchers: tuple[Matcher, ...] = ()
        if at < len(self.reader.tokens) and self.reader.tokens[at][1] == "{":
            self.reader.at = at + 1
            inner = []
            while self.reader.text != "}":
                inner.append(self.reader.take())
            self.reader.take("}")
            matchers = matchers_of(inner)
        selector = Selector(name, matchers)
        if self.reader.text in ("offset", "@"):
            raise NotEvaluated(self.reader.text)
        if self.reader.text.startswith("["):
            return _Range(selector, _seconds(self.reader.take()[1][1:-1]))
        return [(dict(labels), value) for labels, value, _ in self.samples.instant(selector)]

    def _labels(self) -> list[str]:
        self.reader.take("(")
        found = []
        while self.reader.text != ")":
            found.append(self.reader.take()[1])
            if self.reader.text == ",":
                self.reader.take()
        self.reader.take(")")
        return found

    def _aggregation(self, how: str) -> list[Series]:
        by: list[str] | None = None
        if self.reader.text in ("by", "without"):
            by = self._grouping()
        arguments = self._arguments()
        if self.reader.text in ("by", "without"):
            by = self._grouping()
        vector = arguments[-1]
        if not isinstance(vector, list):
            raise NotPromQL(message("promql.no-vector", how=how))
        if how in ("topk", "bottomk"):
            if by is not None or not isinstance(arguments[0], float):
                raise NotEvaluated(how)
            return sorted(vector, key=lambda one: one[1], reverse=how == "topk")[: int(arguments[0])]
        groups: dict[tuple[tuple[str, str], ...], list[float]] = {}
        for labels, value in vector:
            group = tuple((key, labels[key]) for key in sorted(by or ()) if labels.get(key))
            groups.setdefault(group, []).append(value)
        return [(dict(group), _FOLDS[how](values)) for group, values in groups.items()]

    def _grouping(self) -> list[str]:
        if self.reader.take()[1] == "without":
            raise NotEvaluated("without")
        return self._labels()

    def _arguments(self) -> list[Any]:
        self.reader.take("(")
        found = []
        while self.reader.text != ")":
            kind, text, *_ = self.reader.tokens[self.reader.at] if self.reader.text else ("", "")
            if kind == "string":
                self.reader.take()
                found.append(text)
            else:
                found.append(self.level(0))
            if self.reader.text == ",":
                self.reader.take()
        self.reader.take(")")
        return found

    def _call(self, name: str) -> Any:
        if name == "timestamp":
            return self._timestamp()
        arguments = self._arguments()
        if name in ("increase", "rate") and len(arguments) == 1 and isinstance(arguments[0], _Range):
            asked = arguments[0]
            return [
                (_nameless(labels), grown if name == "increase" else grown / asked.seconds)
                for labels, points in self.samples.past(asked.selector, asked.seconds)
                if (grown := increase(points, asked.seconds)) is not None
            ]
        if name == "vector" and len(arguments) == 1 and isinstance(arguments[0], float):
            return [({}, arguments[0])]
        if name == "label_replace" and len(arguments) == 5 and isinstance(arguments[0], list):
            return _relabelled(arguments[0], *(text[1:-1] for text in arguments[1:]))
        raise NotEvaluated(name)

    def _timestamp(self) -> list[Series]:
        self.reader.take("(")
        start = self.reader.at
        inner = self.level(0)
        words = self.reader.tokens[start : self.reader.at]
        self.reader.take(")")
        if not isinstance(inner, list) or (len(words) > 1 and words[-1][1] != "}"):
            raise NotEvaluated("timestamp of an expression")
        name = words[0][1] if words[0][0] == "name" else ""
        selector = Selector(name, matchers_of(words[2 if name else 1 : -1]) if words[-1][1] == "}" else ())
        return [(_nameless(labels), at) for labels, _, at in self.samples.instant(selector)]


@dataclass(frozen=True, slots=True)
class _Range:
    selector: Selector
    seconds: float


def increase(points: Points, seconds: float) -> float | None:
    """How much a counter grew, extended to the whole of the range as Prometheus does; None for less than two points.

    Times are relative to the end of the range, in seconds.
    """
    if len(points) < 2:
        return None
    values = [value for _, value in points]
    grown = values[-1] - values[0] + math.fsum(a for a, b in itertools.pairwise(values) if b < a)
    taken = points[-1][0] - points[0][0]
    if taken <= 0:
        return None
    between = taken / (len(points) - 1)
    before, after = points[0][0] + seconds, -points[-1][0]
    if grown > 0 and values[0] >= 0:
        before = min(before, taken * values[0] / grown)  # a counter begins at 0, not below
    whole = taken + sum(gap if gap < between * 1.1 else between / 2 for gap in (before, after))
    return grown * whole / taken


def holds(matcher: Matcher, value: str) -> bool:
    """Whether a label's value meets a condition; raises NotPromQL for a broken regular expression."""
    if matcher.sign in ("=", "!="):
        return (value == matcher.value) == (matcher.sign == "=")
    try:
        found = re.fullmatch(matcher.value, value) is not None
    except re.error as error:
        raise NotPromQL(
            message("promql.no-regex", text=repr(matcher.value), error=quoted(str(error)))
        ) from None
    return found == (matcher.sign == "=~")


def _binary(sign: str, left: Any, right: Any) -> Any:
    if sign == "or":
        if not (isinstance(left, list) and isinstance(right, list)):
            raise NotPromQL(message("promql.or-numbers"))
        there = {_key(labels) for labels, _ in left}
        return [*left, *(one for one in right if _key(one[0]) not in there)]
    if isinstance(left, float) and isinstance(right, float):
        if sign in _COMPARE:
            raise NotPromQL(message("promql.needs-bool"))
        return _computed(sign, left, right)
    if isinstance(left, list) and isinstance(right, float):
        return _with_number(sign, left, right)
    if isinstance(left, float) and isinstance(right, list):
        return [(_nameless(labels), _computed(sign, left, value)) for labels, value in right]
    if isinstance(left, list) and isinstance(right, list) and sign not in _COMPARE:
        others = {_key(labels): value for labels, value in right}
        pairs = [(labels, value, others.get(_key(labels))) for labels, value in left]
        return [(_nameless(labels), _computed(sign, a, b)) for labels, a, b in pairs if b is not None]
    raise NotEvaluated(sign)


def _with_number(sign: str, vector: list[Series], number: float) -> list[Series]:
    if sign in _COMPARE:
        return [one for one in vector if _COMPARE[sign](one[1], number)]
    return [(_nameless(labels), _computed(sign, value, number)) for labels, value in vector]


def _computed(sign: str, a: float, b: float) -> float:
    if sign == "/":
        return a / b if b else math.nan if a == 0 or math.isnan(a) else math.copysign(math.inf, a)
    if sign in ("+", "-", "*"):
        return a + b if sign == "+" else a - b if sign == "-" else a * b
    raise NotEvaluated(sign)


def _key(labels: Labels) -> frozenset[tuple[str, str]]:
    return frozenset((key, value) for key, value in labels.items() if key != NAME)


def _nameless(labels: Labels) -> Labels:
    return {key: value for key, value in labels.items() if key != NAME}


def _relabelled(vector: list[Series], target: str, new: str, source: str, pattern: str) -> list[Series]:
    found = []
    for labels, value in vector:
        try:
            match = re.fullmatch(pattern, labels.get(source, ""))
        except re.error as error:
            raise NotPromQL(
                message("promql.no-regex", text=repr(pattern), error=quoted(str(error)))
            ) from None
        text = re.sub(r"\$(\d)", lambda m, match=match: match[int(m[1])] or "", new) if match else ""  # type: ignore[misc]
        found.append(({**labels, target: text} if match and text else labels, value))
    return found


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise NotEvaluated(text) from None


def _seconds(text: str) -> float:
    parts = _DURATION.findall(text)
    if not parts or "".join(a + b for a, b in parts) != text:
        raise NotEvaluated(f"[{text}]")
    return sum(int(count) * _UNITS[unit] for count, unit in parts)
