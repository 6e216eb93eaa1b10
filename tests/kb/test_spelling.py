"""kb.spelling and kb.homophones: what was probably meant, without going through all known words."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from kb.homophones import sounding_like
from kb.spelling import halves, near, slips, sounding


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


def test_commoner_words_come_first_and_far_ones_not_at_all() -> None:
    assert near("gatway", Known({"gateway": 5, "gatways": 9, "cat": 3})) == ["gatways", "gateway"]


@pytest.mark.parametrize("typed", ["kuberntes", "kubrentes", "kubenretse", "kubernetess", "ukbernetes"])
def test_long_words_may_have_two_slips(typed: str) -> None:
    assert near(typed, Known({"kubernetes": 5, "cubes": 9})) == ["kubernetes"]


def test_of_short_words_only_swapped_letters_are_taken_for_a_slip() -> None:
    known = Known({"etcd": 3, "ovs": 5, "right": 9})
    assert [near(word, known) for word in ("etdc", "ovn", "eted")] == [["etcd"], [], []]


def test_the_first_letter_is_hardly_ever_wrong() -> None:
    assert near("night", Known({"right": 9})) == []


def test_numbers_and_chinese_have_no_neighbours_by_letters() -> None:
    known = Known({"12346": 2, "流表": 3})
    assert [near(word, known) for word in ("12345", "流裱")] == [[], []]


@pytest.mark.parametrize(
    ("typed", "meant"),
    [("从启", "重启"), ("网官", "网关"), ("名子", "名字"), ("镜象", "镜像"), ("资元", "资源")],
)
def test_a_pair_with_a_character_of_the_same_sound_is_found(typed: str, meant: str) -> None:
    assert sounding(typed, Known({meant: 4, "证书": 9})) == [meant]


def test_tones_and_hissing_beginnings_are_not_told_apart() -> None:
    assert "重" in sounding_like("从")
    assert "关" in sounding_like("官")
    assert "官" not in sounding_like("官")
    assert sounding_like("x") == ()


def test_two_words_written_as_one_are_taken_apart() -> None:
    known = Known({"load": 5, "balancer": 5, "loadb": 1})
    assert halves("loadbalancer", known) == ("load", "balancer")
    assert halves("unknown", known) is None
