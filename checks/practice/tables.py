"""Lists as tables, for clients that ask ``as=Table``: the columns that kubectl prints."""

from __future__ import annotations

import calendar
import json
import re
import time
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from checks.cluster import Object
from checks.practice.kinds import Column, Kind

_PART = re.compile(r"([^.\[\]]+)|\[(\d+)\]")
Row = Callable[[Object, float], list[Any]]

_PODS = (
    Column("Ready", ""),
    Column("Status", ""),
    Column("Restarts", ""),
    Column("Age", ""),
    Column("IP", "", priority=1),
    Column("Node", "", priority=1),
    Column("Nominated Node", "", priority=1),
    Column("Readiness Gates", "", priority=1),
)
_NODES = (
    Column("Status", ""),
    Column("Roles", ""),
    Column("Age", ""),
    Column("Version", ""),
    Column("Internal-IP", "", priority=1),
    Column("External-IP", "", priority=1),
    Column("OS-Image", "", priority=1),
    Column("Kernel-Version", "", priority=1),
    Column("Container-Runtime", "", priority=1),
)


def table(
    kind: Kind, objects: Iterable[Object], meta: Object, *, now: float, include: str = "Metadata"
) -> Object:
    """The Table of some objects of a kind; `include` is what stands in each row: Metadata, Object or None."""
    columns, cells = _layout(kind)
    definitions = [_definition(Column("Name", ".metadata.name"), "name")]
    return {
        "kind": "Table",
        "apiVersion": "meta.k8s.io/v1",
        "metadata": meta,
        "columnDefinitions": definitions + [_definition(column) for column in columns],
        "rows": [
            {"cells": [o["metadata"]["name"], *cells(o, now)], "object": _included(o, include)}
            for o in objects
        ],
    }


def _definition(column: Column, format_: str = "") -> Object:
    # ages come out rendered, so their column is text
    type_ = "string" if column.type == "date" else column.type
    return {
        "name": column.title,
        "type": type_,
        "format": format_,
        "description": "",
        "priority": column.priority,
    }


def _included(obj: Object, include: str) -> Object | None:
    if include == "Object":
        return obj
    if include == "None":
        return None
    return {"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": obj["metadata"]}


def _layout(kind: Kind) -> tuple[Sequence[Column], Row]:
    if kind.api_version == "v1" and kind.name == "Pod":
        return _PODS, _pod
    if kind.api_version == "v1" and kind.name == "Node":
        return _NODES, _node
    if kind.name in ("Deployment", "StatefulSet"):
        return kind.columns, lambda obj, now: [_ready(obj), *(_cell(obj, c, now) for c in kind.columns[1:])]
    columns = kind.columns or (Column("Age", ".metadata.creationTimestamp", "date"),)
    return columns, lambda obj, now: [_cell(obj, column, now) for column in columns]


def _cell(obj: Object, column: Column, now: float) -> Any:
    value = at_path(obj, column.path)
    if value is None:
        return None if obj and column.type != "integer" else 0
    if column.type == "date":
        return age(value, now)
    if isinstance(value, dict | list):
        return json.dumps(value, separators=(",", ":"))
    return value


def at_path(obj: Any, path: str) -> Any:
    """The value at a simple JSONPath (``.spec.a[0].b``), or None."""
    for key, index in _PART.findall(path):
        if key:
            obj = obj.get(key) if isinstance(obj, dict) else None
        else:
            obj = obj[int(index)] if isinstance(obj, list) and int(index) < len(obj) else None
    return obj


def age(stamp: Any, now: float) -> str:
    """How long ago, as kubectl says it (``5d3h``, ``12m``, ``3s``)."""
    try:
        then = calendar.timegm(time.strptime(str(stamp)[:19], "%Y-%m-%dT%H:%M:%S"))
    except ValueError:
        return "<unknown>"
    seconds = int(max(0, now - then))
    minutes, hours, days = seconds // 60, seconds // 3600, seconds // 86400
    if seconds < 120:
        return f"{seconds}s"
    if minutes < 10:
        return f"{minutes}m{seconds % 60}s" if seconds % 60 else f"{minutes}m"
    if hours < 3:
        return f"{minutes}m"
    if hours < 8:
        return f"{hours}h{minutes % 60}m" if minutes % 60 else f"{hours}h"
    if days < 2:
        return f"{hours}h"
    if days < 8:
        return f"{days}d{hours % 24}h" if hours % 24 else f"{days}d"
    return f"{days}d" if days < 730 else f"{days // 365}y{days % 365}d"


def _ready(obj: Object) -> str:
    wanted = (obj.get("spec") or {}).get("replicas", 1)
    return f"{(obj.get('status') or {}).get('readyReplicas') or 0}/{wanted}"


def _pod(obj: Object, now: float) -> list[Any]:
    spec, status = obj.get("spec") or {}, obj.get("status") or {}
    states = status.get("containerStatuses") or []
    ready = sum(bool(state.get("ready")) for state in states)
    total = len(spec.get("containers") or states)
    restarts = sum(int(state.get("restartCount") or 0) for state in states)
    return [
        f"{ready}/{total}",
        pod_status(obj),
        str(restarts),
        age(obj["metadata"].get("creationTimestamp"), now),
        status.get("podIP") or "<none>",
        spec.get("nodeName") or "<none>",
        "<none>",
        "<none>",
    ]


def pod_status(obj: Object) -> str:
    """The STATUS that kubectl prints (printPod in pkg/printers/internalversion)."""
    status = obj.get("status") or {}
    shown = str(status.get("reason") or status.get("phase") or "Unknown")
    for state in status.get("containerStatuses") or []:
        waiting = (state.get("state") or {}).get("waiting") or {}
        ended = (state.get("state") or {}).get("terminated") or {}
        if waiting.get("reason"):
            shown = str(waiting["reason"])
        elif ended:
            shown = str(ended.get("reason") or f"ExitCode:{ended.get('exitCode', 0)}")
    if "deletionTimestamp" in obj["metadata"]:
        return "Unknown" if status.get("reason") == "NodeLost" else "Terminating"
    return shown


def _node(obj: Object, now: float) -> list[Any]:
    spec, status, meta = obj.get("spec") or {}, obj.get("status") or {}, obj["metadata"]
    condition: Object = next((c for c in status.get("conditions") or [] if c.get("type") == "Ready"), {})
    state = "Ready" if condition.get("status") == "True" else "NotReady"
    if spec.get("unschedulable"):
        state += ",SchedulingDisabled"
    prefix = "node-role.kubernetes.io/"
    roles = sorted(k.removeprefix(prefix) for k in meta.get("labels") or {} if k.startswith(prefix))
    info = status.get("nodeInfo") or {}
    addresses = {a.get("type"): a.get("address") for a in status.get("addresses") or []}
    return [
        state,
        ",".join(roles) or "<none>",
        age(meta.get("creationTimestamp"), now),
        info.get("kubeletVersion", ""),
        addresses.get("InternalIP", "<none>"),
        addresses.get("ExternalIP", "<none>"),
        info.get("osImage", "<unknown>"),
        info.get("kernelVersion", "<unknown>"),
        info.get("containerRuntimeVersion", "<unknown>"),
    ]
