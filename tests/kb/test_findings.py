"""kb.findings: what is wrong is said in both languages, with nothing of the file that could drive a terminal."""

from __future__ import annotations

import pytest

from kb.articlefile import parse_article
from kb.findings import SHOWN, clean, finding, nearest
from kb.guidefile import parse_guide
from kb.problem import Problem

GUIDE = "checks: 3\nsymptoms: [{id: a, txt: {en: x}}]\ncauses: [1]\nsteps: yes\nspare: {}\n"


def han(text: str) -> bool:
    return any("\u4e00" <= c <= "\u9fff" for c in text)


@pytest.mark.parametrize(
    "problems",
    [
        parse_guide(GUIDE, "guide.yaml", "a")[1],
        parse_article(b"---\n- a\n---\ntext", "x.md")[1],
        parse_article(b"\0\0\0\1\2", "x.md")[1],
        parse_guide("a: [1", "guide.yaml", "a")[1],
    ],
)
def test_every_finding_speaks_both_languages(problems: list[Problem]) -> None:
    assert problems
    for problem in problems:
        assert han(problem.said("zh")), problem
        assert not han(problem.said("en")), problem
        assert problem.said("en") == problem.message
        assert problem.said("zh") in problem.line_of_text("zh")


def test_a_hint_names_what_was_meant_in_both_languages() -> None:
    assert nearest("flos", ["flow", "macs"]).en == "did you mean flow?"
    assert "flow" in nearest("flos", ["flow", "macs"]).zh
    assert nearest("xyz", ["flow", "macs"]).en == "known: flow, macs"
    assert han(nearest("xyz", []).zh)


def test_a_finding_without_chinese_is_said_in_english() -> None:
    assert Problem("a", 1, "b.c", "only this").said("zh") == "only this"


def test_text_of_a_file_is_quoted_on_one_bounded_line() -> None:
    found = finding(
        "a", 1, "guide.unknown-alias", alias="\x1b[31m\n" + "x" * 500, hint=nearest("a", ["\x07b"])
    )
    assert found.message.isprintable()
    assert found.zh.isprintable()
    assert len(clean("y" * 500)) == SHOWN
