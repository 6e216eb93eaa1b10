"""How much of the shared corpus becomes guides; skipped where the corpus is not there."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from kb.derive import derive
from kb.fields import guidance
from kb.library import Library, open_library
from kb.model import Article, Guide

CORPUS = Path(__file__).resolve().parents[3] / "shared" / "corpus"
pytestmark = [
    pytest.mark.shared,
    pytest.mark.skipif(not CORPUS.is_dir(), reason="the shared corpus is not here"),
]


@pytest.fixture(scope="module")
def guides(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[Article, Guide | None]]:
    library: Library = open_library([CORPUS], tmp_path_factory.mktemp("cache"))
    read = [library.get(name) for name in library.ids()]
    return [(one, one.guide) for one in read if one is not None]


def said_by_kind(article: Article) -> bool:
    """The front matter says that it is about trouble."""
    return any(word in kind for kind in article.kinds for word in ("Troubleshooting", "Issue"))


def said_by_headings(article: Article) -> bool:
    """It has a section of symptoms or causes and one of what to do."""
    kinds = {section.kind for text in article.texts.values() for section in text.sections}
    return bool(kinds & {"symptoms", "cause"} and kinds & {"diagnosis", "resolution", "workaround"})


def either(article: Article) -> bool:
    return said_by_kind(article) or said_by_headings(article)


def solution(article: Article) -> bool:
    """The kind that this corpus gives to most of its articles, how-tos among them."""
    return any("solution" in kind.casefold() for kind in article.kinds)


def has_code(article: Article) -> bool:
    return any(section.blocks for text in article.texts.values() for section in text.sections)


@pytest.mark.parametrize("counted", [said_by_kind, said_by_headings, either, solution, has_code])
def test_articles_become_guides(
    guides: list[tuple[Article, Guide | None]], counted: Callable[[Article], bool]
) -> None:
    """At least 95 % have a symptom, a cause and a step, by whatever sign one counts them."""
    wanted = [(a, g) for a, g in guides if counted(a)]
    whole = [
        g for _, g in wanted if g and g.symptoms and g.causes and g.steps and all(c.fix for c in g.causes)
    ]
    both = sum(1 for g in whole if g.steps[0].text.en != g.steps[0].text.zh)
    print(f"{counted.__name__}: {len(whole)} of {len(wanted)} are guides, {both} in two languages")  # noqa: T201
    assert len(wanted) > 40
    assert len(whole) >= 0.95 * len(wanted)


def test_the_facet_says_which_articles_become_guides(guides: list[tuple[Article, Guide | None]]) -> None:
    """What the index says without deriving is what deriving gives, for every article."""
    from dataclasses import replace

    bare = [replace(article, guide=None) for article, _ in guides]
    assert [one.id for one in bare if (derive(one) is None) != (guidance(one) == "none")] == []
