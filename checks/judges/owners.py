"""Who an IP object belongs to: the rules by which an address is kept, and by which it is an orphan.

They follow the controller's own owner check (kube-ovn master, pkg/controller/gc.go, checkIPOwnerExists) and are
stricter where deleting the wrong object would cut a live pod: reserved addresses, addresses a live pod is annotated
with, and owners that cannot be looked up are always kept.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from checks.judges.lists import Object, annotations_of, labels, meta, name, namespace, spec, status

State = Literal["owned", "kept", "gone", "undecided"]

RESERVED = "ovn.kubernetes.io/ip_reserved"
_ORDINAL = re.compile(r"^(?P<set>.+)-\d+$")
_SYSTEM = ("u2o-interconnection.", "mcast-querier.")
_FINISHED = ("Succeeded", "Failed")


@dataclass(frozen=True, slots=True)
class Fate:
    """What became of the owner of an IP object; `why` is a stable code such as ``pod-gone``."""

    state: State
    why: str


@dataclass(frozen=True, slots=True)
class Owners:
    """Everything that can own an address, indexed once; `vms` is None where the kind could not be read."""

    pods: Mapping[tuple[str, str], Object]
    statefulsets: frozenset[tuple[str, str]]
    vms: frozenset[tuple[str, str]] | None
    nodes: frozenset[str]
    addresses: frozenset[str]
    """Addresses that live pods and nodes are annotated with, on any of their interfaces."""


def owners_of(
    pods: Iterable[Object],
    statefulsets: Iterable[Object],
    vms: Iterable[Object] | None,
    nodes: Iterable[Object],
) -> Owners:
    """The index over the lists of pods, StatefulSets, VirtualMachines (None: unknown) and nodes."""
    pods, nodes = list(pods), list(nodes)
    live = [pod for pod in pods if status(pod).get("phase") not in _FINISHED]
    return Owners(
        pods={(namespace(pod), name(pod)): pod for pod in pods},
        statefulsets=frozenset((namespace(s), name(s)) for s in statefulsets),
        vms=None if vms is None else frozenset((namespace(v), name(v)) for v in vms),
        nodes=frozenset(name(node) for node in nodes),
        addresses=frozenset(address for obj in (*live, *nodes) for address in annotated_addresses(obj)),
    )


def annotated_addresses(obj: Object) -> set[str]:
    """The addresses a pod or node is annotated with (``…kubernetes.io/ip_address``, attachments included)."""
    found: set[str] = set()
    for key, value in annotations_of(obj).items():
        if key.endswith(".kubernetes.io/ip_address"):
            found.update(part.strip() for part in str(value).split(",") if part.strip())
    return found


def addresses_of(ip: Object) -> tuple[str, ...]:
    """The addresses of an IP object: v4 and v6 where set, else the joined field."""
    fields = spec(ip)
    apart = [str(fields.get(key) or "") for key in ("v4IpAddress", "v6IpAddress")]
    if not any(apart):
        apart = str(fields.get("ipAddress") or "").split(",")
    return tuple(part.strip() for part in apart if part.strip())


def is_system(ip: Object) -> bool:
    """Whether the controller itself holds the address (U2O gateway, multicast querier): no workload lives there."""
    return name(ip).startswith(_SYSTEM)


def fate(ip: Object, owners: Owners) -> Fate:
    """Whether the owner of an IP object exists; ``gone`` only where every rule agrees."""
    found = _by_kind(ip, owners)
    if found.state != "gone":
        return found
    if any(address in owners.addresses for address in addresses_of(ip)):
        return Fate("kept", "address-in-use")
    return found


def _by_kind(ip: Object, owners: Owners) -> Fate:
    fields = spec(ip)
    ns, pod = str(fields.get("namespace") or ""), str(fields.get("podName") or "")
    if labels(ip).get(RESERVED) == "true":
        return Fate("kept", "reserved")
    if any(ref.get("kind") in ("Subnet", "Node") for ref in meta(ip).get("ownerReferences") or ()):
        return Fate("kept", "owned-by-object")
    if is_system(ip):
        return Fate("kept", "system-address")
    if not ns:
        if not pod or pod != fields.get("nodeName"):
            return Fate("undecided", "no-owner-named")
        return Fate("owned", "node") if pod in owners.nodes else Fate("gone", "node-gone")
    found = owners.pods.get((ns, pod))
    kind = str(fields.get("podType") or "")
    if kind == "VirtualMachine":
        return _of_vm((ns, pod), owners)
    if found is not None:
        return Fate("gone", "pod-on-host-network") if spec(found).get("hostNetwork") else Fate("owned", "pod")
    if kind == "StatefulSet":
        return _of_statefulset(ns, pod, owners)
    return Fate("gone", "pod-gone") if not kind else Fate("undecided", "unknown-pod-type")


def _of_vm(key: tuple[str, str], owners: Owners) -> Fate:
    if owners.vms is None:
        return Fate("undecided", "vm-unread")
    return Fate("owned", "vm") if key in owners.vms else Fate("gone", "vm-gone")


def _of_statefulset(ns: str, pod: str, owners: Owners) -> Fate:
    match = _ORDINAL.match(pod)
    if not match:
        return Fate("undecided", "no-ordinal")
    # A scaled-down or restarting StatefulSet keeps the addresses of its pods on purpose.
    if (ns, match["set"]) in owners.statefulsets:
        return Fate("owned", "statefulset")
    return Fate("gone", "statefulset-gone")
