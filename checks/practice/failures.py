"""What an API server refuses, as errors of `checks.errors` on the inside and as a Status object on the wire.

The wordings are those of Kubernetes 1.28 (k8s.io/apimachinery `pkg/api/errors`, API server handlers).
"""

from __future__ import annotations

from typing import Any

from checks.cluster import Resource
from checks.errors import (
    ClusterError,
    Conflict,
    Disruption,
    Forbidden,
    Invalid,
    NotFound,
    Timeout,
    Unauthenticated,
    Unreachable,
)


class BadRequest(Invalid):
    """400: the request itself makes no sense."""


class AlreadyExists(Conflict):
    """409: an object of this name is there."""


class UnsupportedMedia(Invalid):
    """415: a body of a type that this kind does not take."""


class TooLarge(Invalid):
    """413: more than the server works off in one request."""


class Expired(ClusterError):
    """410: a resource version or continue token of too long ago."""


class NothingToContinue(Expired):
    """410 for the rest of a list whose moment is too long ago; `token` goes on with whatever there is now."""

    def __init__(self, token: str) -> None:
        super().__init__(
            "The provided continue parameter is too old to display a consistent list result. You can start a new list "
            "without the continue parameter, or use the continue token in this response to retrieve the remainder of "
            "the results. Continuing with the provided token results in an inconsistent list - objects that were "
            "created, modified, or deleted between the time the first chunk was returned and now may show up in the "
            "list."
        )
        self.token = token


class TooManyRequests(ClusterError):
    """429: come back later."""


class OverBudget(Disruption):
    """429 for an eviction that a PodDisruptionBudget does not allow; the cause names the budget."""

    def __init__(self, text: str, cause: str) -> None:
        super().__init__(text)
        self.cause = cause


class Unavailable(ClusterError):
    """503: nobody serves there."""


class MethodNotAllowed(ClusterError):
    """405."""


class PatchRejected(Invalid):
    """422 for a JSON patch that does not apply; the message is generic, the cause stands in the details."""

    def __init__(self, cause: str) -> None:
        super().__init__("the server rejected our request due to an error in our request")
        self.cause = cause


class NoSuchPath(NotFound):
    """404 for a path that no kind is served at; the real server answers it in plain text."""


_STATUS: tuple[tuple[type[ClusterError], int, str], ...] = (
    (BadRequest, 400, "BadRequest"),
    (UnsupportedMedia, 415, "UnsupportedMediaType"),
    (TooLarge, 413, "RequestEntityTooLarge"),
    (MethodNotAllowed, 405, "MethodNotAllowed"),
    (AlreadyExists, 409, "AlreadyExists"),
    (Expired, 410, "Expired"),
    (TooManyRequests, 429, "TooManyRequests"),
    (Disruption, 429, "TooManyRequests"),
    (Unavailable, 503, "ServiceUnavailable"),
    (Unauthenticated, 401, "Unauthorized"),
    (Forbidden, 403, "Forbidden"),
    (NotFound, 404, "NotFound"),
    (Conflict, 409, "Conflict"),
    (Invalid, 422, "Invalid"),
    (Timeout, 504, "Timeout"),
    (Unreachable, 500, "InternalError"),
)


def status_of(error: ClusterError) -> tuple[int, dict[str, Any]]:
    """The HTTP code and the Status object that say this error."""
    code, reason = next(
        ((code, reason) for kind, code, reason in _STATUS if isinstance(error, kind)), (500, "InternalError")
    )
    body: dict[str, Any] = {
        "kind": "Status",
        "apiVersion": "v1",
        "metadata": {"continue": error.token} if isinstance(error, NothingToContinue) else {},
        "status": "Failure",
        "message": error.message,
        "reason": reason,
        "code": code,
    }
    details = _details(error)
    if details:
        body["details"] = details
    return code, body


def _details(error: ClusterError) -> dict[str, Any]:
    if isinstance(error, PatchRejected):
        return {"causes": [{"reason": "UnexpectedServerResponse", "message": error.cause}]}
    if isinstance(error, OverBudget):
        return {"causes": [{"reason": "DisruptionBudget", "message": error.cause}]} if error.cause else {}
    if not error.resource:
        return {}
    plural, _, group = error.resource.partition(".")
    pairs = (("name", error.name), ("group", group), ("kind", plural))
    return {key: value for key, value in pairs if value}


def _about(resource: Resource, name: str, namespace: str = "") -> dict[str, Any]:
    return {"resource": resource.dotted, "name": name, "namespace": namespace}


def not_found(resource: Resource, name: str, namespace: str = "") -> NotFound:
    """The object is not there."""
    return NotFound(f'{resource.dotted} "{name}" not found', **_about(resource, name, namespace))


def no_such_path() -> NoSuchPath:
    """Nothing is served at this path, for example because the CRD is not installed."""
    return NoSuchPath("the server could not find the requested resource")


def already_exists(resource: Resource, name: str, namespace: str = "") -> AlreadyExists:
    """The name is taken."""
    return AlreadyExists(f'{resource.dotted} "{name}" already exists', **_about(resource, name, namespace))


def stale(resource: Resource, name: str, namespace: str = "") -> Conflict:
    """The resource version of the request is not the object's any more."""
    text = "the object has been modified; please apply your changes to the latest version and try again"
    return Conflict(
        f'Operation cannot be fulfilled on {resource.dotted} "{name}": {text}',
        **_about(resource, name, namespace),
    )


def precondition(resource: Resource, name: str, what: str, wanted: str, found: str) -> Conflict:
    """A precondition of a delete or write does not hold; `what` is ``UID`` or ``ResourceVersion``."""
    text = f"Precondition failed: {what} in precondition: {wanted}, {what} in object meta: {found}"
    return Conflict(
        f'Operation cannot be fulfilled on {resource.dotted} "{name}": {text}', **_about(resource, name)
    )


def invalid(resource: Resource, kind: str, name: str, why: str) -> Invalid:
    """The content breaks a rule: `why` is ``field: Invalid value: …``."""
    shown = f"{kind}.{resource.group}" if resource.group else kind
    return Invalid(f'{shown} "{name}" is invalid: {why}', **_about(resource, name))


def forbidden(
    user: str, verb: str, resource: Resource, *, namespace: str = "", name: str = "", subresource: str = ""
) -> Forbidden:
    """The wording of the RBAC authorizer."""
    if resource.url:
        return Forbidden(f'forbidden: User "{user}" cannot {verb} path "{resource.url}"', verb=verb)
    full = f"{resource.plural}/{subresource}" if subresource else resource.plural
    where = f'in the namespace "{namespace}"' if namespace else "at the cluster scope"
    what = f'{resource.dotted} "{name}"' if name else resource.dotted
    cannot = f'User "{user}" cannot {verb} resource "{full}" in API group "{resource.group}" {where}'
    return Forbidden(f"{what} is forbidden: {cannot}", verb=verb, **_about(resource, name, namespace))
