"""Verdicts, causes, risks and foreign text as Content: a sign, a word and a colour, and never markup."""

from __future__ import annotations

from textual.content import Content

from kb.safe import one_line, printable
from tui.i18n import translate
from tui.theme import CAUSE_STYLE, RISK_STYLE, VERDICT_STYLE, Signs


def verdict(value: str, lang: str, signs: Signs, *, word: bool = True) -> Content:
    """``✗ fail`` in its colour; without the word only where the word stands beside it anyway."""
    sign = signs.verdicts[value]
    text = f"{sign} {translate(lang, f'verdict.{value}')}" if word else sign
    return Content.styled(text, VERDICT_STYLE[value])


def cause(state: str, lang: str, signs: Signs) -> Content:
    """``● supported`` in its colour."""
    return Content.styled(f"{signs.causes[state]} {translate(lang, f'cause.{state}')}", CAUSE_STYLE[state])


def risk(value: str, lang: str) -> Content:
    """The word of a risk in its colour."""
    return Content.styled(translate(lang, f"risk.{value}"), RISK_STYLE[value])


def foreign(text: str, style: str = "", limit: int = 400) -> Content:
    """One harmless line of text from a cluster or a document."""
    return Content.styled(one_line(text, limit), style)


def block(text: str, style: str = "", limit: int = 20_000) -> Content:
    """Several harmless lines; what is cut is said."""
    safe = printable(text)
    if len(safe) > limit:
        safe = safe[:limit] + f"\n… {len(safe) - limit:,} more characters"
    return Content.styled(safe.expandtabs(8), style)


def label(text: str) -> Content:
    """What stands before a value; a full-width colon brings its own space."""
    return Content.styled(text if text.endswith("：") else f"{text} ", "bold")


def dim(text: str) -> Content:
    """Text that may be overlooked."""
    return Content.styled(text, "$quiet")
