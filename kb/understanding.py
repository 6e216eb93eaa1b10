"""What a search took the typed words for, and which of them nothing in the library answers. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from kb.expansion import Correction
from kb.hits import Understood
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
    meant = {(c.start, c.end): c.term for c in corrected}
    found: list[Understood] = []
    for run in _runs(typed):
        start, end = run[0].start, run[-1].end
        terms = tuple(meant[c.start, c.end] for c in run if (c.start, c.end) in meant)
        if any(known(concept) for concept in run):
            found.append(Understood(text[start:end], "corrected" if terms else "word", terms))
        else:
            found.append(Understood(text[start:end], "corrected" if terms else "unknown", terms))
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
