"""An action and its values to the calls that would go out, each bound to the pod or object as it is now."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from checks.cluster import Cluster, Object, Resource, Target
from checks.errors import NotFound
from checks.layout import Layout, resolve
from checks.plans.commandline import line_of
from checks.plans.diff import merge_between, without_noise
from checks.plans.plan import PlanError, PlannedWrite, digest
from checks.plans.template import SlotError, fill, fill_argv, fill_patch
from kb.messages import message
from kb.model import (
    Action,
    CommandAction,
    DeleteAction,
    ExecAction,
    ManualAction,
    PatchAction,
    RecreateAction,
    RestartAction,
    WaitAction,
)
from kb.safe import one_line
from kb.text import Text

LONGEST_ARGV = 100_000
"""Characters of one command line; the kubelet and the kernel take more, a URL with it does not."""


class Expander:
    """Turns actions into planned writes; looks each role and object up once."""

    def __init__(
        self,
        cluster: Cluster,
        layout: Layout,
        saved: Sequence[Mapping[str, Any]] = (),
        *,
        absent_is_fine: bool = False,
    ):
        self._cluster = cluster
        self._layout = layout
        self._saved = saved
        self._absent_is_fine = absent_is_fine
        self._targets: dict[str, tuple[Target, ...]] = {}
        self.absent: list[str] = []
        """Names of objects that an undo would have written and that are gone."""
        self.objects: dict[tuple[str, str, str], Object] = {}
        """Every API object that was looked at, by resource, namespace and name."""

    def expand(self, action: Action, values: Mapping[str, Any]) -> list[PlannedWrite]:
        """The calls of one action, in order; raises PlanError and ClusterError."""
        try:
            return list(self._expand(action, values))
        except SlotError as error:
            raise PlanError(error.text) from error

    def _expand(self, action: Action, values: Mapping[str, Any]) -> Iterator[PlannedWrite]:
        match action:
            case ExecAction():
                yield from self._exec(action, values)
            case PatchAction():
                yield from self._each_object(action, values)
            case DeleteAction():
                yield from self._each_object(action, values)
            case RestartAction():
                for index, own in each_item(action.each, values):
                    yield from self._restart(action, own, index)
            case RecreateAction():
                yield from self._recreate()
            case WaitAction():
                what = message("session.write-wait", seconds=f"{action.seconds:g}")
                yield PlannedWrite("wait", what, timeout=action.seconds)
            case ManualAction():
                yield PlannedWrite("manual", action.instruction)
            case CommandAction():
                # a line of an article's text is run by a person, never from here
                yield PlannedWrite("manual", Text.of(line_of(action, values)))

    # --- commands -------------------------------------------------------------------------------------------------

    def _exec(self, action: ExecAction, values: Mapping[str, Any]) -> Iterator[PlannedWrite]:
        for first, count, own, tail in in_batches(action, values):
            argv = (*fill_argv(action.argv, own), *tail)
            role = fill(action.on, own)
            for target in self.targets(role):
                what = message("session.write-exec", program=argv[0], where=str(target), count=count)
                yield PlannedWrite(
                    "exec",
                    what,
                    kubectl=target.kubectl(argv),
                    target=target,
                    role=role,
                    argv=argv,
                    first=first,
                    items=count,
                    timeout=action.timeout,
                    pause=action.pause,
                )

    def targets(self, role: str) -> tuple[Target, ...]:
        """The pods of a role; raises PlanError where there are none."""
        if role not in self._targets:
            self._targets[role] = tuple(resolve(self._cluster, self._layout, role))
        if not self._targets[role]:
            raise PlanError(message("session.no-target", role=role))
        return self._targets[role]

    def _restart(
        self, action: RestartAction, values: Mapping[str, Any], index: int
    ) -> Iterator[PlannedWrite]:
        role = fill(action.on, values)
        for target in self.targets(role):
            pod = self.object("v1/pods", target.namespace, target.pod)
            if not controller_of(pod):
                raise PlanError(message("session.no-controller", pod=target.pod))
            yield PlannedWrite(
                "restart",
                message("session.write-restart", pod=target.pod, node=target.node or "?"),
                kubectl=("kubectl", "-n", target.namespace, "delete", "pod", target.pod),
                target=target,
                role=role,
                resource="v1/pods",
                namespace=target.namespace,
                name=target.pod,
                uid=pod["metadata"].get("uid", ""),
                first=index,
                items=1,
                timeout=action.timeout,
            )

    # --- objects --------------------------------------------------------------------------------------------------

    def object(self, resource: str, namespace: str, name: str) -> Object:
        """The object as it is now; raises ClusterError."""
        key = (resource, namespace, name)
        if key not in self.objects:
            self.objects[key] = self._cluster.get(Resource.parse(resource), name, namespace=namespace)
        return self.objects[key]

    def _each_object(
        self, action: PatchAction | DeleteAction, values: Mapping[str, Any]
    ) -> Iterator[PlannedWrite]:
        for index, own in each_item(action.each, values):
            try:
                found = (
                    self._patch(action, own, index)
                    if isinstance(action, PatchAction)
                    else self._delete(action, own, index)
                )
            except NotFound:
                if not self._absent_is_fine:
                    raise
                self.absent.append(fill(action.name, own))
                continue
            yield found

    def _patch(self, action: PatchAction, values: Mapping[str, Any], index: int) -> PlannedWrite:
        name, namespace = fill(action.name, values), fill(action.namespace, values)
        body = fill_patch(action.type, action.body, values)
        return self._patch_of(action.resource, namespace, name, body, action.type, index)

    def _patch_of(
        self, resource: str, namespace: str, name: str, body: Any, kind: Any, index: int
    ) -> PlannedWrite:
        now = self.object(resource, namespace, name)
        dotted = Resource.parse(resource).dotted
        return PlannedWrite(
            "patch",
            message("session.write-patch", kind=dotted, name=one_line(name, 100)),
            kubectl=patch_line(resource, namespace, name, kind, body),
            resource=resource,
            namespace=namespace,
            name=name,
            body=body,
            patch_type=kind,
            uid=now["metadata"].get("uid", ""),
            version=now["metadata"].get("resourceVersion", ""),
            content=content(now),
            first=index,
            items=1,
        )

    def _delete(self, action: DeleteAction, values: Mapping[str, Any], index: int) -> PlannedWrite:
        name, namespace = fill(action.name, values), fill(action.namespace, values)
        now = self.object(action.resource, namespace, name)
        dotted = Resource.parse(action.resource).dotted
        return PlannedWrite(
            "delete",
            message("session.write-delete", kind=dotted, name=one_line(name, 100)),
            kubectl=delete_line(action.resource, namespace, name),
            resource=action.resource,
            namespace=namespace,
            name=name,
            uid=now["metadata"].get("uid", ""),
            version=now["metadata"].get("resourceVersion", ""),
            content=content(now),
            first=index,
            items=1,
        )

    def _recreate(self) -> Iterator[PlannedWrite]:
        for index, one in enumerate(self._saved):
            resource, namespace, name = one["resource"], one["namespace"], one["name"]
            wanted = reborn(one["object"])
            try:
                now = self.object(resource, namespace, name)
            except NotFound:
                yield self._create(resource, namespace, wanted, index)
                continue
            if now["metadata"].get("deletionTimestamp"):
                raise PlanError(message("session.still-terminating", name=one_line(name, 100)))
            body = back_to(now, wanted)
            if body:
                yield self._patch_of(resource, namespace, name, body, "merge", index)

    def _create(self, resource: str, namespace: str, body: Object, index: int) -> PlannedWrite:
        name = body["metadata"]["name"]
        dotted = Resource.parse(resource).dotted
        return PlannedWrite(
            "create",
            message("session.write-create", kind=dotted, name=one_line(name, 100)),
            kubectl=_kubectl(namespace, "create", "-f", f"{name}.json"),
            resource=resource,
            namespace=namespace,
            name=name,
            body=body,
            first=index,
            items=1,
        )


def each_item(each: str, values: Mapping[str, Any]) -> Iterator[tuple[int, dict[str, Any]]]:
    """The values for every item of a `many` input, or just the values; raises PlanError for an empty one."""
    if not each:
        yield 0, dict(values)
        return
    for index, item in enumerate(_items(each, values)):
        yield index, {**values, "item": item}


def content(obj: Object) -> str:
    """The digest of what matters of an object: no versions, no managedFields, no status."""
    return digest(without_noise(obj, status=False))


def reborn(obj: Object) -> Object:
    """An object as it can be created again: no identity, no status, no deletion, no finalizers."""
    gone = ("uid", "resourceVersion", "creationTimestamp", "deletionTimestamp", "generation", "managedFields")
    drop = (*gone, "deletionGracePeriodSeconds", "selfLink", "finalizers")
    meta = {key: value for key, value in obj["metadata"].items() if key not in drop}
    return {**{key: value for key, value in obj.items() if key != "status"}, "metadata": meta}


def back_to(now: Object, wanted: Object) -> dict[str, Any]:
    """The merge patch that gives an existing object its saved labels, annotations and content back."""
    current = reborn(now)
    patch: dict[str, Any] = merge_between(current, wanted)
    meta = {
        key: value for key, value in patch.get("metadata", {}).items() if key in ("labels", "annotations")
    }
    patch.pop("metadata", None)
    return {**patch, "metadata": meta} if meta else patch


def _items(each: str, values: Mapping[str, Any]) -> Sequence[Any]:
    items = values.get(each)
    if isinstance(items, (str, Mapping)) or not isinstance(items, Sequence):
        items = () if items is None else (items,)
    if not items:
        raise PlanError(message("session.no-items", name=each))
    return items


def in_batches(
    action: ExecAction, values: Mapping[str, Any]
) -> Iterator[tuple[int, int, dict[str, Any], tuple[str, ...]]]:
    """Index of the first item, number of items, values and filled tail of each command."""
    if not action.each or not action.tail:
        for index, own in each_item(action.each, values):
            yield index, 1, own, fill_argv(action.tail, own)
        return
    items = _items(action.each, values)
    tail: list[str] = []
    first = at = 0
    size = 0
    for at, item in enumerate(items):
        words = fill_argv(action.tail, {**values, "item": item})
        length = sum(len(word) + 1 for word in words)
        if at > first and (at - first >= max(1, action.batch) or size + length > LONGEST_ARGV):
            yield first, at - first, dict(values), tuple(tail)
            tail, first, size = [], at, 0
        tail += words
        size += length
    yield first, at + 1 - first, dict(values), tuple(tail)


def patch_line(resource: str, namespace: str, name: str, kind: str, body: Any) -> tuple[str, ...]:
    """A patch as a kubectl argv."""
    flags = (f"--type={kind}", "-p", json.dumps(body, ensure_ascii=False))
    return _kubectl(namespace, "patch", Resource.parse(resource).dotted, name, *flags)


def delete_line(resource: str, namespace: str, name: str) -> tuple[str, ...]:
    """A deletion as a kubectl argv."""
    return _kubectl(namespace, "delete", Resource.parse(resource).dotted, name, "--wait=false")


def _kubectl(namespace: str, *words: str) -> tuple[str, ...]:
    return ("kubectl", *(("-n", namespace) if namespace else ()), *words)


def controller_of(obj: Object) -> Mapping[str, Any]:
    """The owner reference of the controller that would make a successor; empty where there is none."""
    references = obj.get("metadata", {}).get("ownerReferences") or ()
    return next((one for one in references if one.get("controller")), {})


def owner(obj: Object) -> Text | None:
    """Who may revert a change of this object: a controller, Helm, Argo CD or Flux; None where nobody shows."""
    meta = obj.get("metadata", {})
    marks = {**(meta.get("labels") or {}), **(meta.get("annotations") or {})}
    for key, name in KEEPERS.items():
        if key in marks:
            return message("session.kept-by", name=meta.get("name", ""), keeper=name)
    reference = controller_of(obj)
    if reference:
        keeper = one_line(f"{reference.get('kind', '')}/{reference.get('name', '')}", 120)
        return message("session.kept-by", name=meta.get("name", ""), keeper=keeper)
    return None


KEEPERS = {
    "argocd.argoproj.io/instance": "Argo CD",
    "argocd.argoproj.io/tracking-id": "Argo CD",
    "kustomize.toolkit.fluxcd.io/name": "Flux",
    "helm.toolkit.fluxcd.io/name": "Flux",
    "meta.helm.sh/release-name": "Helm",
}
