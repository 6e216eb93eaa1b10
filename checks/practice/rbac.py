"""RBAC from the roles and bindings in the store, as the API server's own authorizer reads them.

A practice cluster lets everybody do everything, until a binding names somebody: that user (or member of that group)
may then do what is bound to them and nothing else. So roles can be tried out here before a real cluster gets them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from checks.cluster import Object, Resource
from checks.permission import Permission, allows_url
from checks.practice.health import PUBLIC
from checks.practice.store import Store

MASTERS = "system:masters"
GROUP = "rbac.authorization.k8s.io"
ROLES, ROLE_BINDINGS, CLUSTER_ROLES, CLUSTER_ROLE_BINDINGS = (
    Resource(GROUP, "v1", plural)
    for plural in ("roles", "rolebindings", "clusterroles", "clusterrolebindings")
)


@dataclass(frozen=True, slots=True)
class Who:
    """The user of a request and their groups."""

    user: str
    groups: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Ask:
    """What a request wants to do; an empty namespace is the whole cluster."""

    verb: str
    resource: Resource
    subresource: str = ""
    namespace: str = ""
    name: str = ""


def allows(store: Store, who: Who, ask: Ask) -> bool:
    """Whether the bindings of this user allow it; True where no binding names them, and for the cluster's masters."""
    found = None if MASTERS in who.groups else bound(store, who)
    if found is None:
        return True
    return any(where in ("", ask.namespace) and _covers(rule, ask) for where, rule in found)


def allows_path(store: Store, who: Who, verb: str, path: str) -> bool:
    """The same for a URL that is no kind: what everybody may get, and what the bindings of the whole cluster say."""
    found = None if MASTERS in who.groups else bound(store, who)
    if found is None or (verb == "get" and path in PUBLIC):
        return True
    asked = Permission(verb, Resource.at(path))
    return any(not where and allows_url(rule, asked) for where, rule in found)


def bound(store: Store, who: Who) -> list[tuple[str, Object]] | None:
    """The rules bound to this user, each with its namespace (empty: all); None where no binding names them."""
    bindings = [*_bindings(store, CLUSTER_ROLE_BINDINGS, who), *_bindings(store, ROLE_BINDINGS, who)]
    if not bindings:
        return None
    return [(namespace, rule) for namespace, role in bindings for rule in _rules(store, role, namespace)]


def _bindings(store: Store, kind: Resource, who: Who) -> Iterator[tuple[str, Object]]:
    """Namespace and roleRef of every binding that names the user."""
    if kind not in store.kinds:
        return
    for binding in store.scan(kind):
        namespace = str(binding["metadata"].get("namespace", ""))
        if any(_is(subject, who, namespace) for subject in _dicts(binding.get("subjects"))):
            yield namespace, binding.get("roleRef") or {}


def _is(subject: Object, who: Who, namespace: str) -> bool:
    name = subject.get("name")
    if subject.get("kind") == "Group":
        return name in who.groups
    if subject.get("kind") == "ServiceAccount":
        return who.user == f"system:serviceaccount:{subject.get('namespace', namespace)}:{name}"
    return subject.get("kind") == "User" and name == who.user


def _rules(store: Store, role: Object, namespace: str) -> list[Object]:
    kind, where = (ROLES, namespace) if role.get("kind") == "Role" else (CLUSTER_ROLES, "")
    found = store.find(kind, str(role.get("name", "")), where) if kind in store.kinds else None
    return _dicts(found.get("rules")) if found else []


def _covers(rule: Object, ask: Ask) -> bool:
    resource = f"{ask.resource.plural}/{ask.subresource}" if ask.subresource else ask.resource.plural
    names = rule.get("resourceNames") or []
    return (
        _any(rule.get("verbs"), ask.verb)
        and _any(rule.get("apiGroups"), ask.resource.group)
        and _any(rule.get("resources"), resource, f"*/{ask.subresource}")
        and (not names or ask.name in names)
    )


def _any(listed: object, *wanted: str) -> bool:
    return isinstance(listed, list) and any(one in listed for one in ("*", *wanted))


def _dicts(listed: object) -> list[Object]:
    return [one for one in listed if isinstance(one, dict)] if isinstance(listed, list) else []


# --- what every cluster comes with ------------------------------------------------------------------------------------

_VIEW: tuple[tuple[str, str], ...] = (
    (
        "",
        "bindings configmaps endpoints events limitranges namespaces namespaces/status persistentvolumeclaims "
        "persistentvolumeclaims/status pods pods/log pods/status replicationcontrollers replicationcontrollers/scale "
        "replicationcontrollers/status resourcequotas resourcequotas/status serviceaccounts services services/status",
    ),
    (
        "apps",
        "controllerrevisions daemonsets daemonsets/status deployments deployments/scale deployments/status "
        "replicasets replicasets/scale replicasets/status statefulsets statefulsets/scale statefulsets/status",
    ),
    ("autoscaling", "horizontalpodautoscalers horizontalpodautoscalers/status"),
    ("batch", "cronjobs cronjobs/status jobs jobs/status"),
    ("discovery.k8s.io", "endpointslices"),
    ("networking.k8s.io", "ingresses ingresses/status networkpolicies"),
    ("policy", "poddisruptionbudgets poddisruptionbudgets/status"),
)
"""Kubernetes' own role `view`: no nodes, no Secrets, no commands, and none of Kube-OVN's kinds."""


def stage_roles(store: Store) -> None:
    """Puts the roles there that operators bind people to: ``cluster-admin`` and ``view``."""
    everything: Object = {"apiGroups": ["*"], "resources": ["*"], "verbs": ["*"]}
    view = [
        {"apiGroups": [group], "resources": kinds.split(), "verbs": ["get", "list", "watch"]}
        for group, kinds in _VIEW
    ]
    urls: Object = {"nonResourceURLs": ["*"], "verbs": ["*"]}
    for name, rules in (("cluster-admin", [everything, urls]), ("view", view)):
        labels = {"kubernetes.io/bootstrapping": "rbac-defaults"}
        store.create(CLUSTER_ROLES, {"metadata": {"name": name, "labels": labels}, "rules": rules})
