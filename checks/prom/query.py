"""Queries as tokens, and the conditions of their selectors. Pure; what a query computes is Prometheus's business."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from kb.messages import message
from kb.said import Said

_TOKEN = re.compile(
    r"""(?P<space>\s+|\#[^\r\n]*)
    |(?P<string>"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|`[^`]*`)
    |(?P<range>\[[0-9a-z: ]*\])
    |(?P<number>(?:0x[0-9a-fA-F]+|[0-9]*\.?[0-9]+(?:[eE][+-]?[0-9]+)?)(?:[a-z]+[0-9a-z]*)?)
    |(?P<name>[a-zA-Z_:][a-zA-Z0-9_:]*)
    |(?P<sign>=~|!~|!=|==|>=|<=|[-+*/%^<>=(){},@])""",
    re.X,
)
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
