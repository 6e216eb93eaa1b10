"""What a collection of facts brings from a cluster in memory whose nodes have their ovs pods."""

from __future__ import annotations

from typing import Any

from checks.cluster import Cluster
from checks.facts import Facts
from checks.layout import load_layout
from checks.model import Fact, Read
from tests.checks.memory_cluster import MemoryCluster, node, pod

LAYOUT = load_layout()
COUNT = {"regex": r"flow_count=(?P<count>\d+)"}


def nodes_with_ovs(count: int) -> dict[str, list[dict[str, Any]]]:
    """So many nodes, each with its ovs pod, as a `MemoryCluster` takes them."""
    names = [f"node-{n:02}" for n in range(count)]
    return {"v1/pods": [pod(f"ovs-{n}", "ovs", n) for n in names], "v1/nodes": [node(n) for n in names]}


def collect(
    cluster: MemoryCluster, *groups: dict[str, Read], limits: dict[str, int] | None = None
) -> list[dict[str, Fact]]:
    """Collects what each group wants, and closes the cluster."""
    assert isinstance(cluster, Cluster)
    facts = Facts(cluster, LAYOUT, **({"limits": limits} if limits else {}))
    try:
        wanted = [facts.want(group) for group in groups]
        facts.start()
        return [{name: future.result(20) for name, future in group.items()} for group in wanted]
    finally:
        facts.close()
        cluster.close()
