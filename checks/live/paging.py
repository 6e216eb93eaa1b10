"""A list in pages: each within its own time, all within one; begun anew where the server forgot the rest (410)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from checks.cluster import Object, Page, Resource
from checks.errors import ClusterError
from checks.live.deadline import Deadline
from checks.live.failures import About, Gone, path_of
from checks.live.http import Call
from kb.messages import message

Send = Callable[[Call, Deadline], Object]
_RESTARTS = 3
_METADATA = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json"


def pages(
    send: Send,
    resource: Resource,
    about: About,
    query: tuple[tuple[str, str], ...],
    *,
    namespace: str,
    size: int,
    only_metadata: bool,
    timeout: Callable[[], Deadline],
    total: Deadline,
) -> Iterator[Page]:
    """The pages of a list, no object twice; `timeout` makes the deadline of each page, `total` is that of all."""
    seen: set[str] = set()
    token, restarts = "", 0
    accept = _METADATA if only_metadata else "application/json"
    while True:
        more = (("limit", str(size)), *((("continue", token),) if token else ()))
        call = Call("GET", path_of(about, resource, all_of_them=True), about, (*query, *more), accept=accept)
        page = timeout()
        try:
            answer = send(call, page if page.left < total.left else total)
        except Gone:
            restarts += 1
            if restarts > _RESTARTS:
                raise about.error(ClusterError, message("cluster.list-expired")) from None
            token = ""
            continue
        meta = answer.get("metadata")
        meta = meta if isinstance(meta, dict) else {}
        token = str(meta.get("continue") or "")
        if not isinstance(answer.get("items", ""), list | None):  # never taken for a list of nothing
            raise about.error(ClusterError, message("cluster.not-a-list", server=about.server))
        found = _items(answer)
        last = found[-1] if found else None
        new = [item for item in found if _is_new(item, seen)]
        yield Page(new, _left(meta), last if token else None)
        if not token:
            return


def _is_new(item: Object, seen: set[str]) -> bool:
    """Whether an object has not come before; remembered from now on."""
    meta = item.get("metadata")
    uid = str(meta.get("uid") or "") if isinstance(meta, dict) else ""
    if not uid:
        return True
    count = len(seen)
    seen.add(uid)
    return len(seen) > count


def _left(meta: dict[str, Any]) -> int:
    left = meta.get("remainingItemCount")
    return left if type(left) is int and left > 0 else 0


def _items(answer: Object) -> list[Object]:
    """The items of a list, each with the type that the list leaves out."""
    kind, version = str(answer.get("kind", "")).removesuffix("List"), answer.get("apiVersion", "")
    found = [item for item in answer.get("items") or () if isinstance(item, dict)]
    if kind == "PartialObjectMetadata":
        return [{"metadata": item.get("metadata") or {}} for item in found]
    return [item if "kind" in item else {"apiVersion": version, "kind": kind, **item} for item in found]
