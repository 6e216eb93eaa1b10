"""The first look at a cluster: is it there, which versions, how many nodes. No Textual in here."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from checks.cluster import NODES, Cluster, Resource
from checks.errors import ClusterError, Unauthenticated

DEPLOYMENTS = Resource("apps", "v1", "deployments")
_VERSION = re.compile(r"^v?\d+\.\d+(\.\d+)?[\w.-]*$")


def look(cluster: Cluster) -> Iterator[Mapping[str, Any]]:
    """Yields what to change in the state of the cluster, piece by piece.

    Raises ClusterError only where the server does not answer at all, or does not know the user; a forbidden list leaves
    its piece unknown.
    """
    yield {"kubernetes": cluster.version(timeout=5.0)}
    try:
        ready = total = 0
        for node in cluster.list(NODES, timeout=10.0):
            total += 1
            ready += _ready(node)
        yield {"nodes": total, "nodes_ready": ready}
    except Unauthenticated:
        raise  # the version is told to strangers too
    except ClusterError:
        pass  # the header leaves out what may not be read; the checks say why
    try:
        image = _image(cluster)
    except ClusterError:
        return
    if image:
        yield {"kube_ovn": image}


def _ready(node: Mapping[str, Any]) -> bool:
    conditions = (node.get("status") or {}).get("conditions") or []
    return any(c.get("type") == "Ready" and c.get("status") == "True" for c in conditions)


def _controllers(cluster: Cluster, namespace: str) -> Iterator[Mapping[str, Any]]:
    chosen = cluster.list(
        DEPLOYMENTS, namespace=namespace, fields="metadata.name=kube-ovn-controller", timeout=10.0
    )
    for item in chosen:
        if (item.get("metadata") or {}).get("name") == "kube-ovn-controller":
            yield item


def _image(cluster: Cluster) -> str:
    """The tag of kube-ovn-controller's image, where it looks like a version."""
    found = list(_controllers(cluster, "kube-system")) or list(_controllers(cluster, ""))
    for item in found:
        pod = ((item.get("spec") or {}).get("template") or {}).get("spec") or {}
        for container in pod.get("containers") or []:
            tag = str(container.get("image", "")).split("@")[0].rpartition(":")[2]
            if _VERSION.match(tag):
                return tag
    return ""
