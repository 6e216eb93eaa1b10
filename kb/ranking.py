"""How well documents answer the concepts of a query, and articles the whole of it. Pure.

A term's weight in a text comes from the index (`kb.weighting`), its rarity from the library. A concept is answered by
its best way; what part of the query an article answers at all decides as much as how well.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from kb.postings import Postings
from kb.query import PARTS, Concept, Way

COVERAGE = 1.2
"""Exponent of the share of the query that an article answers."""
FURTHER = 0.3
"""What every further word of an expression adds to its rarest one: three pairs of one term are not three words."""


NEARLY_ALL = 0.75
"""Of an expression with several words so much has to be there, by rarity."""
FAINT = 0.15
"""An article that answers less than this share of what the best one does is none: a related word is no answer."""


RARER = 2.5
"""A known term weighs at most so much more for its names being rare: a common thing is common by every name."""
MIDDLE = 1.3
"""What a saying means weighs at most so many times its middle name: one rare name of many is an accident."""
FLAT = 0.4
"""How far weights are brought together (0: not, 1: all the same): a rare word is not the whole question."""
RELATED = 0.5
"""Ways worth less than this are hints."""
COMMON_SHARE, COMMON_LEAST = 20, 100
"""A hint that stands in more than one of so many documents says nothing, unless the library is small."""
LARGE = 4000
"""Documents; in a library this large, words with less than `SLIGHT` of the query's weight are not asked for."""
SLIGHT = 0.03


class Terms(Protocol):
    """What ranking needs of an index."""

    size: int

    def postings(self, term: str) -> Postings:
        """The documents that hold a term, and its weight in each (0 to 1)."""
        ...

    def frequency(self, term: str) -> int:
        """How many documents hold a term; cheaper than its postings."""
        ...

    def article(self, document: int) -> str:
        """The id of the article a document belongs to."""
        ...


@dataclass(slots=True)
class Scored:
    """The weight something has in the query, and how well each document answers it, at most that weight."""

    weight: float = 0.0
    documents: dict[int, float] = field(default_factory=dict)

    def times(self, scale: float) -> Scored:
        """The same, all of it multiplied."""
        return Scored(self.weight * scale, {d: value * scale for d, value in self.documents.items()})


def rarity(index: Terms, frequency: int) -> float:
    """How much is learnt from a term that stands in so many documents; 0 when in none."""
    return math.log(1 + (index.size - frequency + 0.5) / (frequency + 0.5)) if frequency else 0.0


def worth_asking(index: Terms, asked: Sequence[Concept]) -> list[Concept]:
    """The concepts of a query without those that a large library cannot learn anything from."""
    if index.size < LARGE:
        return list(asked)
    weights = [_weight(index, concept) for concept in asked]
    least = SLIGHT * sum(weights)
    return [concept for concept, weight in zip(asked, weights, strict=True) if weight >= least > 0]


def _weight(index: Terms, concept: Concept) -> float:
    """About the weight of a concept, from frequencies alone."""
    ways = [
        way.worth * max(rarity(index, index.frequency(term)) for term in way.terms) for way in concept.ways
    ]
    parts = [PARTS * rarity(index, index.frequency(part)) for part in concept.parts]
    members = [_weight(index, member) for member in concept.members]
    return max([*members, concept.weight * max([*ways, *parts], default=0.0)], default=0.0)


def _says_nothing(index: Terms, way: Way) -> bool:
    if way.worth >= RELATED:
        return False
    limit = max(COMMON_LEAST, index.size // COMMON_SHARE)
    return all(index.frequency(term) > limit for term in way.terms)


def score(index: Terms, concept: Concept) -> Scored:
    """How well documents answer a concept, the rarer ones brought nearer to the others."""
    found = _score(index, concept)
    return found.times(found.weight**-FLAT) if found.weight > 1 else found


def _score(index: Terms, concept: Concept) -> Scored:
    if not concept.members:
        return _word(index, concept)
    found = together([_score(index, member) for member in concept.members])
    ways = [(way, _way(index, way)) for way in concept.ways if not _says_nothing(index, way)]
    most = math.inf
    if concept.saying:
        meant = sorted(other.weight for way, other in ways if way.worth >= RELATED and other.weight)
        most = MIDDLE * meant[len(meant) // 2] if meant else math.inf
    elif found.weight:
        most = RARER * found.weight
    for way, other in ways:
        _better(found, other, min(way.worth, way.worth * most / (other.weight or 1.0)))
    return found


def together(members: Sequence[Scored]) -> Scored:
    """Words that name one thing together: the rarest counts whole, further ones a little."""
    total = sum(member.weight for member in members)
    if not total:
        return Scored()
    weight = max(m.weight for m in members) * (1 + FURTHER * (sum(m.weight > 0 for m in members) - 1))
    weight = min(weight, total)
    scale = weight / total
    found: dict[int, float] = {}
    for member in members:
        for document, value in member.documents.items():
            found[document] = found.get(document, 0.0) + scale * value
    return Scored(weight, found)


def _word(index: Terms, concept: Concept) -> Scored:
    found = Scored()
    for way in concept.ways:
        if not _says_nothing(index, way):
            _better(found, _way(index, way), way.worth)
    if concept.parts:
        parts = _way(index, Way(concept.parts, 1.0), further=0.0, least=0.0)
        found.weight = max(found.weight, PARTS * parts.weight)
        for document, value in parts.documents.items():
            found.documents[document] = found.documents.get(document, 0.0) + PARTS * value
    return found if concept.weight == 1.0 else found.times(concept.weight)


def _way(index: Terms, way: Way, further: float = FURTHER, least: float = NEARLY_ALL) -> Scored:
    """Documents that hold the terms of a way; some of several are little, all of them nearly everything."""
    if len(way.terms) == 1:
        postings = index.postings(way.terms[0])
        rare = rarity(index, len(postings))
        return Scored(rare, {d: rare * w for d, w in zip(postings.documents, postings.weights, strict=True)})
    of_terms = [index.postings(term) for term in way.terms]
    rare_of = [rarity(index, len(postings)) or rarity(index, 1) for postings in of_terms]
    if not any(of_terms):
        return Scored()
    total = sum(rare_of)
    weight = min(total, max(rare_of) * (1 + further * (len(of_terms) - 1)))
    found: dict[int, float] = {}
    share: dict[int, float] = {}
    for rare, postings in zip(rare_of, of_terms, strict=True):
        part = rare / total
        for document, value in zip(postings.documents, postings.weights, strict=True):
            found[document] = found.get(document, 0.0) + part * value
            share[document] = share.get(document, 0.0) + part
    return Scored(weight, {d: weight * value * share[d] for d, value in found.items() if share[d] >= least})


def _better(found: Scored, other: Scored, worth: float) -> None:
    """Let another way stand for what it answers better."""
    found.weight = max(found.weight, worth * other.weight)
    documents = found.documents
    for document, value in other.documents.items():
        if worth * value > documents.get(document, 0.0):
            documents[document] = worth * value


def by_article(index: Terms, scored: Scored, allowed: set[int] | None) -> dict[str, float]:
    """The two languages of an article as one: each concept is answered as well as the better text does."""
    found: dict[str, float] = {}
    for document, value in scored.documents.items():
        if allowed is not None and document not in allowed:
            continue
        article = index.article(document)
        if value > found.get(article, 0.0):
            found[article] = value
    return found


def combine(per_concept: Iterable[tuple[float, Mapping[str, float], bool]]) -> dict[str, float]:
    """Scores of concepts to scores of articles: their sum, lowered by what part is not answered."""
    total: dict[str, float] = {}
    covered: dict[str, float] = {}
    possible = 0.0
    for weight, scores, extra in per_concept:
        if extra:
            for article, value in scores.items():
                total[article] = total.get(article, 0.0) + value
            continue
        possible += weight
        for article, value in scores.items():
            total[article] = total.get(article, 0.0) + value
            covered[article] = covered.get(article, 0.0) + min(weight, 2 * value)
    if not possible or not covered:
        return {}
    least = FAINT * max(covered.values())
    return {
        a: value * (covered.get(a, 0.0) / possible) ** COVERAGE
        for a, value in total.items()
        if covered.get(a, 0.0) >= least
    }
