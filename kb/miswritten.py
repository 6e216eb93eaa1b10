"""Chinese as it was probably meant: wrong characters of the same sound or a like shape.

A run of characters is cut into the likeliest words; what falls between words, or makes one that the library does not
say, is doubted. A character is put right where the words that come out are so much likelier that a slip is the better
explanation. Pure.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import islice, product
from math import log

from kb import commonwords
from kb.homophones import sounding_like
from kb.lookalikes import looking_like

Frequency = Callable[[str], int]
"""In how many documents a term stands."""
SAME, LIKE_SOUND, LOOK, BOTH = 4.0, 5.0, 4.5, 3.5
"""How unlikely (natural logarithm) a character is for one of the same syllable, of nearly the same, of like shape."""
FURTHER = 0.1
"""What each further place among the look-alikes adds."""
TWICE = 7.5
"""How unlikely two wrong characters in a row are: the input method offered another word of the same sound."""
SAID, BESIDE = 0.004, 0.0006
"""How likely a word is that stands in every document of the library; two characters that are no common word."""
TERM = 0.0002
"""How likely a term of the field is at least."""
COMPLEMENTS = frozenset("到在掉死上下完成满住出走开起过坏错")
COMPLETED = 0.1
"""How likely one of these is behind a verb."""
STRANGE = 1e-9
"""How likely a character is that is no common word."""
ABSENT = 3.0
"""How much less likely a word is to be meant that the library does not say."""
CLEAR = 6.0
"""Where one wrong character explains so much, two are not thought of."""
MOST_SOUNDS = 30
"""Characters of one sound that are tried for each of two in a row."""
LONGEST = 40
"""Characters of a run that are looked at."""
AROUND = 4
"""Characters on either side of a doubted one that are cut into words again."""
WORD = 4
"""Characters of the longest words that are known."""
ALTERNATIVES = 3
LESS = 1.5
"""An alternative is at most so much less likely than the best."""
UNLIKELY = -2.5
"""A slip that explains what was typed so much worse than no slip is still thought of."""


@dataclass(frozen=True, slots=True)
class Mended:
    """One or two characters of a run and what was probably meant, likeliest first."""

    at: int
    meant: tuple[str, ...]
    gain: float
    """How much likelier the first of them is than what was typed (natural logarithm); below 0 it is a mere guess."""

    @property
    def end(self) -> int:
        """Where in the run it ends."""
        return self.at + len(self.meant[0])


@dataclass(slots=True)
class Words:
    """How likely words are, in general and in one library; remembers what it was asked."""

    frequency: Frequency
    size: int
    terms: frozenset[str] = frozenset()
    """Words of the run that are terms of the field."""
    _often: dict[str, int] = field(default_factory=dict)

    def often(self, pair: str) -> int:
        """In how many documents of the library a pair stands."""
        if pair not in self._often:
            self._often[pair] = self.frequency(pair)
        return self._often[pair]

    def likely(self, word: str) -> float:
        """The logarithm of how likely a word is; -inf where it is none."""
        general = max(TERM if word in self.terms else 0.0, commonwords.chinese(word))
        if len(word) == 1:
            return log(general or STRANGE)
        if len(word) == 2:
            said = (SAID if general else BESIDE) * self.often(word) / self.size
            verb = COMPLETED * commonwords.chinese(word[0]) if word[1] in COMPLEMENTS else 0.0
            general = max(general, said, verb)
        elif general:
            rarest = min(self.often(word[at : at + 2]) for at in range(len(word) - 1))
            general = max(general, SAID * rarest / self.size)
        return log(general) if general else -9e9

    def cut(self, text: str) -> tuple[float, list[str]]:
        """The likeliest words of a text and how likely they are together."""
        best: list[tuple[float, int]] = [(0.0, 0)]
        for end in range(1, len(text) + 1):
            best.append(
                max(
                    (best[start][0] + self.likely(text[start:end]), start)
                    for start in range(max(0, end - WORD), end)
                )
            )
        words: list[str] = []
        end = len(text)
        while end:
            words.append(text[best[end][1] : end])
            end = best[end][1]
        return best[-1][0], words[::-1]


def mend(run: str, frequency: Frequency, size: int, terms: Sequence[tuple[int, int]] = ()) -> list[Mended]:
    """The wrong characters of a run of Chinese, from left to right; none in `terms`, which say from where to where."""
    run = run[:LONGEST]
    words = Words(frequency, max(1, size), frozenset(run[start:end] for start, end in terms))
    doubted = _doubted(words, run, frozenset(at for start, end in terms for at in range(start, end)))
    found = [(at, at + 1, gain) for at in doubted if (gain := _gains(words, run, at))]
    clear = {at for at, _, gain in found if max(gain.values()) >= CLEAR}
    for at in doubted:
        if at + 1 in doubted and clear.isdisjoint((at - 1, at, at + 1, at + 2)):
            found += [(at, at + 2, gain)] if (gain := _gains_of_two(words, run, at)) else []
    taken: set[int] = set()
    mended: list[Mended] = []
    for at, end, gain in sorted(found, key=lambda f: (-max(f[2].values()), f[0])):
        if taken.isdisjoint(range(at - 1, end + 1)):
            taken.update(range(at, end))
            mended.append(Mended(at, _likeliest(gain), max(gain.values())))
    return sorted(mended, key=lambda m: m.at)


def _doubted(words: Words, run: str, sure: frozenset[int]) -> list[int]:
    """The characters that stand alone, or in a word that the library does not say."""
    doubted: list[int] = []
    at = 0
    for word in words.cut(run)[1]:
        if len(word) == 1 or (len(word) == 2 and not (words.often(word) and commonwords.chinese(word))):
            doubted += (place for place in range(at, at + len(word)) if place not in sure)
        at += len(word)
    return doubted


def _likeliest(gain: Mapping[str, float]) -> tuple[str, ...]:
    ranked = sorted(gain, key=lambda text: (-gain[text], text))
    return tuple(text for text in ranked[:ALTERNATIVES] if gain[text] >= gain[ranked[0]] - LESS)


def _gains(words: Words, run: str, at: int) -> dict[str, float]:
    """How much likelier the run becomes by other characters at a place, slip and all; only where it does."""
    left, right = run[max(0, at - AROUND) : at], run[at + 1 : at + 1 + AROUND]
    before = words.cut(left + run[at] + right)[0]
    gains: dict[str, float] = {}
    for other, cost in confused(run[at]).items():
        pairs = [pair for pair in (left[-1:] + other, other + right[:1]) if len(pair) == 2]
        usual = [pair for pair in pairs if commonwords.chinese(pair)]
        said = any(words.often(pair) > (pair not in usual) for pair in pairs)
        if said or usual:
            gain = words.cut(left + other + right)[0] - before - cost - (0 if said else ABSENT)
            if gain > UNLIKELY:
                gains[other] = gain
    return gains


def _gains_of_two(words: Words, run: str, at: int) -> dict[str, float]:
    """The same for two characters replaced by others of exactly the same sound, where the library says the pair."""
    left, right = run[max(0, at - AROUND) : at], run[at + 2 : at + 2 + AROUND]
    before = words.cut(left + run[at : at + 2] + right)[0]
    gains: dict[str, float] = {}
    sounds = (_same_sound(run[at]), _same_sound(run[at + 1]))
    for first, second in product(*(list(islice(s, MOST_SOUNDS)) for s in sounds)):
        if commonwords.chinese(first + second) and words.often(first + second) > 1:
            gain = words.cut(left + first + second + right)[0] - before - TWICE
            if gain > UNLIKELY:
                gains[first + second] = gain
    return gains


def _same_sound(character: str) -> Iterator[str]:
    return (other for other, cost in confused(character).items() if cost in (SAME, BOTH))


@lru_cache(maxsize=2048)
def confused(character: str) -> Mapping[str, float]:
    """The common characters that another may be written for, and how unlikely each is."""
    found: dict[str, float] = {}
    same, like = sounding_like(character)
    for other in same:
        found[other] = SAME
    for other in like:
        found.setdefault(other, LIKE_SOUND)
    for place, other in enumerate(looking_like(character)):
        found[other] = BOTH if other in found else LOOK + FURTHER * place
    return {other: cost for other, cost in found.items() if common(other)}


def common(character: str) -> bool:
    """Whether a character is of the first level of GB 2312, the 3,755 common ones."""
    try:
        return character.encode("gb2312")[0] < 0xD8
    except UnicodeEncodeError:
        return False
