"""Permissions as Kubernetes knows them, and what a server says of them, as values. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from checks.cluster import Object, Resource


@dataclass(frozen=True, slots=True)
class Permission:
    """One verb on one kind, in one namespace (empty: cluster wide), on one object (empty name: on all)."""

    verb: str
    resource: Resource
    namespace: str = ""
    subresource: str = ""
    name: str = ""

    @property
    def shown(self) -> str:
        """As kubectl names it: ``pods/exec -n kube-system``, ``subnets.kubeovn.io``, ``daemonsets.apps ovs-ovn``."""
        kind = f"{self.resource.dotted}/{self.subresource}" if self.subresource else self.resource.dotted
        named = f"{kind} {self.name}" if self.name else kind
        return f"{named} -n {self.namespace}" if self.namespace else named

    def covers(self, other: Permission) -> bool:
        """Whether who has this has the other one too: it is the same, or wider in namespace or name."""
        same = (self.verb, self.resource, self.subresource) == (other.verb, other.resource, other.subresource)
        return same and self.namespace in ("", other.namespace) and self.name in ("", other.name)


@dataclass(frozen=True, slots=True)
class Rules:
    """What a user may do in one namespace, as a SelfSubjectRulesReview says it."""

    rules: tuple[Object, ...] = ()
    complete: bool = False
    """Whether what is not among the rules is surely forbidden."""
    urls: tuple[Object, ...] = ()
    """Rules about URLs that are no kinds."""

    def refuses(self, permission: Permission) -> bool:
        """Whether this is surely forbidden."""
        if permission.resource.url:
            return self.complete and not any(allows_url(rule, permission) for rule in self.urls)
        return self.complete and not any(_allows(rule, permission) for rule in self.rules)


def allows_url(rule: Object, permission: Permission) -> bool:
    """Whether a rule about URLs allows this; ``/readyz/*`` means everything below, ``*`` everything."""
    verbs, urls = rule.get("verbs"), rule.get("nonResourceURLs")
    if not isinstance(verbs, list) or not isinstance(urls, list):
        return False
    return ("*" in verbs or permission.verb in verbs) and any(
        url == permission.resource.url
        or (isinstance(url, str) and url.endswith("*") and permission.resource.url.startswith(url[:-1]))
        for url in urls
    )


def _allows(rule: Object, permission: Permission) -> bool:
    plural, sub = permission.resource.plural, permission.subresource
    kinds = (f"{plural}/{sub}", f"*/{sub}") if sub else (plural,)
    return all(
        isinstance(listed := rule.get(key), list) and any(one in listed for one in ("*", *wanted))
        for key, wanted in (
            ("verbs", (permission.verb,)), ("apiGroups", (permission.resource.group,)), ("resources", kinds),
        )
    )  # fmt: skip


@runtime_checkable
class Ruled(Protocol):
    """What a cluster may offer besides `Cluster`: all rules of a namespace at once."""

    def rules(self, namespace: str, *, timeout: float = 5.0) -> Rules:
        """What this user may do there (SelfSubjectRulesReview)."""
        ...
