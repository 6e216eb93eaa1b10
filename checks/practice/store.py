"""The objects of a practice cluster: an in-memory etcd with the API server's rules about writing to it."""

from __future__ import annotations

import secrets
import threading
import time
import uuid
from bisect import bisect_left, insort
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from checks.cluster import Object, Resource
from checks.practice.failures import (
    Expired,
    already_exists,
    no_such_path,
    not_found,
    precondition,
)
from checks.practice.kinds import Kind, definition
from checks.practice.patches import copy
from checks.practice.rules import check_new, check_type, prepare_update, stamp, timestamp
from checks.practice.selectors import field_test, label_test

CRDS = Resource("apiextensions.k8s.io", "v1", "customresourcedefinitions")
NAMESPACES = Resource("", "v1", "namespaces")
_KEPT_CHANGES = 20_000

Key = tuple[Resource, str, str]
Own = Callable[[Object | None, Object], None]
"""Puts down in the new object who changed what of the old one."""
Callback = Callable[[str, Resource, Object], None]


@dataclass(frozen=True, slots=True)
class Change:
    """One entry of the watch history; `type` is ADDED, MODIFIED or DELETED."""

    version: int
    type: str
    resource: Resource
    object: Object
    old: Object | None = None


@dataclass(frozen=True, slots=True)
class Admission:
    """A write as validators see it; they raise Invalid or Forbidden to refuse it. Not to be changed."""

    verb: str
    """create, update or delete."""
    resource: Resource
    namespace: str
    name: str
    new: Object | None
    old: Object | None
    subresource: str = ""
    dry_run: bool = False


class Store:
    """Thread-safe objects by resource, namespace and name.

    Objects go in and come out as copies, except from `scan` and in callbacks, where they are shared and must
    not be changed. Refusals are errors of `checks.errors` with the API server's wording. Callbacks run in the
    writing thread after the write, outside the lock, before the writing call returns.
    """

    def __init__(
        self, kinds: Iterable[Kind], *, clock: Callable[[], float] = time.time, graceful: bool = False
    ) -> None:
        self.kinds: dict[Resource, Kind] = {kind.resource: kind for kind in kinds}
        self.clock = clock
        self.graceful = graceful
        """Whether deleted pods with a node stay, Terminating, until a delete with ``grace=0``."""
        self.validators: list[Callable[[Admission], None]] = []
        self._objects: dict[Resource, dict[tuple[str, str], Object]] = {r: {} for r in self.kinds}
        self._keys: dict[Resource, list[tuple[str, str]]] = {r: [] for r in self.kinds}
        """Namespaces and names in order: a list of one namespace does not look at the others."""
        self._version = 1000
        self._written: dict[Resource, int] = dict.fromkeys(self.kinds, self._version)
        self._changes: deque[Change] = deque(maxlen=_KEPT_CHANGES)
        self._oldest = self._version
        self._callbacks: list[Callback] = []
        self._lock = threading.RLock()
        if CRDS in self.kinds:
            for kind in self.kinds.values():
                if kind.custom:
                    self.create(CRDS, definition(kind))

    # --- reading

    def kind(self, resource: Resource) -> Kind:
        """The served kind; NoSuchPath where the cluster does not have it."""
        if resource not in self.kinds:
            raise no_such_path()
        return self.kinds[resource]

    @property
    def version(self) -> int:
        """The resource version of the last write."""
        return self._version

    @property
    def oldest(self) -> int:
        """The oldest resource version that can still be looked back to."""
        return self._oldest

    def written(self, resource: Resource) -> int:
        """The resource version of the last write to a kind: until the next one its lists stay the same."""
        return self._written[resource]

    def scan(
        self, resource: Resource, *, namespace: str = "", labels: str = "", fields: str = ""
    ) -> list[Object]:
        """The objects themselves, shared: look, don't change. Sorted by namespace and name, as in etcd."""
        self.kind(resource)
        tests = ([label_test(labels)] if labels else []) + ([field_test(fields, resource)] if fields else [])
        with self._lock:
            keys, objects = self._keys[resource], self._objects[resource]
            if namespace:
                keys = keys[bisect_left(keys, (namespace, "")) : bisect_left(keys, (namespace + "\0", ""))]
            rows = [objects[key] for key in keys]
        for test in tests:
            rows = [obj for obj in rows if test(obj)]
        return rows

    def look(self, resource: Resource, namespace: str = "") -> tuple[int, list[Object]]:
        """The resource version of this moment and the objects at it, shared as from `scan`."""
        with self._lock:
            return self._version, self.scan(resource, namespace=namespace)

    def all(
        self, resource: Resource, *, namespace: str = "", labels: str = "", fields: str = ""
    ) -> list[Object]:
        """Copies of the objects."""
        found: list[Object] = copy(self.scan(resource, namespace=namespace, labels=labels, fields=fields))
        return found

    def find(self, resource: Resource, name: str, namespace: str = "") -> Object | None:
        """A copy of the object, or None."""
        self.kind(resource)
        with self._lock:
            found: Object | None = copy(self._objects[resource].get((namespace, name)))
        return found

    def get(self, resource: Resource, name: str, namespace: str = "") -> Object:
        """A copy of the object; NotFound."""
        found = self.find(resource, name, namespace)
        if found is None:
            raise not_found(resource, name, namespace)
        return found

    def changes_since(self, version: int) -> list[Change]:
        """The writes after a resource version, oldest first; Expired where they are no longer kept."""
        with self._lock:
            if version < self._oldest:
                raise Expired(f"too old resource version: {version} ({self._oldest})")
            newer: list[Change] = []
            for change in reversed(self._changes):
                if change.version <= version:
                    break
                newer.append(change)
        return newer[::-1]

    def before(self, resource: Resource, version: int) -> dict[tuple[str, str], Object | None]:
        """What has changed since a resource version: by namespace and name the object as it was, None for not there.

        Shared: look, don't change. Expired where the version is too old.
        """
        past: dict[tuple[str, str], Object | None] = {}
        for change in self.changes_since(version):
            if change.resource == resource:
                meta = change.object["metadata"]
                past.setdefault((meta.get("namespace", ""), meta["name"]), change.old)
        return past

    def subscribe(self, callback: Callback) -> Callable[[], None]:
        """Calls back ``(event type, resource, object)`` after every write; returns the way to stop it."""
        with self._lock:
            self._callbacks.append(callback)

        def stop() -> None:
            with self._lock:
                if callback in self._callbacks:
                    self._callbacks.remove(callback)

        return stop

    # --- writing

    def stage(self, resource: Resource, bodies: Iterable[Object]) -> None:
        """Puts whole, well-formed objects in as they are: not copied, not admitted, told to nobody, without history.

        For the first objects of a large cluster; namespaced ones say their namespace. They may share parts.
        """
        kind, at = self.kind(resource), self.clock()
        with self._lock:
            for body in bodies:
                check_type(kind, body)
                stamp(kind, body, uid=str(uuid.uuid4()), at=at)
                self._version += 1
                body["metadata"]["resourceVersion"] = str(self._version)
                self._put(resource, body)
            self._written[resource] = self._oldest = self._version
            self._changes.clear()

    def create(
        self,
        resource: Resource,
        body: Object,
        *,
        namespace: str = "",
        dry_run: bool = False,
        own: Own | None = None,
    ) -> Object:
        """Creates an object; fills name (generateName), uid, versions and creation time; `own` signs it."""
        kind = self.kind(resource)
        new: Object = copy(body)
        check_type(kind, new)
        meta = new["metadata"]
        generated = not meta.get("name") and bool(meta.get("generateName"))
        if generated:
            meta["name"] = f"{meta['generateName']}{secrets.token_hex(3)[:5]}"
        check_new(kind, new, namespace)
        if kind.namespaced:
            meta["namespace"] = namespace
        else:
            meta.pop("namespace", None)
        name = meta["name"]
        with self._lock:
            if (
                kind.namespaced
                and (NAMESPACES in self.kinds)
                and ("", namespace) not in self._objects[NAMESPACES]
            ):
                raise not_found(NAMESPACES, namespace)
            if (namespace if kind.namespaced else "", name) in self._objects[resource]:
                raise already_exists(resource, name, namespace)
            stamp(kind, new, uid=str(uuid.uuid4()), at=self.clock())
            if own is not None:
                own(None, new)
            self._admit("create", resource, new, None, "", dry_run)
            if not dry_run:
                self._commit("ADDED", resource, new, None)
        if not dry_run:
            self._tell("ADDED", resource, new)
        return self._out(new)

    def update(
        self,
        resource: Resource,
        name: str,
        change: Callable[[Object], Object],
        *,
        namespace: str = "",
        subresource: str = "",
        dry_run: bool = False,
        own: Own | None = None,
    ) -> Object:
        """Changes and writes an object under one lock; `change` gets a copy and returns the new one, `own` signs it.

        A resource version in what `change` returns that is not the current one is a Conflict, as for PUT.
        """
        kind = self.kind(resource)
        with self._lock:
            old = self._objects[resource].get((namespace if kind.namespaced else "", name))
            if old is None:
                raise not_found(resource, name, namespace)
            new = prepare_update(kind, old, change(copy(old)), subresource)
            if new == old:
                return self._out(old)
            if own is not None:
                own(old, new)
            self._admit("update", resource, new, old, subresource, dry_run)
            if dry_run:
                return self._out(new)
            gone = _is_gone(new, waits=self._waits(new))
            event = "DELETED" if gone else "MODIFIED"
            self._commit(event, resource, new, old)
        self._tell(event, resource, new)
        return self._out(new)

    def modify(
        self, resource: Resource, name: str, change: Callable[[Object], None], *, namespace: str = ""
    ) -> Object:
        """For controllers: changes object and status in place in one write, without admission."""
        kind = self.kind(resource)
        with self._lock:
            old = self._objects[resource].get((namespace if kind.namespaced else "", name))
            if old is None:
                raise not_found(resource, name, namespace)
            draft = copy(old)
            change(draft)
            new = prepare_update(kind, old, draft, "*")
            if new == old:
                return self._out(old)
            event = "DELETED" if _is_gone(new, waits=self._waits(new)) else "MODIFIED"
            self._commit(event, resource, new, old)
        self._tell(event, resource, new)
        return self._out(new)

    def delete(
        self,
        resource: Resource,
        name: str,
        *,
        namespace: str = "",
        uid: str = "",
        resource_version: str = "",
        grace: int | None = None,
        dry_run: bool = False,
    ) -> Object:
        """Deletes an object, or marks it where finalizers (for pods: the kubelet) hold it; returns it."""
        kind = self.kind(resource)
        with self._lock:
            old = self._objects[resource].get((namespace if kind.namespaced else "", name))
            if old is None:
                raise not_found(resource, name, namespace)
            meta = old["metadata"]
            if uid and uid != meta["uid"]:
                raise precondition(resource, name, "UID", uid, meta["uid"])
            if resource_version and resource_version != meta["resourceVersion"]:
                raise precondition(
                    resource, name, "ResourceVersion", resource_version, meta["resourceVersion"]
                )
            self._admit("delete", resource, None, old, "", dry_run)
            new = self._marked(kind, old, grace)
            if dry_run or new == old:
                return self._out(new)
            event = "DELETED" if _is_gone(new, waits=self._waits(new)) else "MODIFIED"
            self._commit(event, resource, new, old)
        self._tell(event, resource, new)
        return self._out(new)

    # --- inside

    def _marked(self, kind: Kind, old: Object, grace: int | None) -> Object:
        """The object with its deletion asked for."""
        new: Object = copy(old)
        meta = new["metadata"]
        seconds = 0
        if self.graceful and kind.resource.plural == "pods" and new.get("spec", {}).get("nodeName"):
            asked = new["spec"].get("terminationGracePeriodSeconds", 30) if grace is None else grace
            seconds = min(asked, meta.get("deletionGracePeriodSeconds", asked))
        if "deletionTimestamp" not in meta:
            meta["deletionTimestamp"] = timestamp(self.clock() + seconds)
        meta["deletionGracePeriodSeconds"] = seconds
        return new

    def _waits(self, obj: Object) -> bool:
        return bool(obj["metadata"].get("deletionGracePeriodSeconds"))

    def _admit(
        self, verb: str, resource: Resource, new: Object | None, old: Object | None, sub: str, dry_run: bool
    ) -> None:
        meta = (new or old or {})["metadata"]
        request = Admission(verb, resource, meta.get("namespace", ""), meta["name"], new, old, sub, dry_run)
        for validate in tuple(self.validators):
            validate(request)

    def _commit(self, event: str, resource: Resource, new: Object, old: Object | None) -> None:
        self._version += 1
        self._written[resource] = self._version
        meta = new["metadata"]
        meta["resourceVersion"] = str(self._version)
        if event == "DELETED":
            key = (meta.get("namespace", ""), meta["name"])
            if self._objects[resource].pop(key, None) is not None:
                del self._keys[resource][bisect_left(self._keys[resource], key)]
        else:
            self._put(resource, new)
        if len(self._changes) == _KEPT_CHANGES:
            self._oldest = self._changes[0].version
        self._changes.append(Change(self._version, event, resource, new, old))

    def _put(self, resource: Resource, obj: Object) -> None:
        key = (obj["metadata"].get("namespace", ""), obj["metadata"]["name"])
        if key not in self._objects[resource]:
            insort(self._keys[resource], key)
        self._objects[resource][key] = obj

    def _tell(self, event: str, resource: Resource, obj: Object) -> None:
        with self._lock:
            callbacks = tuple(self._callbacks)
        for callback in callbacks:
            callback(event, resource, obj)

    def _out(self, obj: Object) -> Object:
        out: Object = copy(obj)
        return out


def _is_gone(obj: Object, *, waits: bool) -> bool:
    meta = obj["metadata"]
    return "deletionTimestamp" in meta and not meta.get("finalizers") and not waits
