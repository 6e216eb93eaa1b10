"""Misspelt queries over the customer's corpus: its titles with slips made by a seeded generator, and the typo queries.

The generator makes what fingers, input methods and eyes do, a kind at a time. A floor holds for what is kept of the
mean reciprocal rank at 10 that the same words reach when they are spelt rightly.
"""

from __future__ import annotations

import json
import random
import re
import statistics
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from kb import Library, open_library
from kb.homophones import sounding_like
from kb.lookalikes import looking_like
from kb.miswritten import common
from kb.spelling import BESIDES
from kb.tokens import is_han

SHARED = Path(__file__).parents[2] / ".." / "shared"
CORPUS, QUERIES = SHARED / "corpus", SHARED / "search-queries.jsonl"
HELDOUT = Path(__file__).parent / "heldout" / "queries.jsonl"
WORD = re.compile(r"(?<![\w.:/@+,-])[A-Za-z]{5,}(?![\w.:/@+,-])")
GAP = re.compile(r"(?<=[A-Za-z]{3})[ -](?=[A-Za-z]{3})")
EACH = 14
Slip = Callable[[str, random.Random], str]

pytestmark = [
    pytest.mark.shared,
    pytest.mark.skipif(
        not (CORPUS.is_dir() and QUERIES.is_file()), reason="the customer's material is not here"
    ),
]


@pytest.fixture(scope="module")
def library(corpus_state: Path) -> Library:
    return open_library([CORPUS], corpus_state)


def swapped(word: str, chance: random.Random) -> str:
    at = chance.choice([at for at in range(1, len(word) - 1) if word[at] != word[at + 1]] or [1])
    return word[:at] + word[at + 1] + word[at] + word[at + 2 :]


def left_out(word: str, chance: random.Random) -> str:
    at = chance.randrange(1, len(word))
    return word[:at] + word[at + 1 :]


def doubled(word: str, chance: random.Random) -> str:
    at = chance.randrange(1, len(word))
    return word[:at] + word[at] + word[at:]


def beside(word: str, chance: random.Random) -> str:
    at = chance.randrange(1, len(word))
    keys = sorted(BESIDES[word[at].lower()] - {word[at].lower()})
    return word[:at] + chance.choice(keys) + word[at + 1 :]


def in_words(slip: Slip, many: int = 2) -> Slip:
    """The slip in so many English words of a query."""

    def make(query: str, chance: random.Random) -> str:
        found = list(WORD.finditer(query))
        for word in sorted(chance.sample(found, min(many, len(found))), key=lambda m: -m.start()):
            query = query[: word.start()] + slip(word[0], chance) + query[word.end() :]
        return query

    return make


def joined(query: str, chance: random.Random) -> str:
    found = list(GAP.finditer(query))
    gap = chance.choice(found) if found else None
    return query[: gap.start()] + query[gap.end() :] if gap else query


def wrong_characters(confused: Callable[[str], list[str]]) -> Slip:
    """One character of every run of Chinese replaced."""

    def make(query: str, chance: random.Random) -> str:
        for run in reversed(list(re.finditer("[\u4e00-\u9fff]{2,}", query))):
            places = [at for at in range(run.start(), run.end()) if confused(query[at])]
            if places:
                at = chance.choice(places)
                query = query[:at] + chance.choice(confused(query[at])) + query[at + 1 :]
        return query

    return make


SLIPS: dict[str, tuple[Slip, float]] = {
    "letters swapped": (in_words(swapped), 0.8),
    "a letter left out": (in_words(left_out), 0.8),
    "a letter doubled": (in_words(doubled), 0.8),
    "a key beside": (in_words(beside), 0.8),
    "two slips in a word": (in_words(lambda word, chance: beside(swapped(word, chance), chance), 1), 0.8),
    "words joined": (joined, 0.8),
    "the same sound": (wrong_characters(lambda c: [o for o in sounding_like(c)[0] if common(o)]), 0.8),
    "a like shape": (wrong_characters(lambda c: list(looking_like(c)[:6])), 0.8),
}
"""Each kind of slip and what of the mean reciprocal rank it has to leave."""


def asked(chance: random.Random) -> Iterator[tuple[str, str]]:
    """Four words or twelve characters out of a title, and the article; in a random order."""
    paths = sorted(CORPUS.rglob("*.md"))
    chance.shuffle(paths)
    for path in paths:
        lines = path.read_text(encoding="utf-8").splitlines()
        title = next((line[2:].strip() for line in lines if line.startswith("# ")), "")
        words = title.split()
        if len(words) > 4:
            at = chance.randrange(len(words) - 3)
            title = " ".join(words[at : at + 4])
        if len(title) > 12 and any(is_han(c) for c in title):
            at = chance.randrange(len(title) - 11)
            title = title[at : at + 12]
        yield title, path.stem


def rank(library: Library, query: str, wanted: list[str]) -> float:
    hits = library.find(query, limit=10).hits
    return next((1 / n for n, hit in enumerate(hits, start=1) if hit.article_id in wanted), 0.0)


@pytest.mark.parametrize("kind", SLIPS)
def test_a_title_is_found_in_spite_of(
    kind: str, library: Library, capsys: pytest.CaptureFixture[str]
) -> None:
    slip, floor = SLIPS[kind]
    chance = random.Random(kind)
    right, wrong = [], []
    for query, article in asked(chance):
        typed = slip(query, chance)
        clean = rank(library, query, [article]) if typed != query else 0.0
        if clean >= 0.5:
            right.append(clean)
            wrong.append(rank(library, typed, [article]))
        if len(right) == EACH:
            break
    kept = sum(wrong) / sum(right)
    with capsys.disabled():
        print(f"\n{kind}: {kept:.3f} of {statistics.mean(right):.3f}")  # noqa: T201
    assert len(right) == EACH
    assert kept >= floor


@pytest.mark.parametrize(("listed", "floor"), [(QUERIES, 0.85), (HELDOUT, 0.95)])
def test_the_typo_queries_are_answered(listed: Path, floor: float, library: Library) -> None:
    rows = [json.loads(line) for line in listed.read_text(encoding="utf-8").splitlines()]
    ranks = [rank(library, row["query"], row["relevant"]) for row in rows if row["kind"] == "typo"]
    assert statistics.mean(ranks) >= floor


def test_what_is_spelt_rightly_is_left_alone(library: Library) -> None:
    """Of the queries of both sets that have no slip, hardly any is said to have one (every third is asked)."""
    rows = [
        json.loads(line)
        for path in (QUERIES, HELDOUT)
        for line in path.read_text(encoding="utf-8").splitlines()
    ]
    right = [row for row in rows if row["kind"] != "typo"][::3]
    said = {
        row["query"]: row["kind"]
        for row in right
        if any(part.kind == "corrected" for part in library.find(row["query"]).understood)
    }
    assert len(said) <= 0.1 * len(right), said
    assert not {"error", "identifier"} & set(said.values())
