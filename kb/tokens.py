"""The analyzer: mixed Chinese and English text to words, and each word to the terms it is found by.

One function serves documents and queries. A `Word` is what stands in the text; its forms are the terms:

- words in small letters, plural and ending taken off (``probes`` → ``prob``, ``leaked`` → ``leak``);
- identifiers whole, in parts, and joined: ``Mac_Binding`` → ``mac_binding``, ``mac``, ``binding``, ``macbinding``;
- numbers also as what they amount to: ``10w`` = ``10万`` = ``100,000``;
- runs of Chinese as overlapping pairs of characters (a single character only when it stands alone).
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from operator import add
from typing import Literal

Kind = Literal["whole", "part", "join", "number", "pair"]
LONGEST = 80
"""Longer words (base64, hashes) are not terms; only their head is kept."""

HAN = "\u2e80-\u2fdf\u3005\u3007\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003ffff"
ONE_HAN = re.compile(rf"[{HAN}]")
HAN_RUN = re.compile(rf"[{HAN}]+")
LATIN = re.compile(rf"[^\W{HAN}]+(?:[.:/@+,-][^\W{HAN}]+)*")
PIECE = re.compile(f"{HAN_RUN.pattern}|{LATIN.pattern}")
AMOUNT = re.compile(r"([0-9]+(?:\.[0-9]+)?)([wk万千亿]|百万|千万)?")
UNITS = {"": 1, "w": 10**4, "万": 10**4, "k": 10**3, "千": 10**3, "百万": 10**6, "千万": 10**7, "亿": 10**8}
GROUPED = re.compile(r"[0-9]{1,3}(?:,[0-9]{3})+\Z")
AFTER_NUMBER = re.compile(r"百万|千万|[万千亿]")
WITH_UNIT = re.compile(rf"(?<![^\W{HAN}])(?<![^\W{HAN}][.:/@+,-])[0-9]+(?:\.[0-9]+)?(?:百万|千万|[万千亿])")
PATHWAY = re.compile(r"[/:@,+]+")
JOINT = re.compile(r"[_.\-]+")
CAMEL = re.compile(r"[A-Z]{2,}s(?![a-z])|[A-Z]+(?![a-z])[0-9]*|[A-Z]?[a-z]+[0-9]*|[0-9]+|[^\W\d_]+[0-9]*")
NOISE = re.compile(
    r"[0-9a-f]{8}-[0-9a-f-]{27}\Z|[0-9a-f]{12,}\Z|(?:[0-9a-f]{2}:){5}[0-9a-f]{2}\Z|[0-9.,:/]+\Z"
)
"""UUIDs, digests, MAC addresses, addresses and versions: found whole, their parts say nothing."""


class _Fold(dict[int, str | int]):
    """Letters and digits to their compatible plain form, one to one so that offsets stay (``Ａ`` → ``A``)."""

    def __missing__(self, code: int) -> str | int:
        plain = unicodedata.normalize("NFKC", chr(code))
        self[code] = plain if len(plain) == 1 and plain.isalnum() else code
        return self[code]


FOLD = _Fold()
FOLDABLE = re.compile(r"[\uf900-\ufaff\uff10-\uff19\uff21-\uff3a\uff41-\uff5a]")
"""Compatibility ideographs and full-width letters and digits; texts without any are left as they are."""


def fold(text: str) -> str:
    """Text of the same length with full-width and compatibility letters made plain."""
    return text.translate(FOLD) if FOLDABLE.search(text) else text


@dataclass(frozen=True, slots=True)
class Form:
    """One term a word is found by."""

    text: str
    kind: Kind


@dataclass(frozen=True, slots=True)
class Word:
    """A word of a text: where it stands, its position among the words, and its forms."""

    text: str
    start: int
    end: int
    position: int
    forms: tuple[Form, ...]


def words(text: str) -> Iterator[Word]:
    """The words of a text in order; a Chinese run of n characters gives n-1 words of two characters each."""
    plain = fold(text)
    position = 0
    for match in PIECE.finditer(plain):
        piece, start = match[0], match.start()
        if is_han(piece[0]):
            for offset in range(max(1, len(piece) - 1)):
                pair = piece[offset : offset + 2]
                yield Word(pair, start + offset, start + offset + len(pair), position, _pair(pair))
                position += 1
        else:
            found = forms(piece[:LONGEST] if len(piece) > LONGEST else piece)
            unit = AFTER_NUMBER.match(plain, match.end()) if piece[-1].isdecimal() else None
            if unit:
                found = (*found, *_amount(piece + unit[0]))
            yield Word(piece, start, match.end(), position, found)
            position += 1


def terms(text: str) -> Iterator[str]:
    """All terms of a text, for the index: the forms of its `words`."""
    plain = fold(text)
    for match in PIECE.finditer(plain):
        piece = match[0]
        if is_han(piece[0]):
            yield from (piece[i : i + 2] for i in range(max(1, len(piece) - 1)))
            continue
        for form in forms(piece[:LONGEST] if len(piece) > LONGEST else piece):
            yield form.text
        unit = AFTER_NUMBER.match(plain, match.end()) if piece[-1].isdecimal() else None
        if unit:
            yield from (form.text for form in _amount(piece + unit[0]))


def counted(text: str) -> dict[str, int]:
    """How often each term stands in a text: what counting its `terms` gives, several times faster."""
    plain = fold(text)
    runs = HAN_RUN.findall(plain)
    joined = "\n".join(runs)
    found = Counter(map(add, joined, joined[1:]))
    for pair in [pair for pair in found if "\n" in pair]:  # from one run to the next
        del found[pair]
    found.update(run for run in runs if len(run) == 1)
    for piece, times in Counter(LATIN.findall(plain)).items():
        for term in term_texts(piece[:LONGEST]):
            found[term] += times
    for match in WITH_UNIT.finditer(plain) if any(unit in plain for unit in "万千亿") else ():
        found.update(form.text for form in _amount(match[0]))
    return found


def is_han(character: str) -> bool:
    """Whether a character belongs to a script written without spaces."""
    return character > "\u2e7f" and ONE_HAN.match(character) is not None


@lru_cache(maxsize=65536)
def _pair(pair: str) -> tuple[Form, ...]:
    return (Form(pair, "pair"),)


@lru_cache(maxsize=65536)
def forms(word: str) -> tuple[Form, ...]:
    """The terms of one word without spaces, the whole first, none twice."""
    word = word.strip("_") or word
    whole = word.lower()
    found: dict[str, Kind] = {stem(whole): "whole"}
    for form in _amount(word):
        found.setdefault(form.text, form.kind)
    if not NOISE.match(whole) and not AMOUNT.fullmatch(whole):
        for path in PATHWAY.split(word):
            _segment(path, found)
    return tuple(Form(text, kind) for text, kind in found.items() if text)


@lru_cache(maxsize=65536)
def term_texts(word: str) -> tuple[str, ...]:
    """The terms of one word without spaces, as texts."""
    return tuple(form.text for form in forms(word))


def _segment(segment: str, found: dict[str, Kind]) -> None:
    """Add one segment of a path-like word: itself, its parts, and its parts joined."""
    if not segment:
        return
    found.setdefault(stem(segment.lower()), "part")
    parts = [part for joint in JOINT.split(segment) for part in CAMEL.findall(joint)]
    if len(parts) < 2 or _is_hash(parts):
        return
    for joint in JOINT.split(segment):
        if len(joint) > 1:
            found.setdefault(stem(joint.lower()), "part")
    for part in parts:
        if len(part) > 1:
            found.setdefault(stem(part.lower()), "part")
        if part[-1] == "s" and part[:-1].isupper():  # IPs, VMs
            found.setdefault(part[:-1].lower(), "part")
    if JOINT.search(segment):
        found.setdefault(stem(JOINT.sub("", segment).lower()), "join")


def _is_hash(parts: list[str]) -> bool:
    return len(parts) > 4 and sum(len(part) for part in parts) < 3 * len(parts)


def _amount(word: str) -> Iterator[Form]:
    if GROUPED.match(word):
        yield Form(word.replace(",", ""), "number")
        return
    match = AMOUNT.fullmatch(word.lower())
    if match and match[2]:
        yield Form(f"{float(match[1]) * UNITS[match[2]]:.0f}", "number")


def stem(word: str) -> str:
    """An English word without plural and verb ending; anything else as it is."""
    if len(word) < 4 or not word.isascii() or not word.isalpha():
        return word
    if word.endswith("s") and not word.endswith(("ss", "us", "is")):
        if word.endswith("ies") and len(word) > 4:
            word = word[:-3] + "y"
        elif word.endswith(("ches", "shes", "sses", "xes", "zes")):
            word = word[:-2]
        else:
            word = word[:-1]
    for ending in ("ing", "ed"):
        if word.endswith(ending):
            base = word[: -len(ending)]
            if len(base) < 3 or not VOWEL.search(base):
                return word
            if base[-1] == base[-2] and base[-1] not in "aeiouls":
                base = base[:-1]
            word = base
            break
    return word[:-1] if word.endswith("e") and len(word) > 4 else word


VOWEL = re.compile(r"[aeiouy]")
