"""From ports that come and go to the pod and the workload that drive them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from checks.judges import lists

Object = Mapping[str, Any]

_WAITING = ("CrashLoopBackOff", "CreateContainerError", "RunContainerError", "ContainerCreating")
_POD = re.compile(r"(?:^|\s)pod_name=(?P<name>\S+)")
_SPACE = re.compile(r"(?:^|\s)pod_namespace=(?P<space>\S+)")
_IFACE = re.compile(r"(?:^|\s)iface-id=(?P<id>\S+)")


@dataclass(frozen=True, slots=True)
class Suspect:
    """A pod that flaps, and the workload that keeps making it; `kind` is Deployment, StatefulSet, DaemonSet or Pod."""

    kind: str
    namespace: str
    name: str
    pod: str
    node: str
    restarts: int
    replicas: int
    interfaces: tuple[str, ...] = ()

    def row(self) -> dict[str, Any]:
        """The suspect as a choice of a step."""
        return {
            "kind": self.kind,
            "namespace": self.namespace,
            "name": self.name,
            "pod": self.pod,
            "node": self.node,
            "restarts": self.restarts,
            "replicas": self.replicas,
        }


def pod_of(external_ids: str) -> tuple[str, str]:
    """Namespace and name of the pod of an interface from its external_ids (``k=v k=v``); empty where there is none."""
    pod, space = _POD.search(external_ids), _SPACE.search(external_ids)
    if pod and space:
        return space["space"], pod["name"]
    port = _IFACE.search(external_ids)
    if port and "." in port["id"]:
        name, _, rest = port["id"].partition(".")
        return rest.partition(".")[0], name
    return "", ""


def suspects(
    node: str,
    names: Mapping[str, int],
    interfaces: Iterable[Mapping[str, Any]],
    pods: Sequence[Object],
    replicasets: Sequence[Object],
) -> list[Suspect]:
    """The pods behind flapping interfaces; where no port names its pod, the pods of the node that keep restarting."""
    here = [pod for pod in pods if str(lists.spec(pod).get("nodeName") or "") == node]
    by_key = {(lists.namespace(pod), lists.name(pod)): pod for pod in here}
    owners = {(lists.namespace(rs), lists.name(rs)): rs for rs in replicasets}
    found: dict[tuple[str, str], list[str]] = {}
    for interface in interfaces:
        key = pod_of(str(interface.get("external_ids") or ""))
        if str(interface.get("name")) in names and key in by_key:
            found.setdefault(key, []).append(str(interface["name"]))
    if not found:
        # The port is gone at this moment, or its name changes with every sandbox: fall back on who keeps restarting.
        found = {key: [] for key, pod in by_key.items() if restless(pod)}
    named = [_suspect(by_key[key], node, owners, tuple(ports)) for key, ports in found.items()]
    return sorted(named, key=lambda suspect: (-suspect.restarts, suspect.namespace, suspect.name))


def restless(pod: Object) -> bool:
    """Whether a pod with a network of its own keeps failing to run."""
    if lists.spec(pod).get("hostNetwork"):
        return False
    statuses = lists.status(pod).get("containerStatuses") or ()
    waiting = {str(((s.get("state") or {}).get("waiting") or {}).get("reason") or "") for s in statuses}
    restarts = sum(int(s.get("restartCount") or 0) for s in statuses)
    return bool(waiting & set(_WAITING)) and restarts >= 3


def _suspect(
    pod: Object, node: str, owners: Mapping[tuple[str, str], Object], ports: tuple[str, ...]
) -> Suspect:
    space = lists.namespace(pod)
    kind, name, replicas = "Pod", lists.name(pod), 1
    owner = _controller(pod)
    if owner and owner[0] == "ReplicaSet":
        replicaset = owners.get((space, owner[1]), {})
        above = _controller(replicaset)
        kind, name = above or owner
        replicas = int(lists.spec(replicaset).get("replicas") or 1)
    elif owner:
        kind, name = owner
    restarts = sum(int(s.get("restartCount") or 0) for s in lists.status(pod).get("containerStatuses") or ())
    return Suspect(kind, space, name, lists.name(pod), node, restarts, replicas, ports)


def _controller(obj: Object) -> tuple[str, str] | None:
    for owner in lists.meta(obj).get("ownerReferences") or ():
        if owner.get("controller", True):
            return str(owner.get("kind") or ""), str(owner.get("name") or "")
    return None
