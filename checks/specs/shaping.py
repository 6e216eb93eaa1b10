"""A parsed answer brought into the form that other sources of the same fact have (``as:``). Pure."""

from __future__ import annotations

from typing import Any

from checks.cel import expr
from checks.cel.expr import ExpressionError, Unknown
from checks.model import Shape
from checks.parse import Unparsable
from kb.wording import explained

NAME = "value"
"""What the answer is called in the expressions."""


def shaped(shape: Shape, value: Any) -> Any:
    """What the expression, or each of the named ones, makes of `value`; raises Unparsable where it makes nothing."""
    if not shape:
        return value
    try:
        if isinstance(shape, str):
            return expr.compile(shape).value({NAME: value})
        return {name: expr.compile(text).value({NAME: value}) for name, text in shape.items()}
    except Unknown as error:
        raise Unparsable(explained("as", error.text)) from None


def mistakes(shape: Shape) -> list[str]:
    """What is wrong with the expressions, in words."""
    found = []
    for text in [shape] if isinstance(shape, str) else shape.values():
        try:
            unknown = sorted(expr.compile(text).names - {NAME})
        except ExpressionError as error:
            found.append(str(error))
            continue
        found += [f"there is no {name} here, only {NAME}" for name in unknown]
    return found
