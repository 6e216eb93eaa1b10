"""The one way a `Problem` is made: a code whose sentence stands in ``assets/i18n/kb.json``."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

from kb.messages import message
from kb.problem import Problem, Severity

SHOWN = 80
"""Longest piece of a file's content that is quoted in a message."""


def finding(path: str, line: int, code: str, severity: Severity = "error", **params: object) -> Problem:
    """A problem with the catalogue's sentence for `code`, its placeholders filled with harmless text."""
    shown = {name: clean(value) if isinstance(value, str) else value for name, value in params.items()}
    return Problem(path, line, code, message(f"kb.{code}", **shown).en, severity)


def clean(text: str) -> str:
    """Text of a file fit for one line of a message: no control characters, bounded."""
    flat = "".join(c if c.isprintable() else " " for c in text[: SHOWN + 1])
    return flat if len(flat) <= SHOWN else flat[: SHOWN - 1] + "…"


def nearest(word: str, known: Iterable[str]) -> str:
    """A hint for a wrong word: the known one that was probably meant, or all of them."""
    names = sorted(known)
    close = get_close_matches(word, names, n=1, cutoff=0.6)
    if close:
        return f"did you mean {close[0]}?"
    return f"known: {', '.join(names)}" if names else "none is defined here"
