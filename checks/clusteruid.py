"""What makes a cluster the same one from everywhere: the uid of its namespace kube-system, where that may be read."""

from __future__ import annotations

from checks.cluster import Cluster, Resource
from checks.errors import ClusterError

NAMESPACES = Resource("", "v1", "namespaces")


def uid_of(cluster: Cluster) -> str:
    """The uid; empty where the cluster does not say. The same under every context name, address and tunnel."""
    try:
        found = cluster.get(NAMESPACES, "kube-system", timeout=3.0)
    except ClusterError:
        return ""
    return str(found.get("metadata", {}).get("uid") or "")
