"""What an outlook looks at: the cluster, the guide and its results; pods, nodes and objects are read once.

Everything here reads. What the cluster does not say is kept as its error, so that it is not asked again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar, cast

from checks.cluster import NODES, PODS, Cluster, Object, Resource, Target
from checks.errors import ClusterError
from checks.layout import Layout, choose, is_ready, lease_holder
from checks.model import Result
from checks.sessions.session import Session
from kb.model import Guide

_Read = TypeVar("_Read")
BUDGETS = Resource("policy", "v1", "poddisruptionbudgets")
PATIENCE = 10.0
"""Seconds of one read: an outlook is waited for, and what is missing is said."""


@dataclass
class Scene:
    """One look; not to be kept, for what it read grows old."""

    cluster: Cluster
    layout: Layout
    guide: Guide
    results: Mapping[str, Result]
    session: Session = field(default_factory=Session)
    _kept: dict[tuple[str, ...], Any] = field(default_factory=dict)

    def targets(self, on: str) -> tuple[Target, ...]:
        """The pods of ``ROLE`` or ``ROLE@node``; raises ClusterError where nobody plays it."""
        role, _, where = on.partition("@")
        if where and self.layout.role(role).per == "node":
            mine = self._once(("by-node", role), lambda: self._by_node(role)).get(where)
            if mine is not None:
                return (mine,)
        return self._once(("targets", on), lambda: self._choose(on))

    def _by_node(self, role: str) -> dict[str, Target]:
        return {target.node: target for target in self.targets(role)}

    def _choose(self, on: str) -> tuple[Target, ...]:
        holder = lease_holder(self.cluster, self.layout.role(on), timeout=PATIENCE)
        return choose(self.layout, on, self.pods(on), holder=holder).targets

    def pods(self, on: str) -> Sequence[Object]:
        """All pods with the labels of a role, whatever node; raises ClusterError."""
        role = self.layout.role(on)
        labels = ",".join(f"{key}={value}" for key, value in role.labels.items())

        def read() -> list[Object]:
            found = self.cluster.list(PODS, namespace=role.namespace, labels=labels, timeout=PATIENCE)
            return [pod for pod in found if _labelled(pod, role.labels)]

        return self._once(("pods", role.namespace, labels), read)

    def object(self, resource: str, namespace: str, name: str) -> Object:
        """An object as it is now; raises ClusterError."""
        kind = Resource.parse(resource)
        return self._once(
            ("object", resource, namespace, name),
            lambda: self.cluster.get(kind, name, namespace=namespace, timeout=PATIENCE),
        )

    def nodes(self) -> tuple[int, int]:
        """Ready nodes and all nodes; raises ClusterError."""

        def read() -> tuple[int, int]:
            ready = [is_ready(node) for node in self.cluster.list(NODES, timeout=PATIENCE)]
            return sum(ready), len(ready)

        return self._once(("nodes",), read)

    def on_node(self, node: str) -> int:
        """Pods of a node that have an address of their own and run; raises ClusterError."""

        def read() -> int:
            fields = f"spec.nodeName={node}"
            return sum(_rides(pod, node) for pod in self.cluster.list(PODS, fields=fields, timeout=PATIENCE))

        return self._once(("rides", node), read)

    def budgets(self, namespace: str) -> Sequence[Object]:
        """The PodDisruptionBudgets of a namespace; raises ClusterError."""
        return self._once(
            ("budgets", namespace),
            lambda: list(self.cluster.list(BUDGETS, namespace=namespace, timeout=PATIENCE)),
        )

    def _once(self, key: tuple[str, ...], read: Callable[[], _Read]) -> _Read:
        if key not in self._kept:
            try:
                self._kept[key] = read()
            except ClusterError as error:
                self._kept[key] = error
        found = self._kept[key]
        if isinstance(found, ClusterError):
            raise found
        return cast(_Read, found)


def quietly(read: Callable[[], _Read]) -> _Read | None:
    """What a read says; None where the cluster does not say it."""
    try:
        return read()
    except ClusterError:
        return None


def marks(obj: Object) -> Iterator[tuple[str, str]]:
    """Labels and annotations of an object."""
    meta = obj.get("metadata") or {}
    for name in ("labels", "annotations"):
        found = meta.get(name)
        if isinstance(found, Mapping):
            yield from ((str(key), str(value)) for key, value in found.items())


def _labelled(pod: Object, labels: Mapping[str, str]) -> bool:
    own = (pod.get("metadata") or {}).get("labels") or {}
    return all(own.get(key) == value for key, value in labels.items())


def _rides(pod: Object, node: str) -> bool:
    spec, status = pod.get("spec") or {}, pod.get("status") or {}
    return spec.get("nodeName") == node and not spec.get("hostNetwork") and status.get("phase") == "Running"
