"""A cluster that answers from a bundle: the same facts at the same times, and nothing that was not recorded."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Protocol

from checks.bundle import tape as calls
from checks.bundle.nowrites import NoWrites
from checks.bundle.tape import Answered, Call
from checks.cluster import PAGE_LIMIT, SERVICES, ClusterInfo, ExecResult, Object, Resource
from checks.errors import ClusterError, Invalid, NotFound, Timeout
from checks.prom.at import QUERY_PATH, PrometheusAt
from checks.proxypath import Query
from checks.selection import Selection, Term, selection
from kb.messages import message
from kb.said import text_of

_SILENT = 2
"""Timeouts of one pod after which it was not asked again while recording (`checks.facts.silence`)."""


class NotRecorded(ClusterError):
    """The bundle does not hold the answer; never taken for the absence of the thing asked for."""

    reason = "absent"


class Records(Protocol):
    """What a bundle holds."""

    @property
    def calls(self) -> Mapping[Call, Answered]:
        """Every recorded call; bodies are read by `body`."""
        ...

    def body(self, call: Call) -> bytes:
        """The body of an answered call; raises ClusterError where the file is damaged there."""
        ...


class Replayed(NoWrites):
    """Reads come from `records`; writes are refused."""

    def __init__(self, info: ClusterInfo, records: Records) -> None:
        super().__init__(message("bundle.read-only"))
        self._info = info
        self._records = records
        self._timeouts: Counter[tuple[str, str]] = Counter()
        self._lists: dict[str, list[Call]] = {}
        for call in sorted(call for call in records.calls if call[0] == "list"):
            self._lists.setdefault(call[1], []).append(call)
        for call, answered in records.calls.items():
            if (pod := _pod_of(call)) and answered.failure and answered.failure.type == "Timeout":
                self._timeouts[pod] += 1

    @property
    def info(self) -> ClusterInfo:
        """Which cluster it was, and when."""
        return self._info

    @property
    def prometheus(self) -> PrometheusAt | None:
        """Where it was asked then; None where it was looked for in vain, as it is again."""
        asked = {at: answered for call, answered in self._records.calls.items() if (at := _asked(call))}
        good = [at for at, answered in asked.items() if answered.failure is None]
        looked = any(call[:2] == ("list", str(SERVICES)) for call in self._records.calls)
        return min(good or ([] if looked else asked), key=str, default=None)

    def version(self, *, timeout: float = 5.0) -> str:
        """The server's version."""
        return str(self._json(calls.VERSION))

    def health(self, endpoint: str, *, timeout: float = 10.0) -> str:
        """What the API server said of itself."""
        call = calls.health_call(endpoint)
        self._answered(call)
        return self._text(call)

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
        """All objects of a kind: as recorded, or chosen from a wider list that was."""
        call = calls.list_call(resource, namespace, labels, fields)
        if call in self._records.calls:
            yield from self._objects(call)
            return
        try:
            wanted = selection(namespace, labels, fields)
            meant = wanted.test(resource)
        except ValueError as error:
            raise Invalid(message("bundle.selection", why=text_of(error))) from error
        wider = self._wider(resource, wanted)
        if wider is None:
            raise self._missing(call)
        for item in self._objects(wider):
            if meant(item):
                yield item

    def get(self, resource: Resource, name: str, *, namespace: str = "", timeout: float = 10.0) -> Object:
        """One object: as recorded, or out of a recorded list."""
        call = calls.get_call(resource, namespace, name)
        if call in self._records.calls:
            found = self._json(call)
            if isinstance(found, dict):
                return found
            raise self._damaged(call)
        wider = self._wider(resource, Selection(namespace, fields=(Term("metadata.name", True, name),)))
        for item in self._objects(wider) if wider else ():
            if _meta(item).get("name") == name and _meta(item).get("namespace", "") in ("", namespace):
                return item
        if wider:
            raise NotFound(message("bundle.no-object", resource=resource.dotted, name=name))
        raise self._missing(call)

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
        self._answered(call)
        return self._text(call)

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
        """What the command said then."""
        call = calls.exec_call(namespace, pod, container, argv, turn)
        answered = self._answered(call)
        text = self._text(call)
        if on_output:
            on_output(text)
        return ExecResult(text, answered.stderr, answered.code, argv, at=answered.at)

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
        """What a pod, service or node served then."""
        call = calls.proxied_call(
            resource, namespace, name, port, path, query=query, scheme=scheme, turn=turn
        )
        self._answered(call)
        return self._text(call)

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
        """What a URL outside the cluster answered then."""
        call = calls.fetched_call(url, query)
        self._answered(call)
        return self._text(call)

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
        """Whether the user who collected might."""
        return self._json(calls.can_call(verb, resource, namespace, subresource, name)) is True

    def close(self) -> None:
        """Nothing to let go of; the file belongs to whoever opened it."""

    # --- from the records ---------------------------------------------------------------------------------------

    def _answered(self, call: Call) -> Answered:
        found = self._records.calls.get(call)
        if found is None:
            raise self._missing(call)
        if found.failure is not None:
            raise found.failure.error()
        return found

    def _missing(self, call: Call) -> ClusterError:
        if pod := _pod_of(call):
            count = self._timeouts[pod]
            if count >= _SILENT:
                return Timeout(message("checks.silent", count=count, who=pod[1]))
        return NotRecorded(message("bundle.not-recorded", call=" ".join(word for word in call if word)))

    def _damaged(self, call: Call) -> ClusterError:
        return ClusterError(message("bundle.damaged-answer", call=" ".join(word for word in call if word)))

    def _text(self, call: Call) -> str:
        return self._records.body(call).decode(errors="replace")

    def _json(self, call: Call) -> Any:
        self._answered(call)
        try:
            return json.loads(self._records.body(call))
        except (ValueError, RecursionError) as error:
            raise self._damaged(call) from error

    def _objects(self, call: Call) -> Iterator[Object]:
        found = self._json(call)
        if not isinstance(found, list) or not all(isinstance(item, dict) for item in found):
            raise self._damaged(call)
        yield from found

    def _wider(self, resource: Resource, wanted: Selection) -> Call | None:
        """A recorded list that holds what is asked for; one that failed only where there is no other."""
        failed: Call | None = None
        for call in self._lists.get(str(resource), ()):
            try:
                held = selection(*call[2:])
            except ValueError:  # only the server knew what it selects
                continue
            if held.covers(wanted):
                if self._records.calls[call].failure is None:
                    return call
                failed = failed or call
        return failed


def _asked(call: Call) -> PrometheusAt | None:
    """The Prometheus that a query went to."""
    if call[0] == "fetched" and call[1].endswith(QUERY_PATH):
        return PrometheusAt(url=call[1].removesuffix(QUERY_PATH))
    if call[:2] == ("proxied", str(SERVICES)) and call[6].endswith(QUERY_PATH):
        return PrometheusAt(call[2], call[3], call[4], call[5], call[6].removesuffix(QUERY_PATH))
    return None


def _pod_of(call: Call) -> tuple[str, str] | None:
    """Namespace and name of the pod that had to answer."""
    if call[0] in ("exec", "logs"):
        return call[1], call[2]
    return (call[2], call[3]) if call[:2] == ("proxied", "v1/pods") else None


def _meta(item: Object) -> Mapping[str, Any]:
    meta = item.get("metadata")
    return meta if isinstance(meta, dict) else {}
