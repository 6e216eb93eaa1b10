"""The proxy subresources of pods, services and nodes: whom a URL means, and what is served there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from checks.cluster import NODES, PODS, SERVICES, Object, Resource
from checks.practice.failures import BadRequest, Unavailable, not_found
from checks.practice.store import Store

SLICES = Resource("discovery.k8s.io", "v1", "endpointslices")
_KINDS = {"pods": PODS, "services": SERVICES, "nodes": NODES}


@dataclass(frozen=True, slots=True)
class Served:
    """What a server in a container answers."""

    text: str
    code: int = 200
    content_type: str = "text/plain; version=0.0.4; charset=utf-8"


@runtime_checkable
class Serving(Protocol):
    """What a world may offer besides `World`: servers in its containers."""

    def served(
        self, pod: Object, port: int, scheme: str, path: str, query: Mapping[str, str]
    ) -> Served | None:
        """The answer to a GET; None where nothing listens at that port."""
        ...


@dataclass(frozen=True, slots=True)
class Proxied:
    """A URL through a proxy; `segment` is the name with scheme and port, as RBAC rules have to name it."""

    resource: Resource
    namespace: str
    segment: str
    scheme: str
    name: str
    port: str
    path: str


def proxied(path: str) -> Proxied | None:
    """Whom a URL path means; None where it is no proxy's. Raises BadRequest for a segment that names nobody."""
    parts = path.split("/")
    namespace = ""
    if parts[:3] != ["", "api", "v1"]:
        return None
    rest = parts[3:]
    if len(rest) > 2 and rest[0] == "namespaces":
        namespace, rest = rest[1], rest[2:]
    if (
        len(rest) < 3
        or rest[0] not in _KINDS
        or rest[2] != "proxy"
        or bool(namespace) == (rest[0] == "nodes")
    ):
        return None
    words = rest[1].split(":")
    if len(words) > 3 or not all(words[:2]):
        raise BadRequest(f"invalid {rest[0]} request {rest[1]!r}")
    scheme, name, port = words if len(words) == 3 else ("", words[0], words[1] if len(words) == 2 else "")
    if scheme not in ("", "http", "https"):
        raise BadRequest(f"invalid {rest[0]} request {rest[1]!r}")
    return Proxied(_KINDS[rest[0]], namespace, rest[1], scheme, name, port, "/" + "/".join(rest[3:]))


def answer(store: Store, world: object, asked: Proxied, query: Mapping[str, str]) -> Served:
    """What is served; raises Unavailable as the API server words it, NotFound for an object that is not there."""
    pod, port = (_backend if asked.resource == SERVICES else _itself)(store, asked)
    found = (
        world.served(pod, port, asked.scheme, asked.path, query)
        if isinstance(world, Serving) and pod
        else None
    )
    if found is None:
        where = f"{_ip(pod)}:{port}" if pod else f"{asked.name}:{port}"
        raise Unavailable(f"error trying to reach service: dial tcp {where}: connect: connection refused")
    return found


def _itself(store: Store, asked: Proxied) -> tuple[Object | None, int]:
    found = store.get(asked.resource, asked.name, asked.namespace)
    if asked.resource == NODES:
        return None, _number(asked.port or "10250")
    if found.get("status", {}).get("phase") != "Running" or not _ip(found):
        raise Unavailable(
            f"error trying to reach service: address not allowed: pod {asked.name} has no address"
        )
    ports = [p for c in found["spec"].get("containers", ()) for p in c.get("ports", ())]
    first = ports[0]["containerPort"] if ports else 80
    return found, _port_of(asked, {p.get("name", ""): p["containerPort"] for p in ports}, first)


def _backend(store: Store, asked: Proxied) -> tuple[Object | None, int]:
    """A ready pod behind a Service, and its port there."""
    service = store.find(SERVICES, asked.name, asked.namespace)
    if service is None:
        raise not_found(SERVICES, asked.name, asked.namespace)
    ports = service["spec"].get("ports", [])
    known = {port.get("name", ""): port for port in ports} | {str(port["port"]): port for port in ports}
    port = known.get(asked.port) if asked.port or len(ports) > 1 else (ports or [None])[0]
    if port is None:
        raise Unavailable(f'no service port "{asked.port}" found for service "{asked.name}"')
    slices = store.scan(SLICES, namespace=asked.namespace, labels=f"kubernetes.io/service-name={asked.name}")
    for endpoint in (e for one in slices for e in one.get("endpoints", ())):
        target = endpoint.get("targetRef") or {}
        if endpoint["conditions"].get("ready") and target.get("kind") == "Pod":
            pod = store.find(PODS, target["name"], asked.namespace)
            if pod is not None:
                return pod, _number(str(port.get("targetPort", port["port"])))
    raise Unavailable(f'no endpoints available for service "{asked.segment}"')


def _port_of(asked: Proxied, named: Mapping[str, int], default: int) -> int:
    if not asked.port:
        return default
    return named[asked.port] if asked.port in named else _number(asked.port)


def _number(text: str) -> int:
    if not text.isdigit():
        raise BadRequest(f"invalid port {text!r}")
    return int(text)


def _ip(pod: Object) -> str:
    return str(pod.get("status", {}).get("podIP", ""))
