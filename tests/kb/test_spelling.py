"""kb.spelling, kb.miswritten and their tables: what was probably meant, without going through all known words."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from kb.homophones import sounding_like
from kb.lookalikes import looking_like
from kb.meant import Correction, meant
from kb.miswritten import Mended, mend
from kb.spelling import halves, near, slips


class Known:
    """A vocabulary of a few words."""

    def __init__(self, words: Mapping[str, int]) -> None:
        self._words = words

    def frequency(self, term: str) -> int:
        return self._words.get(term, 0)

    def completions(self, prefix: str, limit: int) -> list[str]:
        return [word for word in self._words if word.startswith(prefix)][:limit]


@pytest.mark.parametrize(
    ("one", "two", "distance"),
    [
        ("network", "network", 0),
        ("netwrok", "network", 1),
        ("webook", "webhook", 1),
        ("emial", "email", 1),
        ("gatway", "gateway", 1),
        ("kitten", "sitting", 3),
        ("ca", "abc", 3),
    ],
)
def test_slips_count_letters_missing_added_changed_and_swapped(one: str, two: str, distance: int) -> None:
    assert slips(one, two, 5) == distance
    assert slips(two, one, 5) == distance


def test_slips_beyond_the_limit_are_not_counted_on() -> None:
    assert slips("aaaaaaaa", "bbbbbbbb", 2) == 3


def nearest(typed: str, words: Mapping[str, int]) -> list[str]:
    return [found.term for found in near(typed, Known(words))]


def test_of_words_as_near_the_commoner_comes_first_and_far_ones_not_at_all() -> None:
    assert nearest("clustr", {"cluster": 5, "clutter": 90, "cat": 300}) == ["cluster"]
    assert nearest("brocker", {"broker": 5, "blocker": 6, "rocker": 9})[0] == "broker"
    assert nearest("lanch", {"launch": 5, "lunch": 90, "cat": 300})[0] == "lunch"


def test_a_likely_slip_beats_a_somewhat_commoner_word() -> None:
    assert nearest("pdos", {"pod": 20, "pdosa": 25})[0] == "pod"


@pytest.mark.parametrize("typed", ["kuberntes", "kubrentes", "kubenretse", "kubernetess", "ukbernetes"])
def test_long_words_may_have_two_slips(typed: str) -> None:
    assert nearest(typed, {"kubernet": 5, "cube": 9}) == ["kubernet"]


@pytest.mark.parametrize(
    ("typed", "word", "term"),
    [
        ("ugprade", "upgrade", "upgrad"),
        ("terminatig", "terminating", "terminat"),
        ("webooks", "webhooks", "webhook"),
    ],
)
def test_a_slip_in_an_ending_is_seen_too_and_the_word_is_told_whole(typed: str, word: str, term: str) -> None:
    assert [(found.word, found.term) for found in near(typed, Known({term: 5}))] == [(word, term)]


def test_short_words_have_only_the_likeliest_slips() -> None:
    known = {"etcd": 3, "ovs": 5, "right": 9, "redis": 4}
    assert [nearest(word, known) for word in ("etdc", "ovn", "rdis", "eted")] == [["etcd"], [], ["redis"], []]


def test_the_first_letter_is_hardly_ever_wrong() -> None:
    assert nearest("night", {"right": 9}) == []


def test_numbers_and_chinese_have_no_neighbours_by_letters() -> None:
    assert [nearest(word, {"12346": 2, "流表": 3}) for word in ("12345", "流裱")] == [[], []]


def mended(run: str, words: Mapping[str, int], *terms: tuple[int, int]) -> str:
    """A run with what was surely meant, in a library of 500 documents."""
    for found in mend(run, Known(words).frequency, 500, terms):
        if found.gain > 0:
            run = run[: found.at] + found.meant[0] + run[found.end :]
    return run


@pytest.mark.parametrize(
    ("typed", "meant"),
    [("从启", "重启"), ("网官", "网关"), ("镜象", "镜像"), ("资元", "资源"), ("批淮", "批准"), ("折分", "拆分"),
     ("未端", "末端"), ("服务气", "服务器"), ("缓充区", "缓冲区")],
)  # fmt: skip
def test_a_wrong_character_of_the_same_sound_or_a_like_shape_is_put_right(typed: str, meant: str) -> None:
    known = {meant[at : at + 2]: 40 for at in range(len(meant) - 1)}
    assert mended(typed, {**known, "证书": 90}) == meant


@pytest.mark.parametrize("typed", ["挪到新节点", "原来的机器", "被人清空", "要等很久", "怎么办", "打爆磁盘"])
def test_what_people_say_is_right_although_no_article_says_it(typed: str) -> None:
    assert mended(typed, {"节点": 200, "机器": 30, "磁盘": 60, "报表": 50, "大包": 5, "清理": 50}) == typed


def test_another_word_of_the_same_sound_is_put_right_where_the_library_says_only_one() -> None:
    assert mended("苍酷", {"仓库": 60}) == "仓库"


def test_a_term_of_the_field_is_not_doubted() -> None:
    words = {"关机": 60, "虚假": 60}
    assert mended("网管", {"网关": 300}, (0, 2)) == "网管"
    assert mended("虚机", words, (0, 2)) == "虚机"


def test_a_guess_says_that_it_is_one() -> None:
    found = mend("过其", Known({"过其": 14, "过期": 12}).frequency, 500)
    assert [(m.meant, m.gain < 0) for m in found] in ([], [(("期",), True)])


def test_a_hostile_run_costs_little() -> None:
    asked: list[str] = []
    mend("书" * 100_000, lambda pair: asked.append(pair) or 0, 500)  # type: ignore[func-returns-value]
    assert len(asked) < 20_000
    assert Mended(3, ("重启",), 1.0).end == 5


def test_tones_and_hissing_beginnings_are_not_told_apart() -> None:
    same, like = sounding_like("从")
    assert "重" in (*same, *like)
    assert "关" in sounding_like("官")[0]
    assert "官" not in sounding_like("官")[0]
    assert sounding_like("x") == ((), ())


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("淮", "准"),
        ("未", "末"),
        ("己", "已"),
        ("候", "侯"),
        ("拨", "拔"),
        ("删", "册"),
        ("复", "夏"),
        ("纲", "网"),
    ],
)
def test_characters_of_like_shape_are_known_both_ways(typed: str, meant: str) -> None:
    assert meant in looking_like(typed) or typed in looking_like(meant)
    assert typed not in looking_like(typed)


def test_a_corrected_text_knows_where_its_parts_were_typed() -> None:
    query = meant(
        "node nodeport bsaic", [Correction(5, 13, "node port", ""), Correction(14, 19, "basic", "")]
    )
    assert query.text == "node node port basic"
    at = query.text.index("basic")
    assert query.typed(at, at + 5) == (14, 19)
    assert query.typed(10, 14) == (5, 13)
    assert query.typed(0, 4) == (0, 4)
    assert query.touched(0, 6)
    assert not query.touched(0, 4)


def test_two_words_written_as_one_are_taken_apart() -> None:
    known = Known({"load": 5, "balancer": 5, "loadb": 1})
    assert halves("loadbalancer", known) == ("load", "balancer")
    assert halves("unknown", known) is None
