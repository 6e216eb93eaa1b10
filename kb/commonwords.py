"""Common words of both languages: what is no slip although no article of the library says it."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from kb import commonness
from kb.paths import ASSETS

CHARACTERS, ENGLISH = "characters.txt", "english.txt"
OUT_OF = 60_000_000
"""Words of running text that the numbers of characters come from."""
OF_THE_FIELD = 2e-5
"""How likely a word is that `kb.commonness` has for being one of the field."""


@lru_cache(maxsize=8192)
def chinese(word: str) -> float:
    """How likely a Chinese word of one to four characters is in any text; 0 where it is not common."""
    if len(word) == 1:
        return _characters().get(word, 0.0)
    level = commonness.level(word)
    return 10 ** (level - 9) if level > 2 else OF_THE_FIELD if level else 0.0


def english(stem: str) -> bool:
    """Whether this is a common English word without its ending (`kb.tokens.stem`)."""
    return stem in _english()


@lru_cache(maxsize=1)
def _characters() -> Mapping[str, float]:
    found: dict[str, float] = {}
    for line in _lines(CHARACTERS):
        power, _, characters = line.partition(" ")
        found.update(dict.fromkeys(characters, 2 ** (int(power) + 0.5) / OUT_OF))
    return found


@lru_cache(maxsize=1)
def _english() -> frozenset[str]:
    found: list[str] = []
    for line in _lines(ENGLISH):
        head, *tails = line.split(" ")
        found += (head if tail == "-" else head + tail for tail in tails)
    return frozenset(found)


def _lines(name: str) -> list[str]:
    lines = (ASSETS / name).read_text(encoding="utf-8").splitlines()
    return [line for line in lines if not line.startswith("#")]
