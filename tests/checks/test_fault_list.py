"""Faults that a fix has to survive, one by one, on a real API server: nothing is assumed, nothing doubled."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from checks.cluster import PODS
from checks.errors import ClusterError, Forbidden, Invalid
from checks.layout import LEASES
from checks.plans.plan import Plan, PlanError, StalePlan
from checks.practice.store import Admission
from checks.walking.walk import Walk
from checks.writing.stepevents import StepEnded, WriteDone
from checks.writing.traces import EVENTS
from checks.writing.turns import Held
from tests.checks.dictcluster import said
from tests.checks.faultbed import DROP, LABEL, PURGE, SUBNETS, Bed, bed
from tests.checks.incident import checked, done


@pytest.fixture
def made(tmp_path: Path) -> Iterator[Bed]:
    with bed(tmp_path) as made:
        yield made


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
