"""A cluster that keeps a record of everything it is asked and of every answer. Reads only."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from checks.bundle import tape as calls
from checks.bundle.nowrites import NoWrites
from checks.bundle.tape import Answered, Call, Failure, Tape, packed_json
from checks.cluster import (
    PAGE_LIMIT,
    Cluster,
    ClusterInfo,
    ExecResult,
    Object,
    Outside,
    Page,
    Paged,
    Probed,
    Resource,
)
from checks.errors import ClusterError, NotFound, Unreachable
from checks.facts.answers import slim
from checks.proxypath import Query
from kb.messages import message

_STDERR = 64 * 1024


class Recording(NoWrites):
    """Passes reads on to `cluster` and puts them on `tape`; refuses writes."""

    def __init__(self, cluster: Cluster, tape: Tape) -> None:
        super().__init__(message("bundle.collecting-reads"))
        self._cluster = cluster
        self._tape = tape
        self._began = time.monotonic()
        self._epoch = time.time()

    @property
    def info(self) -> ClusterInfo:
        """Which cluster this is."""
        return self._cluster.info

    def _now(self) -> float:
        """Cluster seconds, in which samples are apart."""
        return self._epoch + (time.monotonic() - self._began) / self._cluster.info.pace

    @contextmanager
    def _on_tape(self, call: Call) -> Iterator[None]:
        """Notes that the call went out, and its failure; the answer is noted by whoever has it."""
        self._tape.begin(call, self._now())
        try:
            yield
        except ClusterError as error:
            self._tape.put(call, Answered(self._now(), failure=Failure.of(error)))
            raise

    def _put(self, call: Call, body: Any, **more: Any) -> None:
        data = body.encode(errors="replace") if isinstance(body, str) else body
        self._tape.put(call, Answered(self._now(), data, **more))

    def version(self, *, timeout: float = 5.0) -> str:
        """The server's version."""
        with self._on_tape(calls.VERSION):
            found = self._cluster.version(timeout=timeout)
        self._put(calls.VERSION, packed_json(found))
        return found

    def health(self, endpoint: str, *, timeout: float = 10.0) -> str:
        """What the API server says of itself."""
        call = calls.health_call(endpoint)
        with self._on_tape(call):
            if not isinstance(self._cluster, Probed):
                raise NotFound(message("sources.no-health", path=f"/{endpoint}"))
            text = self._cluster.health(endpoint, timeout=timeout)
        self._put(call, text)
        return text

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
        """All objects of a kind."""
        found = self.list_pages(
            resource,
            namespace=namespace,
            labels=labels,
            fields=fields,
            page=page,
            timeout=timeout,
            total=timeout,
        )
        for one in found:
            yield from one.items

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
        """All objects as one page, whole whatever is wanted of them: another check may replay what this one leaves.

        Read to the end before any is handed on: a caller who has seen enough would leave half a list.
        """
        call = calls.list_call(resource, namespace, labels, fields)
        ask: dict[str, Any] = {"namespace": namespace, "labels": labels, "fields": fields, "timeout": timeout}
        with self._on_tape(call):
            if isinstance(self._cluster, Paged):
                pages = self._cluster.list_pages(resource, page=page, total=total, **ask)
                found = [slim(item) for one in pages for item in one.items]
            else:
                found = [slim(item) for item in self._cluster.list(resource, page=page, **ask)]
        self._put(call, b"[" + b",\n".join(packed_json(item) for item in found) + b"]")
        yield Page(found)

    def get(self, resource: Resource, name: str, *, namespace: str = "", timeout: float = 10.0) -> Object:
        """One object."""
        call = calls.get_call(resource, namespace, name)
        with self._on_tape(call):
            found = self._cluster.get(resource, name, namespace=namespace, timeout=timeout)
        self._put(call, packed_json(slim(found)))
        return found

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
        """The log of a container."""
        call = calls.logs_call(namespace, pod, container, tail, since, previous)
        with self._on_tape(call):
            text = self._cluster.logs(
                namespace, pod, container, tail=tail, since=since, previous=previous, timeout=timeout
            )
        self._put(call, text)
        return text

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
        """Runs a command that reads."""
        call = calls.exec_call(namespace, pod, container, argv, turn)
        with self._on_tape(call):
            result = self._cluster.exec(
                namespace, pod, container, argv, timeout=timeout, on_output=on_output, turn=turn
            )
        self._put(call, result.stdout, code=result.code, stderr=result.stderr[:_STDERR])
        return result

    def proxied(
        self,
        resource: Resource,
        namespace: str,
        name: str,
        port: int | str,
        path: str,
        *,
        query: Query = (),
        scheme: str = "",
        timeout: float = 10.0,
        limit: int = PAGE_LIMIT,
        turn: str = "",
    ) -> str:
        """What a pod, service or node serves."""
        call = calls.proxied_call(
            resource, namespace, name, port, path, query=query, scheme=scheme, turn=turn
        )
        with self._on_tape(call):
            text = self._cluster.proxied(
                resource,
                namespace,
                name,
                port,
                path,
                query=query,
                scheme=scheme,
                timeout=timeout,
                limit=limit,
                turn=turn,
            )
        self._put(call, text)
        return text

    def fetched(
        self,
        url: str,
        *,
        query: Query = (),
        token_file: str = "",
        ca_file: str = "",
        timeout: float = 10.0,
        limit: int = PAGE_LIMIT,
    ) -> str:
        """What a URL outside the cluster answers."""
        call = calls.fetched_call(url, query)
        with self._on_tape(call):
            if not isinstance(self._cluster, Outside):
                raise Unreachable(message("cluster.no-outside", url=call[1]))
            text = self._cluster.fetched(
                url, query=query, token_file=token_file, ca_file=ca_file, timeout=timeout, limit=limit
            )
        self._put(call, text)
        return text

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
        """Whether this user may."""
        call = calls.can_call(verb, resource, namespace, subresource, name)
        with self._on_tape(call):
            may = self._cluster.can(
                verb, resource, namespace=namespace, subresource=subresource, name=name, timeout=timeout
            )
        self._put(call, packed_json(may))
        return may

    def close(self) -> None:
        """Nothing of its own to let go of."""
