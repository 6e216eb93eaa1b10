"""What was saved before a step, beside what is there after its undo. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from textual.content import Content

from checks.sessions.steprecord import in_words
from kb.messages import message
from tui.screens import beforeafter
from tui.theme import Signs
from tui.widgets.pairs import Pair
from tui.widgets.say import dim, foreign

SHOWN = 30
"""Saved things that are shown one by one."""


def word(key: str, lang: str) -> str:
    """One of the messages of the undo."""
    return message(f"undo.{key}").get(lang)


def compared(things: Iterable[Mapping[str, Any]], lang: str, signs: Signs) -> list[beforeafter.Line]:
    """Everything that was saved before a step, as it was and as it is after the undo."""
    found = list(things)
    if not found:
        return []
    lines: list[beforeafter.Line] = [
        Content.styled(word("compared", lang), "bold $primary"),
    ]
    # What is not as it was comes first: of many objects only so many are shown.
    for one in sorted(found, key=lambda one: one.get("same") is True)[:SHOWN]:
        lines += _compared(one, lang, signs)
    left = len(found) - SHOWN
    return [*lines, *([dim(f"+{left:,}")] if left > 0 else [])]


def _compared(one: Mapping[str, Any], lang: str, signs: Signs) -> list[beforeafter.Line]:
    same, what = one.get("same"), foreign(in_words(one.get("what", ""), lang), "bold")
    sign = "?" if same is None else "=" if same else signs.arrow
    style = "" if same else "bold $text-error" if same is False else "$text-warning"
    if one.get("kind") == "object":
        said = in_words(one.get("now", ""), lang) or word("as-before" if same else "absent", lang)
        return [Content.assemble((f"{sign} ", style), what, "  ", foreign(said, style or "$quiet"))]
    before, now = (foreign(in_words(one.get(key, ""), lang), style) for key in ("before", "now"))
    return [Content.assemble(dim("  "), what), Pair(before, now, sign, indent=4)]
