"""The stretch of an article that answers a query best, with the matches marked: text only, never markup."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence

from kb.hits import Snippet
from kb.query import Concept
from kb.tokens import fold, is_han

WIDTH = 160
"""Terminal cells of a snippet; a Chinese character takes two."""
BEFORE = 40
LONGEST_RUN = 12
MAX_MATCHES = 60
"""Looked at in one passage."""
ENDINGS = r"(?:e|s|es|ed|ing|[a-z]ing|[a-z]ed)?"
SPACE = re.compile(r"\s+")


class Matcher:
    """Finds the concepts of a query in plain text."""

    def __init__(self, concepts: Sequence[Concept], *, open_end: bool = False) -> None:
        chinese: dict[str, None] = {}
        for run in _runs(concepts):
            chinese.update(dict.fromkeys(re.escape(part) for part in _substrings(run)))
        words: dict[str, None] = {}
        for concept in concepts:
            unfinished = open_end and concept is concepts[-1]
            typed = concept.text.lower()
            for term in (
                [typed]
                if unfinished
                else [typed, *(t for way in concept.ways for t in way.terms), *concept.parts]
            ):
                if term and is_han(term[0]):
                    chinese[re.escape(term)] = None
                elif term:
                    words[_word_pattern(term, open_end=unfinished)] = None
        options = sorted(chinese, key=len, reverse=True)
        if words:
            longest_first = "|".join(sorted(words, key=len, reverse=True))
            options.append(rf"(?<![a-z0-9])(?:{longest_first})(?![a-z0-9])")
        self._pattern = re.compile("|".join(options)) if options else None

    def spans(self, text: str) -> list[tuple[int, int]]:
        """Where matches begin and end, in order, none overlapping."""
        if self._pattern is None:
            return []
        plain = _lower(fold(text))
        found: list[tuple[int, int]] = []
        for match in self._pattern.finditer(plain):
            if found and found[-1][1] == match.start():
                found[-1] = (found[-1][0], match.end())
            else:
                found.append(match.span())
            if len(found) >= MAX_MATCHES:
                break
        return found

    def mark(self, text: str) -> Snippet:
        """A whole text with its matches, for titles."""
        return _cut(text, 0, len(text), self.spans(text))


def best(passages: Iterable[tuple[str, str]], matcher: Matcher, width: int = WIDTH) -> tuple[str, Snippet]:
    """The heading and the snippet of the window with the most distinct matches; the beginning where there is none."""
    chosen: tuple[int, str, str, int, list[tuple[int, int]]] | None = None
    first: tuple[str, str] = ("", "")
    for section, text in passages:
        if not first[1]:
            first = (section, text)
        spans = matcher.spans(text)
        for index, (start, _) in enumerate(spans):
            inside: dict[str, int] = {}
            for s, e in spans[index : index + 24]:
                if e - start > width:
                    break
                word = text[s:e].lower()
                inside[word] = max(inside.get(word, 0), e - s if not is_han(word[0]) else 2 * (e - s))
            # longer matches say more than short words, different ones more than one repeated
            worth = 8 * len(inside) + sum(min(length, 24) for length in inside.values())
            if chosen is None or worth > chosen[0]:
                chosen = (worth, section, text, start, spans)
    if chosen is None:
        return first[0], _window(first[1], 0, [], width)
    _, section, text, start, spans = chosen
    return section, _window(text, start, spans, width)


def _window(text: str, at: int, spans: list[tuple[int, int]], width: int) -> Snippet:
    start = max(0, at - BEFORE)
    if start:
        gap = re.search(r"[\s。，；：,;]", text[start:at])
        start = start + gap.end() if gap else start
    cells, end = 0, start
    while end < len(text) and cells < width:
        cells += _cells(text[end])
        end += 1
    if end < len(text):
        gap_at = max(text.rfind(mark, start, end) for mark in (" ", "\n", "，", "。"))
        end = gap_at if gap_at > at + 20 else end
    cut = _cut(text, start, end, spans)
    head = (("…", False),) if start else ()
    tail = (("…", False),) if end < len(text) else ()
    return Snippet((*head, *cut.segments, *tail))


def _cut(text: str, start: int, end: int, spans: list[tuple[int, int]]) -> Snippet:
    pieces: list[tuple[str, bool]] = []
    at = start
    for s, e in spans:
        if e <= start or s >= end:
            continue
        s, e = max(s, start), min(e, end)
        if pieces and text[at:s] == " ":  # words side by side are one match to the eye
            pieces[-1] = (pieces[-1][0] + text[at:e], True)
        else:
            pieces += [(text[at:s], False), (text[s:e], True)]
        at = e
    pieces.append((text[at:end], False))
    cleaned = [(_clean(piece), match) for piece, match in pieces]
    return Snippet(tuple((piece, match) for piece, match in cleaned if piece))


def _clean(text: str) -> str:
    """One line of printable text: documents are hostile to terminals too."""
    return "".join(c for c in SPACE.sub(" ", text) if c.isprintable())


def _cells(character: str) -> int:
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def _lower(text: str) -> str:
    lowered = text.lower()
    return (
        lowered
        if len(lowered) == len(text)
        else "".join(c.lower() if len(c.lower()) == 1 else c for c in text)
    )


def _runs(concepts: Sequence[Concept]) -> list[str]:
    """The Chinese runs of a query, put together again from their pairs."""
    runs: list[str] = []
    last_end = -1
    for concept in concepts:
        if not is_han(concept.text[0]):
            continue
        if concept.start == last_end - 1:
            runs[-1] += concept.text[1:]
        else:
            runs.append(concept.text)
        last_end = concept.end
    return runs


def _substrings(run: str) -> list[str]:
    if len(run) < 2:
        return [run]
    longest = min(len(run), LONGEST_RUN)
    return [run[i : i + n] for n in range(longest, 1, -1) for i in range(len(run) - n + 1)]


def _word_pattern(term: str, *, open_end: bool) -> str:
    if term.isdecimal() and len(term) > 3:
        return f"{int(term):,}".replace(",", ",?")
    if open_end:
        return re.escape(term) + "[a-z0-9]*"
    if term.isascii() and term.endswith("y"):
        return re.escape(term[:-1]) + "(?:y|ies|ied|ying)"
    return re.escape(term) + (ENDINGS if term.isascii() and term[-1:].isalpha() else "")
