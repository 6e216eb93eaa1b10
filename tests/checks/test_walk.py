"""A walk: nothing is written that was not reviewed, confirmed, armed and written down; and everything is proven."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from checks.errors import Timeout
from checks.plans.plan import PlanError, StalePlan
from checks.sessions.journal import MemoryJournal, read
from checks.walking.access import Access, NotArmed
from checks.walking.walk import NotConfirmed, Walk, WalkError
from checks.writing.stepevents import Output, Verified, WriteDone
from tests.checks.dictcluster import DictCluster, pod, said
from tests.checks.incident import ARTICLE, CATALOGUE, Ovn, checked, cluster_with, done, run, walk_on


@pytest.fixture
def ovn() -> Ovn:
    return Ovn()


@pytest.fixture
def cluster(ovn: Ovn) -> DictCluster:
    return cluster_with(ovn)


def test_looking_leaves_no_file_and_choosing_does(cluster: DictCluster, tmp_path: Path) -> None:
    """The journal is made with the first decision, and then holds what was seen before it."""
    walk = Walk.open(cluster, ARTICLE, CATALOGUE, journal_dir=tmp_path / "s")
    checked(walk)
    assert [view.state for view in walk.causes()] == ["supported"]
    assert walk.symptoms()[0].verdict == "fail"
    assert not (tmp_path / "s").exists()
    walk.choose("learning")
    assert walk.path is not None
    assert [entry["kind"] for entry in read(walk.path)] == ["opened", "checked", "cause"]
    assert walk.session.rounds[0].results["macs"]["verdict"] == "fail"
    assert [step.id for step in walk.steps()][:2] == ["stop", "purge"]
    walk.close()


def test_a_step_is_done_proven_and_undone(cluster: DictCluster, ovn: Ovn) -> None:
    """The option is set, the proof shows before and after, the undo gives back what was saved."""
    ovn.learn = "true"
    walk = walk_on(cluster)
    plan = walk.plan("stop", {})
    assert plan.risk == "low"
    assert plan.confirm.expected == "y"
    assert plan.reversible
    events = list(walk.run(plan, typed="y"))
    assert ovn.learn == "false"
    assert any(isinstance(event, Output) and event.text == "set" for event in events)
    proof = next(event for event in events if isinstance(event, Verified))
    assert (proof.before["option"]["verdict"], proof.after["option"]["verdict"]) == ("fail", "ok")
    assert walk.state("stop") == "done"
    assert walk.already_done("stop") is True
    undo = walk.plan_undo("stop")
    assert "options:always_learn_from_arp_request=true" in undo.commands[0].argv
    assert done(walk.undo(undo, typed="y")).state == "undone"
    assert ovn.learn == "true"
    assert walk.record_of("stop").proof("undo") is not None


def test_rows_are_destroyed_in_batches_and_created_again(cluster: DictCluster, ovn: Ovn) -> None:
    """Exactly the chosen rows go, two at a time; the live one stays; undo brings every one back."""
    walk = walk_on(cluster)
    run(walk, "stop")
    before = dict(ovn.rows)
    plan = walk.plan("purge", walk.proposed("purge"))
    assert plan.preview.kind == "rows"
    assert plan.preview.lines == ("10.0.0.1", "10.0.0.2", "10.0.0.3", "10.0.0.4")
    assert [write.argv[-2:] for write in plan.commands] == [("uuid-1", "uuid-2"), ("uuid-3", "uuid-4")]
    events = list(walk.run(plan, typed="y"))
    assert [event.done for event in events if isinstance(event, WriteDone)] == [2, 4]
    assert ovn.rows == {"uuid-0": "10.0.0.0"}
    assert walk.state("purge") == "done"
    assert done(walk.undo(walk.plan_undo("purge"), typed="y")).state == "undone"
    assert ovn.rows == before


def test_read_only_sends_nothing(cluster: DictCluster) -> None:
    """Without arming, after expiry, for another cluster and under --read-only no write goes out."""
    now = [0.0]
    clock = type("C", (), {"monotonic": lambda self: now[0], "now": lambda self: now[0]})()
    access = Access(idle=10, clock=clock)
    walk = Walk.open(cluster, ARTICLE, CATALOGUE, journal=MemoryJournal(), access=access)
    checked(walk)
    plan = walk.plan("stop", {})
    with pytest.raises(NotArmed):
        walk.run(plan, typed="y")
    access.arm(replace(cluster.info, context="other"), "TEST-1")
    with pytest.raises(NotArmed):
        walk.run(plan, typed="y")
    with pytest.raises(NotArmed):
        access.arm(cluster.info, "  ")
    access.arm(cluster.info, "TEST-1")
    now[0] = 11
    with pytest.raises(NotArmed):
        walk.run(plan, typed="y")
    forbidden = Access(forbidden=True)
    with pytest.raises(NotArmed):
        forbidden.arm(cluster.info, "TEST-1")
    assert cluster.writes == []
    assert walk.state("stop") == "todo"


@pytest.mark.parametrize("typed", ["", "n", "yes", "Y", "node-1"])
def test_anything_but_the_word_is_no(cluster: DictCluster, typed: str) -> None:
    """The confirmation is exact, and nothing is journaled for a step that was not confirmed."""
    walk = walk_on(cluster)
    with pytest.raises(NotConfirmed):
        walk.run(walk.plan("stop", {}), typed=typed)
    assert cluster.writes == []
    assert walk.state("stop") == "todo"


def test_confirmation_grows_with_risk_and_production(ovn: Ovn) -> None:
    """low: a key; disruptive: the node; destructive: cluster and object; on production that for everything."""
    walk = walk_on(cluster_with(ovn))
    assert walk.plan("stop", {}).confirm.kind == "key"
    assert walk.plan("restart", {"node": "node-2"}).confirm.words == ("node-2",)
    assert walk.plan("drop", {"subnet": "net-a"}).confirm.words == ("test", "net-a")
    production = walk_on(cluster_with(ovn, production=True))
    low = production.plan("stop", {}).confirm
    assert low.kind == "cluster-and-target"
    assert low.words[0] == "test"
    assert not low.accepts("y")
    assert production.plan("restart", {"node": "node-2"}).confirm.words == ("test", "node-2")


def test_a_step_waits_for_what_it_requires(cluster: DictCluster) -> None:
    """A requirement that is false, or unknown, blocks with its own words; then it is offered."""
    walk = walk_on(cluster)
    blocked = walk.blocked("purge")
    assert blocked is not None
    assert blocked.zh == "请先停止学习"
    with pytest.raises(PlanError):
        walk.plan("purge", walk.proposed("purge"))
    cluster.fail["exec"] = Timeout("no answer")
    checked(walk, ["option"])
    unknown = walk.blocked("purge")
    assert unknown is not None
    assert "not known: option" in unknown.en
    run(walk, "stop")
    assert walk.blocked("purge") is None


def test_rows_that_changed_since_are_not_touched(cluster: DictCluster, ovn: Ovn) -> None:
    """A row that became live after the review stops everything; rows that only vanished do not."""
    walk = walk_on(cluster)
    run(walk, "stop")
    plan = walk.plan("purge", walk.proposed("purge"))
    ovn.live.add("uuid-3")
    sent = len(cluster.writes)
    with pytest.raises(StalePlan) as caught:
        list(walk.run(plan, typed="y"))
    assert "uuid-3" in caught.value.changes[0].en
    assert len(cluster.writes) == sent
    assert walk.state("purge") == "todo"
    ovn.live.discard("uuid-3")
    del ovn.rows["uuid-4"]
    assert done(walk.run(plan, typed="y")).state == "done"


def test_a_replaced_target_or_object_is_not_touched(cluster: DictCluster) -> None:
    """Another pod in the role, another object of the name, other content: each is refused with its words."""
    walk = walk_on(cluster)
    stop, label, drop = (
        walk.plan("stop", {}),
        walk.plan("label", {"subnet": "net-a"}),
        walk.plan("drop", {"subnet": "net-a"}),
    )
    subnet = cluster.objects["kubeovn.io/v1/subnets", "", "net-a"]
    subnet["status"]["v4usingIPs"] = 4
    subnet["metadata"]["resourceVersion"] = "900"
    assert done(walk.run(label, typed="y")).state == "done", (
        "a status that moves is no change of what was reviewed"
    )
    with pytest.raises(StalePlan, match="changed meanwhile"):
        list(walk.run(drop, typed=drop.confirm.expected))
    subnet = cluster.objects["kubeovn.io/v1/subnets", "", "net-a"]
    del subnet["metadata"]["annotations"]
    subnet["metadata"]["uid"] = "another"
    with pytest.raises(StalePlan, match="another object"):
        list(walk.run(drop, typed=drop.confirm.expected))
    leader = cluster.objects.pop(("v1/pods", "kube-system", "ovn-central-1"))
    leader["metadata"]["uid"] = "another"
    cluster.objects["v1/pods", "kube-system", "ovn-central-1"] = leader
    with pytest.raises(StalePlan, match="no longer plays the role"):
        list(walk.run(stop, typed="y"))


def test_a_twin_that_says_something_else_stops_the_write(cluster: DictCluster, ovn: Ovn) -> None:
    """The read-only twin is asked again right before the write."""
    walk = walk_on(cluster)
    plan = walk.plan("stop", {})
    ovn.learn = "true"
    with pytest.raises(StalePlan, match="shows something else"):
        list(walk.run(plan, typed="y"))
    assert cluster.writes == []


def test_the_server_refuses_what_changed_in_the_last_instant(cluster: DictCluster) -> None:
    """A conflict at the write itself is a failure, not an overwrite; one about the status alone is no conflict."""
    from checks.errors import Conflict

    walk = walk_on(cluster)
    plan = walk.plan("label", {"subnet": "net-a"})
    net = cluster.objects["kubeovn.io/v1/subnets", "", "net-a"]
    patch = cluster.patch

    def late(*args: Any, **options: Any) -> Any:
        net["spec"]["cidrBlock"] = "10.9.0.0/24"
        raise Conflict("the object has been modified")

    cluster.patch = late  # type: ignore[method-assign]
    assert done(walk.run(plan, typed="y")).state == "failed"
    assert cluster.writes == []
    cluster.patch = patch  # type: ignore[method-assign]
    plan = walk.plan("label", {"subnet": "net-a"})
    cluster.fail["patch"] = Conflict("the object has been modified")  # as by a new status
    assert done(walk.run(plan, typed="y")).state == "done"
    assert cluster.writes == [("patch", "kubeovn.io/v1/subnets", "net-a")]


def test_a_patch_and_a_deletion_are_previewed_saved_and_recreated(cluster: DictCluster) -> None:
    """The server's dry run becomes a diff; the saved object comes back as it was, without its identity."""
    walk = walk_on(cluster)
    plan = walk.plan("label", {"subnet": "net-a"})
    assert plan.preview.kind == "diff"
    assert "+    touched: yes" in plan.preview.lines or '+    touched: "yes"' in plan.preview.lines
    assert cluster.writes == []
    assert done(walk.run(plan, typed="y")).state == "done"
    assert done(walk.undo(walk.plan_undo("label"), typed="y")).state == "undone"
    assert not cluster.objects["kubeovn.io/v1/subnets", "", "net-a"]["metadata"].get("annotations")
    drop = walk.plan("drop", {"subnet": "net-a"})
    assert all(line.startswith(("-", "@@", "+++")) for line in drop.preview.lines)
    assert done(walk.run(drop, typed="test net-a")).state == "done"
    assert ("kubeovn.io/v1/subnets", "", "net-a") not in cluster.objects
    assert done(walk.undo(walk.plan_undo("drop"), typed="y")).state == "undone"
    again = cluster.objects["kubeovn.io/v1/subnets", "", "net-a"]
    assert again["spec"] == {"cidrBlock": "10.0.0.0/24"}
    assert "finalizers" not in again["metadata"]


def test_a_restart_waits_for_the_right_successor(cluster: DictCluster) -> None:
    """Only a Ready pod of the same controller with another uid on the same node counts."""
    walk = walk_on(cluster)
    assert run(walk, "restart", node="node-2").state == "done"
    assert ("delete", "v1/pods", "ovs-ovn-2") in cluster.writes

    def elsewhere(cluster: DictCluster, gone: object) -> None:
        cluster.add("v1/pods", pod("ovs-ovn-other", "node-3", app="ovs"))
        waiting = pod("ovs-ovn-slow", "node-1", app="ovs")
        waiting["status"]["conditions"][0]["status"] = "False"
        cluster.add("v1/pods", waiting)

    cluster.on_delete = elsewhere
    ended = run(walk, "restart", node="node-1")
    assert ended.state == "failed"
    assert "ovs-ovn-slow" in ended.message.en


def test_a_pod_without_controller_is_not_deleted(cluster: DictCluster) -> None:
    """A bare pod would be lost, so there is no plan for it."""
    del cluster.objects["v1/pods", "kube-system", "ovs-ovn-1"]["metadata"]["ownerReferences"]
    with pytest.raises(PlanError, match="no controller"):
        walk_on(cluster).plan("restart", {"node": "node-1"})


def test_a_verification_that_does_not_turn_is_a_failure(cluster: DictCluster, ovn: Ovn) -> None:
    """The command said ok and the evidence did not change: the step is failed and says so."""
    walk = walk_on(cluster)
    command = cluster.command
    cluster.command = lambda argv, node: said("set\n") if "set" in argv else command(argv, node)
    ended = run(walk, "stop")
    assert ended.state == "failed"
    proof = walk.record_of("stop").proof()
    assert proof is not None
    assert not proof.ok


def test_a_fix_of_an_unsupported_cause_comes_with_a_warning(cluster: DictCluster, ovn: Ovn) -> None:
    """It can be planned, but the plan says that the evidence did not speak for it."""
    assert walk_on(cluster).plan("stop", {}).warnings == ()
    ovn.live = set(ovn.rows)
    warnings = walk_on(cluster).plan("stop", {}).warnings
    assert "did not support" in warnings[0].en
    assert "refuted" in warnings[0].en


def test_by_hand_skipped_and_already_done(cluster: DictCluster, ovn: Ovn) -> None:
    """A manual step needs no arming but a proof; skipping needs a reason; already done needs evidence."""
    walk = walk_on(cluster, armed=False)
    assert done(walk.done_by_hand("hand")).state == "failed"
    with pytest.raises(WalkError):
        walk.skip("label", " ")
    walk.skip("label", "not ours")
    assert (walk.state("label"), walk.record_of("label").reason) == ("skipped", "not ours")
    with pytest.raises(WalkError):
        walk.accept_done("stop")
    ovn.learn = "false"
    checked(walk)
    walk.accept_done("stop")
    assert walk.state("stop") == "already_done"
    assert done(walk.done_by_hand("hand")).state == "done"
    assert cluster.writes == []
    following = walk.next_step()
    assert following is not None
    assert following.id == "purge"


def test_what_cannot_be_saved_is_not_done(cluster: DictCluster, ovn: Ovn) -> None:
    """When the state for the undo cannot be read, no write goes out."""
    walk = walk_on(cluster)
    plan = walk.plan("stop", {})
    events = walk.run(plan, typed="y")
    for event in events:
        if type(event).__name__ == "StepStarted":
            ovn.refuse = "get"
    assert walk.state("stop") == "failed"
    assert cluster.writes == []
    assert "nothing was sent" in walk.record_of("stop").message.en


def test_the_digest_binds_everything_that_runs(cluster: DictCluster) -> None:
    """Other argv, other target, other row, other cluster: another digest; the same plan made again: the same."""
    walk = walk_on(cluster)
    plan = walk.plan("stop", {})
    assert walk.plan("stop", {}).digest == plan.digest
    write = plan.commands[0]
    assert write.target is not None
    others = [
        replace(plan, commands=(replace(write, argv=(*write.argv, "x")),)),
        replace(plan, commands=(replace(write, target=replace(write.target, uid="x")),)),
        replace(plan, context="other"),
        replace(plan, twin="x"),
        replace(plan, purpose="undo"),
    ]
    assert len({plan.digest, *(other.digest for other in others)}) == 6


def test_notes_and_the_end_are_kept(cluster: DictCluster, tmp_path: Path) -> None:
    """A finished session can be listed, and resumed by another operator on the same cluster only."""
    walk = walk_on(cluster, tmp_path)
    walk.note("saw it at 9")
    walk.finish("solved")
    path = walk.path
    assert path is not None
    walk.close()
    other = Walk.resume(path, cluster, ARTICLE, CATALOGUE, operator="li", access=Access())
    assert other.session.operator == "li"
    assert other.session.outcome == ""
    assert other.session.cause == "learning"
    assert other.session.notes[0].text == "saw it at 9"
    other.close()
    with pytest.raises(WalkError):
        Walk.resume(path, DictCluster(), replace(ARTICLE, id="another"), CATALOGUE)


def test_what_a_step_requires_is_looked_at_again_before_the_write(cluster: DictCluster, ovn: Ovn) -> None:
    """A requirement that held when the plan was made and does not any more: nothing is sent."""
    walk = walk_on(cluster)
    run(walk, "stop")
    plan = walk.plan("purge", walk.proposed("purge"))
    ovn.learn = "true"
    before = dict(ovn.rows)
    with pytest.raises(StalePlan, match="Stop learning first"):
        done(walk.run(plan, typed=plan.confirm.expected))
    assert ovn.rows == before
