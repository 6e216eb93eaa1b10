"""How common words are, and what that does to a query."""

from __future__ import annotations

import pytest

from kb.commonness import divided, level
from kb.query import concepts


def test_everyday_words_are_commoner_than_words_of_the_field() -> None:
    assert level("usual") > level("kubeconfig") == 0
    assert level("别人") > level("探针")


@pytest.mark.parametrize(
    ("run", "words"),
    [
        ("怎么知道那台机器", ("怎么", "知道", "那", "台", "机器")),
        ("如何防止别人", ("如何", "防止", "别人")),
        ("数据库密码", ("数据库", "密码")),
        ("鑫", ("鑫",)),
    ],
)
def test_a_run_is_divided_into_the_fewest_common_words(run: str, words: tuple[str, ...]) -> None:
    assert divided(run) == words
    assert "".join(divided(run)) == run


def test_a_long_run_is_divided_in_time() -> None:
    assert "".join(divided("数据库密码" * 2000)) == "数据库密码" * 2000


def test_pairs_that_cross_two_words_say_little() -> None:
    weights = {concept.text: concept.weight for concept in concepts("防止数据库密码泄漏")}
    assert weights["库密"] < 0.5 * weights["密码"]
    assert weights["止数"] < 0.5 * weights["防止"]


def test_a_misspelt_word_keeps_its_pairs() -> None:
    weights = {concept.text: concept.weight for concept in concepts("镜像苍库")}
    assert weights["苍库"] > 2 * weights["像苍"]


def test_words_that_everybody_uses_say_less() -> None:
    weights = {concept.text: concept.weight for concept in concepts("the usual kubeconfig")}
    assert weights["the"] < weights["usual"] < weights["kubeconfig"] == 1.0
