"""What else the words of a query may be found by in this library: endings not typed yet, other spellings, joins."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Protocol

from kb import spelling
from kb.query import COMPLETED, MISSPELT, Concept, Way, meaning
from kb.tokens import is_han, stem
from kb.weighting import loose

COMPLETIONS = 30
JOINED_UP = 0.9
"""What ``nodeport`` is worth for ``node port``."""
TORN = 0.6
"""What ``node`` with ``port`` is worth for ``nodeport`` where nobody writes that."""
SHORTENED = 0.3
"""What 限制流量 is worth for 限流: both characters near each other in a title or heading."""
DOUBTED = 0.35
"""What a common neighbour of a rare word is worth; the rare one may be right."""
RARE, COMMONER = 3000, 20
"""A word is doubted in at most one of so many documents, for a word so many times as frequent."""


class Index(spelling.Vocabulary, Protocol):
    """What expansion needs of an index."""

    size: int


@dataclass(frozen=True, slots=True)
class Correction:
    """A word of the query that the library does not know, and what was taken for it."""

    start: int
    end: int
    term: str


def expand(
    index: Index, typed: Sequence[Concept], *, open_end: bool
) -> tuple[list[Concept], list[Correction]]:
    """The concepts of a query with everything they may also be found by; and what was corrected."""
    asked = list(typed)
    corrected: list[Correction] = []
    for position, concept in enumerate(asked):
        last = open_end and concept is typed[-1]
        if last and (ways := list(_endings(index, concept))):
            asked[position] = concept.also(ways)
            continue
        ways, correction = _spelt(index, concept)
        corrected += [correction] if correction else []
        if spelling.is_pair(concept.text) and meaning(concept.text) == 1.0:
            ways.append(Way((loose(*concept.text),), SHORTENED))
        if ways:
            asked[position] = concept.also(ways)
    return [*asked, *_joined(index, asked)], corrected


def single_character(concept: Concept) -> bool:
    """Whether a concept is one Chinese character, which no term of a longer run is."""
    return len(concept.text) == 1 and is_han(concept.text)


def _endings(index: Index, concept: Concept) -> Iterator[Way]:
    """Words that begin like the last one typed; one letter begins everything."""
    if is_han(concept.text[0]) or len(concept.text) < 2:
        return
    for term in index.completions(concept.text.lower(), COMPLETIONS):
        yield Way((term,), COMPLETED)


def _spelt(index: Index, concept: Concept) -> tuple[list[Way], Correction | None]:
    if single_character(concept):
        return [
            Way((term,), COMPLETED)
            for term in index.completions(concept.text, COMPLETIONS)
            if "…" not in term
        ], None
    term = concept.ways[0].terms[0]
    often = max((index.frequency(way.terms[0]) for way in concept.ways), default=0)
    if often and (often > max(1, index.size // RARE) or meaning(concept.text) < 1):
        return [], None
    near = _neighbours(index, term)
    if often:
        return [Way((other,), DOUBTED) for other in near if index.frequency(other) >= COMMONER * often], None
    if near:
        return [Way((other,), MISSPELT) for other in near], Correction(concept.start, concept.end, near[0])
    if any(index.frequency(part) for part in concept.parts):
        return _parts_spelt(index, concept), None
    torn = spelling.halves(concept.text.lower(), index)
    return ([Way((stem(torn[0]), stem(torn[1])), TORN)] if torn else []), None


def _neighbours(index: Index, term: str) -> list[str]:
    return spelling.sounding(term, index) if spelling.is_pair(term) else spelling.near(term, index)


def _parts_spelt(index: Index, concept: Concept) -> list[Way]:
    """The parts of an identifier with the unknown ones replaced by their nearest neighbours."""
    better = [
        part if index.frequency(part) else next(iter(spelling.near(part, index)), part)
        for part in concept.parts
    ]
    return [] if tuple(better) == concept.parts else [Way(tuple(better), MISSPELT)]


def _joined(index: Index, asked: Sequence[Concept]) -> Iterator[Concept]:
    """Words side by side that are one identifier somewhere: ``node port`` and ``nodePort``."""
    for many in (3, 2):
        for at in range(len(asked) - many + 1):
            members = asked[at : at + many]
            if not _side_by_side(members):
                continue
            term = stem("".join(member.text for member in members).lower())
            if index.frequency(term):
                text = " ".join(member.text for member in members)
                yield Concept(
                    text, (Way((term,), JOINED_UP),), start=members[0].start, end=members[-1].end, extra=True
                )


def _side_by_side(members: Sequence[Concept]) -> bool:
    return all(b.start - a.end == 1 for a, b in pairwise(members)) and all(
        member.text.isascii() and member.text.isalnum() for member in members
    )
