"""Arming: for one cluster, with a reason, until nobody was there for a while, whatever the clocks do."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from checks.clock import RealClock
from checks.cluster import ClusterInfo
from checks.walking.access import MAX_REASON, Access, NotArmed

HERE = ClusterInfo("prod", "https://127.0.0.1:1")
THERE = ClusterInfo("prod", "https://127.0.0.1:2")


@dataclass
class Clocks(RealClock):
    """A wall clock and a steady one that are moved by hand."""

    wall: float = 1000.0
    steady: float = 50.0

    def now(self) -> float:
        """Unix time."""
        return self.wall

    def monotonic(self) -> float:
        """Seconds."""
        return self.steady

    def pass_(self, seconds: float) -> None:
        """Time goes by on both."""
        self.wall += seconds
        self.steady += seconds


@pytest.fixture
def clocks() -> Clocks:
    """Both clocks."""
    return Clocks()


@pytest.fixture
def access(clocks: Clocks) -> Access:
    """Armed for `HERE`, for 900 seconds."""
    found = Access(clock=clocks)
    found.arm(HERE, "INC-1")
    return found


def test_a_touch_begins_the_time_again_until_it_is_over(access: Access, clocks: Clocks) -> None:
    """Every key counts, the first one after the end does not."""
    clocks.pass_(899)
    access.touch(HERE)
    clocks.pass_(899)
    assert access.mode(HERE).left == pytest.approx(1)
    clocks.pass_(1)
    access.touch(HERE)
    assert access.mode(HERE).name == "read-only"
    with pytest.raises(NotArmed):
        access.require(HERE)


@pytest.mark.parametrize(("wall", "steady"), [(3600.0, 0.0), (0.0, 3600.0), (-5000.0, 3600.0)])
def test_time_is_over_by_whichever_clock_went_further(
    access: Access, clocks: Clocks, wall: float, steady: float
) -> None:
    """A laptop that slept, a wall clock set forth; one set back does not make it longer."""
    clocks.wall += wall
    clocks.steady += steady
    assert access.mode(HERE).name == "read-only"


def test_a_wall_clock_set_back_arms_nothing_again(access: Access, clocks: Clocks) -> None:
    """What is over stays over."""
    clocks.wall += 3600
    assert access.mode(HERE).name == "read-only"
    clocks.wall -= 3600
    assert access.mode(HERE).name == "read-only"


def test_the_reason_is_asked_once_for_each_cluster(access: Access, clocks: Clocks) -> None:
    """After the end, or after another cluster, the same reason counts again; a new cluster needs its own."""
    clocks.pass_(901)
    assert access.arm(HERE).reason == "INC-1"
    with pytest.raises(NotArmed):
        access.arm(THERE)
    access.arm(THERE, "INC-2")
    assert access.mode(HERE).name == "read-only"
    assert access.require(THERE) == "INC-2"
    assert access.arm(HERE).reason == "INC-1"
    access.disarm()
    assert access.mode(HERE).name == access.mode(THERE).name == "read-only"
    assert access.reason(HERE) == "INC-1"


@pytest.mark.parametrize("reason", ["", "  ", "ab", "\x1b[2J\x07", "x" * (MAX_REASON + 1), "y" * 100_000])
def test_a_reason_says_something_and_fits(reason: str, clocks: Clocks) -> None:
    """Nothing, blanks, control characters, a novel: none of them arms."""
    access = Access(clock=clocks)
    with pytest.raises(NotArmed):
        access.arm(HERE, reason)
    assert access.mode(HERE).name == "read-only"


def test_a_reason_is_one_harmless_line(clocks: Clocks) -> None:
    """It goes to terminals, journals and Events of others."""
    access = Access(clock=clocks)
    assert access.arm(HERE, "INC-1\n\x1b[31mred\x07  工单").reason == "INC-1 red 工单"


def test_read_only_and_recorded_clusters_are_never_armed(clocks: Clocks) -> None:
    """--read-only holds for every cluster, a bundle for itself."""
    forbidden = Access(forbidden=True, clock=clocks)
    bundle = ClusterInfo("prod", "https://127.0.0.1:1", recorded=1.0)
    for access, info in ((forbidden, HERE), (Access(clock=clocks), bundle)):
        with pytest.raises(NotArmed):
            access.arm(info, "INC-1")
        assert access.mode(info).name == "forbidden"
