"""Which object a URL of the API means, and which verb a request is."""

from __future__ import annotations

from dataclasses import dataclass

from checks.cluster import Resource
from checks.practice.failures import no_such_path
from checks.practice.kinds import Kind
from checks.practice.store import Store


@dataclass(frozen=True, slots=True)
class Target:
    """A collection, an object or a subresource of one."""

    kind: Kind
    namespace: str = ""
    name: str = ""
    subresource: str = ""

    @property
    def resource(self) -> Resource:
        """The resource of its kind."""
        return self.kind.resource


def target_of(store: Store, path: str) -> Target:
    """The target of a URL path; NoSuchPath where nothing is served there."""
    parts = [part for part in path.split("/") if part]
    if len(parts) >= 3 and parts[0] == "api":
        group, version, rest = "", parts[1], parts[2:]
    elif len(parts) >= 4 and parts[0] == "apis":
        group, version, rest = parts[1], parts[2], parts[3:]
    else:
        raise no_such_path()
    namespace = ""
    # /namespaces/NAME/PLURAL is a scope; /namespaces/NAME[/status] is the namespace itself
    if rest[0] == "namespaces" and len(rest) >= 3 and Resource(group, version, rest[2]) in store.kinds:
        namespace, rest = rest[1], rest[2:]
    if len(rest) > 3:
        raise no_such_path()
    plural, name, subresource = (*rest, "", "")[:3]
    kind = store.kind(Resource(group, version, plural))
    if (namespace and not kind.namespaced) or (name and kind.namespaced and not namespace):
        raise no_such_path()
    known = {"status"} if kind.status else set()
    known |= {entry.partition(":")[0] for entry in kind.subresources}
    if subresource and subresource not in known:
        raise no_such_path()
    return Target(kind, namespace, name, subresource)


def verb_of(method: str, target: Target, *, watching: bool) -> str:
    """The verb that RBAC knows this request by."""
    if target.subresource == "exec":
        return "get" if method == "GET" else "create"
    if method == "GET" and watching:
        return "watch"
    one = {"GET": "get", "PUT": "update", "PATCH": "patch", "DELETE": "delete", "POST": "create"}
    many = {"GET": "list", "DELETE": "deletecollection", "POST": "create"}
    return (one if target.name else many).get(method, method.lower())
