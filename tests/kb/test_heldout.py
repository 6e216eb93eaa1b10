"""Search quality on our own queries (tests/kb/heldout): aggregates only, floors a little below what was reached."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.kb.quality import CORPUS, measure

SETS = Path(__file__).parent / "heldout"

pytestmark = [
    pytest.mark.shared,
    pytest.mark.skipif(not CORPUS.is_dir(), reason="the customer's material is not here"),
]


@pytest.mark.parametrize(
    ("name", "floors"),
    [
        (
            "queries",
            {"all": 0.95, "identifier": 0.98, "error": 0.98, "crosslang": 0.95, "typo": 0.92, "symptom": 0.89,
             "question": 0.88},
        ),
        ("paraphrases", {"all": 0.90, "symptom": 0.88, "question": 0.92}),
    ],
)  # fmt: skip
def test_queries_are_answered(
    name: str, floors: Mapping[str, float], corpus_state: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    quality = measure(SETS / f"{name}.jsonl", CORPUS, corpus_state)
    with capsys.disabled():
        print(f"\n{name} {quality}")  # noqa: T201
    assert {kind: quality.mean(kind) for kind, floor in floors.items() if quality.mean(kind) < floor} == {}
