"""Restarts respect PodDisruptionBudgets: over HTTP on the practice cluster, and in a walk."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from checks.cluster import PODS, Object
from checks.errors import Conflict, Disruption, NotFound
from checks.live import connect
from checks.practice.budgets import BUDGETS, refused
from checks.practice.scenario import build_world
from checks.practice.server import PracticeServer
from checks.writing.stepevents import Waiting
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
