"""Filters as they stand in the search box, ``component:ovn 丢包``: taken out of a text, and written into it. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from kb.where import INLINE, NAMES, inline

LONGEST = 80
"""Characters of a value that may be written; a part of a value is enough to pass."""


def without(text: str, where: Mapping[str, str]) -> str:
    """The words of a text, its filters taken out; only those that were understood, `where`, count as such."""
    left, _ = inline(text, lambda key, wanted: where.get(key) == wanted)
    return " ".join(left.split())


def written(key: str, value: str) -> str:
    """``component:ovn``, quoted where the value has spaces."""
    plain = max(value.replace("”", '"').replace("“", '"').split('"'), key=len).strip()[:LONGEST]
    return f'{key}:"{plain}"' if any(c.isspace() for c in plain) else f"{key}:{plain}"


def joined(words: str, where: Mapping[str, str]) -> str:
    """A text that asks for the words with these filters."""
    return " ".join(filter(None, (*(written(key, value) for key, value in where.items()), words)))


def misfits(text: str, where: Mapping[str, str]) -> tuple[str, ...]:
    """What looks like a filter and was not understood as one: no article has the value."""
    return tuple(
        match[0]
        for match in INLINE.finditer(text)
        if (key := NAMES.get(match[1].lower())) is not None and key not in where
    )
