"""The one protocol between klinik and any cluster: live, recorded or practice. Plain dicts, deadlines, typed errors."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol, runtime_checkable

Object = dict[str, Any]
"""A Kubernetes object as JSON."""
PatchType = Literal["merge", "json"]

# What no name of an object can hold (path segment names of the API), and what makes a URL of something else.
_NO_SEGMENT = re.compile(r"[/%?#\\\s\x00-\x1f\x7f]")
_RESOURCE = re.compile(r"^(?:(?P<group>[a-z0-9.-]+)/)?(?P<version>v[0-9a-z]+)/(?P<plural>[a-z0-9-]+)$")


@dataclass(frozen=True, slots=True)
class Resource:
    """A kind by its REST coordinates; written ``v1/pods``, ``apps/v1/daemonsets``, ``kubeovn.io/v1/subnets``."""

    group: str
    version: str
    plural: str

    @classmethod
    def parse(cls, text: str) -> Resource:
        """The resource written as ``[group/]version/plural``; raises ValueError."""
        match = _RESOURCE.match(text)
        if not match:
            raise ValueError(f"{text!r} is not [group/]version/plural")
        return cls(match["group"] or "", match["version"], match["plural"])

    def __str__(self) -> str:
        return f"{self.group}/{self.version}/{self.plural}" if self.group else f"{self.version}/{self.plural}"

    @classmethod
    def at(cls, path: str) -> Resource:
        """What is no kind: a URL of the API server itself, ``/readyz``, for questions about permissions."""
        return cls("", "", path)

    @property
    def url(self) -> str:
        """The path of what is no kind; empty for kinds."""
        return self.plural if self.plural.startswith("/") else ""

    @property
    def dotted(self) -> str:
        """As kubectl and RBAC messages name it: ``subnets.kubeovn.io``."""
        return f"{self.plural}.{self.group}" if self.group else self.plural

    def path(self, namespace: str = "", name: str = "") -> str:
        """The URL path of the collection or of one object; ValueError for a name that would lead elsewhere."""
        for segment in (namespace, name):
            if segment in (".", "..") or _NO_SEGMENT.search(segment):
                raise ValueError(f"{segment!r} cannot be the name of an object")
        base = f"/apis/{self.group}/{self.version}" if self.group else f"/api/{self.version}"
        scope = f"/namespaces/{namespace}" if namespace else ""
        return f"{base}{scope}/{self.plural}" + (f"/{name}" if name else "")


PODS = Resource("", "v1", "pods")
NODES = Resource("", "v1", "nodes")
SERVICES = Resource("", "v1", "services")
PAGE_LIMIT = 32 * 1024 * 1024
"""Bytes of one answer through a proxy; a busy kubelet's metrics are 5 MB."""


@dataclass(frozen=True, slots=True)
class ClusterInfo:
    """Which cluster this is, as the header shows it."""

    context: str
    server: str
    user: str = ""
    namespace: str = "default"
    practice: str = ""
    """Name of the practice scenario; empty for a real cluster."""
    production: bool = False
    pace: float = 1.0
    """Real seconds per second of this cluster's time: below 1 on the practice cluster, where time runs faster."""
    recorded: float = 0.0
    """Unix time at which the facts were recorded, for a bundle; 0 for a cluster that answers now."""


@dataclass(frozen=True, slots=True)
class ExecResult:
    """What a command in a container left: its outputs apart, and its exit code."""

    stdout: str
    stderr: str
    code: int
    argv: tuple[str, ...] = ()
    at: float | None = None
    """When it came, in cluster seconds, where that was recorded; None: now."""


@dataclass(frozen=True, slots=True)
class Page:
    """Some objects of a list, and where the list goes on."""

    items: list[Object]
    left: int = 0
    """How many objects are still to come, where the server says so."""
    last: Object | None = None
    """The object after whose key the next page begins; None where this is the last page."""


@runtime_checkable
class Paged(Protocol):
    """What a cluster may offer besides `Cluster`: lists page by page, of which nobody need hold the whole."""

    def list_pages(
        self,
        resource: Resource,
        *,
        namespace: str = "",
        labels: str = "",
        fields: str = "",
        page: int = 500,
        only_metadata: bool = False,
        timeout: float = 15.0,
        total: float = 60.0,
    ) -> Iterator[Page]:
        """The pages of a list, no object twice; with `only_metadata` objects have nothing else, not even a kind."""
        ...


@runtime_checkable
class Outside(Protocol):
    """What a cluster may offer besides `Cluster`: URLs that are not behind its API server."""

    def fetched(
        self,
        url: str,
        *,
        query: tuple[tuple[str, str], ...] = (),
        token_file: str = "",
        ca_file: str = "",
        timeout: float = 10.0,
        limit: int = PAGE_LIMIT,
    ) -> str:
        """The answer to a GET; the cluster's own credentials are not sent."""
        ...


@runtime_checkable
class Probed(Protocol):
    """What a cluster may offer besides `Cluster`: what its API server says of its own health."""

    def health(self, endpoint: str, *, timeout: float = 10.0) -> str:
        """The page of ``/readyz?verbose`` or ``/livez?verbose``; also where it says that something failed."""
        ...


@runtime_checkable
class Cluster(Protocol):
    """Everything klinik asks of a cluster. Every call ends by its deadline (seconds) and raises only ClusterError."""

    @property
    def info(self) -> ClusterInfo:
        """Which cluster this is; known without a call."""
        ...

    def version(self, *, timeout: float = 5.0) -> str:
        """The server's version, ``v1.28.3``."""
        ...

    def list(
        self,
        resource: Resource,
        *,
        namespace: str = "",
        labels: str = "",
        fields: str = "",
        page: int = 500,
        timeout: float = 15.0,
    ) -> Iterator[Object]:
        """All objects of a kind, fetched in pages; a missing kind raises NotFound."""
        ...

    def get(self, resource: Resource, name: str, *, namespace: str = "", timeout: float = 10.0) -> Object:
        """One object."""
        ...

    def logs(
        self,
        namespace: str,
        pod: str,
        container: str = "",
        *,
        tail: int | None = None,
        since: float | None = None,
        previous: bool = False,
        timeout: float = 15.0,
    ) -> str:
        """The log of a container: the last `tail` lines, or since so many seconds ago."""
        ...

    def exec(
        self,
        namespace: str,
        pod: str,
        container: str,
        argv: tuple[str, ...],
        *,
        timeout: float = 10.0,
        on_output: Callable[[str], None] | None = None,
        turn: str = "",
    ) -> ExecResult:
        """Runs a command and waits for its exit code; Unreachable where the node does not answer or has no binary.

        `turn` tells the samples of one repeated reading apart, for recordings; a live cluster has no use for it.
        """
        ...

    def proxied(
        self,
        resource: Resource,
        namespace: str,
        name: str,
        port: int | str,
        path: str,
        *,
        query: tuple[tuple[str, str], ...] = (),
        scheme: str = "",
        timeout: float = 10.0,
        limit: int = PAGE_LIMIT,
        turn: str = "",
    ) -> str:
        """What a pod, service or node answers to a GET, through the API server's proxy; at most `limit` bytes.

        `turn` as for `exec`. What the thing behind it refuses is Forbidden, NotFound or Invalid, as from the server.
        """
        ...

    def patch(
        self,
        resource: Resource,
        name: str,
        body: Any,
        *,
        namespace: str = "",
        type: PatchType = "merge",
        dry_run: bool = False,
        timeout: float = 15.0,
    ) -> Object:
        """Patches one object and returns it as it is then; with `dry_run` the server only says what it would be."""
        ...

    def create(
        self,
        resource: Resource,
        body: Object,
        *,
        namespace: str = "",
        dry_run: bool = False,
        timeout: float = 15.0,
    ) -> Object:
        """Creates an object and returns it."""
        ...

    def delete(
        self,
        resource: Resource,
        name: str,
        *,
        namespace: str = "",
        uid: str = "",
        version: str = "",
        dry_run: bool = False,
        timeout: float = 15.0,
    ) -> None:
        """Asks for the deletion of an object; only with this uid and resourceVersion where given (else Conflict)."""
        ...

    def evict(
        self, namespace: str, pod: str, *, uid: str = "", dry_run: bool = False, timeout: float = 15.0
    ) -> None:
        """Asks for a pod to go as its PodDisruptionBudgets allow (policy/v1); raises Disruption where they do not now.

        With a `uid` only the pod that has it (else Conflict).
        """
        ...

    def can(
        self,
        verb: str,
        resource: Resource,
        *,
        namespace: str = "",
        subresource: str = "",
        name: str = "",
        timeout: float = 5.0,
    ) -> bool:
        """Whether this user may (SelfSubjectAccessReview), all objects of the kind where no name is given."""
        ...

    def close(self) -> None:
        """Lets go of connections; the cluster is not used afterwards."""
        ...


@dataclass(frozen=True, slots=True)
class Target:
    """Where a command ran or shall run: one container of one pod on one node, as it was when it was looked up."""

    namespace: str
    pod: str
    container: str
    node: str = ""
    uid: str = ""
    role: str = ""
    extra: Mapping[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{self.pod} ({self.node})" if self.node else self.pod

    def kubectl(self, argv: tuple[str, ...]) -> tuple[str, ...]:
        """The same command as a kubectl argv, for copying."""
        return ("kubectl", "-n", self.namespace, "exec", self.pod, "-c", self.container, "--", *argv)
