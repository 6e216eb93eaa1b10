"""Markdown put right line by line: comments out, fences closed, headings with sound levels."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from kb import headings
from kb.importing import openfences
from kb.importing.model import note
from kb.importing.rows import ATX, Row, mark
from kb.problem import Problem

COMMENT_LINES = 200
LONG_HEADING = 100
SENTENCE_END = tuple(".。;；!！:：,，")
GLUED_ATX = re.compile(r"(#{2,6})([^\s#!].{0,150})\Z")
ANCHOR = re.compile(r"\s*(?:\{#[^{}]{0,100}\}|<a\s[^<>]{0,200}>\s*</a>|\[[¶#​]?\]\(#[^()]{0,200}\))\s*")
WRAPPED = re.compile(r"(\*\*|__)([^*_]{1,150})\1\s*[:：]?\Z")
BRACKETS = re.compile(r"[\[【]([^\[\]【】]{1,60})[\]】]\Z")
BOLD_LINE = re.compile(
    r"(?:\*\*|__)\s*([^*_`]{1,40}?)\s*[:：]?\s*(?:\*\*|__)\s*[:：]?\s*\Z|【([^【】]{1,20})】\s*\Z"
)


@dataclass(frozen=True, slots=True)
class Repaired:
    """The lines of an article below its title, the title (empty where the text has none), what was done."""

    rows: list[Row]
    title: str
    notes: list[Problem]


def repair(rows: list[Row], path: str) -> Repaired:
    """Comments, fences and headings of a text put right; `rows` are used up."""
    notes: list[Problem] = []
    rows = _without_comments(rows, path, notes)
    rows = openfences.close(rows, path, notes)
    rows = _plain_headings(rows, path, notes)
    title, rows = _take_title(rows)
    _relevel(rows, path, notes)
    return Repaired(_spaced(rows), title, notes)


def _without_comments(rows: list[Row], path: str, notes: list[Problem]) -> list[Row]:
    kept: list[Row] = []
    index = 0
    while index < len(rows):
        row = rows[index]
        at = -1 if row.code else row.text.find("<!--")
        if at < 0 or row.text.count("`", 0, at) % 2:
            kept.append(row)
            index += 1
            continue
        last = _comment_end(rows, index, at)
        if last is None:
            kept.append(row)
            index += 1
            continue
        end = rows[last].text.index("-->", at + 4 if last == index else 0) + 3
        rest = row.text[:at] + rows[last].text[end:]
        notes.append(
            note(path, row.number, "cut.comment", sample=row.text[at + 4 : end if last == index else None])
        )
        if rest.strip():
            rows[last] = Row(row.number, rest)
            index = last  # there may be another comment behind it
        else:
            index = last + 1
    mark(kept)
    return kept


def _comment_end(rows: list[Row], first: int, at: int) -> int | None:
    """Index of the line a comment ends in; None where it has no end or hides code, which is not thrown away."""
    for index in range(first, min(first + COMMENT_LINES, len(rows))):
        row = rows[index]
        if row.code or "```" in row.text or "~~~" in row.text:
            return None
        if "-->" in (row.text[at + 4 :] if index == first else row.text):
            return index
    return None


def _plain_headings(rows: list[Row], path: str, notes: list[Problem]) -> list[Row]:
    """Every heading as ``## text``: underlined ones, glued ones, and bold lines that name a known section."""
    kept: list[Row] = []
    level = 1
    index = 0
    while index < len(rows):
        row = rows[index]
        index += 1
        if row.code:
            kept.append(row)
        elif row.heading:
            found = ATX.match(row.text)
            if found:
                text = found[2]
            else:
                text, index = _underlined(rows, index)
                if len(text) > LONG_HEADING or text.endswith(SENTENCE_END):
                    kept += [Row(row.number, text), Row(row.number, ""), Row(row.number, "---")]
                    continue
            level = row.heading
            kept += _heading(row.number, level, text)
        else:
            made = _disguised(row.text, level)
            if made:
                notes.append(note(path, row.number, "guess.heading", text=made[1]))
                level = made[0] if row.text.startswith("#") else level
                kept += _heading(row.number, made[0], made[1])
            else:
                kept.append(row)
    return kept


def _underlined(rows: list[Row], index: int) -> tuple[str, int]:
    """The text of a setext heading whose first line is before `index`, and the index behind its underline."""
    parts = [rows[index - 1].text.strip()]
    while index < len(rows) and not re.match(r" {0,3}(?:=+|-+)[ \t]*\Z", rows[index].text):
        parts.append(rows[index].text.strip())
        index += 1
    return " ".join(parts), index + 1


def _heading(number: int, level: int, raw: str) -> list[Row]:
    text = ANCHOR.sub(" ", raw).strip()
    wrapped = WRAPPED.match(text)
    text = wrapped[2].strip() if wrapped else text
    bare = BRACKETS.match(text)
    if bare and headings.kind(bare[1]) != "other":
        text = bare[1].strip()
    return [Row(number, text, heading=level)] if text else []


def _disguised(text: str, level: int) -> tuple[int, str] | None:
    """(level, text) of a line that is meant as a heading and is none for Markdown."""
    glued = GLUED_ATX.match(text)
    if glued and not glued[2].startswith("["):
        return len(glued[1]), glued[2]
    bold = BOLD_LINE.match(text)
    if bold:
        words = (bold[1] or bold[2]).strip()
        if headings.kind(words) != "other" and not words.startswith(("!", "[")):
            return min(level + 1, 6), words
    return None


def _take_title(rows: list[Row]) -> tuple[str, list[Row]]:
    """The first heading of the first level that is no section, and the lines without it."""
    for index, row in enumerate(rows):
        if row.heading == 1:
            if headings.kind(row.text) != "other" and sum(r.heading == 1 for r in rows) > 1:
                return "", rows
            return row.text, rows[:index] + rows[index + 1 :]
    return "", rows


def _relevel(rows: list[Row], path: str, notes: list[Problem]) -> None:
    """Levels from 2 without gaps, by how headings enclose each other; the ``#`` are written here."""
    stack: list[int] = []
    changed = 0
    first = 0
    for row in rows:
        if not row.heading:
            continue
        while stack and stack[-1] >= row.heading:
            stack.pop()
        level = min(2 + len(stack), 6)
        stack.append(row.heading)
        if level != row.heading:
            changed += 1
            first = first or row.number
        row.heading = level
        row.text = f"{'#' * level} {row.text}"
    if changed:
        notes.append(note(path, first, "repair.levels", count=changed))


def _spaced(rows: list[Row]) -> list[Row]:
    """One blank line at most outside code, one around headings; letters composed, trailing blanks gone."""
    kept: list[Row] = []
    for row in rows:
        if row.code:
            kept.append(row)
            continue
        row.text = unicodedata.normalize("NFC", _trimmed(row.text))
        if row.heading and kept and kept[-1].text:
            kept.append(Row(row.number, ""))
        if not row.heading and kept and kept[-1].heading and row.text:
            kept.append(Row(row.number, ""))
        if row.text or (kept and (kept[-1].text or kept[-1].code)):
            kept.append(row)
    while kept and not kept[-1].text.strip():
        kept.pop()
    return kept


def _trimmed(text: str) -> str:
    bare = text.rstrip()
    return bare + "  " if bare and text.endswith("  ") else bare  # two blanks at the end break the line
