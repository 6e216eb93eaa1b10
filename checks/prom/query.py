"""As much of PromQL as tells which series a query rests on. Pure; what it computes is Prometheus's business."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from kb.messages import message
from kb.said import Said

MAX_LENGTH = 2000
_TOKEN = re.compile(
    r"""(?P<space>\s+|\#[^\n]*)
    |(?P<string>"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|`[^`]*`)
    |(?P<range>\[[0-9a-z: ]*\])
    |(?P<number>(?:0x[0-9a-fA-F]+|[0-9]*\.?[0-9]+(?:[eE][+-]?[0-9]+)?)(?:[a-z]+[0-9a-z]*)?)
    |(?P<name>[a-zA-Z_:][a-zA-Z0-9_:]*)
    |(?P<sign>=~|!~|!=|==|>=|<=|[-+*/%^<>=(){},@])""",
    re.X,
)
_LISTS = frozenset(["by", "without", "on", "ignoring", "group_left", "group_right"])
"""Words that a list of labels in parentheses follows (or may follow)."""
_WORDS = frozenset(["and", "or", "unless", "bool", "offset", "atan2", "inf", "nan", "start", "end"])
_AGGREGATIONS = frozenset(
    [
        "sum",
        "min",
        "max",
        "avg",
        "group",
        "stddev",
        "stdvar",
        "count",
        "count_values",
        "bottomk",
        "topk",
        "quantile",
    ]
)
_PAIRS = {")": "(", "}": "{"}
MATCHES = ("=", "!=", "=~", "!~")


class NotPromQL(Said, ValueError):
    """A text that no Prometheus would take; its text says why."""


@dataclass(frozen=True, slots=True)
class Matcher:
    """One condition on a label: ``name = "value"`` with one of MATCHES."""

    label: str
    sign: str
    value: str


@dataclass(frozen=True, slots=True)
class Selector:
    """A vector selector as it stands in a query, without range and offset."""

    name: str
    matchers: tuple[Matcher, ...] = ()
    text: str = ""


def selectors(query: str) -> tuple[Selector, ...]:
    """The selectors of a query, each once; raises NotPromQL where the text is none or rests on no series."""
    if len(query) > MAX_LENGTH:
        raise NotPromQL(message("cel.too-long", limit=MAX_LENGTH))
    words = list(tokens(query))
    _balanced(words)
    found = list(dict.fromkeys(_selectors(words, query)))
    if not found:
        raise NotPromQL(message("promql.no-metric"))
    return tuple(found)


Token = tuple[str, str, int, int]
"""Kind, text, and where it begins and ends."""


def tokens(query: str) -> Iterator[Token]:
    """The tokens of a query, without spaces and comments; raises NotPromQL at what is none."""
    at = 0
    while at < len(query):
        match = _TOKEN.match(query, at)
        if not match or not match.lastgroup:
            raise NotPromQL(message("promql.unexpected", text=repr(query[at : at + 20])))
        if match.lastgroup != "space":
            yield match.lastgroup, match[0], at, match.end()
        at = match.end()


def _balanced(tokens: list[Token]) -> None:
    open_: list[str] = []
    for kind, text, *_ in tokens:
        if kind == "sign" and text in "({":
            open_.append(text)
        elif kind == "sign" and text in _PAIRS and (not open_ or open_.pop() != _PAIRS[text]):
            raise NotPromQL(message("promql.unexpected", text=repr(text)))
    if open_:
        raise NotPromQL(message("promql.not-closed", text=repr(open_[-1])))


def _selectors(tokens: list[Token], query: str) -> Iterator[Selector]:
    at = 0
    while at < len(tokens):
        kind, text, begin, end = tokens[at]
        following = tokens[at + 1][1] if at + 1 < len(tokens) else ""
        at += 1
        if kind == "name" and text in _LISTS:
            at = _past(tokens, at) if following == "(" else at
        elif kind == "name" and _is_word(text, following):
            continue
        elif kind == "name":
            matchers: tuple[Matcher, ...] = ()
            if following == "{":
                after = _past(tokens, at, "}")
                matchers, end = matchers_of(tokens[at + 1 : after - 1]), tokens[after - 1][3]
                at = after
            yield Selector(text, matchers, query[begin:end])
        elif text == "{":
            after = _past(tokens, at - 1, "}")
            matchers = matchers_of(tokens[at : after - 1])
            names = [m.value for m in matchers if m.label == "__name__" and m.sign == "="]
            yield Selector(names[0] if names else "", matchers, query[begin : tokens[after - 1][3]])
            at = after


def _is_word(text: str, following: str) -> bool:
    """Whether a name is a function, an operator or an aggregation, not a metric."""
    if text.lower() in _WORDS or following == "(":
        return True
    return text in _AGGREGATIONS and following in _LISTS


def _past(tokens: list[Token], at: int, closing: str = ")") -> int:
    """The index after the next closing sign; braces and lists of labels do not nest."""
    while tokens[at][1] != closing:
        at += 1
    return at + 1


def matchers_of(tokens: list[Token]) -> tuple[Matcher, ...]:
    """The conditions between the braces of a selector; raises NotPromQL."""
    return tuple(_matchers(tokens))


def _matchers(tokens: list[Token]) -> Iterator[Matcher]:
    at = 0
    while at < len(tokens):
        part = tokens[at : at + 3]
        if [kind for kind, *_ in part] != ["name", "sign", "string"] or part[1][1] not in MATCHES:
            raise NotPromQL(message("promql.no-matcher", text=" ".join(text for _, text, *_ in part)))
        yield Matcher(part[0][1], part[1][1], _unquoted(part[2][1]))
        at += 3
        if at < len(tokens):
            if tokens[at][1] != ",":
                raise NotPromQL(message("promql.unexpected", text=repr(tokens[at][1])))
            at += 1


def _unquoted(text: str) -> str:
    inner = text[1:-1]
    return inner if text[0] == "`" else re.sub(r"\\(.)", lambda m: "\n" if m[1] == "n" else m[1], inner)
