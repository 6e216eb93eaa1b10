"""What every parser shares: the error, numbers in text, and text that is fit for parsing."""

from __future__ import annotations

import re

from kb.messages import message
from kb.said import Said

_INTEGER = re.compile(r"[+-]?(?:0|[1-9][0-9]{0,17})", re.ASCII)
_DECIMAL = re.compile(r"[+-]?[0-9]{1,17}\.[0-9]{1,17}", re.ASCII)
_ESCAPES = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[@-Z\\-_])")


class Unparsable(Said, ValueError):
    """Output that is not what the parser knows; the text says what was expected and what stood there."""


def number(text: str) -> int | float | str:
    """The number that `text` is, or the text; ``007``, hex and exponents stay text (names and ids look like them)."""
    if text.isdecimal() and text.isascii() and (text[0] != "0" or len(text) == 1) and len(text) <= 18:
        return int(text)  # most numbers; the rest is left to the pattern, at three times the price
    if _INTEGER.fullmatch(text):
        return int(text)
    if _DECIMAL.fullmatch(text):
        return float(text)
    return text


def integer(text: str, what: str) -> int:
    """The integer that `text` must be; raises Unparsable."""
    value = number(text)
    if not isinstance(value, int):
        raise Unparsable(message("parse.no-integer", what=what, text=excerpt(text)))
    return value


def cleaned(text: str) -> str:
    """Output without colour and other escape sequences, with plain newlines; raises Unparsable for binary."""
    if "\x00" in text:
        raise Unparsable(message("parse.binary"))
    if "\x1b" in text:
        text = _ESCAPES.sub("", text)
    return text.replace("\r\n", "\n") if "\r" in text else text


def excerpt(text: str, limit: int = 60) -> str:
    """The beginning of `text`, quoted, for a message."""
    first = text.strip()[: limit + 1]
    return repr(first if len(first) <= limit else first[:limit] + "…")


def no_json(error: Exception) -> Unparsable:
    """The error of text that is no JSON, with what the reader said of it."""
    return Unparsable(message("parse.no-json", error=str(error)))


def wrong_columns(line: str, found: int, wanted: int) -> Unparsable:
    """The error of a row with another number of columns."""
    return Unparsable(message("parse.columns", found=found, wanted=wanted, text=excerpt(line)))
