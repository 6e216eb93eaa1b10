"""kb.snippets: the best stretch of text, with matches marked and no markup."""

from __future__ import annotations

from kb.query import concepts
from kb.snippets import Matcher, best


def marked(query: str, text: str, **more: bool) -> str:
    return str(Matcher(concepts(query), **more).mark(text))


def test_matches_are_marked_in_both_scripts() -> None:
    assert marked("流表 memory", "流表条数与 Memory 一起增长") == "[流表]条数与 [Memory] 一起增长"


def test_a_longer_chinese_run_is_marked_as_one() -> None:
    assert marked("无法删除", "子网无法删除，删除卡住") == "子网[无法删除]，[删除]卡住"


def test_other_endings_of_a_word_are_marked() -> None:
    assert (
        marked("deleting policy", "it deletes all policies, undeleted")
        == "it [deletes] all [policies], undeleted"
    )


def test_an_unfinished_last_word_marks_the_whole_word() -> None:
    assert marked("nat gatew", "the gateway", open_end=True) == "the [gateway]"


def test_amounts_are_marked_as_written() -> None:
    assert marked("10w", "over 100,000 flows") == "over [100,000] flows"


def test_the_window_with_most_different_words_is_chosen() -> None:
    passages = [
        ("One", "probe " * 30),
        ("Two", "x " * 300 + "an inactivity probe closes the connection " + "y " * 300),
    ]
    section, snippet = best(passages, Matcher(concepts("inactivity probe")))
    assert section == "Two"
    assert "[inactivity probe]" in str(snippet)
    assert snippet.plain.startswith("…")
    assert snippet.plain.endswith("…")
    assert len(snippet.plain) < 200


def test_without_a_match_the_beginning_is_shown() -> None:
    section, snippet = best([("", ""), ("A", "first words")], Matcher(concepts("zzz")))
    assert (section, snippet.plain) == ("A", "first words")


def test_control_characters_of_a_document_do_not_reach_the_snippet() -> None:
    _, snippet = best([("", "bad \x1b[31m probe\x07 text\nnext")], Matcher(concepts("probe")))
    assert str(snippet) == "bad [31m [probe] text next"


def test_brackets_and_patterns_in_the_query_are_plain_text() -> None:
    assert marked("a(b[c.*", "nothing") == "nothing"
