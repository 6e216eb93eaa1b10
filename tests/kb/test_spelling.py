"""kb.spelling: distances and neighbours."""

from __future__ import annotations

import pytest

from kb.spelling import near, slips


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


def test_the_nearest_and_then_the_commoner_word_is_first() -> None:
    assert near("gatway", {"gateway": 5, "gatways": 9, "cat": 3}) == ["gatways", "gateway"]


def test_short_and_chinese_words_and_numbers_have_no_neighbours() -> None:
    known = {"ovs": 5, "流表": 3, "12346": 2}
    assert [near(word, known) for word in ("ovn", "流裱", "12345")] == [[], [], []]
