"""How much a term says about a text: its frequencies in all fields, weighted, summed, then saturated once.

Fields scored apart and added would let a word in three fields of one article beat three words in another, so the
fields are combined before they saturate (as BM25F does), and that already when the index is written: one posting per
term and text, and a search reads one list per term.
Lengths are measured against fixed typical ones, so that the weight of a text does not depend on its neighbours.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping

from kb.fields import Field
from kb.tokens import HAN, counted, fold

WEIGHTS: Mapping[Field, float] = {
    "title": 6.0, "symptoms": 2.5, "signatures": 3.0, "identifiers": 1.5, "causes": 1.5, "headings": 2.0,
    "body": 1.0, "code": 0.6,
}  # fmt: skip
TYPICAL: Mapping[Field, float] = {
    "title": 12, "symptoms": 100, "signatures": 50, "identifiers": 150, "causes": 120, "headings": 50,
    "body": 1000, "code": 500,
}  # fmt: skip
"""Terms in a field of a typical text."""
LENGTH: Mapping[Field, float] = {
    "title": 0.4, "symptoms": 0.5, "signatures": 0.4, "identifiers": 0.5, "causes": 0.5, "headings": 0.6,
    "body": 0.7, "code": 0.7,
}  # fmt: skip
"""How far a field longer than typical is discounted (b of BM25)."""
SATURATION = 3.0
REACH = 4
"""Characters between the two of a `loose` pair, and one."""
RUN = re.compile(rf"[{HAN}]{{3,}}")
LOOSE_IN: tuple[Field, ...] = ("title", "headings")


def term_weights(fields: Mapping[Field, str]) -> dict[str, float]:
    """Every term of a text with its weight, between 0 and 1."""
    found: dict[str, float] = {}
    for field, text in fields.items():
        times_of = counted(text)
        b = LENGTH[field]
        scale = WEIGHTS[field] / (1 - b + b * sum(times_of.values()) / TYPICAL[field])
        for term, times in times_of.items():
            found[term] = found.get(term, 0.0) + scale * times
        if field in LOOSE_IN:
            for term, times in Counter(loose_pairs(text)).items():
                found[term] = found.get(term, 0.0) + scale * times
    return {term: weight / (SATURATION + weight) for term, weight in found.items()}


def loose(first: str, second: str) -> str:
    """The term for two Chinese characters that stand near each other, in this order, with others between them."""
    return f"{first}…{second}"


def loose_pairs(text: str) -> Iterator[str]:
    """The loose pairs of a text: how abbreviations (限流) meet what they are short for (限制流量)."""
    for run in RUN.finditer(fold(text)):
        characters = run[0]
        for at, first in enumerate(characters):
            for second in characters[at + 2 : at + 1 + REACH]:
                yield loose(first, second)
