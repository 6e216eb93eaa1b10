"""A cluster made of dicts for tests of walks: keeps versions, checks uids, records every write, fails at will."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from checks.cluster import PODS, ClusterInfo, ExecResult, Object, PatchType, Resource
from checks.errors import ClusterError, Conflict, Disruption, Invalid, NotFound
from checks.practice.patches import PatchFailed, copy, json_patch, merge_patch

Command = Callable[[tuple[str, ...], str], ExecResult]


def said(stdout: str = "", code: int = 0, stderr: str = "") -> ExecResult:
    return ExecResult(stdout, stderr, code, ("x",))


def pod(name: str, node: str, owner: str = "DaemonSet", **labels: str) -> Object:
    reference = {
        "kind": owner,
        "name": name.rsplit("-", 1)[0],
        "uid": f"owner-{labels.get('app')}",
        "controller": True,
    }
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "name": name,
            "namespace": "kube-system",
            "labels": labels,
            "ownerReferences": [reference],
        },
        "spec": {"nodeName": node},
        "status": {"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}]},
    }


@dataclass
class DictCluster:
    """Implements the Cluster protocol on dicts."""

    command: Command = lambda argv, node: said()
    pace: float = 0.001
    production: bool = False
    budget: str = ""
    """What a PodDisruptionBudget says to every eviction; empty: there is none."""
    writes: list[tuple[str, ...]] = field(default_factory=list)
    """Everything that changed something, in order."""
    fail: dict[str, ClusterError] = field(default_factory=dict)
    """Verb to the error that its next call raises, before anything happens."""
    after: dict[str, ClusterError] = field(default_factory=dict)
    """Verb to the error that its next call raises after it has happened: the lost answer."""
    objects: dict[tuple[str, str, str], Object] = field(default_factory=dict)
    on_delete: Callable[[DictCluster, Object], None] = lambda cluster, obj: None
    on_change: Callable[[], None] = lambda: None
    """Called after everything that changed something, before its answer."""
    apart: DictCluster | None = None
    """Leases, Events and namespaces live apart: they are no write of a step, and fail with none."""
    _ids: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    @property
    def info(self) -> ClusterInfo:
        return ClusterInfo("test", "https://127.0.0.1:1", pace=self.pace, production=self.production)

    def add(self, resource: str, obj: Object) -> Object:
        obj = copy(obj)
        meta = obj["metadata"]
        number = next(self._ids)
        meta.setdefault("uid", f"uid-{number}")
        meta["resourceVersion"] = str(number)
        meta.setdefault("creationTimestamp", f"2026-01-01T00:00:{number % 60:02}Z")
        self.objects[resource, meta.get("namespace", ""), meta["name"]] = obj
        return obj

    def _apart(self, resource: Resource) -> DictCluster | None:
        """The cluster that keeps Leases, Events and namespaces; None for other kinds, and in that cluster itself."""
        if resource.plural not in ("leases", "events", "namespaces") or self.apart is self:
            return None
        if self.apart is None:
            self.apart = DictCluster()
            self.apart.apart = self.apart
        return self.apart

    def _raise(self, where: dict[str, ClusterError], verb: str) -> None:
        error = where.pop(verb, None)
        if error:
            raise error

    def _find(self, resource: Resource, namespace: str, name: str) -> Object:
        key = (str(resource), namespace, name)
        if key not in self.objects:
            raise NotFound(f"{name} not found")
        return self.objects[key]

    def version(self, *, timeout: float = 5.0) -> str:
        return "v1.28.3"

    def list(
        self,
        resource: Resource,
        *,
        namespace: str = "",
        labels: str = "",
        fields: str = "",
        page: int = 500,
        timeout: float = 15.0,
    ) -> Iterator[Object]:
        if (apart := self._apart(resource)) is not None:
            yield from apart.list(resource, namespace=namespace)
            return
        self._raise(self.fail, "list")
        for (kind, space, _), obj in list(self.objects.items()):
            if kind == str(resource) and namespace in ("", space):
                yield copy(obj)

    def get(self, resource: Resource, name: str, *, namespace: str = "", timeout: float = 10.0) -> Object:
        if (apart := self._apart(resource)) is not None:
            return apart.get(resource, name, namespace=namespace)
        self._raise(self.fail, "get")
        found: Object = copy(self._find(resource, namespace, name))
        return found

    def logs(self, namespace: str, pod: str, container: str = "", **options: Any) -> str:
        return ""

    def proxied(
        self, resource: Resource, namespace: str, name: str, port: int | str, path: str, **_: Any
    ) -> str:
        raise NotFound(f"nothing is served by {name}")

    def exec(
        self,
        namespace: str,
        pod: str,
        container: str,
        argv: tuple[str, ...],
        *,
        timeout: float = 10.0,
        on_output: Callable[[str], None] | None = None,
        turn: str = "",
    ) -> ExecResult:
        self._raise(self.fail, "exec")
        node = self._find(Resource.parse("v1/pods"), namespace, pod)["spec"]["nodeName"]
        result = self.command(argv, node)
        if on_output:
            for line in result.stdout.splitlines():
                on_output(line)
        if on_output is not None:
            self.writes.append(("exec", pod, *argv))
            self.on_change()
            self._raise(self.after, "exec")
        return result

    def patch(
        self,
        resource: Resource,
        name: str,
        body: Any,
        *,
        namespace: str = "",
        type: PatchType = "merge",
        dry_run: bool = False,
        timeout: float = 15.0,
    ) -> Object:
        if (apart := self._apart(resource)) is not None:
            return apart.patch(resource, name, body, namespace=namespace)
        self._raise(self.fail, "dry-run" if dry_run else "patch")
        now = self._find(resource, namespace, name)
        try:
            then = merge_patch(now, body) if type == "merge" else json_patch(now, body)
        except PatchFailed as error:
            raise Invalid(str(error)) from error
        if then["metadata"].get("resourceVersion") != now["metadata"]["resourceVersion"]:
            raise Conflict("the object has been modified")
        if not dry_run:
            self.writes.append(("patch", str(resource), name))
            if then["metadata"].get("deletionTimestamp") and not then["metadata"].get("finalizers"):
                del self.objects[str(resource), namespace, name]
            else:
                then["metadata"]["resourceVersion"] = str(next(self._ids))
                self.objects[str(resource), namespace, name] = then
            self.on_change()
            self._raise(self.after, "patch")
        found: Object = copy(then)
        return found

    def create(
        self,
        resource: Resource,
        body: Object,
        *,
        namespace: str = "",
        dry_run: bool = False,
        timeout: float = 15.0,
    ) -> Object:
        if (apart := self._apart(resource)) is not None:
            return apart.create(resource, body, namespace=namespace, dry_run=dry_run)
        if (str(resource), namespace, body["metadata"]["name"]) in self.objects:
            raise Conflict("already exists")
        if dry_run:
            return copy(body)  # type: ignore[no-any-return]
        self.writes.append(("create", str(resource), body["metadata"]["name"]))
        made = self.add(str(resource), body)
        self.on_change()
        return made

    def delete(
        self,
        resource: Resource,
        name: str,
        *,
        namespace: str = "",
        uid: str = "",
        version: str = "",
        dry_run: bool = False,
        timeout: float = 15.0,
    ) -> None:
        if (apart := self._apart(resource)) is not None:
            apart.delete(resource, name, namespace=namespace, uid=uid, version=version)
            return
        self._raise(self.fail, "dry-run" if dry_run else "delete")
        obj = self._find(resource, namespace, name)
        if uid and obj["metadata"]["uid"] != uid:
            raise Conflict("the uid differs")
        if version and obj["metadata"]["resourceVersion"] != version:
            raise Conflict("the version differs")
        if dry_run:
            return
        self.writes.append(("delete", str(resource), name))
        del self.objects[str(resource), namespace, name]
        self.on_delete(self, obj)
        self.on_change()
        self._raise(self.after, "delete")

    def evict(
        self, namespace: str, pod: str, *, uid: str = "", dry_run: bool = False, timeout: float = 15.0
    ) -> None:
        self._raise(self.fail, "dry-run" if dry_run else "evict")
        if self.budget:
            raise Disruption(self.budget)
        self.delete(PODS, pod, namespace=namespace, uid=uid, dry_run=dry_run)

    def can(self, verb: str, resource: Resource, **options: Any) -> bool:
        return True

    def close(self) -> None:
        return None
