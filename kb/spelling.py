"""Words that were probably meant: known terms one or two slips of the finger or of the input method away. Pure.

Nothing here goes through all known terms: slips are made on purpose and what comes out is looked up.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Protocol

from kb.homophones import sounding_like
from kb.tokens import is_han

SHORTEST = 4
"""Shorter words have too many neighbours; of words this long only swapped letters are taken for a slip."""
SURE = 5
LONG = 8
"""From here on two slips are thought possible."""
HEAD = 5
LETTERS = "abcdefghijklmnopqrstuvwxyz"
MOST_READ = 200
"""Terms looked at that begin alike."""


class Vocabulary(Protocol):
    """What spelling needs of an index."""

    def frequency(self, term: str) -> int:
        """In how many documents a term stands; 0 where it is unknown."""
        ...

    def completions(self, prefix: str, limit: int) -> list[str]:
        """Terms that begin with a prefix, the most frequent first."""
        ...


def near(word: str, known: Vocabulary, limit: int = 3) -> list[str]:
    """The known words nearest to a word, commoner ones first among equals; none for Chinese and short words."""
    if len(word) < SHORTEST or not (word.isascii() and word.isalpha()):
        return []
    swapped = _ranked(swaps(word), known)
    if len(word) < SURE or len(swapped) >= limit:
        return swapped[:limit]
    found = [*swapped, *_ranked(set(slipped(word)) - set(swapped), known)]
    if not found and len(word) >= LONG:
        found = _two_away(word, known)
    return found[:limit]


def sounding(pair: str, known: Vocabulary, limit: int = 3) -> list[str]:
    """The known pairs of Chinese characters that sound like this one and share a character with it."""
    first, second = pair[0], pair[1]
    others = [other + second for other in sounding_like(first)]
    others += [first + other for other in sounding_like(second)]
    return _ranked(others, known)[:limit]


def halves(word: str, known: Vocabulary) -> tuple[str, str] | None:
    """The two known words that an unknown one is put together from without anything between, where there are."""
    if len(word) < 6 or not (word.isascii() and word.isalpha()):
        return None
    found = [
        (min(known.frequency(word[:at]), known.frequency(word[at:])), at) for at in range(3, len(word) - 2)
    ]
    often, at = max(found)
    return (word[:at], word[at:]) if often > 1 else None


def swaps(word: str) -> Iterator[str]:
    """The word with two neighbouring letters swapped."""
    for at in range(len(word) - 1):
        if word[at] != word[at + 1]:
            yield word[:at] + word[at + 1] + word[at] + word[at + 2 :]


def slipped(word: str) -> Iterator[str]:
    """The word with one letter too many, too few or changed; the first letter is hardly ever wrong."""
    for at in range(len(word)):
        yield word[:at] + word[at + 1 :]
        for letter in LETTERS:
            if at:
                yield word[:at] + letter + word[at + 1 :]
            yield word[:at] + letter + word[at:]
    for letter in LETTERS:
        yield word + letter


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


def _two_away(word: str, known: Vocabulary) -> list[str]:
    """Two slips: at least one of them is not in the head of the word, so some word begins like a slip of the head."""
    head = word[:HEAD]
    found: set[str] = set()
    for start in {head, *swaps(head), *slipped(head)}:
        found.update(other for other in known.completions(start, MOST_READ) if slips(word, other, 2) <= 2)
    return _ranked((other for other in found if other.isalpha()), known)


def _ranked(words: Iterable[str], known: Vocabulary) -> list[str]:
    often = {word: known.frequency(word) for word in words}
    return sorted((word for word, n in often.items() if n), key=lambda word: (-often[word], word))


def is_pair(text: str) -> bool:
    """Whether a text is two Chinese characters."""
    return len(text) == 2 and is_han(text[0]) and is_han(text[1])
