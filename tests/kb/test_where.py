"""kb.where and kb.facets: filters inside a query, and what the matching articles have in common."""

from __future__ import annotations

from pathlib import Path

import pytest

from kb import open_library
from kb.facets import Facets
from kb.library import Library
from kb.where import inline


@pytest.mark.parametrize(
    ("text", "left", "found"),
    [
        ("component:ovn 丢包", "丢包", {"component": "ovn"}),
        ("丢包 组件：ovn", "丢包", {"component": "ovn"}),
        ('kind:"How To" flow', "flow", {"kind": "How To"}),
        ("guide:有 语言:中文 flow", "flow", {"guide": "yes", "lang": "zh"}),
        ("error: kind: x", "error: kind: x", {}),
        ("http://host component:", "http://host component:", {}),
    ],
)
def test_filters_are_read_out_of_the_text(text: str, left: str, found: dict[str, str]) -> None:
    rest, where = inline(text, lambda key, value: True)
    assert (rest.strip(), dict(where)) == (left, found)
    assert len(rest) == len(text)


def test_what_fits_no_article_stays_text() -> None:
    assert inline("version:9.9 x", lambda key, value: False) == ("version:9.9 x", {})


def test_values_are_counted_over_articles_not_texts() -> None:
    facets = Facets(["a", "a", "b", "c"])
    facets.file("component", "OVN", [0, 1, 2])
    facets.file("component", "DNS", [3])
    assert facets.count(["a", "b"])["component"] == (("OVN", 2),)
    assert facets.count(["a", "b", "c"])["component"] == (("OVN", 2), ("DNS", 1))
    assert facets.count([])["component"] == ()


@pytest.fixture
def library(root: Path, tmp_path: Path) -> Library:
    return open_library([root], tmp_path / "cache")


def test_a_filter_inside_the_query_narrows_it(library: Library) -> None:
    outcome = library.find("flow table product:beta")
    assert [hit.article_id for hit in outcome.hits] == ["Flow_table_grows"]
    assert dict(outcome.where) == {"product": "beta"}


def test_a_filter_alone_lists_what_passes(library: Library) -> None:
    outcome = library.find("product:beta")
    assert ([hit.article_id for hit in outcome.hits], outcome.total) == (["Flow_table_grows"], 1)


def test_facets_count_all_matches_as_articles_write_their_values(library: Library) -> None:
    facets = library.find("flow table", limit=1).facets
    assert facets["product"] == (("Beta", 1),)
    assert facets["lang"] == (("en", 2), ("zh", 1))
    assert facets["guide"] == (("derived", 1), ("none", 1))


def test_words_that_nothing_answers_are_named(library: Library) -> None:
    assert library.find("zzzzqqq 流表 鬱鬱").unknown == ("zzzzqqq", "鬱鬱")
    assert library.find("gatway").understood[0].meant == ("gateway",)
