"""Chinese characters that sound alike: what an input method puts in one another's place."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from kb.paths import ASSETS

FILE = "pinyin.txt"
ALIKE = (("zh", "z"), ("ch", "c"), ("sh", "s"))
"""Beginnings that many speakers do not tell apart; endings in ng and n are another such pair."""


@lru_cache(maxsize=4096)
def sounding_like(character: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Other characters with a reading of the same syllable, and those with one nearly the same; tones do not count."""
    of_character, of_syllable, of_blurred = _table()
    same: dict[str, None] = {}
    near: dict[str, None] = {}
    for syllable in of_character.get(character, ()):
        same.update(dict.fromkeys(of_syllable[syllable]))
        for other in of_blurred[_blurred(syllable)]:
            near.update(dict.fromkeys(of_syllable[other]))
    same.pop(character, None)
    near.pop(character, None)
    return tuple(same), tuple(other for other in near if other not in same)


@lru_cache(maxsize=1)
def _table() -> tuple[
    Mapping[str, tuple[str, ...]], Mapping[str, tuple[str, ...]], Mapping[str, tuple[str, ...]]
]:
    of_character: dict[str, tuple[str, ...]] = {}
    of_syllable: dict[str, tuple[str, ...]] = {}
    of_blurred: dict[str, tuple[str, ...]] = {}
    for line in (ASSETS / FILE).read_text(encoding="utf-8").splitlines():
        syllable, _, characters = line.partition(" ")
        if syllable == "#":
            continue
        of_syllable[syllable] = tuple(characters)
        blurred = _blurred(syllable)
        of_blurred[blurred] = (*of_blurred.get(blurred, ()), syllable)
        for character in characters:
            of_character[character] = (*of_character.get(character, ()), syllable)
    return of_character, of_syllable, of_blurred


def _blurred(syllable: str) -> str:
    for clear, blurred in ALIKE:
        if syllable.startswith(clear):
            syllable = blurred + syllable[len(clear) :]
    return syllable.removesuffix("g") if syllable.endswith("ng") else syllable
