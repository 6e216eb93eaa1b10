"""Restarts respect PodDisruptionBudgets: over HTTP on the practice cluster, and in a walk."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from checks.clock import Control
from checks.cluster import PODS, Object
from checks.errors import Conflict, Disruption, NotFound
from checks.layout import LEASES
from checks.live import connect
from checks.practice.budgets import BUDGETS, refused
from checks.practice.scenario import build_world
from checks.practice.server import PracticeServer
from checks.walking.walk import Walk
from checks.writing.stepevents import Waiting
from tests.checks.dictcluster import DictCluster
from tests.checks.incident import Ovn, cluster_with, done, run, walk_on


def pod(name: str, ready: bool = True, **labels: str) -> Object:
    status = {"phase": "Running", "conditions": [{"type": "Ready", "status": str(ready)}]}
    return {"metadata": {"name": name, "namespace": "a", "labels": labels}, "status": status}


def budget(**spec: Any) -> Object:
    return {
        "metadata": {"name": "b", "namespace": "a"},
        "spec": {"selector": {"matchLabels": {"app": "x"}}, **spec},
    }


@pytest.mark.parametrize(
    ("spec", "ready", "goes"),
    [
        ({"minAvailable": 2}, 3, True),
        ({"minAvailable": 3}, 3, False),
        ({"minAvailable": "100%"}, 3, False),
        ({"minAvailable": "50%"}, 3, True),
        ({"maxUnavailable": 1}, 3, True),
        ({"maxUnavailable": 1}, 2, False),
        ({"maxUnavailable": 0}, 3, False),
        ({"maxUnavailable": "34%"}, 3, True),
    ],
)
def test_a_budget_counts_what_is_healthy(spec: dict[str, Any], ready: int, goes: bool) -> None:
    peers = [pod(f"p{n}", n < ready, app="x") for n in range(3)]
    assert (refused(peers[0], peers, [budget(**spec)]) is None) is goes


def test_only_the_budget_that_covers_a_pod_counts() -> None:
    peers = [pod("p0", app="x"), pod("p1", app="y")]
    never = budget(maxUnavailable=0)
    assert refused(peers[1], peers, [never]) is None
    everything = budget(maxUnavailable=0, selector={})
    assert refused(peers[1], peers, [everything]) is not None
    assert "more than one" in str(refused(peers[0], peers, [never, everything]))
    nothing = budget(maxUnavailable=0, selector=None)
    assert refused(peers[0], peers, [nothing]) is None


@pytest.fixture
def server(tmp_path: Path) -> Iterator[PracticeServer]:
    with PracticeServer(build_world("healthy", pace=0.02)) as running:
        running.write_kubeconfig(tmp_path / "kubeconfig")
        yield running


def test_the_server_says_which_budget_and_deletes_nothing(server: PracticeServer, tmp_path: Path) -> None:
    cluster = connect(kubeconfig=str(tmp_path / "kubeconfig"))
    try:
        spec = {"minAvailable": "100%", "selector": {"matchLabels": {"app": "ovs"}}}
        body = {
            "apiVersion": "policy/v1",
            "kind": "PodDisruptionBudget",
            "metadata": {"name": "all"},
            "spec": spec,
        }
        cluster.create(BUDGETS, body, namespace="kube-system")
        victim = next(iter(cluster.list(PODS, namespace="kube-system", labels="app=ovs")))["metadata"]
        for dry_run in (True, False):
            with pytest.raises(Disruption, match="disruption budget all needs"):
                cluster.evict("kube-system", victim["name"], uid=victim["uid"], dry_run=dry_run)
        assert cluster.get(PODS, victim["name"], namespace="kube-system")["metadata"]["uid"] == victim["uid"]
        cluster.delete(BUDGETS, "all", namespace="kube-system")
        with pytest.raises(Conflict):
            cluster.evict("kube-system", victim["name"], uid="another")
        cluster.evict("kube-system", victim["name"], uid=victim["uid"], dry_run=True)
        cluster.evict("kube-system", victim["name"], uid=victim["uid"])
        with pytest.raises(NotFound):
            cluster.evict("kube-system", "no-such-pod")
    finally:
        cluster.close()


def test_a_walk_waits_for_the_budget_and_gives_up_in_time_without_a_write() -> None:
    cluster = cluster_with(Ovn())
    walk = walk_on(cluster)
    run(walk, "stop")
    run(walk, "purge")
    cluster.budget = "Cannot evict pod: budget ovs needs 3"
    plan = walk.plan("restart", {"node": "node-1"})
    assert any("budget ovs needs 3" in warning.en for warning in plan.warnings)
    sent = list(cluster.writes)
    events = list(walk.run(plan, typed=plan.confirm.expected))
    assert any(isinstance(event, Waiting) and "PodDisruptionBudget" in event.what.en for event in events)
    assert walk.state("restart") == "failed"
    assert "nothing happened" in walk.record_of("restart").message.en
    assert cluster.writes == sent
    cluster.budget = ""
    assert (
        done(walk.run(walk.plan("restart", {"node": "node-1"}), typed=plan.confirm.expected)).state == "done"
    )


def waiting(
    pressed: Callable[[DictCluster, Control], None], *, go_on: bool = False
) -> tuple[Walk, DictCluster]:
    """A restart that waits for its budget until something happens, and the budget lets the pod go at once."""
    cluster = cluster_with(Ovn())
    walk = walk_on(cluster)
    run(walk, "stop")
    run(walk, "purge")
    cluster.budget, control = "not now", Control()
    plan = walk.plan("restart", {"node": "node-1"})
    cluster.writes.clear()
    for event in walk.run(plan, typed=plan.confirm.expected, stop=control):
        if isinstance(event, Waiting) and "PodDisruptionBudget" in event.what.en and cluster.budget:
            pressed(cluster, control)
            cluster.budget = ""
        elif isinstance(event, Waiting) and control.held:
            assert cluster.writes == [], "held is held, whatever it waits for"
            control.go_on()
            if not go_on:
                control.set()
    return walk, cluster


def kinds(walk: Walk) -> list[str]:
    return [entry["kind"] for entry in walk.journal.entries if entry.get("step") == "restart"]


def test_a_step_that_is_ended_while_it_waits_for_a_budget_sends_nothing() -> None:
    """Nor does the journal say that anything was on its way: killed here, nothing is in doubt."""
    walk, cluster = waiting(lambda cluster, control: control.set())
    assert walk.state("restart") == "failed"
    assert "Stopped after 0 of 1" in walk.record_of("restart").message.en
    assert cluster.writes == []
    assert "writing" not in kinds(walk)


@pytest.mark.parametrize("go_on", [True, False])
def test_a_step_that_is_held_while_it_waits_for_a_budget_sends_nothing_until_it_goes_on(go_on: bool) -> None:
    walk, cluster = waiting(lambda cluster, control: control.hold(), go_on=go_on)
    assert walk.state("restart") == ("done" if go_on else "failed")
    assert bool(cluster.writes) is go_on


def test_a_turn_that_is_lost_while_it_waits_for_a_budget_is_seen_before_the_eviction() -> None:
    """Somebody took over meanwhile: the pod is theirs to restart."""

    def taken(cluster: DictCluster, control: Control) -> None:
        for lease in cluster.list(LEASES):
            meta = lease["metadata"]
            spec = {"spec": {"holderIdentity": "li@elsewhere"}}
            cluster.patch(LEASES, meta["name"], {**spec, "metadata": {"resourceVersion": meta["resourceVersion"]}},
                          namespace=meta["namespace"])  # fmt: skip

    walk, cluster = waiting(taken)
    assert walk.state("restart") == "failed"
    assert cluster.writes == []
    assert "turn" in [entry["kind"] for entry in walk.journal.entries]
