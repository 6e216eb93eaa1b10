"""Faults that a fix has to survive, one by one, on a real API server: nothing is assumed, nothing doubled."""

from __future__ import annotations

import contextlib
import resource
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from checks.clock import RealClock
from checks.cluster import PODS
from checks.errors import ClusterError, Forbidden, Invalid
from checks.layout import LEASES
from checks.plans.plan import Plan, PlanError, StalePlan
from checks.practice.store import Admission
from checks.sessions.journal import JournalError, list_sessions, read
from checks.sessions.session import fold
from checks.walking import doubts
from checks.walking.walk import Walk
from checks.writing.stepevents import StepEnded, WriteDone
from checks.writing.traces import EVENTS
from checks.writing.turns import Held
from tests.checks.dictcluster import said
from tests.checks.faultbed import SUBNETS, Bed, bed
from tests.checks.incident import ARTICLE, CATALOGUE, checked, done, run

LABEL = r"^PATCH [^?]*/subnets/net-a\?fieldManager=[^&]*$"
DROP = r"^DELETE [^?]*/subnets/net-a$"
PURGE = r"^GET .*/exec\?.*command=destroy&"
CHANGES = r"^(POST|PATCH|PUT|DELETE) (?!.*(dryRun=All|reviews))"
"""Requests that change something, Leases and Events included."""


@pytest.fixture
def made(tmp_path: Path) -> Iterator[Bed]:
    with bed(tmp_path) as made:
        yield made


def kinds(walk: Walk) -> list[str]:
    return [str(entry["kind"]) for entry in walk.journal.entries]


def note(made: Bed, text: str) -> None:
    """Somebody else changes the Subnet."""

    def change(obj: dict[str, Any]) -> None:
        obj["spec"]["gateway"] = text

    made.world.store.modify(SUBNETS, "net-a", change)


def status(made: Bed) -> None:
    """A controller writes the Subnet's status."""

    def change(obj: dict[str, Any]) -> None:
        obj["status"] = {"v4usingIPs": int(obj.get("status", {}).get("v4usingIPs", 0)) + 1}

    made.world.store.modify(SUBNETS, "net-a", change)


# --- between preview and run ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("change", ["gone", "another", "changed", "pod"])
def test_what_changed_since_the_preview_is_not_written_to(made: Bed, change: str) -> None:
    walk, store = made.walk, made.world.store
    step = "restart" if change == "pod" else "label"
    plan = walk.plan(step, {**walk.proposed(step), **({"node": "node-1"} if change == "pod" else {})})
    if change == "pod":
        store.delete(PODS, "ovs-ovn-1", namespace="kube-system")
    elif change == "changed":
        note(made, "10.0.0.9")
    else:
        store.delete(SUBNETS, "net-a")
        if change == "another":
            made.world.subnet()
    made.world.changed.clear()
    with pytest.raises(StalePlan):
        list(walk.run(plan, typed=plan.confirm.expected))
    assert made.world.changed == []
    assert walk.state(step) == "todo"


@pytest.mark.parametrize("step", ["label", "drop"])
def test_a_change_between_look_and_write_is_never_overwritten(made: Bed, step: str) -> None:
    made.proxy.harm("pass", LABEL if step == "label" else DROP, before=lambda: note(made, "10.0.0.9"))
    ended = made.run(step)
    assert ended.state == "failed"
    net = made.world.store.get(SUBNETS, "net-a")
    assert net["spec"]["gateway"] == "10.0.0.9"
    assert "annotations" not in net["metadata"]
    assert "deletionTimestamp" not in net["metadata"]


def test_a_deletion_that_arrives_twice_at_what_a_finalizer_holds_is_one_deletion(made: Bed) -> None:
    made.world.store.modify(SUBNETS, "net-a", lambda obj: obj["metadata"].update(finalizers=["a.b/wait"]))
    checked(made.walk)
    made.proxy.harm("twice", DROP)
    plan = made.walk.plan("drop", made.walk.proposed("drop"))
    for event in made.walk.run(plan, typed=plan.confirm.expected):
        if isinstance(event, WriteDone):
            made.world.store.modify(SUBNETS, "net-a", lambda obj: obj["metadata"].pop("finalizers"))
    assert made.walk.state("drop") == "done"
    assert made.world.times("DELETED", "subnets/net-a") == 1


def test_a_status_that_changes_meanwhile_does_not_stop_a_fix_and_for_ever_is_no_loop(made: Bed) -> None:
    made.proxy.harm("pass", LABEL, before=lambda: status(made))
    assert made.run("label").state == "done"
    done(made.walk.undo(made.walk.plan_undo("label"), typed="y"))
    made.proxy.harm("pass", LABEL, before=lambda: status(made), times=99)
    before = made.proxy.count(LABEL)
    assert made.run("label").state == "failed"
    assert made.proxy.count(LABEL) - before == 3


@pytest.mark.parametrize("kind", [Forbidden, Invalid])
def test_a_webhook_that_denies_is_quoted_and_nothing_has_happened(
    made: Bed, kind: type[ClusterError]
) -> None:
    """In the preview the step does not even begin; one that lets dry runs pass is met by the write itself."""
    words = 'admission webhook "keep.example.com" denied the request: not on fridays'

    def deny(asked: Admission) -> None:
        if asked.resource == SUBNETS and (rules == "all" or not asked.dry_run):
            raise kind(words)

    made.world.store.validators.append(deny)
    rules = "all"
    with pytest.raises((PlanError, ClusterError), match="not on fridays"):
        made.run("label")
    rules = "writes"
    ended = made.run("label")
    assert ended.state == "failed"
    assert words in ended.message.en
    assert made.world.changed == []


def test_a_finalizer_that_never_clears_is_no_success(made: Bed) -> None:
    """The deletion is asked for and accepted; the object stays, and that is what is said."""

    def hold(obj: dict[str, Any]) -> None:
        obj["metadata"]["finalizers"] = ["example.com/never"]

    made.world.store.modify(SUBNETS, "net-a", hold)
    checked(made.walk)
    ended = made.run("drop")
    assert made.world.store.get(SUBNETS, "net-a")["metadata"]["deletionTimestamp"]
    assert ended.state == "failed"
    assert "example.com/never" in ended.message.en


# --- commands ---------------------------------------------------------------------------------------------------------


def test_a_command_that_ends_without_an_exit_code_is_in_doubt_and_the_rest_is_not_sent(made: Bed) -> None:
    made.run("stop")
    checked(made.walk)
    made.server.faults.exec_without_code("EXEC .*destroy", "", times=1)
    ended = made.run("purge")
    assert ended.state == "in_doubt"
    assert made.proxy.count(PURGE) == 1
    assert made.walk.blocked("label") is not None, "no other step before the doubt is settled"


@pytest.mark.parametrize("code", [1, 124, 143])
def test_only_a_command_that_ended_by_itself_has_failed(made: Bed, code: int) -> None:
    """A killed command may have written before it died."""
    made.world.command = lambda argv: said("", code, "boom") if "set" in argv else None
    assert made.run("stop").state == ("failed" if code == 1 else "in_doubt")


# --- Leases -----------------------------------------------------------------------------------------------------------


def purging(made: Bed) -> Iterator[Any]:
    """A purge after its first write."""
    made.run("stop")
    checked(made.walk)
    plan = made.walk.plan("purge", made.walk.proposed("purge"))
    events = made.walk.run(plan, typed=plan.confirm.expected)
    while not isinstance(next(events), WriteDone):
        pass
    return events


@pytest.mark.parametrize("how", ["stolen", "deleted"])
def test_a_stolen_lease_stops_the_next_write(made: Bed, how: str) -> None:
    events = purging(made)
    (lease,) = made.world.store.all(LEASES)
    name = lease["metadata"]["name"]
    if how == "deleted":
        made.world.store.delete(LEASES, name, namespace="kube-system")
    else:
        steal = lambda obj: obj["spec"].update(holderIdentity="eve@x/1")  # noqa: E731
        made.world.store.modify(LEASES, name, steal, namespace="kube-system")
    ended = list(events)[-1]
    assert isinstance(ended, StepEnded)
    assert ended.state == "failed"
    assert made.proxy.count(PURGE) == 1
    assert [entry["state"] for entry in made.walk.journal.entries if entry["kind"] == "turn"] == ["lost"]
    assert len(made.world.store.all(LEASES)) == (how == "stolen"), "what is another's is not given back"


@pytest.mark.parametrize(
    ("method", "kind"),
    [
        ("POST", "lose-answer"),
        ("POST", "twice"),
        ("PATCH", "twice"),
        ("PATCH", "lose-request"),
        ("DELETE", "lose-answer"),
    ],
)
def test_harm_to_a_lease_costs_neither_turn_nor_write(made: Bed, method: str, kind: Any) -> None:
    """Taken, emptied and deleted: what became of each is seen, and nothing is left behind for the next one."""
    made.proxy.harm(kind, rf"^{method} [^?]*/leases")
    assert made.run("label").state == "done"
    assert made.world.times("MODIFIED", "subnets/net-a") == 1
    assert made.world.store.all(LEASES) == [], "nobody has to wait for it"


def test_a_trace_that_arrives_twice_is_left_once(made: Bed) -> None:
    made.proxy.harm("twice", r"^POST [^?]*/events")
    made.run("label")
    traced = [entry for entry in made.walk.journal.entries if entry["kind"] == "traced"]
    assert [(one["left"], one["failed"]) for one in traced] == [(1, "")]
    assert len(made.world.store.all(EVENTS)) == 1


def test_of_two_klinik_at_once_exactly_one_writes(made: Bed) -> None:
    """Both have planned and confirmed; whoever takes the turn second is told who has it, or that things changed."""
    walks = (made.walk, made.another())
    plans = [walk.plan("label", walk.proposed("label")) for walk in walks]
    told: dict[str, str] = {}
    both = threading.Barrier(2)

    def go(walk: Walk, plan: Plan) -> None:
        events = walk.run(plan, typed=plan.confirm.expected)
        next(events)
        both.wait()
        try:
            told[walk.operator] = list(events)[-1].state  # type: ignore[union-attr]
        except (Held, StalePlan) as error:
            told[walk.operator] = type(error).__name__

    threads = [threading.Thread(target=go, args=pair) for pair in zip(walks, plans, strict=True)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(told.values())[-1] == "done", told
    assert sorted(told.values())[0] in ("Held", "StalePlan"), told
    assert made.world.times("MODIFIED", "subnets/net-a") == 1
    assert made.proxy.count(LABEL) == 1


def test_a_take_over_is_in_both_journals(made: Bed) -> None:
    events = purging(made)
    other = made.another()
    plan = other.plan("purge", other.proposed("purge"))
    with pytest.raises(Held) as held:
        list(other.run(plan, typed=plan.confirm.expected))
    assert done(other.run(plan, typed=plan.confirm.expected, take_over=held.value.holders)).state == "done"
    assert list(events)[-1].state == "failed"
    turns = [[e["state"] for e in walk.journal.entries if e["kind"] == "turn"] for walk in (made.walk, other)]
    assert turns == [["lost"], ["taken-over"]]
    assert len(made.world.written) == len(set(made.world.written)), "no command ran twice"


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


# --- reading through harm ---------------------------------------------------------------------------------------------


def test_answers_that_come_twice_are_never_taken_for_answers_to_something_else(made: Bed) -> None:
    """A second copy waits on the connection when the next request goes out: it is thrown away with the connection."""
    cluster = made.walk.cluster
    made.proxy.harm("repeat-answer", "^GET .*/(subnets|nodes|pods)/", times=99)
    asked: list[Callable[[], Any]] = [
        lambda: cluster.get(SUBNETS, "net-a"),
        lambda: cluster.get(PODS, "ovs-ovn-1", namespace="kube-system"),
        lambda: cluster.get(PODS, "ovs-ovn-2", namespace="kube-system"),
    ]
    for _ in range(5):
        assert [one()["metadata"]["name"] for one in asked] == ["net-a", "ovs-ovn-1", "ovs-ovn-2"]
