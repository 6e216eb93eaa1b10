"""Questions about permissions: allowed is what the user's bindings say and no `Forbid` rule takes away."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from checks.cluster import Object, Resource
from checks.practice import rbac
from checks.practice.faults import Faults
from checks.practice.health import PUBLIC
from checks.practice.store import Store

PATHS = (
    "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews",
    "/apis/authorization.k8s.io/v1/selfsubjectrulesreviews",
    "/apis/authentication.k8s.io/v1/selfsubjectreviews",
)


def review(path: str, body: Mapping[str, Any], who: rbac.Who, faults: Faults, store: Store) -> Object:
    """The review object with its answer."""
    if path == PATHS[0]:
        return {**body, "status": _access(body.get("spec") or {}, who, faults, store)}
    if path == PATHS[1]:
        return {**body, "status": _rules(body.get("spec") or {}, who, faults, store)}
    groups = [*who.groups, "system:authenticated"]
    return {**body, "status": {"userInfo": {"username": who.user, "groups": groups}}}


def _rules(spec: Mapping[str, Any], who: rbac.Who, faults: Faults, store: Store) -> Object:
    """What the bindings allow in a namespace; incomplete while a fault takes something of it away."""
    everything = [("", {"verbs": ["*"], "apiGroups": ["*"], "resources": ["*"]})]
    found = rbac.bound(store, who)
    here = [
        rule
        for where, rule in (everything if found is None else found)
        if where in ("", spec.get("namespace"))
    ]
    rules = [rule for rule in here if "nonResourceURLs" not in rule]
    urls = [{"verbs": ["*"], "nonResourceURLs": ["*"]}]
    if found is not None:
        public = {"verbs": ["get"], "nonResourceURLs": list(PUBLIC)}
        urls = [public, *(rule for where, rule in found if not where and "nonResourceURLs" in rule)]
    return {"resourceRules": rules, "nonResourceRules": urls, "incomplete": faults.forbidding}


def _access(spec: Mapping[str, Any], who: rbac.Who, faults: Faults, store: Store) -> Object:
    path = spec.get("nonResourceAttributes")
    if isinstance(path, Mapping):
        verb, url = str(path.get("verb", "")), str(path.get("path", ""))
        may = rbac.allows_path(store, who, verb, url)
        may = may and faults.allows(verb, Resource.at(url), user=who.user)
        return {"allowed": True} if may else {"allowed": False, "reason": "no RBAC policy matched"}
    asked = spec.get("resourceAttributes")
    if not isinstance(asked, Mapping):
        return {"allowed": True}
    text = {
        key: str(asked.get(key, ""))
        for key in ("verb", "group", "resource", "subresource", "namespace", "name")
    }
    resource = Resource(text["group"], str(asked.get("version", "v1")), text["resource"])
    ask = rbac.Ask(text["verb"], resource, text["subresource"], text["namespace"], text["name"])
    allowed = rbac.allows(store, who, ask) and faults.allows(
        ask.verb, resource, subresource=ask.subresource, namespace=ask.namespace, user=who.user
    )
    return {"allowed": allowed} if allowed else {"allowed": False, "reason": "no RBAC policy matched"}
