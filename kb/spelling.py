"""Words that were probably meant: known terms within one or two slips of the fingers. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from kb.tokens import is_han

SHORTEST = 5
"""Shorter words have too many neighbours."""


def near(word: str, known: Mapping[str, int], limit: int = 3) -> list[str]:
    """The known words nearest to a word, commoner ones first among equals; empty for Chinese and short words.

    One slip is allowed up to seven letters, two beyond; a slip is a letter missing, added, changed or swapped.
    """
    if len(word) < SHORTEST or is_han(word[0]) or not any(c.isalpha() for c in word):
        return []
    most = 1 if len(word) <= 7 else 2
    found = [
        (distance, -known[other], other)
        for other in _similar(word, known, most)
        if (distance := slips(word, other, most)) <= most
    ]
    return [other for _, _, other in sorted(found)[:limit]]


def _similar(word: str, known: Iterable[str], most: int) -> Iterable[str]:
    """A cheap sieve before the real distance: about the same length and mostly the same letters."""
    letters, length = set(word), len(word)
    for other in known:
        if abs(len(other) - length) <= most and len(letters.symmetric_difference(other)) <= 2 * most:
            yield other


def slips(one: str, two: str, most: int) -> int:
    """How many slips lie between two words (optimal string alignment), or `most` + 1 when more."""
    if abs(len(one) - len(two)) > most:
        return most + 1
    older: list[int] = []
    above = list(range(len(two) + 1))
    for i, a in enumerate(one, start=1):
        row = [i]
        for j, b in enumerate(two, start=1):
            cost = min(above[j] + 1, row[j - 1] + 1, above[j - 1] + (a != b))
            if i > 1 and j > 1 and a == two[j - 2] and one[i - 2] == b:
                cost = min(cost, older[j - 2] + 1)
            row.append(cost)
        if min(row) > most:
            return most + 1
        older, above = above, row
    return above[-1]
