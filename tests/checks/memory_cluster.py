"""A cluster in memory for unit tests of the engine: pods, objects, and commands as functions."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from checks.cluster import ClusterInfo, ExecResult, Object, Resource
from checks.errors import ClusterError, NotFound, Timeout

Command = Callable[[str, tuple[str, ...]], ExecResult | ClusterError]
"""What a command in a pod answers: ``(pod, argv) -> result or error``."""


def pod(name: str, app: str, node: str = "", **more: Any) -> Object:
    """A Running, Ready pod; `labels`, `phase`, `ready`, `deleting`, `created` may be given."""
    labels = {"app": app, **more.get("labels", {})}
    meta: Object = {
        "name": name,
        "namespace": "kube-system",
        "labels": labels,
        "uid": f"uid-{name}",
        "creationTimestamp": more.get("created", "2024-01-01T00:00:00Z"),
        "managedFields": [{"manager": "x"}],
    }
    if more.get("deleting"):
        meta["deletionTimestamp"] = "2024-01-02T00:00:00Z"
    ready = "True" if more.get("ready", True) else "False"
    return {
        "metadata": meta,
        "spec": {"nodeName": node},
        "status": {"phase": more.get("phase", "Running"), "conditions": [{"type": "Ready", "status": ready}]},
    }


def node(name: str, **labels: str) -> Object:
    """A node."""
    return {"metadata": {"name": name, "labels": labels}}


def said(text: str = "", code: int = 0, stderr: str = "") -> ExecResult:
    """What a command left."""
    return ExecResult(text, stderr, code)


@dataclass
class MemoryCluster:
    """Answers lists from `objects` (by ``v1/pods``) and commands from `command`; counts every call."""

    objects: Mapping[str, list[Object] | ClusterError] = field(default_factory=dict)
    command: Command = lambda pod, argv: said()
    log: Callable[[str], str | ClusterError] = lambda pod: ""
    pages: Mapping[str, str | ClusterError] = field(default_factory=dict)
    """What is served, by ``NAME:PORT/PATH?query`` of any kind."""
    pace: float = 1.0
    calls: Counter[str] = field(default_factory=Counter)
    at_once: int = 0
    most_at_once: int = 0
    hang: threading.Event = field(default_factory=threading.Event)
    """Commands of pods in `hanging` wait for this, whatever their deadline."""
    hanging: frozenset[str] = frozenset()
    lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def info(self) -> ClusterInfo:
        return ClusterInfo("memory", "https://memory", pace=self.pace)

    def version(self, *, timeout: float = 5.0) -> str:
        return "v1.28.3"

    def _count(self, what: str) -> None:
        with self.lock:
            self.calls[what] += 1

    def list(
        self, resource: Resource, *, namespace: str = "", labels: str = "", fields: str = "", page: int = 500,
        timeout: float = 15.0,
    ) -> Iterator[Object]:  # fmt: skip
        self._count(f"list {resource}")
        found = self.objects.get(str(resource), NotFound(f"no {resource}"))
        if isinstance(found, ClusterError):
            raise found
        for item in found:
            if not namespace or item.get("metadata", {}).get("namespace") in (None, namespace):
                yield item

    def get(self, resource: Resource, name: str, *, namespace: str = "", timeout: float = 10.0) -> Object:
        self._count(f"get {resource}")
        found = self.objects.get(str(resource), [])
        if isinstance(found, ClusterError):
            raise found
        for item in found:
            if item["metadata"]["name"] == name:
                return item
        raise NotFound(f"no {resource} {name}")

    def logs(self, namespace: str, pod: str, container: str = "", **options: Any) -> str:
        self._count(f"logs {pod}")
        found = self.log(pod)
        if isinstance(found, ClusterError):
            raise found
        return found

    def proxied(
        self, resource: Resource, namespace: str, name: str, port: int | str, path: str, *,
        query: tuple[tuple[str, str], ...] = (), scheme: str = "", timeout: float = 10.0,
        limit: int = 0, turn: str = "",
    ) -> str:  # fmt: skip
        asked = f"{name}:{port}{path}" + (f"?{urlencode(query)}" if query else "")
        self._count(f"proxied {asked}")
        answered = self.pages.get(asked, NotFound(f"nothing is served at {asked}"))
        if isinstance(answered, ClusterError):
            raise answered
        return answered

    def exec(
        self, namespace: str, pod: str, container: str, argv: tuple[str, ...], *, timeout: float = 10.0,
        on_output: Callable[[str], None] | None = None, turn: str = "",
    ) -> ExecResult:  # fmt: skip
        self._count(f"exec {pod} {' '.join(argv)}")
        with self.lock:
            self.at_once += 1
            self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            if pod in self.hanging:
                self.hang.wait(timeout)
                raise Timeout(f"no answer within {timeout:g} s")
            found = self.command(pod, argv)
        finally:
            with self.lock:
                self.at_once -= 1
        if isinstance(found, ClusterError):
            raise found
        return found

    def patch(self, *args: Any, **options: Any) -> Object:
        raise AssertionError("a run never writes")

    create = delete = evict = patch

    def can(self, *args: Any, **options: Any) -> bool:
        return True

    def close(self) -> None:
        self.hang.set()


def until(condition: Callable[[], bool], seconds: float = 5.0) -> bool:
    """Whether the condition comes true in time."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.005)
    return condition()
