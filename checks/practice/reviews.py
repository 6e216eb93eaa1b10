"""Questions about permissions: everything is allowed that no `Forbid` rule takes away."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from checks.cluster import Object, Resource
from checks.practice.faults import Faults

PATHS = (
    "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews",
    "/apis/authorization.k8s.io/v1/selfsubjectrulesreviews",
    "/apis/authentication.k8s.io/v1/selfsubjectreviews",
)


def review(path: str, body: Mapping[str, Any], user: str, groups: tuple[str, ...], faults: Faults) -> Object:
    """The review object with its answer."""
    if path == PATHS[0]:
        return {**body, "status": _access(body.get("spec") or {}, user, faults)}
    if path == PATHS[1]:
        everything = [{"verbs": ["*"], "apiGroups": ["*"], "resources": ["*"]}]
        urls = [{"verbs": ["*"], "nonResourceURLs": ["*"]}]
        status = {"resourceRules": everything, "nonResourceRules": urls, "incomplete": True}
        return {**body, "status": status}
    return {**body, "status": {"userInfo": {"username": user, "groups": [*groups, "system:authenticated"]}}}


def _access(spec: Mapping[str, Any], user: str, faults: Faults) -> Object:
    asked = spec.get("resourceAttributes")
    if not isinstance(asked, Mapping):
        return {"allowed": True}
    resource = Resource(
        str(asked.get("group", "")), str(asked.get("version", "v1")), str(asked.get("resource", ""))
    )
    allowed = faults.allows(
        str(asked.get("verb", "")),
        resource,
        subresource=str(asked.get("subresource", "")),
        namespace=str(asked.get("namespace", "")),
        user=user,
    )
    return {"allowed": allowed} if allowed else {"allowed": False, "reason": "no RBAC policy matched"}
