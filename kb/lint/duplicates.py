"""Texts that say the same: exactly, or nearly, found in time linear in their number.

Every text becomes a one-permutation MinHash of its word shingles (Li, Owen and Zhang 2012, empty bins filled by
rotation as Shrivastava and Li 2014 do); texts that agree in one band of bins are compared.
"""

from __future__ import annotations

import re
from array import array
from collections.abc import Iterator
from dataclasses import dataclass, field
from hashlib import blake2b
from zlib import crc32

from kb.lint.view import found, near
from kb.problem import Problem

BINS = 128
BANDS = 32
ROWS = BINS // BANDS
SHINGLE = 4
NEAR = 0.85
"""Share of common shingles from which two texts count as nearly the same."""
LEAST = 60
"""Words below which only exact equality counts."""
CROWD = 40
"""Texts of one band that a new one is compared with, at most."""
WORD = re.compile(r"[0-9a-z_]+|[\u3400-\u9fff]")
EMPTY = 0xFFFFFFFF


@dataclass(frozen=True, slots=True)
class _Seen:
    article: str
    path: str
    lang: str
    sketch: array[int]


@dataclass(slots=True)
class Duplicates:
    """Takes one text after the other and says which earlier one it repeats."""

    exact: dict[bytes, tuple[str, str]] = field(default_factory=dict)
    bands: dict[tuple[int, int], list[int]] = field(default_factory=dict)
    seen: list[_Seen] = field(default_factory=list)

    def add(self, article: str, path: str, lang: str, markdown: str, root: str = "") -> Iterator[Problem]:
        """The finding about one more text, if it repeats one of another article."""
        words = WORD.findall(markdown.lower())
        if not words:
            return
        digest = blake2b(" ".join(words).encode(), digest_size=16).digest()
        other = self.exact.setdefault(digest, (article, path))
        if other[1] != path:
            if other[0] != article:
                yield found(path, 0, "article.duplicate", other=near(other[1], root), id=other[0])
            return
        if len(words) < LEAST:
            return
        new = _Seen(article, path, lang, sketch(words))
        best = self._nearest(new)
        if best:
            share, twin = best
            yield found(
                path,
                0,
                "article.near-duplicate",
                other=near(twin.path, root),
                id=twin.article,
                share=round(share * 100),
            )

    def _nearest(self, new: _Seen) -> tuple[float, _Seen] | None:
        close: set[int] = set()
        number = len(self.seen)
        self.seen.append(new)
        for band in range(BANDS):
            key = (band, crc32(new.sketch[band * ROWS : (band + 1) * ROWS].tobytes()))
            members = self.bands.setdefault(key, [])
            close.update(members)
            if len(members) < CROWD:
                members.append(number)
        best: tuple[float, _Seen] | None = None
        for index in close:
            old = self.seen[index]
            if old.article == new.article or old.lang != new.lang:
                continue
            share = sum(a == b for a, b in zip(old.sketch, new.sketch, strict=True)) / BINS
            if share >= NEAR and (best is None or share > best[0]):
                best = share, old
        return best


def sketch(words: list[str]) -> array[int]:
    """The smallest hash of the shingles of a text in each bin."""
    joined = zip(*(words[n:] for n in range(SHINGLE)), strict=False)
    bins = [EMPTY] * BINS
    for value in {crc32(" ".join(shingle).encode()) for shingle in joined}:
        place, rest = value % BINS, value // BINS
        if rest < bins[place]:
            bins[place] = rest
    if EMPTY in bins and any(value != EMPTY for value in bins):
        bins = _filled(bins)
    return array("I", bins)


def _filled(bins: list[int]) -> list[int]:
    """Empty bins take the value of the next full one, moved by how far it is away, so that equality stays rare."""
    filled = list(bins)
    for place, value in enumerate(bins):
        distance = 0
        while value == EMPTY:
            distance += 1
            value = bins[(place + distance) % BINS]
        filled[place] = (value + distance * 0x9E3779B1) & 0xFFFFFFFE if distance else value
    return filled
