"""What a search says, as frozen values."""

from __future__ import annotations

from dataclasses import dataclass

from kb.snippets import Snippet


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
