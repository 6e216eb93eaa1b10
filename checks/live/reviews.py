"""Questions about one's own permissions, as the API server takes them, and its answers (pure)."""

from __future__ import annotations

from checks.cluster import Object, Resource
from checks.permission import Permission, Rules

GROUP = "authorization.k8s.io"


def access(permission: Permission) -> tuple[Resource, Object]:
    """A SelfSubjectAccessReview: whether one thing is allowed."""
    asked = {
        "verb": permission.verb,
        "group": permission.resource.group,
        "version": permission.resource.version,
        "resource": permission.resource.plural,
        "subresource": permission.subresource,
        "namespace": permission.namespace,
        "name": permission.name,
    }
    if url := permission.resource.url:
        asked_url = {"path": url, "verb": permission.verb}
        return _review("SelfSubjectAccessReview", {"nonResourceAttributes": asked_url})
    attributes = {key: value for key, value in asked.items() if value}
    return _review("SelfSubjectAccessReview", {"resourceAttributes": attributes})


def all_rules(namespace: str) -> tuple[Resource, Object]:
    """A SelfSubjectRulesReview: everything that is allowed in a namespace."""
    return _review("SelfSubjectRulesReview", {"namespace": namespace})


def _review(kind: str, spec: Object) -> tuple[Resource, Object]:
    body = {"apiVersion": f"{GROUP}/v1", "kind": kind, "spec": spec}
    return Resource(GROUP, "v1", f"{kind.lower()}s"), body


def allowed(answer: Object) -> bool:
    """What a SelfSubjectAccessReview answered."""
    return bool(_status(answer).get("allowed"))


def rules_of(answer: Object) -> Rules:
    """What a SelfSubjectRulesReview answered; complete only where the server says so and nothing went wrong."""
    status = _status(answer)
    found = status.get("resourceRules")
    if not isinstance(found, list):
        return Rules()
    complete = status.get("incomplete") is False and not status.get("evaluationError")
    urls = status.get("nonResourceRules")
    return Rules(_dicts(found), complete, _dicts(urls) if isinstance(urls, list) else ())


def _dicts(found: list[object]) -> tuple[Object, ...]:
    return tuple(rule for rule in found if isinstance(rule, dict))


def _status(answer: Object) -> Object:
    status = answer.get("status")
    return status if isinstance(status, dict) else {}
