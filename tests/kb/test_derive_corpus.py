"""How much of the shared corpus becomes guides; skipped where the corpus is not there."""

from __future__ import annotations

from pathlib import Path

import pytest

from kb.derive import derive
from kb.library import open_library
from kb.model import Article

CORPUS = Path(__file__).resolve().parents[3] / "shared" / "corpus"
pytestmark = [
    pytest.mark.shared,
    pytest.mark.skipif(not CORPUS.is_dir(), reason="the shared corpus is not here"),
]


def is_troubleshooting(article: Article) -> bool:
    kinds = {section.kind for text in article.texts.values() for section in text.sections}
    named = any(word in kind for kind in article.kinds for word in ("Troubleshooting", "Issue"))
    return named or bool(kinds & {"symptoms", "cause"} and kinds & {"diagnosis", "resolution", "workaround"})


def test_troubleshooting_articles_become_guides(tmp_path: Path) -> None:
    """At least 95 % of them have a symptom, a cause and a step."""
    library = open_library([CORPUS], tmp_path)
    wanted = [a for a in map(library.get, library.ids()) if a is not None and is_troubleshooting(a)]
    found = [derive(article) for article in wanted]
    whole = [g for g in found if g and g.symptoms and g.causes and g.steps and all(c.fix for c in g.causes)]
    both = sum(1 for g in whole if g.steps[0].text.en != g.steps[0].text.zh)
    print(f"{len(whole)} of {len(wanted)} troubleshooting articles are guides, {both} in two languages")  # noqa: T201
    assert len(wanted) > 100
    assert len(whole) >= 0.95 * len(wanted)
