"""The postings of one term: plain arrays, so that whole lists are read and gone through quickly."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Postings:
    """The documents that hold a term, in order, and its weight in each."""

    documents: Sequence[int] = field(default_factory=lambda: array("I"))
    weights: Sequence[float] = field(default_factory=lambda: array("f"))

    def __len__(self) -> int:
        return len(self.documents)


NONE = Postings()
