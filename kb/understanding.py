"""What a search took the typed words for, and which of them nothing in the library answers. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from kb.hits import Kind, Understood
from kb.meant import Correction
from kb.query import Concept
from kb.tokens import is_han


def understood(
    text: str,
    typed: Sequence[Concept],
    asked: Sequence[Concept],
    corrected: Sequence[Correction],
    known: Callable[[Concept], bool],
) -> tuple[Understood, ...]:
    """The words of a query in their order, and after them what the glossary added."""
    found: list[Understood] = []
    for run in _runs(typed):
        start, end = run[0].start, run[-1].end
        meant = tuple(c.text for c in corrected if start <= c.start and c.end <= end)
        kind: Kind = "corrected" if meant else "word" if any(known(c) for c in run) else "unknown"
        found.append(Understood(text[start:end], kind, meant))
    for concept in asked:
        others = tuple(way.text for way in concept.ways if way.text)
        if others:
            found.append(Understood(text[concept.start : concept.end], "glossary", others))
    return tuple(found)


def _runs(typed: Sequence[Concept]) -> Iterator[list[Concept]]:
    """Words; the pairs of a Chinese run together."""
    run: list[Concept] = []
    for concept in typed:
        if run and not (is_han(concept.text[0]) and concept.start == run[-1].end - 1):
            yield run
            run = []
        run.append(concept)
    if run:
        yield run
