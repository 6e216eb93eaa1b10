"""Library.search and find: what is found, in which language, how it is shown."""

from __future__ import annotations

from pathlib import Path

import pytest

from kb import open_library
from kb.library import Library


@pytest.fixture
def library(root: Path, tmp_path: Path) -> Library:
    return open_library([root], tmp_path / "cache")


def ids(library: Library, text: str, **more: object) -> list[str]:
    return [hit.article_id for hit in library.search(text, **more)]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("query", "first"),
    [
        ("too many handles", "handles"),
        ("netlink: too many handles", "handles"),
        ("句柄 泄漏", "handles"),
        ("流表 10w 内存", "Flow_table_grows"),
        ("mac-binding", "Flow_table_grows"),
        ("MACBINDING", "Flow_table_grows"),
        ("Mac", "Flow_table_grows"),
        ("flow table", "Flow_table_grows"),
        ("deleting gateways", "gateway"),
        ("ovs-ctl", "handles"),
        ("100000 flows", "Flow_table_grows"),
        ("句", "handles"),
        ("why does my gatway keep its adresses", "gateway"),
    ],
)
def test_the_right_article_is_first(library: Library, query: str, first: str) -> None:
    assert ids(library, query)[:1] == [first]


def test_title_and_symptoms_count_more_than_the_body(library: Library) -> None:
    assert ids(library, "flow table") == ["Flow_table_grows", "gateway"]


def test_an_article_is_one_hit_in_the_language_of_the_query(library: Library) -> None:
    hits = library.search("Mac_Binding 流表")
    assert [(h.article_id, h.lang) for h in hits][:1] == [("Flow_table_grows", "zh")]
    assert [h.article_id for h in hits].count("Flow_table_grows") == 1
    assert hits[0].langs == ("en", "zh")
    assert library.search("Mac_Binding rows")[0].lang == "en"


def test_the_preferred_language_wins_a_tie(library: Library) -> None:
    assert library.search("Mac_Binding", lang="zh")[0].lang == "zh"
    assert library.search("Mac_Binding", lang="en")[0].lang == "en"


def test_a_chinese_query_finds_an_english_article_by_its_words(library: Library) -> None:
    assert ids(library, "gateway 删除后") == ["gateway"]


def test_a_hit_says_all_a_list_needs(library: Library, root: Path) -> None:
    hit = library.search("too many handles")[0]
    assert (hit.title, hit.section, hit.has_guide) == ("Switch runs out of handles", "Symptoms", True)
    assert (hit.kind, hit.products, hit.versions) == (("Troubleshooting",), ("Alpha",), ("1.12.x",))
    assert hit.path == str(root / "articles/handles/en.md")
    assert "[too many handles]" in str(hit.snippet)
    assert "[" not in hit.snippet.plain


def test_the_snippet_is_marked_in_chinese(library: Library) -> None:
    hit = library.search("流表 内存")[0]
    assert str(hit.snippet).startswith("[流表]超过 10 万条，[内存]持续增长")


def test_search_phrases_of_a_guide_are_found_by_and_never_shown(library: Library) -> None:
    hit = library.search("句柄 泄漏")[0]
    assert hit.article_id == "handles"
    assert "泄漏" not in hit.snippet.plain


def test_search_as_you_type_completes_the_last_word(library: Library) -> None:
    assert ids(library, "gatew") != ids(library, "gatew", prefix_last=True) == ["gateway"]
    assert ids(library, "flow tab", prefix_last=True)[0] == "Flow_table_grows"
    assert str(library.search("gatew", prefix_last=True)[0].snippet).startswith("After a [gateway]")


def test_a_finished_last_word_is_not_completed(library: Library) -> None:
    assert ids(library, "gatew ", prefix_last=True) == []


def test_unknown_words_bring_a_suggestion(library: Library) -> None:
    outcome = library.find("gatway adresses")
    assert outcome.suggestion == "gateway addresses"
    assert outcome.hits[0].article_id == "gateway"
    assert library.find("gateway addresses").suggestion == ""


def test_an_outcome_counts_all_matches(library: Library) -> None:
    outcome = library.find("flow table", limit=1)
    assert (outcome.query, len(outcome.hits), outcome.total) == ("flow table", 1, 2)
    assert outcome.took_ms > 0


@pytest.mark.parametrize("query", ["", "   ", "!?…", "()[]{}*", "zzzzqqq", "\x00\x1b[31m"])
def test_queries_without_an_answer_have_none(library: Library, query: str) -> None:
    assert library.find(query).hits == ()


def test_a_very_long_query_is_answered(library: Library) -> None:
    assert ids(library, "flow table grows " * 2000)[0] == "Flow_table_grows"


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        ({"product": "beta"}, ["Flow_table_grows"]),
        ({"component": "OVN"}, ["Flow_table_grows"]),
        ({"kind": "how to"}, ["Flow_table_grows"]),
        ({"guide": "authored"}, ["handles"]),
        ({"guide": "derived"}, ["gateway"]),
        ({"guide": "no"}, ["Flow_table_grows"]),
        ({"version": "1.12"}, ["handles"]),
        ({"version": "1.12.7"}, ["handles"]),
        ({"version": "1.11"}, []),
        ({"product": "alpha", "guide": "no"}, []),
        ({"id": "gateway"}, ["gateway"]),
    ],
)
def test_filters_narrow_the_hits(library: Library, where: dict[str, str], expected: list[str]) -> None:
    query = "flow table handles gateway"
    assert ids(library, query, where=where) == expected


def test_a_language_filter_shows_only_that_language(library: Library) -> None:
    hits = library.search("Mac_Binding gateway", where={"lang": "zh"})
    assert [(h.article_id, h.lang) for h in hits] == [("Flow_table_grows", "zh")]


def test_an_unknown_filter_is_refused_with_the_known_ones(library: Library) -> None:
    with pytest.raises(ValueError, match=r"colour.*product"):
        library.search("x", where={"colour": "red"})


def test_a_chinese_query_finds_an_english_article_by_the_glossary(library: Library) -> None:
    hits = library.search("流表", where={"id": "gateway"})
    assert [(h.article_id, h.lang) for h in hits] == [("gateway", "en")]


def test_a_wrong_character_of_the_same_sound_is_understood(library: Library) -> None:
    assert ids(library, "巨柄 耗尽")[:1] == ["handles"]


def test_a_whole_message_counts_more_than_its_words(library: Library) -> None:
    assert ids(library, "netlink: too many handles")[:1] == ["handles"]


def test_a_suggestion_is_made_only_where_the_best_hits_have_the_word(library: Library) -> None:
    assert library.find("gateway zzzzzzz").suggestion == ""
