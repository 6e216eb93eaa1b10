"""What a search by paste says, as frozen values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class PastedLine:
    """One line of the paste that an article knows."""

    number: int
    """1-based, in the paste; the first of its like."""
    text: str
    """As pasted, without control characters, cut where it is long."""
    matched: str
    """The literal text of the article."""
    section: str
    """The heading the article has it under, or the symptom of the guide; empty for the title or the whole guide."""
    kind: Literal["signature", "literal"]
    score: float
    times: int = 1
    """How many lines of the paste are like it, numbers and addresses aside."""


@dataclass(frozen=True, slots=True)
class PasteMatch:
    """One article that knows lines of the paste."""

    article_id: str
    lang: str
    title: str
    score: float
    """Up to 1; from `kb.pastescore.KNOWN` on for matches, below that for hints."""
    path: str
    has_guide: bool
    lines: tuple[PastedLine, ...]
    """The lines that tell most, best first, each literal of the article once."""
    langs: tuple[str, ...] = ()
    guide: str = "none"
    """``authored``, ``derived`` (its text has what one is made of) or ``none``."""


@dataclass(frozen=True, slots=True)
class PasteOutcome:
    """All that a search by paste says; without matches nothing in the paste is known."""

    matches: tuple[PasteMatch, ...] = ()
    hints: tuple[PasteMatch, ...] = ()
    """Articles that have lines of it which healthy systems write as well, or only resembling ones."""
    total: int = 0
    """Articles that know something of it."""
    lines_total: int = 0
    lines_read: int = 0
    """Fewer than `lines_total` where the paste is too long: lines of trouble are read first, then both ends."""
    took_ms: float = 0.0
