"""Literal lines in the index: what is stored of them, and which documents have a pair of words in one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from kb.literals import Literal, keys, packed

FIELD = "literal"


def values(literals: Sequence[Literal]) -> dict[str, Any]:
    """What Whoosh takes in of one text's literals: the keys to look them up by, and themselves to be stored."""
    return {
        FIELD: sorted({key for literal in literals for key in keys(literal.words)}),
        "literals": tuple(packed(literal) for literal in literals),
    }


def holding(reader: Any, key: str) -> list[int]:
    """The documents of a Whoosh reader that have a literal with this key."""
    found: list[int] = []
    term = key.encode("utf-8")
    for leaf, base in reader.leaf_readers():
        if (FIELD, term) in leaf:
            found += (base + number for number in leaf.postings(FIELD, term).all_ids())
    return found
