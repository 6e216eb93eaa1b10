"""Who answers for a role, and who should but cannot."""

from __future__ import annotations

from pathlib import Path

import pytest

from checks.errors import ClusterError, NotFound
from checks.layout import LayoutError, choose, load_layout, resolve
from tests.checks.memory_cluster import MemoryCluster, node, pod

LAYOUT = load_layout()
OVS = [pod("ovs-2", "ovs", "node-2"), pod("ovs-1", "ovs", "node-1")]
CENTRAL = [
    pod("central-a", "ovn-central", "node-1", labels={"ovn-nb-leader": "true", "ovn-sb-leader": "false"}),
    pod("central-b", "ovn-central", "node-2", labels={"ovn-sb-leader": "true"}),
]


def test_every_node_answers_for_a_role_per_node() -> None:
    """One target per node, in the order of the nodes, bound to its uid and container."""
    found = choose(LAYOUT, "ovs", [*OVS, *CENTRAL])
    assert [(t.node, t.pod, t.uid, t.container) for t in found.targets] == [
        ("node-1", "ovs-1", "uid-ovs-1", "openvswitch"),
        ("node-2", "ovs-2", "uid-ovs-2", "openvswitch"),
    ]
    assert [LAYOUT.name_of("ovs", t) for t in found.targets] == ["node-1", "node-2"]
    assert not found.missing


def test_a_role_at_a_node_or_pod_is_only_that() -> None:
    """`ROLE@x` takes a node's name as well as a pod's."""
    assert [t.pod for t in choose(LAYOUT, "ovs@node-2", OVS).targets] == ["ovs-2"]
    assert [t.pod for t in choose(LAYOUT, "ovs@ovs-1", OVS).targets] == ["ovs-1"]
    with pytest.raises(NotFound, match="node-9"):
        choose(LAYOUT, "ovs@node-9", OVS)


def test_a_rolling_daemonset_is_spoken_for_by_the_pod_that_runs() -> None:
    """Two pods on a node: the one that is Running, not going, Ready and newest answers."""
    pods = [
        pod("old", "ovs", "node-1", deleting=True),
        pod("new", "ovs", "node-1", created="2024-02-01T00:00:00Z"),
        pod("evicted", "ovs", "node-1", phase="Failed"),
        pod("starting", "ovs", "node-1", phase="Pending"),
    ]
    assert [t.pod for t in choose(LAYOUT, "ovs", pods).targets] == ["new"]


def test_a_pod_that_does_not_run_and_a_node_without_one_are_named() -> None:
    """What cannot answer is missing with its reason, not left out; Windows and virtual nodes owe no answer."""
    nodes = [
        node("node-1"),
        node("node-3"),
        node("win", **{"kubernetes.io/os": "windows"}),
        node("far", type="virtual-kubelet"),
    ]
    found = choose(LAYOUT, "ovs", [*OVS, pod("ovs-4", "ovs", "node-4", phase="Pending")], nodes=nodes)
    assert [(m.node, m.pod) for m in found.missing] == [("node-4", "ovs-4"), ("node-3", "")]
    assert "Pending" in found.missing[0].message.en
    assert "node-3" in found.missing[1].message.en


def test_the_leader_is_the_ready_pod_with_the_label_true() -> None:
    """Labels with false, pods that are not Ready and other apps are no leaders."""
    (leader,) = choose(LAYOUT, "ovn-nb-leader", [*CENTRAL, *OVS]).targets
    assert leader.pod == "central-a"
    assert LAYOUT.name_of("ovn-nb-leader", leader) == "central-a"


def test_no_leader_is_said_with_the_label() -> None:
    """Nobody is asked in its place."""
    with pytest.raises(NotFound, match="ovn-northd-leader=true"):
        choose(LAYOUT, "ovn-northd-leader", CENTRAL)
    sick = pod("central-a", "ovn-central", labels={"ovn-nb-leader": "true"}, ready=False)
    with pytest.raises(NotFound, match="ovn-nb-leader=true"):
        choose(LAYOUT, "ovn-nb-leader", [sick])


def test_two_leaders_are_an_error() -> None:
    """Two pods claiming to lead is no answer at all."""
    both = [pod(f"central-{x}", "ovn-central", labels={"ovn-sb-leader": "true"}) for x in "ab"]
    with pytest.raises(ClusterError, match="central-a, central-b"):
        choose(LAYOUT, "ovn-sb-leader", both)


def test_the_controller_in_charge_is_the_lease_holder() -> None:
    """The Lease names a pod; one that is gone leaves nobody."""
    pods = [pod("ctl-a", "kube-ovn-controller"), pod("ctl-b", "kube-ovn-controller")]
    assert choose(LAYOUT, "controller-leader", pods, holder="ctl-b").targets[0].pod == "ctl-b"
    with pytest.raises(NotFound, match="ctl-z"):
        choose(LAYOUT, "controller-leader", pods, holder="ctl-z")


def test_nobody_at_all_and_unknown_roles_are_not_found() -> None:
    """An empty cluster is not a healthy one."""
    with pytest.raises(NotFound, match="app=ovs"):
        choose(LAYOUT, "ovs", [])
    with pytest.raises(NotFound, match="no role 'typo'"):
        choose(LAYOUT, "typo", [])


def test_one_list_of_pods_serves_all_roles() -> None:
    """Roles that differ in one label share a selector."""
    selectors = {LAYOUT.selector(role) for role in LAYOUT.roles.values()}
    assert selectors == {
        "app in (kube-ovn-cni,kube-ovn-controller,kube-ovn-pinger,ovn-central,ovs)",
        "k8s-app in (kube-dns,kube-proxy)",
        "component=etcd",
        "ovn.kubernetes.io/vpc-nat-gw=true",
    }


def test_resolve_reads_pods_and_lease() -> None:
    """The targets as the cluster is now, for a write that is about to be planned."""
    lease = {"metadata": {"name": "kube-ovn-controller"}, "spec": {"holderIdentity": "ctl"}}
    cluster = MemoryCluster(
        {"v1/pods": [pod("ctl", "kube-ovn-controller", "n")], "coordination.k8s.io/v1/leases": [lease]}
    )
    assert [t.pod for t in resolve(cluster, LAYOUT, "controller-leader")] == ["ctl"]
    with pytest.raises(NotFound):
        resolve(cluster, LAYOUT, "ovs")


def test_a_broken_layout_names_every_mistake(tmp_path: Path) -> None:
    """All mistakes of a layout file at once, with their lines."""
    file = tmp_path / "layout.yaml"
    file.write_text(
        "ovs:\n  namespace: 5\n  labels: {app: ovs}\n  pick: some\n  colour: red\n", encoding="utf-8"
    )
    with pytest.raises(LayoutError) as caught:
        load_layout(file)
    assert {(p.line, p.code) for p in caught.value.problems} == {
        (2, "check.type"), (4, "check.choice"), (5, "check.unknown-key"), (1, "check.missing"),
    }  # fmt: skip
