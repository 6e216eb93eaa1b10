"""A query as it was probably meant: its text with words put right, and where each part of it was typed. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from kb.glossary import Other, Variant

RIGHTED = 0.85
"""What the glossary says of a word that was put right is worth so much of what it is for one that was typed."""


@dataclass(frozen=True, slots=True)
class Correction:
    """A part of the query that the library does not know, and what was taken for it."""

    start: int
    end: int
    text: str
    """What stands there as it was probably meant."""
    term: str
    """The term of the index that it is found by."""


@dataclass(frozen=True, slots=True)
class Meant:
    """The text of a query with its corrections in it."""

    text: str
    places: tuple[tuple[int, int, int, int], ...] = ()
    """Each correction: from and to in this text, from and to in what was typed."""

    def typed(self, start: int, end: int) -> tuple[int, int]:
        """Where a stretch of this text was typed; the whole of a correction that it touches."""
        return self._typed(start, first=True), self._typed(end, first=False)

    def touched(self, start: int, end: int) -> bool:
        """Whether a stretch of this text was put right."""
        return any(start < behind and at < end for at, behind, _, _ in self.places)

    def _typed(self, place: int, *, first: bool) -> int:
        moved = 0
        for at, behind, typed_at, typed_behind in self.places:
            if place <= at:
                break
            if place < behind:
                return typed_at if first else typed_behind
            moved = typed_behind - behind
        return place + moved


def meant(text: str, corrections: Iterable[Correction]) -> Meant:
    """A query with its corrections, of which the first of two that overlap counts."""
    pieces: list[str] = []
    places: list[tuple[int, int, int, int]] = []
    done = length = 0
    for correction in sorted(corrections, key=lambda c: (c.start, -c.end)):
        if correction.start < done:
            continue
        before = text[done : correction.start]
        at = length + len(before)
        length = at + len(correction.text)
        pieces += (before, correction.text)
        places.append((at, length, correction.start, correction.end))
        done = correction.end
    return Meant("".join((*pieces, text[done:])), tuple(places))


def as_typed(variants: Sequence[Variant], query: Meant) -> tuple[Variant, ...]:
    """Known expressions of the meant text as ones of the typed text; those that were put right are less sure."""
    found = []
    for variant in variants:
        start, end = query.typed(variant.start, variant.end)
        others = variant.others
        if query.touched(variant.start, variant.end):
            others = tuple(Other(other.text, round(RIGHTED * other.weight, 3)) for other in others)
        found.append(replace(variant, start=start, end=end, others=others))
    return tuple(found)
