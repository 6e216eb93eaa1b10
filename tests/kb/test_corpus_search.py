"""General search quality on the customer's corpus and queries; a loose floor, the figures are printed."""

from __future__ import annotations

import json
import statistics
from collections import defaultdict
from pathlib import Path

import pytest

from kb import open_library

SHARED = Path(__file__).parents[2] / ".." / "shared"
CORPUS, QUERIES = SHARED / "corpus", SHARED / "search-queries.jsonl"

pytestmark = [
    pytest.mark.shared,
    pytest.mark.skipif(
        not (CORPUS.is_dir() and QUERIES.is_file()), reason="the customer's material is not here"
    ),
]


def test_the_corpus_is_read_without_errors_and_found_well(
    corpus_state: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    library = open_library([CORPUS], corpus_state)
    assert len(library.articles) > 200
    assert [str(p) for p in library.problems if p.severity == "error"] == []
    queries = [json.loads(line) for line in QUERIES.read_text(encoding="utf-8").splitlines()]
    ranks: dict[str, list[float]] = defaultdict(list)
    took = []
    for query in queries:
        outcome = library.find(query["query"], limit=10)
        took.append(outcome.took_ms)
        places = [n for n, hit in enumerate(outcome.hits, start=1) if hit.article_id in query["relevant"]]
        for kind in (query["kind"], "all"):
            ranks[kind].append(1 / places[0] if places else 0.0)
    with capsys.disabled():
        figures = ", ".join(f"{kind} {statistics.mean(values):.3f}" for kind, values in sorted(ranks.items()))
        first = sum(value == 1 for value in ranks["all"]) / len(queries)
        print(f"\nMRR@10 {figures}; success@1 {first:.3f}; median {statistics.median(took):.1f} ms")  # noqa: T201
    floors = {
        "all": 0.94,
        "identifier": 0.97,
        "error": 0.97,
        "crosslang": 0.95,
        "symptom": 0.92,
        "question": 0.89,
    }
    floors["typo"] = 0.86
    assert {
        kind: mean for kind, floor in floors.items() if (mean := statistics.mean(ranks[kind])) < floor
    } == {}
