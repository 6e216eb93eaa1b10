"""What else the words of a query may be found by in this library: endings not typed yet, other spellings, joins."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Protocol

from kb import commonwords, spelling
from kb.meant import Correction
from kb.miswritten import mend
from kb.query import COMPLETED, Concept, Way, meaning, said_often, standing
from kb.tokens import HAN_RUN, fold, is_han, stem
from kb.weighting import loose

COMPLETIONS = 30
RIGHTED, UNSURE = 0.85, 0.6
"""What the likeliest word for a misspelt one is worth, and others that are about as likely."""
JOINED_UP = 0.9
"""What ``nodeport`` is worth for ``node port``."""
TORN = 0.8
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


@dataclass(slots=True)
class _Expansion:
    """A query on its way: what each place of it may also be found by, and what was corrected."""

    index: Index
    least: int
    """A term in so few documents may be a mistake of theirs."""
    terms: Sequence[tuple[int, int]]
    ways: dict[int, list[Way]] = field(default_factory=dict)
    """By where a concept begins: other spellings of it."""
    weights: dict[int, float] = field(default_factory=dict)
    """By where a pair of characters begins: what it is worth in the run as it was meant."""
    corrected: list[Correction] = field(default_factory=list)


def expand(
    index: Index,
    text: str,
    typed: Sequence[Concept],
    *,
    terms: Sequence[tuple[int, int]] = (),
    open_end: bool = False,
) -> tuple[list[Concept], list[Correction]]:
    """The concepts of a query with everything they may also be found by, and what was corrected.

    `terms` are the stretches of the text that are known to be right.
    """
    doing = _Expansion(index, max(1, index.size // RARE), terms)
    _mend_chinese(doing, text)
    asked = [
        _expanded(doing, concept, last=open_end and position == len(typed) - 1)
        for position, concept in enumerate(typed)
    ]
    return [*asked, *_joined(index, asked)], doing.corrected


def single_character(concept: Concept) -> bool:
    """Whether a concept is one Chinese character, which no term of a longer run is."""
    return len(concept.text) == 1 and is_han(concept.text)


def _expanded(doing: _Expansion, concept: Concept, *, last: bool) -> Concept:
    if single_character(concept):
        return concept.also(_beginning(doing.index, concept.text))
    if is_han(concept.text[0]):
        concept = replace(concept, weight=doing.weights.get(concept.start, concept.weight))
        ways = list(doing.ways.get(concept.start, ()))
        if meaning(concept.text) == 1.0:
            ways.append(Way((loose(*concept.text),), SHORTENED))
        return concept.also(ways)
    if last and len(concept.text) > 1:
        ways = [Way((t,), COMPLETED) for t in doing.index.completions(concept.text.lower(), COMPLETIONS)]
        if ways:
            return concept.also(ways)
    return _spelt(doing, concept)


def _beginning(index: Index, character: str) -> Iterator[Way]:
    """The pairs that begin with a character that stands alone."""
    for term in index.completions(character, COMPLETIONS):
        if "…" not in term:
            yield Way((term,), COMPLETED)


def _mend_chinese(doing: _Expansion, text: str) -> None:
    frequency = doing.index.frequency
    for found in HAN_RUN.finditer(fold(text)):
        run, start = found[0], found.start()
        terms = [(max(a - start, 0), b - start) for a, b in doing.terms if start < b and a < found.end()]
        mended = mend(run, frequency, doing.index.size, terms)
        best = _with(run, {m.at: m.meant[0] for m in mended if m.gain > 0})
        if best != run:
            for at, worth in standing(best).items():
                doing.weights[start + at] = worth * meaning(best[at : at + 2])
        for one in mended:
            places = range(max(0, one.at - 1), min(one.end, len(run) - 1))
            for place, other in enumerate(one.meant):
                better = _with(best, {one.at: other})
                worth = DOUBTED if one.gain <= 0 else UNSURE if place else RIGHTED
                for at in places:
                    if better[at : at + 2] != run[at : at + 2]:
                        doing.ways.setdefault(start + at, []).append(Way((better[at : at + 2],), worth))
            if one.gain > 0:
                term = max((best[at : at + 2] for at in places), key=frequency)
                doing.corrected.append(Correction(start + one.at, start + one.end, one.meant[0], term))


def _with(run: str, instead: Mapping[int, str]) -> str:
    for at, text in instead.items():
        run = run[:at] + text + run[at + len(text) :]
    return run


def _spelt(doing: _Expansion, concept: Concept) -> Concept:
    index = doing.index
    often = max((index.frequency(way.terms[0]) for way in concept.ways), default=0)
    if (
        often > doing.least
        or any(start <= concept.start < end for start, end in doing.terms)
        or meaning(concept.text) < 1
    ):
        return concept
    near = spelling.near(concept.text, index)
    if often or commonwords.english(stem(concept.text.lower())):
        return concept.also(
            Way((other.term,), DOUBTED)
            for other in near
            if index.frequency(other.term) >= COMMONER * max(often, 1)
        )
    if near:
        return _righted(doing, concept, near)
    if any(index.frequency(part) for part in concept.parts):
        return concept.also(_parts_spelt(index, concept))
    torn = spelling.halves(concept.text, index)
    if not torn:
        return concept
    terms = (stem(torn[0]), stem(torn[1]))
    doing.corrected.append(Correction(concept.start, concept.end, " ".join(torn), terms[1]))
    return concept.also([Way(terms, TORN)])


def _righted(doing: _Expansion, concept: Concept, near: Sequence[spelling.Near]) -> Concept:
    best = near[0]
    doing.corrected.append(Correction(concept.start, concept.end, best.word, best.term))
    ways = [Way((other.term,), UNSURE if place else RIGHTED) for place, other in enumerate(near)]
    return replace(concept, weight=said_often(best.word) * meaning(best.word)).also(ways)


def _parts_spelt(index: Index, concept: Concept) -> list[Way]:
    """The parts of an identifier with the unknown ones replaced by their nearest neighbours."""
    better = []
    for part in concept.parts:
        near = [] if index.frequency(part) else spelling.near(part, index)
        better.append(near[0].term if near else part)
    return [] if tuple(better) == concept.parts else [Way(tuple(better), UNSURE)]


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
