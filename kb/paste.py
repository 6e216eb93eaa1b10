"""Search by paste: which articles know which lines of a log, of events, of a command's output.

Every pair of neighbouring words of a line is looked up among the pairs of all literals; articles that share pairs
that tell something are looked at more closely. Lines of trouble come first, lines in which the same words are known
are compared once, and the work is bounded: `kb.pastetext.MOST_LINES` different lines take less than a second.
"""

from __future__ import annotations

from collections.abc import Sequence, Set
from dataclasses import dataclass, field
from heapq import nlargest
from itertools import pairwise
from operator import itemgetter
from typing import Any, Protocol

from kb.literals import Literal, alone, key, unpacked
from kb.pastehits import PastedLine, PasteMatch, PasteOutcome
from kb.pastescore import FEW, HINT, KNOWN, holds, information, rarity, score, severity, together
from kb.pastetext import Paste, PasteLine
from kb.safe import one_line

MOST_WORDS = 600_000
"""Words of all lines that are looked up, those of lines of trouble first."""
WIDESPREAD = 400
"""A pair in more documents than this leads nowhere; it still counts where others led."""
PER_LINE = 12
"""Documents that are looked at closely for one line."""
ALIKE = 3
"""Lines with the same known words that are compared; of further ones only those that are shorter."""
COMPARISONS = 60_000
SHOWN, TOLD = 5, 400
"""Lines that are told of each article, and characters of each."""
LEAST = 1.0
"""Information a document must share with a line to be looked at."""

Pair = tuple[str, str]


class LiteralIndex(Protocol):
    """What an index of literals offers."""

    @property
    def size(self) -> int:
        """How many documents there are."""

    def holding(self, key: int) -> Sequence[int]:
        """The documents that have a literal with this key (`kb.literals.keys`)."""

    def article(self, document: int) -> str:
        """The id of the article a document belongs to."""

    def stored(self, document: int) -> dict[str, Any]:
        """The stored values of a document; ``literals`` are its literals as tuples."""


@dataclass(frozen=True, slots=True)
class _Holders:
    """The documents that know two neighbouring words, or one word that stands alone; and what these tell."""

    documents: Sequence[int]
    told: float = 0.0


@dataclass(slots=True)
class _Document:
    lang: str
    title: str
    path: str
    guide: str
    literals: tuple[Literal, ...]
    by_key: dict[Pair | str, list[int]] = field(default_factory=dict)


@dataclass(slots=True)
class _Alike:
    """Lines in which the same words are known: where they lead, and which of them have been compared."""

    documents: tuple[int, ...]
    compared: int = 0
    shortest: int = 0


@dataclass(slots=True)
class _Found:
    """The best line for each literal of one article."""

    lines: dict[tuple[str, ...], tuple[float, PasteLine, Literal, int]] = field(default_factory=dict)
    documents: set[int] = field(default_factory=set)


def find(
    index: LiteralIndex,
    paste: Paste,
    *,
    limit: int = 10,
    lang: str | None = None,
    allowed: Set[int] | None = None,
) -> PasteOutcome:
    """The articles that know lines of a paste, best first; `allowed` narrows the documents."""
    search = _Search(index, allowed, few=paste.read <= FEW)
    for line in sorted(paste.lines, key=lambda line: -severity(line.form, few=False)):
        search.look_up(line)
    found = search.matches(lang or "en")
    matches = tuple(match for match in found if match.lines[0].score >= KNOWN)
    hints = tuple(match for match in found if match.lines[0].score < KNOWN)
    return PasteOutcome(
        matches[:limit],
        hints[:limit],
        len(matches),
        paste.total,
        paste.read - sum(search.skipped.values()),
    )


NOBODY = _Holders(())


class _Search:
    def __init__(self, index: LiteralIndex, allowed: Set[int] | None, *, few: bool) -> None:
        self._index = index
        self._allowed = allowed
        self._few = few
        self.skipped: dict[int, int] = {}
        """Lines that were not looked up because there are too many words: their number, how many are like them."""
        self._words = MOST_WORDS
        self._comparisons = COMPARISONS
        self._holders: dict[Pair | str, _Holders] = {}
        self._rare: dict[Pair, float] = {}
        self._documents: dict[int, _Document] = {}
        self._alike: dict[frozenset[Pair | str], _Alike] = {}
        self._found: dict[str, _Found] = {}

    def look_up(self, line: PasteLine) -> None:
        """Find what knows this line."""
        words = line.form.words
        self._words -= len(words)
        if self._words < 0:
            if not line.halves:
                self.skipped[line.number] = line.times
            return
        sought: set[Pair | str] = {*words, *pairwise(words)}
        known = {part for part in sought if self._holding(part).documents}
        if not known:
            return
        severe = severity(line.form, few=self._few)
        known.add(f"{severe} {bool(line.halves)}")
        alike = frozenset(known)
        found = self._alike.get(alike)
        if found is None:
            found = self._alike[alike] = _Alike(self._candidates(known))
        if found.compared >= ALIKE and len(words) >= found.shortest:
            return
        found.shortest = min(found.shortest, len(words)) if found.compared else len(words)
        found.compared += 1
        for document in found.documents:
            self._compare(document, line, known, severe)

    def _candidates(self, known: Set[Pair | str]) -> tuple[int, ...]:
        """The documents that share most with a line."""
        shared: dict[int, float] = {}
        for part in known:
            holders = self._holders.get(part, NOBODY)
            if holders.told:
                for document in holders.documents:
                    shared[document] = shared.get(document, 0.0) + holders.told
        best = nlargest(PER_LINE, shared.items(), key=itemgetter(1, 0))
        return tuple(document for document, told in best if told >= LEAST / 5)

    def _holding(self, words: Pair | str) -> _Holders:
        known = self._holders.get(words)
        if known is None:
            known = self._holders[words] = self._look_for(words)
        return known

    def _look_for(self, words: Pair | str) -> _Holders:
        found = self._index.holding(key(words if isinstance(words, str) else f"{words[0]} {words[1]}"))
        if not found:
            return NOBODY
        if self._allowed is not None:
            found = [document for document in found if document in self._allowed]
        if isinstance(words, str):
            return _Holders(found, LEAST if information(words) > 1.0 else 0.0)
        rare = self._rare[words] = rarity(len(found), self._index.size)
        told = (information(words[0]) + information(words[1])) * rare / 2
        return _Holders(found, told if len(found) <= WIDESPREAD else 0.0)

    def _compare(self, number: int, line: PasteLine, known: Set[Pair | str], severe: float) -> None:
        document = self._document(number)
        near = {place for part in known for place in document.by_key.get(part, ())}
        found: _Found | None = None
        for place in near:
            if self._comparisons <= 0:
                return
            self._comparisons -= 1
            literal = document.literals[place]
            if line.halves and not _only_together(line, literal):
                continue
            value = score(literal, line.form, known, self._rare, severe)
            if value < KNOWN / 2:
                continue
            found = found or self._found.setdefault(self._index.article(number), _Found())
            best = found.lines.get(literal.words)
            if best is None or (value, -line.number) > (best[0], -best[1].number):
                found.lines[literal.words] = (value, line, literal, number)
            found.documents.add(number)

    def _document(self, number: int) -> _Document:
        known = self._documents.get(number)
        if known is None:
            values = self._index.stored(number)
            literals = tuple(unpacked(packed) for packed in values.get("literals") or ())
            known = self._documents[number] = _Document(
                values["lang"],
                values["name"],
                values["path"],
                values["guide"],
                literals,
            )
            for place, literal in enumerate(literals):
                for word in alone(literal.words):
                    known.by_key.setdefault(word, []).append(place)
                for pair in pairwise(literal.words):
                    known.by_key.setdefault(pair, []).append(place)
        return known

    def matches(self, lang: str) -> list[PasteMatch]:
        """The articles with at least one line that is known or worth a hint, best first."""
        found = []
        for article, of_article in self._found.items():
            best = self._one_per_line(of_article)
            if not best or best[0][0] < HINT:
                continue
            shown = self._in_language(of_article.documents, lang)
            document = self._documents[shown]
            found.append(
                PasteMatch(
                    article_id=article,
                    lang=document.lang,
                    title=document.title,
                    score=round(together([value for value, _, _ in best]), 4),
                    path=document.path,
                    has_guide=document.guide == "authored",
                    guide=document.guide,
                    lines=tuple(
                        _told(value, line, self._as_in(document, literal))
                        for value, line, literal in best[:SHOWN]
                    ),
                    langs=tuple(sorted({self._documents[d].lang for d in of_article.documents})),
                )
            )
        return sorted(found, key=lambda match: (-match.score, match.article_id))

    def _one_per_line(self, found: _Found) -> list[tuple[float, PasteLine, Literal]]:
        """The best literal for each line, the best line first."""
        lines: dict[int, tuple[float, PasteLine, Literal]] = {}
        for value, line, literal, _ in found.lines.values():
            known = lines.get(line.number)
            if known is None or (value, len(literal.words)) > (known[0], len(known[2].words)):
                lines[line.number] = (value, line, literal)
        return sorted(lines.values(), key=lambda item: (-item[0], item[1].number))

    def _in_language(self, documents: set[int], lang: str) -> int:
        return min(documents, key=lambda number: (self._documents[number].lang != lang, number))

    def _as_in(self, document: _Document, literal: Literal) -> Literal:
        """The same literal as the text in this language has it."""
        return next((other for other in document.literals if other.words == literal.words), literal)


def _only_together(line: PasteLine, literal: Literal) -> bool:
    """Whether a line put together from two has all of a literal, and neither of the two has."""
    return holds(line.form.text, literal.words) and not any(
        holds(half.text, literal.words) for half in line.halves
    )


def _told(value: float, line: PasteLine, literal: Literal) -> PastedLine:
    return PastedLine(
        line.number,
        one_line(line.text[: 4 * TOLD], TOLD),
        literal.text,
        literal.section,
        literal.kind,
        round(value, 4),
        line.times,
    )
