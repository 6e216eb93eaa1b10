"""Search quality on queries that nobody tuned for (tests/kb/heldout); aggregates only, a loose floor."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.kb.quality import CORPUS, measure

QUERIES = Path(__file__).parent / "heldout" / "queries.jsonl"

pytestmark = [
    pytest.mark.shared,
    pytest.mark.skipif(not CORPUS.is_dir(), reason="the customer's material is not here"),
]


def test_queries_not_seen_while_developing_are_answered(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    quality = measure(QUERIES, CORPUS, tmp_path)
    with capsys.disabled():
        print(f"\nheld-out {quality}")  # noqa: T201
    assert quality.mean() >= 0.70
    assert quality.mean("identifier") >= 0.85
    assert quality.mean("error") >= 0.85
