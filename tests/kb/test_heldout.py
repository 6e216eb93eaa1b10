"""Search quality on queries that nobody tuned for (tests/kb/heldout); aggregates only, a loose floor."""

from __future__ import annotations

import json
import statistics
from collections import defaultdict
from pathlib import Path

import pytest

from kb import open_library

HERE = Path(__file__).parent
CORPUS = HERE.parents[1] / ".." / "shared" / "corpus"
QUERIES = HERE / "heldout" / "queries.jsonl"

pytestmark = [
    pytest.mark.shared,
    pytest.mark.skipif(not CORPUS.is_dir(), reason="the customer's material is not here"),
]


def test_queries_not_seen_while_developing_are_answered(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    queries = [json.loads(line) for line in QUERIES.read_text(encoding="utf-8").splitlines()]
    library = open_library([CORPUS], tmp_path)
    unknown = {answer for query in queries for answer in query["relevant"]} - set(library.ids())
    assert not unknown, "the set asks for articles that are not there"
    ranks: dict[str, list[float]] = defaultdict(list)
    for query in queries:
        hits = library.find(query["query"], limit=10).hits
        place = next((n for n, hit in enumerate(hits, start=1) if hit.article_id in query["relevant"]), 0)
        for kind in (query["kind"], "all"):
            ranks[kind].append(1 / place if place else 0.0)
    figures = ", ".join(f"{kind} {statistics.mean(values):.3f}" for kind, values in sorted(ranks.items()))
    first = sum(value == 1 for value in ranks["all"]) / len(queries)
    with capsys.disabled():
        print(f"\nheld-out MRR@10 {figures}; success@1 {first:.3f}")  # noqa: T201
    assert statistics.mean(ranks["all"]) >= 0.70
    assert statistics.mean(ranks["identifier"]) >= 0.85
    assert statistics.mean(ranks["error"]) >= 0.85
