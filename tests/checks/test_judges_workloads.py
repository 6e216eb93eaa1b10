"""Judges of the workloads: rollouts and restarts."""

from __future__ import annotations

from typing import Any

import pytest

from checks.catalogue import load_catalogue
from checks.model import Judgement, Verdict
from tests.checks.objects import failed, judged, listed, obj, pod, stamp

CATALOGUE = load_catalogue()
PODS = "v1/pods"


def run(check: str, world: dict[str, Any], **params: Any) -> Judgement:
    spec = CATALOGUE.get(check)
    assert spec is not None
    return judged(spec, world, **params)


def deployment(name: str, ready: int, wanted: int) -> dict[str, Any]:
    return obj(name, spec={"replicas": wanted}, status={"readyReplicas": ready} if ready else {})


def daemonset(name: str, ready: int, wanted: int, **more: Any) -> dict[str, Any]:
    status = {"numberReady": ready, "desiredNumberScheduled": wanted, "updatedNumberScheduled": wanted}
    return obj(
        name, spec={"updateStrategy": {"type": "OnDelete"}}, status=status | more.pop("status", {}), **more
    )


def rollout(**changes: Any) -> dict[str, Any]:
    world = {
        "central": listed([deployment("ovn-central", 3, 3)]),
        "central_sts": listed([]),
        "controller": listed([deployment("kube-ovn-controller", 2, 2)]),
        "ovs": listed([daemonset("ovs-ovn", 4, 4)]),
        "cni": listed([daemonset("kube-ovn-cni", 4, 4)]),
        "pinger": listed([]),
        "monitor": listed([]),
    }
    return world | {name: f if hasattr(f, "answers") else listed([f]) for name, f in changes.items()}


@pytest.mark.parametrize(
    ("changes", "verdict"),
    [
        ({}, Verdict.OK),
        ({"controller": deployment("kube-ovn-controller", 1, 2)}, Verdict.WARN),
        ({"central": deployment("ovn-central", 0, 3)}, Verdict.FAIL),
        ({"ovs": daemonset("ovs-ovn", 3, 4)}, Verdict.WARN),
        ({"ovs": daemonset("ovs-ovn", 1, 4)}, Verdict.FAIL),
        ({"cni": daemonset("kube-ovn-cni", 4, 4, metadata={"generation": 3})}, Verdict.WARN),
        ({"pinger": daemonset("kube-ovn-pinger", 0, 4)}, Verdict.FAIL),
        ({"cni": listed([])}, Verdict.UNKNOWN),
        ({"cni": failed("forbidden")}, Verdict.UNKNOWN),
        ({"pinger": failed("timeout")}, Verdict.UNKNOWN),
    ],
)
def test_every_workload_must_be_rolled_out(changes: dict[str, Any], verdict: Verdict) -> None:
    found = run("workloads.ready", rollout(**changes))
    assert found.verdict == verdict
    assert bool(found.reason) == (verdict == Verdict.UNKNOWN)


def test_the_numbers_and_the_update_strategy_are_kept_for_guides() -> None:
    found = run("workloads.ready", rollout(ovs=daemonset("ovs-ovn", 3, 4)))
    assert (found.data["ovs_ready"], found.data["ovs_desired"]) == (3, 4)
    assert found.data["ovs_strategy"] == "OnDelete"
    assert "ovs-ovn" in found.summary.en


def test_ovn_central_may_be_a_statefulset() -> None:
    found = run("workloads.ready", rollout(central=listed([]), central_sts=deployment("ovn-central", 3, 3)))
    assert found.verdict == Verdict.OK


def test_a_cluster_without_kube_ovn_is_unknown() -> None:
    empty = {name: listed([]) for name in rollout()}
    found = run("workloads.ready", empty)
    assert (found.verdict, found.reason) == (Verdict.UNKNOWN, "absent")


def container(
    count: int, *, ended: float | None = None, why: str = "Error", waiting: str = ""
) -> dict[str, Any]:
    last = {"terminated": {"reason": why, "finishedAt": stamp(ended)}} if ended is not None else {}
    state = {"waiting": {"reason": waiting}} if waiting else {"running": {}}
    return {"name": "openvswitch", "restartCount": count, "lastState": last, "state": state}


@pytest.mark.parametrize(
    ("status", "verdict"),
    [
        (container(0), Verdict.OK),
        (container(9, ended=7200), Verdict.OK),
        (container(2, ended=60), Verdict.OK),
        (container(3, ended=60), Verdict.WARN),
        (container(1, ended=3600, why="OOMKilled"), Verdict.FAIL),
        (container(1, ended=200_000, why="OOMKilled"), Verdict.OK),
        (container(1, ended=60, waiting="CrashLoopBackOff"), Verdict.FAIL),
    ],
)
def test_memory_kills_and_crash_loops_fail_and_frequent_restarts_warn(status: Any, verdict: Verdict) -> None:
    found = run(
        "workloads.restarts", {PODS: [pod("ovs-1", "kube-system", labels={"app": "ovs"}, statuses=[status])]}
    )
    assert found.verdict == verdict


def test_an_oom_kill_of_ovs_is_counted_by_name() -> None:
    ovs = pod("ovs-1", labels={"app": "ovs"}, statuses=[container(4, ended=60, why="OOMKilled")])
    found = run("workloads.restarts", {PODS: [ovs, pod("cni-1", labels={"app": "kube-ovn-cni"})]})
    assert (found.data["oom"], found.data["ovs_oom"], found.data["most"]) == (1, 1, 4)
    assert "OOMKilled" in found.summary.zh


def test_no_pods_or_no_permission_is_unknown() -> None:
    assert run("workloads.restarts", {PODS: []}).verdict == Verdict.UNKNOWN
    assert run("workloads.restarts", {PODS: failed("forbidden")}).reason == "forbidden"
