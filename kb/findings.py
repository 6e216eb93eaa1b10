"""The one way a `Problem` is made: a code whose sentence stands in ``assets/i18n/kb.json``."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

from kb.messages import message
from kb.problem import Problem, Severity
from kb.text import Text

SHOWN = 80
"""Longest piece of a file's content that is quoted in a message."""


def finding(path: str, line: int, code: str, severity: Severity = "error", /, **params: object) -> Problem:
    """A problem with the catalogue's sentence for `code`, its placeholders filled with harmless text."""
    return problem_of(path, line, code, f"kb.{code}", severity, **params)


def problem_of(
    path: str, line: int, code: str, name: str, severity: Severity = "error", /, **params: object
) -> Problem:
    """A problem with the catalogue's message `name` (``area.key``) in both languages, filled with harmless text."""
    shown = {key: _harmless(value) for key, value in params.items()}
    text = message(name, **shown)
    return Problem(path, line, code, text.en, severity, text.zh)


def clean(text: str, limit: int = SHOWN) -> str:
    """Text of a file fit for one line of a message: no control characters, bounded."""
    flat = "".join(c if c.isprintable() else " " for c in text[: limit + 1])
    return flat if len(flat) <= limit else flat[: limit - 1] + "…"


def _harmless(value: object) -> object:
    if isinstance(value, Text):
        return value.each(lambda text: clean(text, 4 * SHOWN))
    return clean(value) if isinstance(value, str) else value


def nearest(word: str, known: Iterable[str]) -> Text:
    """A hint for a wrong word: the known one that was probably meant, or all of them."""
    names = sorted(known)
    close = get_close_matches(word[:SHOWN], names, n=1, cutoff=0.6)
    if close:
        return message("kb.hint.meant", name=clean(close[0]))
    if not names:
        return message("kb.hint.none")
    return message("kb.hint.known", names=clean(", ".join(names)))
