"""A draft to the finished article: title, language, sections in order, metadata."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from kb import headings
from kb.articlefile import LATIN_WORD, language
from kb.decoding import HAN
from kb.importing import components, fronts, links, pairing, repair, sections
from kb.importing.model import Draft, note
from kb.importing.rows import Row, rows_of, text_of
from kb.problem import Problem

SITE_TAIL = re.compile(
    r"\s+[|·»–—-]\s+[^|·»–—-]{1,40}\Z|\s*[_|]\s*[^_|]{1,20}(?:博客|社区|论坛|知乎|简书|掘金|CSDN).{0,20}\Z"
)
ORIGINAL = re.compile(
    r"\s*(?:[-*+]\s+)?(?:\*\*)?(?:(?:original|source|page|full) title|原标题|原始标题|原文标题|页面标题|完整标题)"
    r"(?:\*\*)?\s*[:：]\s*(?:\*\*)?\s*(\S.{3,300})",
    re.I,
)
"""What an export of a wiki writes below a page whose name it had to shorten."""
WEAK = re.compile(r"[A-Za-z0-9_.-]{1,14}|(?:[\u3400-\u9fff]{1,4})|.*(?:\.{3}|…)")
"""A name of one word, or one that was cut."""
LONGEST_TITLE = 200
SAID = 200
"""Words a text needs before its own language is believed more than its name."""


@dataclass(frozen=True, slots=True)
class Composed:
    """An article ready to be written, but for its links."""

    title: str
    lang: str
    front: Mapping[str, Any]
    body: str
    """With the title's heading."""
    prints: frozenset[int]
    notes: tuple[Problem, ...]


def compose(draft: Draft, key: str, *, lang: str, named_lang: str, stem: str) -> Composed:
    """The article in a draft; `lang` is asked for by the user, `named_lang` said by the source's path."""
    notes = list(draft.notes)
    rows = rows_of(draft.markdown.strip("\n") if not draft.first_line else draft.markdown, draft.first_line)
    for line in links.without_data(rows):
        notes.append(note(key, line, "cut.data-image"))
    rows = components.flatten(rows, key, notes, mdx=draft.format == "mdx")
    repaired = repair.repair(rows, key)
    notes += repaired.notes
    rows = repaired.rows
    title = _fuller(_title(repaired.title, draft, rows, stem, key, notes), rows, key, notes)
    rows, moved = sections.in_order(rows)
    if moved:
        notes.append(note(key, moved, "repair.order"))
    prose = title + "\n" + "\n".join(row.text for row in rows if not row.code)
    spoken = lang or _language(prose, named_lang or draft.lang, bool(named_lang), key, notes)
    front = fronts.canonical(draft.front, title)
    if "kind" not in front and sections.looks_like_troubleshooting(rows):
        front = {"kind": ["Troubleshooting"], **front}
        notes.append(note(key, 0, "guess.kind"))
    text = text_of(rows).strip("\n")
    if not text:
        notes.append(note(key, 0, "only-title", "warning"))
    heading = " ".join(title.split())
    body = f"# {heading}\n\n{text}\n" if text else f"# {heading}\n"
    return Composed(heading, spoken, front, body, pairing.fingerprint(rows), tuple(notes))


def _title(found: str, draft: Draft, rows: list[Row], stem: str, key: str, notes: list[Problem]) -> str:
    if found:
        return found
    if draft.title.strip():
        title = " ".join(draft.title.split())
        shorter = SITE_TAIL.sub("", title) if draft.format in ("html", "confluence") else title
        return (shorter or title)[:LONGEST_TITLE]
    for index, row in enumerate(rows):
        if row.heading:
            words = row.text.lstrip("# ").strip()
            if headings.kind(words) != "other":
                break
            del rows[index]
            for later in rows[index:]:
                if later.heading > 2 and not any(r.heading == 2 for r in rows):
                    later.heading -= 1
                    later.text = later.text[1:]
            notes.append(note(key, row.number, "guess.title", title=words))
            return words
    title = " ".join(re.sub(r"[_\s]+", " ", stem).split()) or "untitled"
    notes.append(note(key, 0, "guess.title", "warning", title=title))
    return title


def _fuller(title: str, rows: list[Row], key: str, notes: list[Problem]) -> str:
    """The title that the text itself gives as the original one, where its heading is only a word or was cut."""
    if not WEAK.fullmatch(title):
        return title
    for row in rows:
        named = None if row.code else ORIGINAL.match(row.text[:400])
        fuller = " ".join(named[1].split()).strip("*") if named else ""
        if fuller and len(fuller) > len(title.rstrip(".…")) and not WEAK.fullmatch(fuller):
            notes.append(note(key, row.number, "guess.title", title=fuller))
            return fuller[:LONGEST_TITLE]
    return title


def _language(text: str, said: str, named: bool, key: str, notes: list[Problem]) -> str:
    """What the words are written in; a path that says otherwise is believed, and so is a page with few words."""
    found = language(text)
    if not said or said == found:
        return found
    enough = len(HAN.findall(text)) + len(LATIN_WORD.findall(text)) >= SAID
    if named:
        if enough:
            notes.append(note(key, 0, "lang-differs", "warning", said=said, found=found))
        return said
    return found if enough else said
