"""Finding known phrases in a text: units, small patterns, longest match first.

A unit is one Han character, or one English word in small letters without its ending (`kb.tokens.stem`), so that
``restarts`` meets ``restarting``; identifiers fall into their words (``NetworkPolicy`` = ``network policy``). A phrase
is a sequence of units and may hold ``<name>``, any member of a class of expressions, and ``…``, up to `GAP` units of
anything. Little words between the units of a phrase are passed over (``pull the image``, ``重启了``).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from kb.tokens import CAMEL, HAN, fold, is_han, stem

GAP = 6
MOST_UNITS = 400
"""Longer texts are no queries; only their beginning is looked at."""
MOST_STEPS = 50_000
"""Comparisons for one text: a hostile list of phrases costs time, not a freeze."""
ANY = "…"
HEAD = 2
"""Letters by which phrases are kept apart before they are cut into units."""
SLOT = re.compile(r"<([a-z][a-z-]*)>|…|\.\.\.")
UNIT = re.compile(rf"[{HAN}]|[^\W_{HAN}]+(?:['’][a-z]+)?")
ABBREVIATIONS = re.compile(r"[A-Z]{2,}s|(?:vm|ip|pv|lb|db)s")
"""Plurals that are too short for the stemmer."""
LITTLE_WORDS = """
a an the my our your its their this that some is are was were be been of 的 了 在 着 都 又 也 就 被
"""
LITTLE = frozenset(LITTLE_WORDS.split())

Key = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Unit:
    """One unit of a text and where it stands."""

    key: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Found:
    """A phrase in a text: its span and what it was added with."""

    start: int
    end: int
    payload: int
    size: int = 1
    """Units of the phrase, without what a gap took in."""


def units(text: str) -> Iterator[Unit]:
    """The units of a text in order."""
    for match in UNIT.finditer(fold(text)):
        piece, start = match[0], match.start()
        if is_han(piece[0]) or not piece.isalnum() or piece.islower() or piece.isupper():
            yield Unit(_key(piece), start, match.end())
            continue
        for part in CAMEL.finditer(piece):
            yield Unit(_key(part[0]), start + part.start(), start + part.end())


def _key(piece: str) -> str:
    if ABBREVIATIONS.fullmatch(piece):
        piece = piece[:-1]
    if len(piece) == 1:
        return piece.lower()
    return stem(piece.lower().replace("’", "'").removesuffix("'s"))


@lru_cache(maxsize=32768)
def keys(phrase: str) -> tuple[Key, ...]:
    """The sequences of units a phrase is found by: its units, and an identifier's also as one word."""
    slots = [(m.start(), m.end(), f"<{m[1]}>" if m[1] else ANY) for m in SLOT.finditer(phrase)]
    sequence: list[str] = []
    at = 0
    for start, end, slot in [*slots, (len(phrase), len(phrase), "")]:
        sequence += (unit.key for unit in units(phrase[at:start]))
        if slot:
            sequence.append(slot)
        at = end
    told = [key for key in sequence if not (key.isascii() and key in LITTLE)] or sequence
    found = [tuple(told)] if told else []
    if len(told) > 1 and not slots and phrase.isascii() and " " not in phrase:
        joined = stem("".join(c for c in phrase.lower() if c.isalnum()))
        found.append((joined,))
    return tuple(found)


@dataclass(slots=True)
class Phrases:
    """Phrases by how they begin; they are cut into units when a text first holds such a beginning."""

    _raw: dict[str, list[tuple[str, int]]] = field(default_factory=dict)
    _cut: dict[str, list[tuple[Key, int]]] = field(default_factory=dict)
    _members: dict[str, list[tuple[Key, str]]] = field(default_factory=dict)

    def add(self, phrase: str, payload: int) -> None:
        """Add a phrase; a text in which it is found gives `payload`."""
        for beginning in _beginnings(phrase):
            self._raw.setdefault(beginning, []).append((phrase, payload))

    def add_member(self, name: str, phrase: str) -> None:
        """Add an expression to the class `name`."""
        for key in keys(phrase):
            self._members.setdefault(key[0], []).append((key, f"<{name}>"))

    def find(self, text: str) -> list[Found]:
        """Every phrase at every place of the text, in the order of the places."""
        said = [unit for unit, _ in zip(units(text), range(MOST_UNITS), strict=False)]
        return list(_Search(self, said).all())

    def members(self, first: str) -> Sequence[tuple[Key, str]]:
        """The expressions of classes that begin with a unit, each with its class."""
        return self._members.get(first, ())

    def beginning(self, first: str) -> Sequence[tuple[Key, int]]:
        """The phrases that begin with a unit or a class."""
        beginning = first if first[0] == "<" else first[:HEAD]
        cut = self._cut.get(beginning)
        if cut is None:
            raw = self._raw.get(beginning, ())
            cut = [(key, payload) for phrase, payload in raw for key in keys(phrase)]
            self._cut[beginning] = cut  # whole at once: another thread may be looking
        return [(key, payload) for key, payload in cut if key[0] == first]


def _beginnings(phrase: str) -> set[str]:
    """How the keys of a phrase begin, without cutting it up."""
    if phrase[0] == "<":
        return {phrase[: phrase.find(">") + 1]}
    for match in UNIT.finditer(fold(phrase)):
        piece = match[0]
        if piece.lower() in LITTLE and piece.isascii() and match.end() < len(phrase):
            continue
        if piece.islower() or piece.isupper() or is_han(piece[0]):
            return {piece[:HEAD].lower()}
        part = CAMEL.search(piece)
        return {piece[:HEAD].lower(), part[0][:HEAD].lower() if part else ""}
    return set()


class _Search:
    def __init__(self, phrases: Phrases, said: Sequence[Unit]) -> None:
        self._phrases = phrases
        self._said = said
        self._steps = MOST_STEPS
        self._members: Mapping[int, list[tuple[str, int]]] = {}
        self._members = {
            at: [(name, end) for key, name in phrases.members(unit.key) for end in self._ends(key, 1, at + 1)]
            for at, unit in enumerate(said)
        }

    def all(self) -> Iterator[Found]:
        for at, unit in enumerate(self._said):
            starts = [(unit.key, at + 1), *self._members.get(at, ())]
            for first, after in starts:
                for key, payload in self._phrases.beginning(first):
                    for end in self._ends(key, 1, after):
                        yield Found(unit.start, self._said[end - 1].end, payload, len(key) - key.count(ANY))

    def _ends(self, key: Key, done: int, at: int) -> Iterator[int]:
        """Where (after which unit) the rest of a phrase may end that goes on at unit `at`."""
        self._steps -= 1
        if done == len(key):
            yield at
            return
        if at >= len(self._said) or self._steps < 0:
            return
        wanted = key[done]
        if wanted == ANY:
            for skipped in range(GAP + 1):
                yield from self._ends(key, done + 1, at + skipped)
            return
        if wanted[0] == "<":
            for name, end in self._members.get(at, ()):
                if name == wanted:
                    yield from self._ends(key, done + 1, end)
        elif self._said[at].key == wanted:
            yield from self._ends(key, done + 1, at + 1)
            return
        if self._said[at].key in LITTLE:
            yield from self._ends(key, done, at + 1)
