"""Which two texts are the languages of one article, and whether a translation is older than its source."""

from __future__ import annotations

import math
import re
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

from kb import frontmatter
from kb.importing.fronts import DIGEST
from kb.importing.rows import Row

HAN = re.compile(r"[\u3400-\u9fff]")
SPAN = re.compile(r"`([^`\n]{3,120})`")
WORD = re.compile(
    r"[A-Za-z][A-Za-z0-9]*(?:[-_./:][A-Za-z0-9]+)+|[a-z]+[A-Z]\w+|[A-Z][a-z]+[A-Z]\w*|[0-9a-f]{7,}|\d{4,}"
)
IMAGE = re.compile(r"!\[[^\[\]]{0,300}\]\(([^()\s]{1,1000})")
MOST = 600
"""Prints kept of one text."""
ENOUGH = 0.5
"""Weighted share of the rarer prints that two languages of one article have in common at least."""
FEWEST = 4
CROWD = 40
"""A print that more texts have than this says nothing about a pair."""
SHA = re.compile(r"[0-9a-f]{40,64}\Z")


@dataclass(frozen=True, slots=True)
class Printed:
    """A text as far as pairing needs it."""

    name: str
    lang: str
    prints: frozenset[int]


def fingerprint(rows: Sequence[Row]) -> frozenset[int]:
    """Hashes of what a translation leaves alone: lines of code, identifiers, images."""
    found: dict[int, None] = {}
    for row in rows:
        if len(found) >= MOST:
            break
        text = row.text[:4_000]
        if row.code:
            words = " ".join(text.split())
            if len(words) >= 6 and not HAN.search(words) and not words.startswith(("#", "//", "```", "~~~")):
                found[_hash("c " + words)] = None
            continue
        for word in WORD.findall(SPAN.sub(r" \1 ", text)):
            found[_hash("w " + word)] = None
        for span in SPAN.findall(text):
            if not HAN.search(span):
                found[_hash("s " + span)] = None
        for image in IMAGE.findall(text):
            found[_hash("i " + image.rpartition("/")[2])] = None
    return frozenset(list(found)[:MOST])


def alike(a: frozenset[int], b: frozenset[int]) -> float:
    """How much of the smaller text's prints the other one has, 0 to 1."""
    fewer = min(len(a), len(b))
    return len(a & b) / fewer if fewer >= FEWEST else 0.0


def by_content(texts: Sequence[Printed]) -> list[tuple[str, str]]:
    """Pairs (names, English first) of texts in two languages that are each other's best match, and a good one."""
    holders: dict[int, list[int]] = defaultdict(list)
    for index, text in enumerate(texts):
        for mark in text.prints:
            holders[mark].append(index)
    weight = {mark: 1 / math.log2(1 + len(of)) for mark, of in holders.items() if 1 < len(of) <= CROWD}
    # a print that nobody else has counts too: it is what the texts do not have in common
    total = [sum(weight.get(m, 1.0) for m in t.prints if len(holders[m]) <= CROWD) for t in texts]
    best: dict[int, tuple[float, int]] = {}
    for index, text in enumerate(texts):
        shared: Counter[int] = Counter()
        common: defaultdict[int, float] = defaultdict(float)
        for mark in text.prints:
            for other in holders[mark] if mark in weight else ():
                if texts[other].lang != text.lang:
                    shared[other] += 1
                    common[other] += weight[mark]
        scores = [
            (common[other] / max(min(total[index], total[other]), 1e-9), -other)
            for other, count in shared.items()
            if count >= FEWEST
        ]
        if scores:
            score, other = max(scores)
            if score >= ENOUGH:
                best[index] = (score, -other)
    return [
        (texts[index].name, texts[other].name)
        for index, (_, other) in best.items()
        if texts[index].lang == "en" and best.get(other, (0, -1))[1] == index
    ]


def source_digest(front: Mapping[str, Any], own: str = "") -> str:
    """The SHA-256 a translation of this text names: that of the file it was imported from, else `own`, its bytes'."""
    recorded = frontmatter.values(front, DIGEST)
    return recorded[0].lower() if recorded and SHA.match(recorded[0].lower()) else own.lower()


def is_stale(translation: Mapping[str, Any], source: Mapping[str, Any], source_sha: str = "") -> bool | None:
    """Whether a translation (its front matter) was made of an older state of `source`; None where nothing tells.

    `source_sha` is the SHA-256 of the source's file, used where its front matter does not record an imported one.
    """
    named = frontmatter.values(translation, "sourceSHA", "source_sha")
    now = source_digest(source, source_sha)
    if not named or not SHA.match(named[0].lower()) or not now:
        return None
    return not now.startswith(named[0].lower())


def _hash(text: str) -> int:
    return int.from_bytes(blake2b(text.encode("utf-8", "replace"), digest_size=8).digest())
