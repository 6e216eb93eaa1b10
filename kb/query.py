"""What was typed, as concepts: each word with the terms that may stand for it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from kb import commonness
from kb.everyday import EVERYDAY, EVERYDAY_PAIRS, GRAMMAR, GRAMMAR_CHARACTERS
from kb.tokens import HAN_RUN, Form, Word, fold, is_han, words

WHOLE, JOINED, NUMBER, COMPLETED, MISSPELT = 1.0, 0.9, 0.9, 0.75, 0.6
PARTS = 0.45
"""What all parts of an identifier are worth together, beside its whole."""
LONGER, BETWEEN, ACROSS = 0.7, 0.7, 0.2
"""What a pair of characters is worth inside a word of three or more, between two single ones, and across two words."""
RARE, STEEP, LEAST = 4.25, 0.3, 0.35
"""Up to which level a word counts as rare in language at large, what each level above costs, what is left at least."""
OUTSIDE = 0.25
"""What a pair is worth that crosses the end of a term of the glossary: it is an accident."""
LITTLE, LESS = 0.2, 0.4
"""What a word of grammar, and a word of everyday language, is worth: it may be rare in articles and say nothing."""
MAX_CONCEPTS = 64


@dataclass(frozen=True, slots=True)
class Way:
    """Terms that together stand for a concept, and what they are worth beside what was typed."""

    terms: tuple[str, ...]
    worth: float
    text: str = ""
    """As it is written; empty for terms of the typed word itself."""


@dataclass(frozen=True, slots=True)
class Concept:
    """One word of the query: any of its ways stands for it, `parts` together for some of it.

    Or an expression of several words: its members stand for it together, or any of its ways does.
    """

    text: str
    ways: tuple[Way, ...] = ()
    parts: tuple[str, ...] = ()
    weight: float = 1.0
    start: int = 0
    end: int = 0
    members: tuple[Concept, ...] = ()
    extra: bool = False
    """Good where it is found, nothing missing where it is not."""
    saying: bool = False
    """A way of saying something: what it means may be rarer than its words."""

    def also(self, ways: Iterable[Way]) -> Concept:
        """The same concept with more ways."""
        known = {way.terms for way in self.ways}
        added = tuple(way for way in ways if way.terms not in known)
        return replace(self, ways=(*self.ways, *added))

    @property
    def leaves(self) -> Iterator[Concept]:
        """The words of it, itself where it is one."""
        if not self.members:
            yield self
        for member in self.members:
            yield from member.leaves


def concepts(text: str) -> list[Concept]:
    """The words of a query as concepts, in order, none twice."""
    found: dict[str, Concept] = {}
    stands = standing(text)
    for word, _ in zip(words(text), range(MAX_CONCEPTS), strict=False):
        weight = stands.get(word.start, 1.0) if is_han(word.text[0]) else said_often(word.text)
        weight *= meaning(word.text)
        known = found.get(word.text.lower())
        if known is None or known.weight < weight:
            found[word.text.lower()] = _concept(word, weight)
    return list(found.values())


def standing(text: str) -> dict[int, float]:
    """What each pair of characters is worth by how it stands among the words of its run, by its place in the text."""
    found: dict[int, float] = {}
    for match in HAN_RUN.finditer(fold(text)):
        start = match.start()
        lone = True
        for piece in commonness.divided(match[0]):
            if start > match.start():
                found[start - 1] = BETWEEN if lone and len(piece) == 1 else ACROSS
            worth = _usual(commonness.level(piece))
            for inside in range(len(piece) - 1):
                found[start + inside] = worth * (1.0 if len(piece) == 2 else LONGER)
            start += len(piece)
            lone = len(piece) == 1
    return found


def said_often(word: str) -> float:
    """What an English word is worth by how common it is in language at large."""
    return _usual(commonness.level(word.lower().replace("'", "").replace("’", "")))


def _usual(level: float) -> float:
    """What a word is worth that is so common in language at large."""
    return min(1.0, max(LEAST, 1 - (level - RARE) * STEEP))


def flat(asked: Sequence[Concept]) -> list[Concept]:
    """All words of a query, those of expressions too."""
    return [leaf for concept in asked for leaf in concept.leaves]


def meaning(text: str) -> float:
    """How much a word or a pair of characters means: less than 1 where it is everyday language."""
    if is_han(text[0]):
        if any(character in GRAMMAR_CHARACTERS for character in text):
            return LITTLE
        return LESS if text in EVERYDAY_PAIRS else 1.0
    plain = text.lower().replace("'", "").replace("’", "")
    return LITTLE if plain in GRAMMAR else LESS if plain in EVERYDAY else 1.0


def _concept(word: Word, weight: float) -> Concept:
    ways = tuple(Way((form.text,), _worth(form)) for form in word.forms if form.kind != "part")
    parts = tuple(form.text for form in word.forms if form.kind == "part")
    return Concept(word.text, ways, parts, weight, word.start, word.end)


def _worth(form: Form) -> float:
    return {"whole": WHOLE, "pair": WHOLE, "join": JOINED, "number": NUMBER}.get(form.kind, PARTS)
