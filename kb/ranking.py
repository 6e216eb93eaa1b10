"""How well a document answers a query: weighted term frequencies over all fields, saturated together, then coverage.

Fields scored apart and added would let a word in three fields of one article beat three words in another; here the
weighted frequencies of one term are summed over the fields first (as BM25F does) and saturate once.
Pure: works on anything that gives postings and lengths.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Protocol

from kb.postings import Postings
from kb.query import PARTS, Concept

COVERAGE = 1.2
"""Exponent of the share of the query that a document answers."""


class Terms(Protocol):
    """What ranking needs of an index."""

    size: int

    def postings(self, term: str) -> Postings:
        """The documents that hold a term, and its weight in each (0 to 1)."""
        ...


def term_scores(index: Terms, term: str) -> tuple[float, dict[int, float]]:
    """How rare a term is (0 when nowhere), and its weight (0 to 1) in each document."""
    found = index.postings(term)
    if not found:
        return 0.0, {}
    rarity = math.log(1 + (index.size - len(found) + 0.5) / (len(found) + 0.5))
    return rarity, dict(zip(found.documents, found.weights, strict=True))


def concept_scores(index: Terms, concept: Concept) -> tuple[float, dict[int, float]]:
    """The weight a concept has in the query, and how well each document answers it (0 to 1, times that weight)."""
    best: dict[int, float] = {}
    rarest = 0.0
    for term, worth in concept.terms:
        rarity, scores = term_scores(index, term)
        rarest = max(rarest, rarity * worth)
        for document, score in scores.items():
            best[document] = max(best.get(document, 0.0), rarity * worth * score)
    if concept.parts:
        of_parts = [term_scores(index, part) for part in concept.parts]
        total = sum(rarity for rarity, _ in of_parts) or 1.0
        rarest = max(rarest, PARTS * max(rarity for rarity, _ in of_parts))
        scale = PARTS * max(rarity for rarity, _ in of_parts) / total
        added: dict[int, float] = {}
        for rarity, scores in of_parts:
            for document, score in scores.items():
                added[document] = added.get(document, 0.0) + scale * rarity * score
        for document, score in added.items():
            # some of the parts are little, all of them nearly the identifier itself
            share = sum(rarity for rarity, scores in of_parts if document in scores) / total
            best[document] = best.get(document, 0.0) + score * share
    weight = rarest * concept.weight
    return weight, {document: score * concept.weight for document, score in best.items()}


def combine(per_concept: Sequence[tuple[float, Mapping[str, float]]]) -> dict[str, float]:
    """Scores of concepts to scores of articles: their sum, lowered by what part of the query is not answered."""
    possible = sum(weight for weight, _ in per_concept) or 1.0
    total: dict[str, float] = {}
    covered: dict[str, float] = {}
    for weight, scores in per_concept:
        for article, score in scores.items():
            total[article] = total.get(article, 0.0) + score
            covered[article] = covered.get(article, 0.0) + min(weight, 2 * score)
    return {article: score * (covered[article] / possible) ** COVERAGE for article, score in total.items()}
