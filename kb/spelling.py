"""English words that were probably meant: known ones a slip or two of the fingers away. Pure.

Nothing here goes through all known terms: slips are taken back on purpose and what comes out is looked up.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from math import log1p
from typing import Protocol

from kb.tokens import stem

SHORTEST = 3
"""Shorter words have too many neighbours."""
SURE = 5
"""In shorter words only the likeliest slips are thought possible."""
LONG = 6
"""From here on two slips are."""
HEAD = 5
LETTERS = "abcdefghijklmnopqrstuvwxyz"
MOST_READ = 200
"""Terms looked at that begin alike."""
ROWS = ("qwertyuiop", "asdfghjkl", "zxcvbnm")
VOWELS = frozenset("aeiouy")
SWAPPED, DOUBLED, LEFT_OUT, PUT_IN, BESIDE, CHANGED = 0.7, 0.7, 0.9, 0.9, 0.9, 1.3
"""How unlikely a slip is: letters swapped, one doubled or a double one single, left out, put in, a key beside, any."""
FIRST = 0.5
"""The first letter is hardly ever wrong."""
DISTANCE = 2.0
"""What a slip weighs against how common a word is."""
HARDLY = 1.5
"""Words that are so much less likely than the likeliest are not meant."""


class Vocabulary(Protocol):
    """What spelling needs of an index."""

    def frequency(self, term: str) -> int:
        """In how many documents a term stands; 0 where it is unknown."""
        ...

    def completions(self, prefix: str, limit: int) -> list[str]:
        """Terms that begin with a prefix, the most frequent first."""
        ...


@dataclass(frozen=True, slots=True)
class Near:
    """A word that may have been meant, and the term of the index it is found by."""

    word: str
    term: str
    likely: float
    """Only to be compared with others for the same typed word."""


def near(word: str, known: Vocabulary, limit: int = 3) -> list[Near]:
    """The known words that were likeliest meant by an unknown one; none for Chinese, numbers and short words."""
    word = word.lower()
    if len(word) < SHORTEST or not (word.isascii() and word.isalpha()):
        return []
    found = _best(_one_away(word), known)
    if not found and len(word) >= LONG:
        found = _best(_two_away(word, known), known)
    ranked = sorted(found.values(), key=lambda n: (-n.likely, n.word))
    return [n for n in ranked if n.likely >= ranked[0].likely - HARDLY][:limit]


def halves(word: str, known: Vocabulary) -> tuple[str, str] | None:
    """The two known words that an unknown one is put together from without anything between, where there are."""
    word = word.lower()
    if len(word) < 6 or not (word.isascii() and word.isalpha()):
        return None
    found = [
        (min(known.frequency(stem(word[:at])), known.frequency(stem(word[at:]))), at)
        for at in range(3, len(word) - 2)
    ]
    often, at = max(found)
    return (word[:at], word[at:]) if often > 1 else None


def _best(candidates: Iterable[tuple[str, float]], known: Vocabulary) -> dict[str, Near]:
    """The known ones of words with what they cost, the cheapest for each term."""
    cost_of: dict[str, float] = {}
    for word, cost in candidates:
        if cost < cost_of.get(word, 9.0):
            cost_of[word] = cost
    found: dict[str, Near] = {}
    for word, cost in cost_of.items():
        term = stem(word)
        often = known.frequency(term)
        if not often:
            continue
        likely = log1p(often) - DISTANCE * cost
        if term not in found or found[term].likely < likely:
            found[term] = Near(word, term, likely)
    return found


def _one_away(word: str) -> Iterator[tuple[str, float]]:
    yield from ((other, cost) for other, cost in swaps(word) if len(word) >= SURE - 1 or cost == SWAPPED)
    if len(word) >= SURE - 1:
        yield from (
            (other, cost) for other, cost in slipped(word) if len(word) >= SURE or _likeliest(word, other)
        )


def _likeliest(word: str, other: str) -> bool:
    """Whether a short word may be meant all the same: a letter is missing behind the first, or was hit twice."""
    return len(other) > len(word) and other[0] == word[0]


def swaps(word: str) -> Iterator[tuple[str, float]]:
    """The word with two neighbouring letters swapped."""
    for at in range(len(word) - 1):
        if word[at] != word[at + 1]:
            yield word[:at] + word[at + 1] + word[at] + word[at + 2 :], SWAPPED if at else SWAPPED + FIRST


def slipped(word: str) -> Iterator[tuple[str, float]]:
    """The word with one letter too many, too few or changed taken back; the first letter is not changed."""
    for at, typed in enumerate(word):
        first = 0.0 if at else FIRST
        twice = typed in (word[at - 1 : at], word[at + 1 : at + 2])
        yield word[:at] + word[at + 1 :], DOUBLED if twice else PUT_IN + first
        for letter in LETTERS:
            if at and letter != typed:
                yield word[:at] + letter + word[at + 1 :], _change(typed, letter)
            beside = letter in (typed, word[at - 1 : at])
            yield word[:at] + letter + word[at:], DOUBLED if beside else LEFT_OUT + first
    for letter in LETTERS:
        yield word + letter, DOUBLED if letter == word[-1] else LEFT_OUT


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


def _change(typed: str, meant: str) -> float:
    if typed in VOWELS and meant in VOWELS:
        return BESIDE
    return BESIDE if meant in BESIDES[typed] else CHANGED


def _keys_beside() -> dict[str, frozenset[str]]:
    place = {letter: (row, at + row / 2) for row, keys in enumerate(ROWS) for at, letter in enumerate(keys)}
    return {
        one: frozenset(
            two
            for two, (row, at) in place.items()
            if abs(row - place[one][0]) <= 1 and abs(at - place[one][1]) <= 1
        )
        for one in place
    }


BESIDES = _keys_beside()
"""For each letter, the keys around it."""


def _two_away(word: str, known: Vocabulary) -> Iterator[tuple[str, float]]:
    """Two slips, one of them at most in the head of the word: then some known word begins like a slip of the head."""
    head = word[: min(HEAD, len(word) - 2)]
    stems = {word, stem(word)}
    starts = {head, *(other for other, _ in swaps(head)), *(other for other, _ in slipped(head))}
    for start in starts:
        for other in known.completions(start, MOST_READ):
            if other.isalpha() and other.isascii() and any(slips(one, other, 2) <= 2 for one in stems):
                yield other, 2.0
