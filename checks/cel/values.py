"""What CEL's operators and functions mean over plain JSON-like values (strings, numbers, lists, mappings).

Follows the language definition (cel-spec, langdef.md) with three deliberate choices for judging: integers and
doubles mix in arithmetic, integers do not overflow, and a division by zero has no answer even for doubles (a
share of nothing is not known).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from kb.messages import message
from kb.said import Said
from kb.text import Text
from kb.wording import listed

Number = (int, float)


class Unknown(Said):
    """An expression has no answer: a name or key that is not there, or values that do not fit an operator."""

    def __init__(self, text: Text, name: str = ""):
        super().__init__(text)
        self.name = name
        """The unbound name at the root of it; empty where the values themselves do not fit."""


def kind(value: Any) -> str:
    """The CEL type of a value: null, bool, int, double, string, list, map."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "bool"
    for types, name in (
        (int, "int"),
        (float, "double"),
        (str, "string"),
        (list | tuple, "list"),
        (Mapping, "map"),
    ):
        if isinstance(value, types):
            return name
    return type(value).__name__


def is_number(value: Any) -> bool:
    """Whether it is an int or a double; a bool is neither."""
    return isinstance(value, Number) and not isinstance(value, bool)


def no_overload(operator: str, *values: Any) -> Unknown:
    """The error of values that an operator does not take."""
    return Unknown(message("cel.no-overload", operator=operator, kinds=listed(kind(v) for v in values)))


def equal(a: Any, b: Any) -> bool:
    """CEL equality: numbers across int and double, other types only with their own, in depth."""
    if is_number(a) and is_number(b):
        return bool(a == b)
    if kind(a) != kind(b):
        return False
    if isinstance(a, list | tuple):
        return len(a) == len(b) and all(equal(x, y) for x, y in zip(a, b, strict=True))
    if isinstance(a, Mapping):
        return len(a) == len(b) and all(k in b and equal(v, b[k]) for k, v in a.items())
    return bool(a == b)


def _ordered(a: Any, b: Any) -> bool:
    return (is_number(a) and is_number(b)) or (kind(a) == kind(b) and isinstance(a, str | bool))


def less(a: Any, b: Any) -> bool:
    """a < b for two numbers, strings or bools."""
    if not _ordered(a, b):
        raise no_overload("<", a, b)
    return bool(a < b)


def less_equal(a: Any, b: Any) -> bool:
    """a <= b for two numbers, strings or bools."""
    if not _ordered(a, b):
        raise no_overload("<=", a, b)
    return bool(a <= b)


def contained(item: Any, container: Any) -> bool:
    """item in list, or key in map."""
    if isinstance(container, Mapping):
        return isinstance(item, str) and item in container
    if isinstance(container, list | tuple):
        if isinstance(item, str):
            return item in container  # a string equals strings only; lists of names may be long
        return any(equal(item, x) for x in container)
    raise no_overload("in", item, container)


def add(a: Any, b: Any) -> Any:
    """Sum of numbers, concatenation of strings or lists."""
    if is_number(a) and is_number(b):
        return a + b
    if isinstance(a, str) and isinstance(b, str):
        return a + b
    if isinstance(a, list | tuple) and isinstance(b, list | tuple):
        return [*a, *b]
    raise no_overload("+", a, b)


def _arithmetic(operator: str, work: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    def apply(a: Any, b: Any) -> Any:
        if not (is_number(a) and is_number(b)):
            raise no_overload(operator, a, b)
        if operator in "/%" and b == 0:
            raise Unknown(message("cel.by-zero", operator=operator))
        return work(a, b)

    return apply


def _divide(a: Any, b: Any) -> Any:
    if isinstance(a, float) or isinstance(b, float):
        return a / b
    return abs(a) // abs(b) * (1 if (a < 0) == (b < 0) else -1)  # integers truncate towards zero


def _modulo(a: Any, b: Any) -> Any:
    if isinstance(a, float) or isinstance(b, float):
        raise no_overload("%", a, b)
    return a - b * _divide(a, b)


subtract = _arithmetic("-", lambda a, b: a - b)
multiply = _arithmetic("*", lambda a, b: a * b)
divide = _arithmetic("/", _divide)
modulo = _arithmetic("%", _modulo)


def size(value: Any) -> int:
    """Length of a string, list or map."""
    if isinstance(value, str | list | tuple | Mapping):
        return len(value)
    raise no_overload("size()", value)


def to_int(value: Any) -> int:
    """int(): from a number (truncated) or a decimal string."""
    if is_number(value) and value == value and abs(value) != float("inf"):
        return int(value)
    if isinstance(value, str) and re.fullmatch(r"[+-]?\d{1,30}", value.strip(), re.ASCII):
        return int(value)
    raise (
        no_overload("int()", value)
        if not isinstance(value, str)
        else Unknown(message("cel.no-number", function="int()"))
    )


def to_double(value: Any) -> float:
    """double(): from a number or a decimal string."""
    if is_number(value):
        return float(value)
    if isinstance(value, str) and len(value) <= 60:
        try:
            return float(value)
        except ValueError:
            raise Unknown(message("cel.no-number", function="double()")) from None
    raise no_overload("double()", value)


def to_string(value: Any) -> str:
    """string(): of a scalar."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str | int | float):
        return str(value)
    raise no_overload("string()", value)


def to_seconds(value: Any) -> float:
    """seconds(): Unix seconds of an RFC 3339 time, as Kubernetes writes them."""
    if not isinstance(value, str) or len(value) > 60:
        raise no_overload("seconds()", value)
    try:
        moment = datetime.fromisoformat(value.replace("Z", "+00:00"))
    except ValueError:
        raise Unknown(message("cel.no-time")) from None
    if moment.tzinfo is None:
        raise Unknown(message("cel.no-zone"))
    return moment.timestamp()


_UNITS = {"": 1.0, "m": 1e-3, "k": 1e3, "M": 1e6, "G": 1e9, "T": 1e12, "P": 1e15, "E": 1e18}
_UNITS |= {f"{u}i": 1024.0**n for n, u in enumerate("KMGTPE", start=1)}


def to_quantity(value: Any) -> float:
    """quantity(): a Kubernetes quantity (``800Mi``, ``250m``, ``2``) as a number."""
    if is_number(value):
        return float(value)
    match = (
        re.fullmatch(r"([+-]?\d{1,30}(?:\.\d{1,30})?)(m|k|[MGTPE]|[KMGTPE]i)?", value)
        if isinstance(value, str)
        else None
    )
    if not match:
        raise Unknown(message("cel.no-quantity"))
    return float(match[1]) * _UNITS[match[2] or ""]


def _numbers(name: str, values: Any) -> list[Any]:
    if not isinstance(values, list | tuple):
        raise no_overload(name, values)
    wrong = next((v for v in values if not is_number(v)), None) if values else None
    if wrong is not None or any(v is None for v in values):
        raise Unknown(message("cel.list-no-number", function=name))
    return list(values)


def total(values: Any) -> Any:
    """sum() of a list of numbers; 0 of an empty one."""
    return sum(_numbers("sum()", values))


def largest(values: Any) -> Any:
    """max() of a list of numbers; an empty one has none."""
    numbers = _numbers("max()", values)
    if not numbers:
        raise Unknown(message("cel.empty-list", function="max()"))
    return max(numbers)


def smallest(values: Any) -> Any:
    """min() of a list of numbers; an empty one has none."""
    numbers = _numbers("min()", values)
    if not numbers:
        raise Unknown(message("cel.empty-list", function="min()"))
    return min(numbers)


def _text_method(name: str, work: Callable[[str, str], bool]) -> Callable[[Any, Any], bool]:
    def apply(text: Any, part: Any) -> bool:
        if not (isinstance(text, str) and isinstance(part, str)):
            raise no_overload(f"{name}()", text, part)
        return work(text, part)

    return apply


contains = _text_method("contains", lambda text, part: part in text)
starts_with = _text_method("startsWith", str.startswith)
ends_with = _text_method("endsWith", str.endswith)


def negate(value: Any) -> Any:
    """-x of a number."""
    if not is_number(value):
        raise no_overload("-", value)
    return -value


def invert(value: Any) -> bool:
    """!x of a bool."""
    if not isinstance(value, bool):
        raise no_overload("!", value)
    return not value


def select(value: Any, key: Any) -> Any:
    """value.key of a map, value[key] of a map or list."""
    if isinstance(value, Mapping):
        if isinstance(key, str) and key in value:
            return value[key]
        raise Unknown(message("cel.no-key", key=repr(key)))
    if isinstance(value, list | tuple) and isinstance(key, int) and not isinstance(key, bool):
        if 0 <= key < len(value):
            return value[key]
        raise Unknown(message("cel.no-item", number=key))
    raise no_overload(f"[{key!r}]" if not isinstance(key, str) else f".{key}", value)


ONE_ARGUMENT: Mapping[str, Callable[[Any], Any]] = {
    "size": size,
    "int": to_int,
    "double": to_double,
    "string": to_string,
    "sum": total,
    "max": largest,
    "min": smallest,
    "seconds": to_seconds,
    "quantity": to_quantity,
    "dyn": lambda value: value,
}
"""Functions of one value; `size`, `sum`, `max` and `min` are methods too."""
METHODS_OF_NONE = ("size", "sum", "max", "min")
"""Methods without arguments, each also a function."""
METHODS_OF_ONE: Mapping[str, Callable[[Any, Any], Any]] = {
    "contains": contains,
    "startsWith": starts_with,
    "endsWith": ends_with,
}
