"""Pages fetched ahead: in order, at most one more than is looked at, and with the error where it belongs."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from checks.facts.ahead import ahead
from tests.checks.memory_cluster import until


def test_they_come_in_order() -> None:
    assert list(ahead(iter(range(50)))) == list(range(50))
    assert list(ahead(iter(()))) == []


def test_the_next_is_fetched_while_one_is_looked_at_and_no_more() -> None:
    fetched: list[int] = []

    def pages() -> Iterator[int]:
        for number in range(9):
            fetched.append(number)
            yield number

    coming = ahead(pages())
    assert next(coming) == 0
    assert until(lambda: len(fetched) >= 2)
    # One waits to be taken, and one is on its way.
    assert not until(lambda: len(fetched) > 3, 0.1)
    assert list(coming) == list(range(1, 9))


def test_an_error_comes_after_what_came_before_it() -> None:
    def pages() -> Iterator[int]:
        yield 1
        raise ValueError("the rest is lost")

    coming = ahead(pages())
    assert next(coming) == 1
    with pytest.raises(ValueError, match="the rest is lost"):
        next(coming)


def test_who_stops_early_leaves_no_thread_behind() -> None:
    coming = ahead(iter(range(1000)))
    next(coming)
    coming.close()  # type: ignore[attr-defined]
    assert until(lambda: not any(t.name == "klinik-ahead" for t in threading.enumerate()))
