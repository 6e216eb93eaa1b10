"""Expressions of the glossary in a query: words that mean one thing together, with what else may stand for it. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from kb.glossary import Variant
from kb.query import OUTSIDE, Concept, Way, meaning
from kb.tokens import is_han

SAYING = 0.7
"""What the words of a way of saying something are worth themselves (*killed first* is about neither)."""


def with_glossary(text: str, typed: Sequence[Concept], variants: Sequence[Variant]) -> list[Concept]:
    """The concepts of a query with those that make up a known expression put together, longer ones around shorter."""
    asked = list(typed)
    for variant in sorted(variants, key=lambda v: (v.idiom, v.end - v.start)):
        asked = _put_together(text, asked, variant)
    return _cut_across(asked, [v for v in variants if not v.idiom])


def _put_together(text: str, asked: list[Concept], variant: Variant) -> list[Concept]:
    inside = [n for n, c in enumerate(asked) if variant.start <= c.start and c.end <= variant.end]
    if not inside:
        return asked
    ways = [Way(other.terms, other.weight, other.text) for other in variant.others if other.terms]
    members = [asked[n] for n in inside]
    if len(members) == 1 and members[0].members:
        found = members[0].also(ways)
    else:
        found = Concept(
            text[variant.start : variant.end],
            tuple(ways),
            start=variant.start,
            end=variant.end,
            members=tuple(_member(member, idiom=variant.idiom) for member in members),
            saying=variant.idiom,
        )
    first = inside[0]
    return [found if n == first else c for n, c in enumerate(asked) if n == first or n not in inside]


def _member(concept: Concept, *, idiom: bool) -> Concept:
    if concept.members:
        return concept
    if idiom:
        return replace(concept, weight=concept.weight * SAYING)
    return replace(concept, weight=meaning(concept.text))


def _cut_across(asked: Sequence[Concept], terms: Sequence[Variant]) -> list[Concept]:
    """Pairs of characters that begin inside a known term and end outside it, or the other way round, say little."""
    return [
        replace(c, weight=min(c.weight, OUTSIDE * meaning(c.text)))
        if not c.members and is_han(c.text[0]) and any(_crosses(c, term) for term in terms)
        else c
        for c in asked
    ]


def _crosses(concept: Concept, term: Variant) -> bool:
    return concept.start < term.start < concept.end or concept.start < term.end < concept.end
