"""Small builders of Kubernetes and Kube-OVN objects for tests of judges."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from importlib import import_module
from typing import Any

from checks.judges import JUDGES
from checks.model import Answer, CheckSpec, Fact, Judgement, ListRead
from kb.text import Text

NOW = 1_800_000_000.0
Object = dict[str, Any]


def stamp(seconds_ago: float) -> str:
    return datetime.fromtimestamp(NOW - seconds_ago, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def obj(name: str, *, age: float = 86400, deleted: float | None = None, **parts: Any) -> Object:
    meta: Object = {
        "name": name,
        "uid": f"uid-{name}",
        "resourceVersion": "7",
        "creationTimestamp": stamp(age),
    }
    meta |= parts.pop("metadata", {})
    if deleted is not None:
        meta["deletionTimestamp"] = stamp(deleted)
    return {"metadata": meta, **parts}


def subnet(
    name: str = "ext", cidr: str = "10.0.0.0/24", using: Any = 0, available: Any = 253, **more: Any
) -> Object:
    """A Subnet whose gateway is the first address; further keys: deleted, finalizers, exclude, provider, status."""
    gateway = more.pop("gateway", cidr.split("/")[0].rsplit(".", 1)[0] + ".1")
    spec = {"cidrBlock": cidr, "gateway": gateway, "excludeIps": more.pop("exclude", [gateway])}
    spec |= {"protocol": more.pop("protocol", "IPv4"), "provider": more.pop("provider", "ovn")}
    status = {"v4usingIPs": using, "v4availableIPs": available} | more.pop("status", {})
    spec["vlan"] = more.pop("vlan", "")
    meta = {"finalizers": more.pop("finalizers", ["kubeovn.io/kube-ovn-controller"])}
    return obj(name, spec=spec, status=status, metadata=meta, **more)


def ip(
    name: str, address: str, *, of: str = "ext", pod: str = "", ns: str = "default", **more: Any
) -> Object:
    """An IP object of the Subnet `of`; further keys: kind (podType), node, labels, deleted, finalizers, age, owners."""
    spec = {
        "podName": pod or name.split(".")[0],
        "namespace": ns,
        "subnet": of,
        "nodeName": more.pop("node", "node-1"),
        "v4IpAddress": address,
        "ipAddress": address,
        "podType": more.pop("kind", ""),
    }
    meta = {
        "labels": {"ovn.kubernetes.io/subnet": of, of: "", **more.pop("labels", {})},
        "finalizers": more.pop("finalizers", ["kubeovn.io/kube-ovn-controller"]),
        "ownerReferences": more.pop("owners", []),
    }
    return obj(name, spec=spec, metadata=meta, **more)


def pod(
    name: str, ns: str = "default", *, phase: str = "Running", switch: str = "ext", **more: Any
) -> Object:
    """A pod; further keys: address, host (hostNetwork), labels, image, statuses, ready."""
    notes = {"ovn.kubernetes.io/logical_switch": switch} if switch else {}
    if address := more.pop("address", ""):
        notes["ovn.kubernetes.io/ip_address"] = address
    ready = "True" if more.pop("ready", True) else "False"
    spec = {"nodeName": "node-1", "hostNetwork": more.pop("host", False)}
    spec["containers"] = [{"name": more.pop("container", "app"), "image": more.pop("image", "app:1")}]
    status = {"phase": phase, "conditions": [{"type": "Ready", "status": ready}]}
    status["containerStatuses"] = more.pop("statuses", [])
    meta = {"namespace": ns, "annotations": notes, "labels": more.pop("labels", {})}
    return obj(name, spec=spec, status=status, metadata=meta, **more)


def cni_pod(version: str = "v1.13.2") -> Object:
    return pod(
        "cni-1",
        "kube-system",
        switch="",
        host=True,
        container="cni-server",
        image=f"docker.io/kubeovn/kube-ovn:{version}",
        labels={"app": "kube-ovn-cni"},
    )


def eip(name: str, address: str, gateway: str = "gw", of: str = "ext", **more: Any) -> Object:
    spec = {"natGwDp": gateway, "v4ip": address, "externalSubnet": of}
    meta = {"labels": {"ovn.kubernetes.io/subnet": of}}
    return obj(name, spec=spec, status={"ip": address, "ready": True}, metadata=meta, **more)


def listed(items: Iterable[Object]) -> Fact:
    return Fact((Answer("", list(items), "", NOW, source="list"),))


def failed(reason: str, message: str = "no") -> Fact:
    return Fact((Answer("", None, "", NOW, source="list x", error=reason, message=Text.of(message)),))


def answered(values: Mapping[str, Any]) -> Fact:
    """A fact of an exec or logs read: one answer per pod."""
    return Fact(tuple(Answer(p, value, "", NOW, pod=p) for p, value in values.items()))


def facts_of(spec: CheckSpec, world: Mapping[str, Any]) -> dict[str, Fact]:
    """The facts of a check from a world: resources (``v1/pods``) to objects, read names to facts."""
    found: dict[str, Fact] = {}
    for name, read in spec.reads.items():
        if name in world:
            found[name] = world[name]
        elif isinstance(read, ListRead):
            given = world.get(read.resource, ())
            found[name] = given if isinstance(given, Fact) else listed(_selected(given, read))
        else:
            found[name] = failed("absent", "not in this world")
    return found


def _selected(items: Iterable[Object], read: ListRead) -> Iterable[Object]:
    key, _, value = read.labels.partition("=")
    for item in items:
        labelled = " in " in read.labels or not key or item["metadata"].get("labels", {}).get(key) == value
        if labelled and read.fields in ("", f"metadata.name={item['metadata']['name']}"):
            yield item


def judged(spec: CheckSpec, world: Mapping[str, Any], *, at: float = NOW, **params: Any) -> Judgement:
    """What the Python judge of a check says about a world at a time."""
    module, _, function = JUDGES[spec.judge].partition(":")
    judge = getattr(import_module(module), function)
    return judge(facts_of(spec, world), {**spec.params, **params}, at)  # type: ignore[no-any-return]
