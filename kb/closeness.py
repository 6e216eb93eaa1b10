"""What the words of a query do in the text of one document: stand close together, in the title, as they were typed.

An index knows which words a text holds and not where; this looks at the few texts that lead. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from kb.query import Concept
from kb.tokens import ONE_HAN, fold, is_han

WINDOW = 240
"""Characters that are read at one glance."""
MAX_HITS = 160
"""Places in one text that are looked at, those of the rarest words first."""
PER_PATTERN = 24
WEAKEST = 0.02
"""Words with less of the query's weight are not looked for."""
NOT_A_WORD = re.compile(r"(?:[^\w\n]|_)+")


def normal(text: str) -> str:
    """Small letters and digits with one space for everything between; lines are kept apart."""
    return NOT_A_WORD.sub(" ", fold(text).lower())


@dataclass(frozen=True, slots=True)
class Wanted:
    """One concept as it is looked for: its share of the query, and pieces of text with what share each brings."""

    weight: float
    patterns: tuple[tuple[str, float], ...]


@dataclass(frozen=True, slots=True)
class Look:
    """A query made ready to be looked for in many texts."""

    wanted: tuple[Wanted, ...]
    neighbours: tuple[str, ...]
    """Words that stand side by side in the query."""
    whole: str


@dataclass(frozen=True, slots=True)
class Evidence:
    """Shares from 0 to 1."""

    window: float = 0.0
    """Of the query, in the best stretch of the text."""
    title: float = 0.0
    """Of the query, in the title."""
    answered: float = 0.0
    """Of the title, in the query."""
    together: float = 0.0
    """Of the neighbouring words that stand side by side here too."""
    verbatim: float = 0.0


def look_for(text: str, typed: Sequence[Concept], asked: Sequence[tuple[Concept, float]]) -> Look:
    """A query as it was typed, its words, and the concepts asked for, each with its weight."""
    total = sum(weight for _, weight in asked) or 1.0
    wanted = tuple(
        Wanted(weight / total, tuple(_patterns(concept, weight / total)))
        for concept, weight in sorted(asked, key=lambda item: -item[1])
        if weight / total >= WEAKEST
    )
    neighbours = tuple(
        normal(text[a.start : b.end]).strip() for a, b in pairwise(typed) if a.start < b.end <= a.end + 12
    )
    return Look(wanted, tuple(pair for pair in neighbours if pair), normal(text).strip())


def _patterns(concept: Concept, share: float) -> Iterator[tuple[str, float]]:
    found: dict[str, float] = {}
    leaves = list(concept.leaves)
    of_leaves = sum(leaf.weight for leaf in leaves) or 1.0
    for leaf in leaves:
        part = share * leaf.weight / of_leaves
        found[_piece(leaf.text)] = part
        for way in leaf.ways:
            piece = _piece(way.text or " ".join(way.terms))
            found[piece] = max(found.get(piece, 0.0), part * way.worth)
    for way in concept.ways if concept.members else ():
        piece = _piece(way.text or " ".join(way.terms))
        found[piece] = max(found.get(piece, 0.0), share * way.worth)
    yield from ((piece, part) for piece, part in found.items() if piece)


def _piece(text: str) -> str:
    """How a word is looked for: its beginning, as endings vary."""
    piece = normal(text).strip()
    if len(piece) > 4 and piece.isascii() and piece[-1] in "esgd":
        for ending in ("ing", "ed", "es", "s", "e"):
            if piece.endswith(ending) and len(piece) - len(ending) > 2:
                return piece[: -len(ending)]
    return piece


@dataclass(frozen=True, slots=True, order=True)
class _Hit:
    start: int
    end: int
    concept: int
    pattern: int
    share: float


def evidence(look: Look, text: str) -> Evidence:
    """What a text (`normal`, its title the first line) says for an answer."""
    title = text.partition("\n")[0]
    hits = _hits(look, text)
    in_title: dict[int, float] = {}
    covered = bytearray(len(title))
    seen: set[tuple[int, int]] = set()
    for hit in hits:
        if hit.end > len(title):
            break
        covered[hit.start : hit.end] = b"\x01" * (hit.end - hit.start)
        if (hit.concept, hit.pattern) not in seen:
            seen.add((hit.concept, hit.pattern))
            in_title[hit.concept] = in_title.get(hit.concept, 0.0) + hit.share
    letters = sum(c != " " for c in title)
    return Evidence(
        window=_window(look, hits),
        title=sum(min(look.wanted[n].weight, share) for n, share in in_title.items()),
        answered=sum(covered) / letters if letters else 0.0,
        together=sum(pair in text for pair in look.neighbours) / max(1, len(look.neighbours)),
        verbatim=float(" " in look.whole and look.whole in text),
    )


def _hits(look: Look, text: str) -> list[_Hit]:
    found: list[_Hit] = []
    for number, wanted in enumerate(look.wanted):
        for pattern, (piece, share) in enumerate(wanted.patterns):
            found += (_Hit(at, at + len(piece), number, pattern, share) for at in _places(piece, text))
        if len(found) > MAX_HITS:
            break
    return sorted(found)


def _places(piece: str, text: str) -> Iterator[int]:
    at = text.find(piece)
    found = 0
    whole_word = not is_han(piece[0])
    while at >= 0 and found < PER_PATTERN:
        if not (whole_word and at and text[at - 1].isalnum() and not ONE_HAN.match(text[at - 1])):
            yield at
            found += 1
        at = text.find(piece, at + 1)


def _window(look: Look, hits: Sequence[_Hit]) -> float:
    best = 0.0
    for index, first in enumerate(hits):
        seen: set[tuple[int, int]] = set()
        shares: dict[int, float] = {}
        for hit in hits[index:]:
            if hit.end > first.start + WINDOW:
                break
            if (hit.concept, hit.pattern) not in seen:
                seen.add((hit.concept, hit.pattern))
                shares[hit.concept] = shares.get(hit.concept, 0.0) + hit.share
        best = max(best, sum(min(look.wanted[number].weight, share) for number, share in shares.items()))
    return best
