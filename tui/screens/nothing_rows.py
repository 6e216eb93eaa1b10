"""The lines of Home where words find nothing: what was understood, what is near, how to import more."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from textual.content import Content
from textual.widgets.option_list import Option

from kb.safe import one_line
from tui.screens import home_rows as rows
from tui.screens.home_rows import Look
from tui.widgets.say import dim

if TYPE_CHECKING:
    from kb.hits import Understood
    from tui.questions import Words

MEANINGS = 4
"""Other expressions of the glossary that are named for one word."""


def nothing_options(words: Words, look: Look) -> list[Option]:
    """All lines of an empty answer; what can be done is chosen with Enter."""
    found = words.found
    options = [rows.note(look.say("home.nothing", query=one_line(found.query, 60)), "nothing", "bold")]
    options += [
        Option(Content.assemble(dim(f"  {name}  "), text), id=f"note:understood-{place}", disabled=True)
        for place, (name, text) in enumerate(understood_lines(words, look))
    ]
    if found.suggestion:
        text = look.say("home.suggest", text=one_line(found.suggestion, 120))
        options.append(rows.offer(text, f"suggest:{found.suggestion}"))
    for key, value in found.where.items():
        text = look.say("nothing.without", filter=f"{key}:{one_line(value, 60)}")
        options.append(rows.offer(text, f"drop:{key}"))
    for misfit in words.misfits:
        text = look.say("nothing.without", filter=one_line(misfit, 60))
        options.append(rows.offer(text, f"suggest:{_without_word(found.query, misfit)}"))
    options.append(rows.note(look.say("nothing.other_words"), "words"))
    options.append(rows.note(look.say("nothing.import"), "import"))
    return options


def _without_word(text: str, word: str) -> str:
    return " ".join(text.replace(word, " ").split())


def understood_lines(words: Words, look: Look) -> list[tuple[str, Content]]:
    """What was understood: ``in no article  zzzz``, ``read as  conntrck → conntrack`` …"""
    parts = words.found.understood
    arrow = look.signs.arrow
    lines = [
        ("word", _texts(p for p in parts if p.kind == "word" and p.text not in words.misfits)),
        ("unknown", _texts(p for p in parts if p.kind == "unknown")),
        ("corrected", _pairs((p for p in parts if p.kind == "corrected"), arrow)),
        ("glossary", _pairs((p for p in parts if p.kind == "glossary"), "=")),
        ("filter", "  ".join(f"{key}:{one_line(value, 40)}" for key, value in words.found.where.items())),
        ("misfit", "  ".join(one_line(misfit, 60) for misfit in words.misfits)),
    ]
    styles = {"unknown": "bold $text-warning", "misfit": "bold $text-warning"}
    return [
        (look.say(f"nothing.{kind}"), Content.styled(text, styles.get(kind, "")))
        for kind, text in lines
        if text
    ]


def _texts(parts: Iterable[Understood]) -> str:
    return ", ".join(one_line(part.text, 40) for part in parts)


def _pairs(parts: Iterable[Understood], sign: str) -> str:
    return "; ".join(
        f"{one_line(p.text, 40)} {sign} {', '.join(one_line(m, 30) for m in p.meant[:MEANINGS])}"
        for p in parts
    )
