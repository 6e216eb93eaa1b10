"""Clocks that jump, requests that come late, networks that go silent and disks that are full: no write is doubled."""

from __future__ import annotations

import contextlib
import resource
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from checks.clock import RealClock
from checks.layout import LEASES
from checks.sessions.journal import JournalError, list_sessions, read
from checks.sessions.session import fold
from checks.walking import doubts
from checks.walking.walk import Walk
from checks.writing.stepevents import StepEnded
from tests.checks.faultbed import CHANGES, LABEL, PURGE, SUBNETS, Bed, bed
from tests.checks.incident import ARTICLE, CATALOGUE, checked, done, run


@pytest.fixture
def made(tmp_path: Path) -> Iterator[Bed]:
    with bed(tmp_path) as made:
        yield made


# --- time -------------------------------------------------------------------------------------------------------------


class Jumping(RealClock):
    """A wall clock that is set by a day, back and forth, whenever it is read; monotonic time goes on."""

    def __init__(self) -> None:
        self.reads = 0

    def now(self) -> float:
        self.reads += 1
        return time.time() + (-86_400.0, 0.0, 86_400.0)[self.reads % 3]


def test_a_wall_clock_that_jumps_changes_no_outcome(tmp_path: Path) -> None:
    with bed(tmp_path, clock=Jumping()) as made:
        began = time.monotonic()
        assert made.run("stop").state == "done"
        checked(made.walk)
        assert made.run("purge").state == "done"
        assert time.monotonic() - began < 30
        assert made.walk.path is not None
        entries = read(made.walk.path)
        assert fold(entries) == made.walk.session
        assert not made.walk.session.damaged
        assert [entry["n"] for entry in entries] == list(range(1, len(entries) + 1)), "told in order"
        assert [one.done for one in list_sessions(made.walk.path.parent)] == [2]


def test_a_request_that_arrives_after_all_is_refused_by_what_was_done_since(tmp_path: Path) -> None:
    """Held up on the way, given up, looked for, done again; then the first one arrives."""
    with bed(tmp_path, timeout=1.5) as made:
        late = made.proxy.harm("late-request", LABEL)
        ended = made.run("label")
        assert ended.state == "in_doubt"
        seen = doubts.look(made.walk, "label")
        assert seen.leans is False
        assert seen.young, "it may still be on its way, and the operator is told"
        made.walk.settle("label", False, "nothing there")
        checked(made.walk)
        assert made.run("label").state == "done"
        done(made.walk.undo(made.walk.plan_undo("label"), typed="y"))
        late.go.set()
        assert late.done.wait(10)
        assert "annotations" not in made.world.store.get(SUBNETS, "net-a")["metadata"]
        assert made.world.times("MODIFIED", "subnets/net-a") == 2, "done and undone"


def test_a_network_that_goes_silent_keeps_nobody_waiting_for_each_lease(tmp_path: Path) -> None:
    with bed(tmp_path, timeout=0.6) as made:
        made.proxy.harm("swallow-answer", LABEL)
        made.proxy.harm("swallow-request", "/leases", times=99)
        # the Lease is taken before the silence begins
        made.proxy.calm()
        plan = made.walk.plan("label", made.walk.proposed("label"))
        events = made.walk.run(plan, typed=plan.confirm.expected)
        while type(next(events)).__name__ != "WriteStarted":
            pass
        made.proxy.harm("swallow-request", ".", times=999)
        began = time.monotonic()
        ended = list(events)[-1]
        assert time.monotonic() - began < 10
        assert isinstance(ended, StepEnded)
        assert ended.state in ("failed", "in_doubt")
        assert made.world.changed == []


# --- the journal ------------------------------------------------------------------------------------------------------


@contextlib.contextmanager
def full(path: Path, room: int = 0) -> Iterator[None]:
    """As a full disk: no file may grow beyond the journal's size and this much more."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (path.stat().st_size + room, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def path_of(walk: Walk) -> Path:
    assert walk.path is not None
    return walk.path


def test_with_a_full_disk_not_one_write_goes_out_and_with_room_it_goes_on(made: Bed) -> None:
    """Not even a Lease or an Event; the same walk can go on as soon as there is room."""
    plan = made.walk.plan("label", made.walk.proposed("label"))
    made.proxy.arrived.clear()
    with full(path_of(made.walk)), pytest.raises(JournalError):
        list(made.walk.run(plan, typed=plan.confirm.expected))
    assert made.proxy.count(CHANGES) == 0
    assert made.world.changed == []
    assert made.run("label").state == "done"


def test_a_disk_that_fills_up_in_the_middle_leaves_doubt_and_no_further_write(made: Bed) -> None:
    """The write went out, its answer could not be written down: in doubt here and for everybody who reads the file."""
    made.run("stop")
    checked(made.walk)
    plan = made.walk.plan("purge", made.walk.proposed("purge"))
    events = made.walk.run(plan, typed=plan.confirm.expected)
    while type(next(events)).__name__ != "WriteStarted":
        pass
    with full(path_of(made.walk)), pytest.raises(JournalError):
        list(events)
    assert made.proxy.count(PURGE) == 1
    assert made.walk.state("purge") == "in_doubt"
    assert made.state("purge") == "in_doubt"
    assert made.world.store.all(LEASES) == []
    seen = doubts.look(made.walk, "purge")
    assert seen.leans is True
    made.walk.settle("purge", True, "the rows of the first batch are gone")
    assert made.walk.state("purge") == "failed", "the second batch never went out"
    checked(made.walk)
    assert run(made.walk, "purge").state == "done"
    assert len(made.world.written) == len(set(made.world.written)), "no command ran twice"


def test_a_second_klinik_on_the_same_session_is_refused(made: Bed) -> None:
    made.run("label")
    with pytest.raises(JournalError, match="Another klinik"):
        Walk.resume(path_of(made.walk), made.walk.cluster, ARTICLE, CATALOGUE)
    assert made.run("drop").state == "done"
