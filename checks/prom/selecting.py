"""Where the selectors of a query stand: what it rests on, and the same query narrowed to one cluster. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from checks.prom.query import Matcher, NotPromQL, Selector, Token, matchers_of, tokens
from kb.messages import message

MAX_LENGTH = 2000
_LISTS = frozenset(["by", "without"])
"""Words that a list of labels in parentheses follows, before or behind what is aggregated."""
_JOINS = frozenset(["bool", "on", "ignoring", "group_left", "group_right"])
"""Words behind an operator; lists of labels may follow them."""
_SETS = frozenset(["and", "or", "unless", "atan2"])
_SIGNS = frozenset(["==", "!=", ">=", "<=", ">", "<", "+", "-", "*", "/", "%", "^"])
_NUMBERS = frozenset(["inf", "nan"])
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
        "limitk",
        "limit_ratio",
    ]
)
_PAIRS = {")": "(", "}": "{"}


def selectors(query: str) -> tuple[Selector, ...]:
    """The selectors of a query, each once; raises NotPromQL where the text is none or rests on no series."""
    found = list(dict.fromkeys(one.selector for one in _placed(query)))
    if not found:
        raise NotPromQL(message("promql.no-metric"))
    return tuple(found)


def narrowed(query: str, match: Iterable[tuple[str, str]]) -> str:
    """The query with ``label="value"`` put into every selector; raises NotPromQL where it cannot be read for certain.

    What stands between the selectors stays as it is: nothing but the choice of series changes.
    """
    text = ",".join(matching(label, value) for label, value in match)
    if not text:
        return query
    parts, done = [], 0
    for one in _placed(query):
        if one.inside:
            parts += [query[done : one.inside], text, "," if one.selector.matchers else ""]
        else:
            parts += [query[done : one.end], "{", text, "}"]
        done = one.inside or one.end
    return "".join([*parts, query[done:]])


def _balanced(tokens: list[Token]) -> None:
    open_: list[str] = []
    for kind, text, *_ in tokens:
        if kind == "sign" and text in "({":
            open_.append(text)
        elif kind == "sign" and text in _PAIRS and (not open_ or open_.pop() != _PAIRS[text]):
            raise NotPromQL(message("promql.unexpected", text=repr(text)))
    if open_:
        raise NotPromQL(message("promql.not-closed", text=repr(open_[-1])))


def matching(label: str, value: str) -> str:
    """The condition that a label has this value, as it stands in a query."""
    return f"{label}={json.dumps(value, ensure_ascii=False)}"


@dataclass(frozen=True, slots=True)
class _Placed:
    """A selector of a query, where its braces open and where it ends."""

    selector: Selector
    inside: int
    """Behind its opening brace; 0 where it has none."""
    end: int


def _placed(query: str) -> list[_Placed]:
    """The selectors of a query in their order; raises NotPromQL.

    A word is a metric, a function or an operator by where it stands: where an operand has to come, ``offset`` is a
    metric too. What is not read for certain is refused.
    """
    if len(query) > MAX_LENGTH:
        raise NotPromQL(message("cel.too-long", limit=MAX_LENGTH))
    words = list(tokens(query))
    _balanced(words)
    return list(_walk(words, query))


def _walk(words: list[Token], query: str) -> Iterator[_Placed]:
    at, operand = 0, True
    while at < len(words):
        kind, text, begin, _ = words[at]
        if not operand:
            at, operand = _after(words, at)
        elif text == "{" or (kind == "name" and not _is_word(words, at)):
            opening = at if text == "{" else at + 1
            matchers: tuple[Matcher, ...] = ()
            inside, at = 0, opening
            if opening < len(words) and words[opening][1] == "{":
                at = _past(words, opening, "}")
                matchers, inside = matchers_of(words[opening + 1 : at - 1]), words[opening][3]
            end = words[at - 1][3]
            yield _Placed(_selector(text, matchers, query[begin:end]), inside, end)
            operand = False
        elif kind == "name":
            at, operand = _past_word(words, at)
        elif kind in ("number", "string") or text == ")":  # a function may take nothing
            at, operand = at + 1, False
        elif text in ("(", "+", "-"):
            at += 1
        else:
            raise NotPromQL(message("promql.unexpected", text=repr(text)))


def _past_word(words: list[Token], at: int) -> tuple[int, bool]:
    """Past a function, an aggregation with the labels before what it takes, or a number: what follows it."""
    number = words[at][1].lower() in _NUMBERS
    at += 1
    if not number and _says(words, at, _LISTS) and _opens(words, at + 1):
        at = _past(words, at + 1)
    return at, not number


def _after(words: list[Token], at: int) -> tuple[int, bool]:
    """Past what may stand behind an operand: where to go on, and whether an operand has to come there."""
    kind, text, *_ = words[at]
    at += 1
    lowered = text.lower()
    if kind == "range" or text == ")":
        return at, False
    if lowered in _LISTS and _opens(words, at):
        return _past(words, at), False
    if lowered == "offset" or text == "@":
        return _past_time(words, at), False
    if text == ",":
        return at, True
    if text not in _SIGNS and lowered not in _SETS:
        raise NotPromQL(message("promql.unexpected", text=repr(text)))
    while _says(words, at, _JOINS):
        lists = words[at][1].lower() != "bool"  # what stands in parentheses behind it is an operand
        at = _past(words, at + 1) if lists and _opens(words, at + 1) else at + 1
    return at, True


def _past_time(words: list[Token], at: int) -> int:
    """Past the time behind ``offset`` or ``@``: a number or a duration, ``start()`` or ``end()``."""
    at += at < len(words) and words[at][1] in ("-", "+")
    if at < len(words) and words[at][0] == "number":
        return at + 1
    if [text for _, text, *_ in words[at : at + 3]] in (["start", "(", ")"], ["end", "(", ")"]):
        return at + 3
    raise NotPromQL(message("promql.no-time"))


def _opens(words: list[Token], at: int) -> bool:
    return at < len(words) and words[at][1] == "("


def _says(words: list[Token], at: int, known: frozenset[str]) -> bool:
    return at < len(words) and words[at][1].lower() in known


def _selector(name: str, matchers: tuple[Matcher, ...], text: str) -> Selector:
    named = [one.value for one in matchers if one.label == "__name__" and one.sign == "="]
    return Selector((named[0] if named else "") if name == "{" else name, matchers, text)


def _is_word(words: list[Token], at: int) -> bool:
    """Whether a name that stands for an operand is a function, an aggregation or a number, not a metric."""
    if _opens(words, at + 1) or _says(words, at, _NUMBERS):
        return True
    return _says(words, at, _AGGREGATIONS) and _says(words, at + 1, _LISTS)


def _past(tokens: list[Token], at: int, closing: str = ")") -> int:
    """The index after the next closing sign; braces and lists of labels do not nest."""
    while tokens[at][1] != closing:
        at += 1
    return at + 1
