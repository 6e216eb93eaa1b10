"""A step is done when its targets changed, not when the server said yes; a take-over goes no further than was shown."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from checks.clock import Control
from checks.cluster import Resource
from checks.layout import LEASES
from checks.plans.plan import PlannedWrite
from checks.sessions.journal import MemoryJournal
from checks.writing.marks import Mark, mark_of
from checks.writing.stepevents import CanaryLooked, Moved, StepEnded, VerifyTick
from checks.writing.transition import contains, lacking
from checks.writing.turns import Held, Turn, claims
from kb.model import Step, Verify
from kb.text import Text
from tests.checks.dictcluster import DictCluster, said
from tests.checks.incident import ARTICLE, CATALOGUE, GUIDE, Ovn, cluster_with, walk_on

SUBNETS = "kubeovn.io/v1/subnets"


def verified(cluster: DictCluster, step_id: str, within: float = 3.0, other: Step | None = None) -> Any:
    """A walk whose step is proven by a check that is always content: what is left to prove is the transition."""
    from dataclasses import replace

    from checks.walking.walk import Walk

    steps = tuple(
        replace(other or s, verify=Verify("nets", within=within)) if s.id == step_id else s
        for s in GUIDE.steps
    )
    armed = walk_on(cluster).access
    walk = Walk.open(
        cluster, replace(ARTICLE, guide=replace(GUIDE, steps=steps)), CATALOGUE, journal=MemoryJournal(),
        access=armed, operator="chen",
    )  # fmt: skip
    list(walk.check())
    walk.choose("learning")
    return walk


def run(walk: Any, step_id: str, **values: Any) -> tuple[StepEnded, list[Any]]:
    plan = walk.plan(step_id, {**walk.proposed(step_id), **values})
    events = list(walk.run(plan, typed=plan.confirm.expected))
    ended = events[-1]
    assert isinstance(ended, StepEnded)
    return ended, events


@pytest.mark.parametrize(("step_id", "kind"), [("label", "content"), ("drop", "gone"), ("restart", "uid")])
def test_what_changed_is_told_and_written_down(step_id: str, kind: str) -> None:
    walk = verified(cluster_with(Ovn()), step_id)
    ended, events = run(walk, step_id, **({"node": "node-1"} if step_id == "restart" else {}))
    assert ended.state == "done", ended.message.en
    (moved,) = [event for event in events if isinstance(event, Moved)]
    assert [(mark.kind, mark.changed) for mark in moved.marks] == [(kind, True)]
    assert [mark_of(one) for one in walk.record_of(step_id).marks] == list(moved.marks)


def test_a_patch_that_somebody_takes_back_is_not_done() -> None:
    """A controller or GitOps puts it back at once: the server said yes, the check is content, nothing changed."""
    cluster = cluster_with(Ovn())
    walk = verified(cluster, "label")
    real = cluster.patch

    def taken_back(resource: Resource, name: str, body: Any, **options: Any) -> Any:
        answer = real(resource, name, body, **options)
        if resource.plural == "subnets" and not options.get("dry_run"):
            del cluster.objects[SUBNETS, "", name]["metadata"]["annotations"]
        return answer

    cluster.patch = taken_back  # type: ignore[method-assign]
    ended, events = run(walk, "label")
    assert ended.state == "failed"
    assert "same as before" in ended.message.en
    assert any(isinstance(event, VerifyTick) and event.lacking for event in events)
    assert not any(event.good for event in events if isinstance(event, VerifyTick))


def test_a_deletion_that_a_finalizer_holds_is_not_done() -> None:
    """The server accepts the deletion and keeps the object: the step says what it waits for."""
    cluster = cluster_with(Ovn())
    walk = verified(cluster, "drop")
    real = cluster.delete

    def kept(resource: Resource, name: str, **options: Any) -> None:
        if resource.plural != "subnets" or options.get("dry_run"):
            return real(resource, name, **options)
        cluster.objects[SUBNETS, "", name]["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z"
        return None

    cluster.delete = kept  # type: ignore[method-assign]
    ended, _ = run(walk, "drop")
    assert ended.state == "failed"
    assert "keep" in ended.message.en


def test_what_cannot_be_seen_is_unknown_and_never_a_change() -> None:
    unseen = Mark("uid", "pod", "1", "", None)
    assert lacking([unseen]) is None
    assert lacking([unseen, Mark("uid", "pod-2", "1", "", False)]) is not None
    assert lacking([Mark("saved", "limit", "1", "1", False, needed=False)]) is None
    with pytest.raises(ValueError, match="nonsense"):
        mark_of({"kind": "nonsense"})


@pytest.mark.parametrize(
    ("now", "wanted", "there"),
    [
        ({"spec": {"a": 1, "b": 2}}, {"spec": {"a": 1}}, True),
        ({"spec": {"a": 1}}, {"spec": {"a": 2}}, False),
        ({"spec": {}}, {"spec": {"a": None}}, True),
        ({"spec": {"a": 1}}, {"spec": {"a": None}}, False),
        ({"spec": [1]}, {"spec": {"a": 1}}, False),
        ({}, {"spec": {}}, False),
    ],
)
def test_a_merge_patch_that_stands_there_already(now: Any, wanted: Any, there: bool) -> None:
    assert contains(now, wanted) is there


def turn(cluster: DictCluster, who: str, *names: str) -> Turn:
    from checks.clock import RealClock

    writes = [PlannedWrite("patch", Text.of("x"), resource=SUBNETS, name=name) for name in names]
    return Turn(cluster, claims(writes), holder=who, purpose=f"{who} repairs", clock=RealClock())


def test_everybody_at_work_is_shown_and_only_who_was_shown_is_robbed() -> None:
    cluster = cluster_with(Ovn())
    turn(cluster, "li", "a").take()
    turn(cluster, "wang", "b").take()
    mine = turn(cluster, "chen", "a", "b", "c")
    with pytest.raises(Held) as first:
        mine.take()
    assert first.value.holders == {"li", "wang"}
    assert {holder.purpose for _, holder in first.value.all} == {"li repairs", "wang repairs"}
    turn(cluster, "zhao", "c").take()
    with pytest.raises(Held) as second:
        mine.take(over=first.value.holders)
    assert second.value.holder.name == "zhao"
    took = mine.take(over=second.value.holders | first.value.holders)
    assert {one.before.name for one in took if one.before} == {"li", "wang", "zhao"}
    assert len(list(cluster.list(LEASES))) == 3


@pytest.mark.parametrize(("holds", "times"), [("never", 0), ("first", 1), ("every", 3)])
def test_a_step_holds_by_itself_where_that_was_asked_for(holds: Any, times: int) -> None:
    control, held = Control(holds), 0
    for _ in range(3):
        control.looked()
        held += control.held
        control.go_on()
    assert held == times
    threading.Timer(0, control.set).start()
    assert control.wait(5)


def test_the_first_target_that_does_not_go_stops_the_others() -> None:
    """Of many deletions the first is held by a finalizer: the second is never sent, whatever the check can tell."""
    from dataclasses import replace

    from kb.model import DeleteAction, Input

    cluster = cluster_with(Ovn())
    cluster.add(SUBNETS, {"apiVersion": "kubeovn.io/v1", "kind": "Subnet", "metadata": {"name": "net-b"}})
    drop = replace(
        GUIDE.step("drop"),
        action=DeleteAction(SUBNETS, "{item}", each="nets"),
        inputs=(Input("nets", Text("nets"), "choice", many=True, source="nets.names", default="$all"),),
    )
    walk = verified(cluster, "drop", 2.0, drop)
    sent: list[str] = []

    def kept(resource: Resource, name: str, **options: Any) -> None:
        if resource.plural == "subnets" and not options.get("dry_run"):
            sent.append(name)
            cluster.objects[SUBNETS, "", name]["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z"

    real = cluster.delete
    cluster.delete = lambda resource, name, **o: (  # type: ignore[method-assign]
        kept(resource, name, **o) if resource.plural == "subnets" else real(resource, name, **o)
    )
    ended, events = run(walk, "drop")
    assert ended.state == "failed"
    assert sent == ["net-a"], ended.message.en
    (looked,) = [event for event in events if isinstance(event, CanaryLooked)]
    assert looked.good is False
    assert "keep" in looked.summary.en


RAFT = "a1b2\nName: OVN_Northbound\nStatus: cluster member\nRole: {role}\nTerm: {term}\nLeader: {leader}\n"


def test_a_new_raft_term_is_told_and_garbage_is_not() -> None:
    """The term that the most advanced member knows counts; a member that prints garbage says nothing."""
    from checks.layout import load_layout
    from checks.writing import raftterm

    answers = [RAFT.format(role="leader", term=4, leader="self"), "garbage\n"]
    cluster = cluster_with(Ovn())
    cluster.command = lambda argv, node: said(answers[0])
    assert raftterm.terms(cluster, load_layout()) == {
        "OVN_Northbound": "term 4, leader a1b2", "OVN_Southbound": "term 4, leader a1b2",
    }  # fmt: skip
    cluster.command = lambda argv, node: said(answers[1])
    assert raftterm.terms(cluster, load_layout()) == {}
    leave = PlannedWrite("exec", Text(), argv=("ovn-appctl", "-t", "x", "cluster/leave", "OVN_Northbound"))
    look = PlannedWrite("exec", Text(), argv=("ovn-appctl", "-t", "x", "cluster/status", "OVN_Northbound"))
    member = PlannedWrite("restart", Text(), role="ovn-nb-leader")
    node = PlannedWrite("restart", Text(), role="ovs@node-1")
    assert [raftterm.concerned([one]) for one in (leave, look, member, node)] == [True, False, True, False]


def test_a_restarted_member_tells_both_terms() -> None:
    """Before and after a restart of the leader: the election is in the marks, and decides nothing."""
    from dataclasses import replace

    from checks.layout import load_layout
    from checks.plans.plan import Plan
    from checks.writing.transition import look_after, look_before

    cluster = cluster_with(Ovn())
    plan = walk_on(cluster).plan("restart", {"node": "node-1"})
    plan = replace(plan, commands=tuple(replace(w, role="ovn-nb-leader") for w in plan.commands))
    assert isinstance(plan, Plan)
    cluster.command = lambda argv, node: said(RAFT.format(role="leader", term=4, leader="self"))
    before = look_before(cluster, plan, GUIDE.step("restart"), load_layout())
    cluster.command = lambda argv, node: said(RAFT.format(role="follower", term=5, leader="c3d4"))
    marks = look_after(cluster, plan, GUIDE.step("restart"), before, {}, dict, load_layout())
    raft = [mark for mark in marks if mark.kind == "raft"]
    assert {(m.before, m.after, m.changed, m.needed) for m in raft} == {
        ("term 4, leader a1b2", "term 5, leader c3d4", True, False)
    }


def test_an_exported_session_says_what_changed() -> None:
    """Also where a newer klinik wrote kinds of marks that this one does not know, and with hostile names."""
    from checks.sessions.export import session_json, session_markdown
    from checks.sessions.session import Session, StepRecord

    marks = (Mark("gone", "ips/*a*\x1b[2J", "1", "", True).plain(), {"kind": "newer"}, {})
    session = Session(id="s", steps={"drop": StepRecord("drop", "done", marks=marks)})
    text = session_markdown(session, "en")
    assert "changed: 1 of 1" in text
    assert "\x1b" not in text
    assert "ips/\\*a\\*" in text
    (step,) = session_json(session, "en")["steps"]
    assert len(step["marks"]) == 3
