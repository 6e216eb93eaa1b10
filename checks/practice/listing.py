"""Lists as the API server gives them: pages of one moment, resource versions, continue tokens that expire."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass

from checks.cluster import Object, Resource
from checks.errors import Timeout
from checks.practice.failures import BadRequest, Expired, NothingToContinue
from checks.practice.routes import Target
from checks.practice.selectors import Test, field_test, label_test
from checks.practice.store import Store

_VERSION = "meta.k8s.io/v1"
_INCONSISTENT = -1
"""The version in a token that goes on from an expired one, with whatever there is now."""


@dataclass(frozen=True, slots=True)
class Token:
    """Where a list goes on: behind which object, and of which moment it is."""

    version: int
    namespace: str
    name: str

    def __str__(self) -> str:
        text = {"v": _VERSION, "rv": self.version, "start": f"{self.namespace}/{self.name}\0"}
        return base64.urlsafe_b64encode(json.dumps(text).encode()).decode()

    @classmethod
    def read(cls, text: str) -> Token:
        """The token that a client sends back; BadRequest for what was never one."""
        try:
            found = json.loads(base64.urlsafe_b64decode(text.encode()))
            namespace, slash, name = str(found["start"]).removesuffix("\0").partition("/")
            if found["v"] != _VERSION or not slash:
                raise ValueError(text)
            return cls(int(found["rv"]), namespace, name)
        except (ValueError, TypeError, KeyError) as error:
            raise BadRequest(f"continue key is not valid: {type(error).__name__}") from None


def listed(store: Store, target: Target, query: Mapping[str, str]) -> tuple[list[Object], Object]:
    """The objects of one page, shared (look, don't change), and the metadata of the list; raises ClusterError."""
    limit = _number(query, "limit")
    token = Token.read(query["continue"]) if query.get("continue") else None
    current, objects = store.look(target.resource, target.namespace)
    wanted = _version(query, token, limit)
    if wanted > current:
        raise Timeout(f"Too large resource version: {wanted}, current: {current}")
    version = wanted or current
    if wanted and store.written(target.resource) > wanted:
        objects = _as_they_were(store, target, objects, wanted, token)
    for test in _tests(target.resource, query):
        objects = [obj for obj in objects if test(obj)]
    if token:
        start = (token.namespace, token.name)
        objects = [obj for obj in objects if _key(obj) > start]
    meta: Object = {"resourceVersion": str(version)}
    if not limit or len(objects) <= limit:
        return objects, meta
    meta["continue"] = str(Token(version, *_key(objects[limit - 1])))
    if not (query.get("labelSelector") or query.get("fieldSelector")):
        meta["remainingItemCount"] = len(objects) - limit
    return objects[:limit], meta


def _version(query: Mapping[str, str], token: Token | None, limit: int) -> int:
    """The version that the objects must be of exactly, or 0 for what there is now."""
    given, match = _number(query, "resourceVersion"), query.get("resourceVersionMatch", "")
    if token:
        if match:
            raise BadRequest("resourceVersionMatch is forbidden when continue is provided")
        if given:
            raise BadRequest("specifying resource version is not allowed when using continue")
        return max(token.version, 0)
    if match not in ("", "Exact", "NotOlderThan"):
        raise BadRequest('resourceVersionMatch: supported values: "Exact", "NotOlderThan"')
    if match and not query.get("resourceVersion"):
        raise BadRequest("resourceVersionMatch is forbidden unless resourceVersion is provided")
    if match == "Exact" and not given:
        raise BadRequest('resourceVersionMatch "Exact" is forbidden for resourceVersion "0"')
    # A version together with a limit has meant exactly this one since before there was a match.
    return given if match == "Exact" or (not match and limit) else 0


def _as_they_were(
    store: Store, target: Target, objects: list[Object], version: int, token: Token | None
) -> list[Object]:
    """The objects of a namespace at an earlier version."""
    try:
        past = store.before(target.resource, version)
    except Expired:
        if token is None:
            raise
        raise NothingToContinue(str(Token(_INCONSISTENT, token.namespace, token.name))) from None
    rows = {_key(obj): obj for obj in objects}
    for key, old in past.items():
        rows.pop(key, None)
        if old is not None and (not target.namespace or key[0] == target.namespace):
            rows[key] = old
    return [rows[key] for key in sorted(rows)]


def _tests(resource: Resource, query: Mapping[str, str]) -> list[Test]:
    labels, fields = query.get("labelSelector", ""), query.get("fieldSelector", "")
    return [*([label_test(labels)] if labels else []), *([field_test(fields, resource)] if fields else [])]


def _key(obj: Object) -> tuple[str, str]:
    return obj["metadata"].get("namespace", ""), obj["metadata"]["name"]


def _number(query: Mapping[str, str], name: str) -> int:
    text = query.get(name) or "0"
    if not (text.isascii() and text.isdigit() and len(text) < 20):
        raise BadRequest(f"{name}: Invalid value: {text!r}")
    return int(text)
