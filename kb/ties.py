"""Articles that answer a query equally well: the preferred language first, then the newer product version. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence

EQUAL = 0.005
"""Scores that differ by no more than this share of the better one are equal."""
NUMBER = re.compile(r"[0-9]{1,6}")
Standing = tuple[bool, tuple[int, ...]]
"""Whether there is a text in the preferred language, and the newest version."""


def newest(versions: Iterable[str]) -> tuple[int, ...]:
    """The highest of versions as its first three numbers (``4.2.x`` is 4.2); empty where there is none."""
    return max((tuple(int(n) for n in NUMBER.findall(version)[:3]) for version in versions), default=())


def settled(
    ranked: Sequence[tuple[str, float]], standing: Callable[[str], Standing]
) -> list[tuple[str, float]]:
    """Articles best first, with those of equal score in the order of their standing; the others stay in place."""
    found: list[tuple[str, float]] = []
    at = 0
    while at < len(ranked):
        end = at + 1
        while end < len(ranked) and ranked[end][1] >= ranked[at][1] * (1 - EQUAL):
            end += 1
        group = list(ranked[at:end])
        found += sorted(group, key=lambda item: standing(item[0]), reverse=True) if len(group) > 1 else group
        at = end
    return found
