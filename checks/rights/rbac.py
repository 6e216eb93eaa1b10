"""The smallest roles for checks and for fixes, as RBAC objects, from what they declare. Pure; no wildcard ever."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from checks.cluster import Object
from checks.rights.permissions import Needs, Permission

API_GROUP = "rbac.authorization.k8s.io"
PLACEHOLDER = "REPLACE-ME"
KINDS = {"user": "User", "group": "Group", "serviceaccount": "ServiceAccount", "sa": "ServiceAccount"}


@dataclass(frozen=True, slots=True)
class Subject:
    """Who the roles are bound to."""

    kind: str = "User"
    name: str = PLACEHOLDER
    namespace: str = ""
    """Of a ServiceAccount."""

    @property
    def placeholder(self) -> bool:
        """Whether somebody has still to say who it is."""
        return self.name == PLACEHOLDER

    @classmethod
    def parse(cls, text: str) -> Subject:
        """``user:NAME``, ``group:NAME`` or ``serviceaccount:NAMESPACE/NAME``; raises ValueError."""
        kind, _, name = text.partition(":")
        found = KINDS.get(kind.lower())
        if not found or not name or any(ord(c) < 32 for c in name):
            raise ValueError(f"{text!r} is no subject")
        if found != "ServiceAccount":
            return cls(found, name)
        namespace, _, account = name.partition("/")
        if not _NAME.fullmatch(namespace) or not _NAME.fullmatch(account):
            raise ValueError(f"{text!r} is no subject")
        return cls(found, account, namespace)

    def object(self) -> Object:
        """As it stands in a binding."""
        if self.kind == "ServiceAccount":
            return {"kind": self.kind, "name": self.name, "namespace": self.namespace}
        return {"apiGroup": API_GROUP, "kind": self.kind, "name": self.name}


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule of a role, and who needs it."""

    group: str
    resources: tuple[str, ...]
    verbs: tuple[str, ...]
    names: tuple[str, ...] = ()
    why: Mapping[tuple[str, str], tuple[str, ...]] = field(default_factory=dict)
    """Who needs it, by verb and resource."""

    @property
    def users(self) -> tuple[str, ...]:
        """Everybody who needs any of it."""
        return tuple(sorted({user for users in self.why.values() for user in users}))

    def object(self) -> Object:
        """As it stands in a role."""
        if all(one.startswith("/") for one in self.resources):
            return {"nonResourceURLs": list(self.resources), "verbs": list(self.verbs)}
        found: Object = {"apiGroups": [self.group], "resources": list(self.resources)}
        if self.names:
            found["resourceNames"] = list(self.names)
        return {**found, "verbs": list(self.verbs)}


@dataclass(frozen=True, slots=True)
class Role:
    """A Role in a namespace, or a ClusterRole where that is empty, with the binding that goes with it."""

    name: str
    namespace: str
    rules: tuple[Rule, ...]

    @property
    def kind(self) -> str:
        """Its kind."""
        return "Role" if self.namespace else "ClusterRole"

    def objects(self, subject: Subject) -> tuple[Object, Object]:
        """The role and its binding."""
        meta: Object = {"name": self.name, "labels": {"app.kubernetes.io/part-of": "klinik"}}
        if self.namespace:
            meta["namespace"] = self.namespace
        version = f"{API_GROUP}/v1"
        role: Object = {"apiVersion": version, "kind": self.kind, "metadata": meta}
        binding: Object = {"apiVersion": version, "kind": f"{self.kind}Binding", "metadata": {**meta}}
        binding["roleRef"] = {"apiGroup": API_GROUP, "kind": self.kind, "name": self.name}
        binding["subjects"] = [subject.object()]
        return {**role, "rules": [rule.object() for rule in self.rules]}, binding


_NAME = re.compile(r"[a-z0-9]([-a-z0-9.]*[a-z0-9])?")
_LONGEST = 200


def role_name(purpose: str, scope: str = "") -> str:
    """``klinik-checks`` or ``klinik-checks-ARTICLE``, a name that Kubernetes takes whatever the article is called."""
    if not scope:
        return f"klinik-{purpose}"
    plain = re.sub(r"[^a-z0-9.-]+", "-", scope.lower()).strip("-.")[:_LONGEST].strip("-.")
    if (
        plain != scope
    ):  # two articles must not share a role because their names look alike without what was dropped
        digest = hashlib.sha256(scope.encode("utf-8", "surrogateescape")).hexdigest()[:8]
        plain = f"{plain}-{digest}" if plain else digest
    return f"klinik-{purpose}-{plain}"


def roles_of(needs: Needs, name: str) -> tuple[Role, ...]:
    """The roles that allow these permissions and nothing else: the ClusterRole first, then one Role per namespace."""
    wanted = without_covered(needs)
    namespaces = sorted({permission.namespace for permission in wanted})
    return tuple(
        Role(name, namespace, _rules({p: users for p, users in wanted.items() if p.namespace == namespace}))
        for namespace in namespaces
    )


def without_covered(needs: Needs) -> dict[Permission, tuple[str, ...]]:
    """The permissions without those that a wider one among them gives anyway; who needs these is added there."""
    found: dict[Permission, dict[str, None]] = {}
    for permission in needs:
        wider = [other for other in needs if other != permission and other.covers(permission)]
        # the widest of several, which nothing else covers
        keeper = min(wider, key=lambda one: (bool(one.namespace), bool(one.name)), default=permission)
        found.setdefault(keeper, {}).update(dict.fromkeys(needs[permission]))
    return {permission: tuple(users) for permission, users in found.items()}


def _rules(needs: Needs) -> tuple[Rule, ...]:
    """Merged twice: the verbs of one kind of object, then kinds of one group with the same verbs."""
    verbs: dict[tuple[str, str, str], set[str]] = {}
    for permission in needs:
        verbs.setdefault(_kind(permission), set()).add(permission.verb)
    kinds: dict[_Key, list[str]] = {}
    for (group, name, resource), found in verbs.items():
        # kinds share a rule only where every object of them is meant
        # and URLs, which are of no group, share none with kinds
        apart = resource if name else "/" if resource.startswith("/") else ""
        key = _Key(group, apart, name, tuple(sorted(found)))
        kinds.setdefault(key, []).append(resource)
    why = {(_kind(permission), permission.verb): users for permission, users in needs.items()}
    return tuple(
        Rule(
            key.group,
            tuple(sorted(resources)),
            key.verbs,
            (key.name,) if key.name else (),
            {(v, r): why[(key.group, key.name, r), v] for r in sorted(resources) for v in key.verbs},
        )
        for key, resources in sorted(kinds.items(), key=lambda item: (item[0].group, min(item[1]), item[0]))
    )


class _Key(NamedTuple):
    group: str
    resource: str
    name: str
    verbs: tuple[str, ...]


def _kind(permission: Permission) -> tuple[str, str, str]:
    return permission.resource.group, permission.name, _resource(permission)


def _resource(permission: Permission) -> str:
    plural = permission.resource.plural
    return f"{plural}/{permission.subresource}" if permission.subresource else plural


# --- what is missing --------------------------------------------------------------------------------------------------


def missing(needs: Iterable[Permission], answers: Mapping[Permission, bool | None]) -> tuple[Permission, ...]:
    """Those of the permissions that the server refuses, in a fixed order; what it did not say is not among them."""
    return tuple(sorted((p for p in needs if answers.get(p) is False), key=lambda p: (p.verb, p.shown)))


def in_words(permissions: Iterable[Permission]) -> str:
    """``list ips.kubeovn.io, nodes; create, get pods/exec -n kube-system``; the same in both languages."""
    verbs: dict[tuple[str, str], list[str]] = {}
    for one in permissions:
        verbs.setdefault((one.namespace, replace(one, namespace="").shown), []).append(one.verb)
    kinds: dict[tuple[str, str], list[str]] = {}
    for (namespace, kind), found in verbs.items():
        kinds.setdefault((", ".join(sorted(found)), namespace), []).append(kind)
    return "; ".join(
        f"{found} {', '.join(several)}" + (f" -n {namespace}" if namespace else "")
        for (found, namespace), several in kinds.items()
    )
