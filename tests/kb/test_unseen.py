"""Search quality on the second unseen set (tests/kb/heldout/unseen.jsonl): aggregates only, one loose floor."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.kb.quality import CORPUS, measure

QUERIES = Path(__file__).parent / "heldout" / "unseen.jsonl"

pytestmark = [
    pytest.mark.shared,
    pytest.mark.skipif(not CORPUS.is_dir(), reason="the customer's material is not here"),
]


def test_unseen_queries_are_answered(corpus_state: Path, capsys: pytest.CaptureFixture[str]) -> None:
    quality = measure(QUERIES, CORPUS, corpus_state)
    with capsys.disabled():
        print(f"\nunseen {quality}")  # noqa: T201
    assert quality.mean() >= 0.80
