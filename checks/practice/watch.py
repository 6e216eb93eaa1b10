"""Watches: the changes of a collection as they happen, one JSON document a line."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping
from typing import Any

from checks.cluster import Object
from checks.practice.failures import Expired, status_of
from checks.practice.routes import Target
from checks.practice.selectors import field_test, label_test
from checks.practice.store import Change, Store

_BOOKMARK_EVERY = 60.0
Shape = Callable[[Object], Object]


def _seen(store: Store, target: Target, query: Mapping[str, str]) -> Callable[[Object | None], bool]:
    """Whether an object belongs to what is watched."""
    fields = query.get("fieldSelector", "")
    if target.name:
        fields = ",".join(filter(None, (fields, f"metadata.name={target.name}")))
    tests = [label_test(query["labelSelector"])] if query.get("labelSelector") else []
    tests += [field_test(fields, target.resource)] if fields else []

    def seen(obj: Object | None) -> bool:
        if obj is None or (target.namespace and obj["metadata"].get("namespace") != target.namespace):
            return False
        return all(test(obj) for test in tests)

    return seen


def event_of(change: Change, seen: Callable[[Object | None], bool]) -> str:
    """What a change is to a watcher who sees only some objects; empty for nothing."""
    before, now = seen(change.old), seen(change.object)
    if change.type == "DELETED":
        return "DELETED" if before or now else ""
    if now:
        return "MODIFIED" if before else "ADDED"
    return "DELETED" if before else ""


async def stream(
    store: Store, target: Target, query: Mapping[str, str], shape: Shape, send: Callable[[bytes], Any]
) -> None:
    """Sends events until the client's timeout; ends early with an ERROR event where history is missing."""
    seen = _seen(store, target, query)
    loop = asyncio.get_running_loop()
    wake = asyncio.Event()

    def ring(*_: object) -> None:
        loop.call_soon_threadsafe(wake.set)

    stop = store.subscribe(ring)
    end = loop.time() + float(query.get("timeoutSeconds") or 3600)
    try:
        version, first = _start(store, target, query, seen)
        for event in first:
            await send(_line(event[0], shape(event[1])))
        while True:
            wake.clear()
            for change in store.changes_since(version):
                version = change.version
                type_ = event_of(change, seen) if change.resource == target.resource else ""
                if type_:
                    await send(_line(type_, shape(change.object)))
            left = end - loop.time()
            if left <= 0:
                return
            try:
                await asyncio.wait_for(wake.wait(), min(left, _BOOKMARK_EVERY))
            except TimeoutError:
                if query.get("allowWatchBookmarks") == "true":
                    await send(_line("BOOKMARK", _bookmark(target, version)))
    except Expired as error:
        await send(_line("ERROR", status_of(error)[1]))
    finally:
        stop()


def _start(
    store: Store, target: Target, query: Mapping[str, str], seen: Callable[[Object | None], bool]
) -> tuple[int, list[tuple[str, Object]]]:
    """The version to go on from, and the events for what is there already."""
    given = query.get("resourceVersion", "")
    initial = query.get("sendInitialEvents") == "true"
    if given not in ("", "0") and not initial:
        return int(given) if given.isdigit() else 0, []
    version = store.version
    events = [("ADDED", obj) for obj in store.scan(target.resource) if seen(obj)]
    if initial:
        mark = _bookmark(target, version)
        mark["metadata"]["annotations"] = {"k8s.io/initial-events-end": "true"}
        events.append(("BOOKMARK", mark))
    return version, events


def _bookmark(target: Target, version: int) -> Object:
    kind = target.kind
    return {"kind": kind.name, "apiVersion": kind.api_version, "metadata": {"resourceVersion": str(version)}}


def _line(type_: str, obj: Object) -> bytes:
    return json.dumps({"type": type_, "object": obj}).encode() + b"\n"
