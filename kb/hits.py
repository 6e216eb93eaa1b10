"""What a search says, as frozen values. Imports nothing: the app knows these before anybody has searched."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal


@dataclass(frozen=True, slots=True)
class Snippet:
    """Pieces of plain text in order, each with whether it is a match."""

    segments: tuple[tuple[str, bool], ...] = ()

    @property
    def plain(self) -> str:
        """The text without marks."""
        return "".join(text for text, _ in self.segments)

    def __str__(self) -> str:
        return "".join(f"[{text}]" if match else text for text, match in self.segments)


Kind = Literal["word", "corrected", "unknown", "glossary"]
"""What a part of the query is: known as typed, put right, unknown; or a term that others stand for."""


@dataclass(frozen=True, slots=True)
class Hit:
    """One article that answers a query, in the language that answers best."""

    article_id: str
    lang: str
    score: float
    title: str
    snippet: Snippet
    section: str
    """Heading the snippet stands under; empty at the head of the article or for texts of the guide."""
    path: str
    has_guide: bool
    products: tuple[str, ...]
    components: tuple[str, ...]
    versions: tuple[str, ...]
    kind: tuple[str, ...]
    langs: tuple[str, ...] = ()
    """The languages of the article whose texts match."""
    guide: str = "none"
    """``authored``, ``derived`` (its text has what one is made of) or ``none``."""


@dataclass(frozen=True, slots=True)
class Understood:
    """A part of the query and what it was taken for."""

    text: str
    kind: Kind
    meant: tuple[str, ...] = ()
    """Corrected: known words; glossary: what else it may be called."""


@dataclass(frozen=True, slots=True)
class SearchOutcome:
    """All that a search says."""

    query: str
    hits: tuple[Hit, ...] = ()
    total: int = 0
    """Articles that match at all."""
    took_ms: float = 0.0
    suggestion: str = ""
    """The query as it was probably meant, when words of it are unknown; else empty."""
    where: Mapping[str, str] = field(default_factory=dict)
    """Filters understood inside the query."""
    facets: Mapping[str, tuple[tuple[str, int], ...]] = field(default_factory=dict)
    """Per key (component, product, kind, version, lang, guide) the values among all matches and how many have each."""
    understood: tuple[Understood, ...] = ()

    @property
    def unknown(self) -> tuple[str, ...]:
        """The typed words that nothing in the library answers."""
        return tuple(part.text for part in self.understood if part.kind == "unknown")
