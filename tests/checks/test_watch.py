"""Watching: from start to start, never two at once, and with patience for a cluster that is slow or silent."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest

from checks.errors import Unreachable
from checks.findings.watch import LONGEST, Round, interval, rounds


class Time:
    """A clock that only waiting and working move."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.waits: list[float] = []

    def wait(self, seconds: float) -> bool:
        self.waits.append(seconds)
        self.now += seconds
        return len(self.waits) >= 4

    def work(self, seconds: float) -> Callable[[], str]:
        def run() -> str:
            self.now += seconds
            return "done"

        return run


def watched(run: Callable[[], str], every: float, time: Time) -> list[Round[str]]:
    return list(
        rounds(run, every, threading.Event(), wait=time.wait, clock=lambda: time.now, now=lambda: time.now)
    )


def test_rounds_begin_on_schedule_whatever_they_take() -> None:
    time = Time()
    found = watched(time.work(7), 60, time)
    assert [one.at for one in found] == [1000, 1060, 1120, 1180]
    assert time.waits == [53] * 4
    assert [one.number for one in found] == [1, 2, 3, 4]
    assert not any(one.slowed for one in found)


def test_a_slow_cluster_is_asked_less_often_and_no_run_overlaps() -> None:
    """It works at most half of the time."""
    time = Time()
    found = watched(time.work(50), 60, time)
    assert [one.at for one in found] == [1000, 1100, 1200, 1300]
    assert all(one.slowed for one in found)
    very = Time()
    assert [one.at for one in watched(very.work(2000), 60, very)] == [1000, 3000, 5000, 7000]
    assert very.waits == [0] * 4


def test_a_silent_cluster_is_tried_again_with_patience_and_at_once_well_again() -> None:
    time = Time()
    answers = iter([None, None, "well", "well"])

    def run() -> str:
        answer = next(answers)
        if answer is None:
            raise Unreachable("gone")
        return answer

    found = watched(run, 60, time)
    assert [one.every for one in found] == [120, 240, 60, 60]
    assert [one.value for one in found] == [None, None, "well", "well"]
    assert found[0].error is not None
    assert found[2].error is None


@pytest.mark.parametrize(
    ("wanted", "took", "failures", "seconds"),
    [(60, 1, 0, 60), (60, 1, 50, LONGEST), (3600, 1, 3, 3600), (60, 1200, 0, 1200), (60, 100, 0, 200)],
)
def test_the_interval(wanted: float, took: float, failures: int, seconds: float) -> None:
    assert interval(wanted, took, failures) == seconds


def test_it_ends_between_and_within_rounds() -> None:
    stop = threading.Event()
    stop.set()
    assert list(rounds(lambda: "never", 1, stop)) == []
    late = threading.Event()

    def run() -> str:
        late.set()
        return "too late"

    assert list(rounds(run, 60, late)) == []


def test_an_error_of_our_own_is_not_taken_for_the_clusters() -> None:
    def run() -> str:
        raise ValueError("bug")

    with pytest.raises(ValueError, match="bug"):
        list(rounds(run, 60, threading.Event()))
