"""Conditions and measures: CEL over plain values, true, false or unknown (Kleene).

The door to cel-python, which parses; `checks.cel.tree` turns the parse tree into a closure. Nothing is
converted, so an expression over a table of 20,000 rows costs only the rows it looks at. Compiled once per
text and shared by threads.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from checks.cel.tree import Code, NotCel, Scope, build
from checks.cel.values import Unknown, kind, no_overload
from kb.messages import message
from kb.said import Said

__all__ = ["Expression", "ExpressionError", "Unknown", "compile"]

MAX_LENGTH = 4000
"""Longest expression that is read, in characters."""


class ExpressionError(Said, ValueError):
    """A text is no usable CEL; its text says where and why."""


@dataclass(frozen=True, slots=True)
class Expression:
    """A compiled CEL expression."""

    text: str
    names: frozenset[str]
    """The free names it refers to: aliases, measures, reads, ``params``."""
    fields: frozenset[tuple[str, str]]
    """Which fields of them it reads: ``("macs", "verdict")``."""
    code: Code

    def value(self, bindings: Mapping[str, Any]) -> Any:
        """What it comes to; raises Unknown where a name, key or fitting value is missing."""
        try:
            return self.code(bindings)
        except RecursionError:
            raise Unknown(message("cel.values-deep")) from None

    def evaluate(self, bindings: Mapping[str, Any]) -> bool | None:
        """As a condition: True, False, or None for unknown (also of a value that is no truth)."""
        try:
            return self.truth(bindings)
        except Unknown:
            return None

    def truth(self, bindings: Mapping[str, Any]) -> bool:
        """As a condition, but raising Unknown with the reason."""
        value = self.value(bindings)
        if not isinstance(value, bool):
            raise Unknown(message("cel.no-condition", kind=kind(value)))
        return value


@lru_cache(maxsize=4096)
def compile(text: str) -> Expression:
    """The expression written in `text`; raises ExpressionError."""
    if len(text) > MAX_LENGTH:
        raise ExpressionError(message("cel.too-long", limit=MAX_LENGTH))
    scope = Scope(matches=_matches)
    try:
        code = build(_parse(text), scope)
    except NotCel as error:
        raise ExpressionError(error.text) from None
    except (ValueError, OverflowError):  # a literal that no number holds
        raise ExpressionError(message("cel.bad-literal")) from None
    except RecursionError:
        raise ExpressionError(message("cel.too-deep")) from None
    return Expression(text, frozenset(scope.names), frozenset(scope.fields), code)


def _parse(text: str) -> Any:
    from celpy.celparser import CELParseError, CELParser

    try:
        return CELParser().parse(text)
    except CELParseError as error:
        column = error.column if isinstance(error.column, int) and error.column > 0 else 0
        if not column:
            raise NotCel(message("cel.ends-early")) from None
        here = repr(text[column - 1 : column + 20])
        raise NotCel(message("cel.invalid", column=column, here=here)) from None


def _matches(text: Any, pattern: Any) -> bool:
    """RE2, which cannot be made to run for ever by a hostile text."""
    from celpy.evaluation import CELEvalError, function_matches

    if not (isinstance(text, str) and isinstance(pattern, str)):
        raise no_overload("matches()", text, pattern)
    found = function_matches(text, pattern)
    if isinstance(found, CELEvalError):
        raise Unknown(message("cel.broken-pattern"))
    return bool(found)
