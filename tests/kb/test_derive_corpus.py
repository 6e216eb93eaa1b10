"""How much of the shared corpus becomes guides; skipped where the corpus is not there."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kb.articlefile import parse_article
from kb.derive import derive
from kb.fields import guidance
from kb.importing.compose import compose
from kb.importing.convert import pieces
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
    bare = [(replace(article, guide=None), guide) for article, guide in guides]
    assert [one.id for one, guide in bare if (guide is None) != (guidance(one) == "none")] == []


NASTY = [
    b"\x00",
    b"\xff\xfe",
    b"```",
    b"\n\n",
    b"<<EOF\n",
    b"$(",
    b"'",
    b"---\n",
    b"|",
    b"# ",
    b"> " * 300,
    b"- " * 300,
]


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.integers(0, 10_000),
    st.lists(
        st.tuples(st.floats(0, 1), st.integers(0, 400), st.sampled_from(NASTY)), min_size=1, max_size=12
    ),
)
def test_mutated_articles_are_imported_and_walked_or_refused(
    files: list[Path], which: int, changes: list[tuple[float, int, bytes]]
) -> None:
    """Whatever is cut out of an article or put into it: import and guide stay whole, in bounded time."""
    source = files[which % len(files)]
    data = source.read_bytes()
    for place, length, new in changes:
        at = int(place * len(data))
        data = data[:at] + new + data[at + length :]
    began = time.process_time()
    for piece in pieces(data, "x", source.name):
        if piece.draft is None:
            continue
        made = compose(piece.draft, "x", lang="", named_lang="", stem="x")
        text, _ = parse_article(made.body.encode(), "x.md", lang=made.lang)
        if text is None:
            continue
        article = Article("x", {made.lang: text}, "", kinds=("Troubleshooting",))
        guide = derive(article)
        assert (guide is None) == (guidance(article) == "none")
        if guide:
            ids = {step.id for step in guide.steps}
            assert guide.symptoms
            assert guide.causes
            assert all(cause.fix and set(cause.fix) <= ids for cause in guide.causes)
    assert time.process_time() - began < 10


@pytest.fixture(scope="module")
def files() -> list[Path]:
    return sorted(CORPUS.rglob("*.md"))
