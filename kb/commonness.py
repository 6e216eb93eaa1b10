"""How common words are in language at large, and the words a run of Chinese is made of.

A word that everybody uses and that is rare in articles says little about any of them (*usual*, 别人), and two
characters that belong to two different words say next to nothing (一|张 | 表). Both come from one list of words.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from kb.paths import ASSETS

FILE = "common-words.txt"
LONGEST = 4
"""Characters of a Chinese word."""
LONE = 0.6
"""What a single character is worth beside a word of the list when a run is divided; more would tear words apart."""
LEVEL = 0.1
"""What one level of commonness is worth there."""


def level(word: str) -> float:
    """The logarithm of how often a word (small letters, no apostrophe) stands in 10^9 words; 0 for a rare one."""
    return _levels().get(word, 0.0)


@lru_cache(maxsize=1024)
def divided(run: str) -> tuple[str, ...]:
    """A run of Chinese as words of the list and single characters: as few pieces as can be, of common words."""
    levels = _levels()
    best: list[tuple[float, int]] = [(0.0, 0)]
    for end in range(1, len(run) + 1):
        found = (best[end - 1][0] - 1 - LONE, end - 1)
        for start in range(max(0, end - LONGEST), end - 1):
            known = levels.get(run[start:end])
            if known is not None:
                value = best[start][0] - 1 + LEVEL * known
                if value > found[0]:
                    found = (value, start)
        best.append(found)
    pieces: list[str] = []
    end = len(run)
    while end:
        start = best[end][1]
        pieces.append(run[start:end])
        end = start
    return tuple(reversed(pieces))


@lru_cache(maxsize=1)
def _levels() -> Mapping[str, float]:
    found: dict[str, float] = {}
    for line in (ASSETS / FILE).read_text(encoding="utf-8").splitlines():
        head, *listed = line.split(" ")
        if head != "#":
            found.update(dict.fromkeys(listed, float(head)))
    return found
