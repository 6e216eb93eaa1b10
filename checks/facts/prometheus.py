"""Prometheus: found once per run, asked once per query, its series put together by target.

An instant query may answer with a sample that is minutes old, with the time of the query beside it. So the age of every
series that a query rests on is asked for too, and what is older than the read allows is absent.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, replace
from typing import Any, Protocol, runtime_checkable

from checks import kubectl
from checks.cluster import SERVICES, Cluster, Object, Outside
from checks.errors import ClusterError, Forbidden, Invalid, NotFound, Timeout, Unreachable
from checks.facts.answers import reason_of, root_of
from checks.facts.futures import when_all
from checks.facts.pool import Job, Pool
from checks.facts.roles import Roles
from checks.facts.series import ADDRESSES, Ages, Names, answers_of
from checks.facts.silence import Silence
from checks.layout import Found, Layout
from checks.model import Fact, ListRead, PrometheusRead
from checks.parse import Unparsable
from checks.parsers.prometheus import Sample, answer
from checks.prom.at import KEPT, QUERY_PATH, PrometheusAt, candidates
from checks.prom.query import NotPromQL
from checks.prom.selecting import narrowed, selectors
from kb.messages import message

TRIED = 3
"""How many Services that look like Prometheus are tried."""
SELECTORS = 8
"""Series of so many selectors are asked for their age."""
Lists = Callable[[ListRead], Future[Fact]]


@runtime_checkable
class Recorded(Protocol):
    """A cluster of the past: where Prometheus was asked is part of what is recorded."""

    @property
    def prometheus(self) -> PrometheusAt | None:
        """None: it was looked for."""
        ...


@dataclass(frozen=True, slots=True)
class _Said:
    """What Prometheus said to a query, and how old what it rests on is."""

    where: PrometheusAt
    read: PrometheusRead
    """The query as it was asked there."""
    samples: list[Sample]
    ages: tuple[Ages, ...]


class Prometheus:
    """All queries of one run."""

    def __init__(
        self,
        cluster: Cluster,
        layout: Layout,
        roles: Roles,
        lists: Lists,
        pool: Pool,
        silence: Silence,
        clock: Callable[[], float],
        where: PrometheusAt | None = None,
    ):
        self._cluster = cluster
        self._layout = layout
        self._roles = roles
        self._lists = lists
        self._pool = pool
        self._silence = silence
        self._clock = clock
        self._where = _then(cluster.prometheus, where) if isinstance(cluster, Recorded) else where
        self._lock = threading.Lock()
        self._facts: dict[str, Future[Fact]] = {}
        self._waiting: list[PrometheusRead] = []
        self._good: PrometheusAt | None = None

    def want(self, read: PrometheusRead) -> Future[Fact]:
        """The fact of a query; asked at the next `start`."""
        if read.on:
            self._roles.expect(read.on)
        if self._where is None:
            self._services()
        self._nodes(read)
        with self._lock:
            if _key(read) not in self._facts:
                self._facts[_key(read)] = Future()
                self._waiting.append(read)
            return self._facts[_key(read)]

    def start(self) -> None:
        """Ask what is wanted and not asked."""
        with self._lock:
            waiting, self._waiting = self._waiting, []
        for read in waiting:
            self._begin(read)

    def _services(self) -> Future[Fact]:
        return self._lists(ListRead("v1/services", keep=KEPT))

    def _nodes(self, read: PrometheusRead) -> Future[Fact]:
        """The nodes with their addresses, where series may be named by these."""
        if read.on and "instance" in read.by:
            return self._lists(ListRead("v1/nodes", keep=ADDRESSES))
        known: Future[Fact] = Future()
        known.set_result(Fact())
        return known

    def _begin(self, read: PrometheusRead) -> None:
        known: Future[Fact] = Future()
        if self._where is not None:
            known.set_result(Fact())
        services = known if self._where is not None else self._services()
        who: Future[Found] = Future()
        if read.on:
            who = self._roles.who(read.on)
        else:
            who.set_result(Found(()))
        nodes = self._nodes(read)
        when_all(
            [services, who, nodes], lambda: self._ask(read, services.result(), who, nodes.result().items)
        )

    def _ask(self, read: PrometheusRead, services: Fact, who: Future[Found], nodes: list[Object]) -> None:
        failure = who.exception()
        if failure is not None:
            self._settle(read, failure)
            return
        for failed in services.failed:
            text = message("sources.prometheus-unlisted", why=failed.message)
            self._facts[_key(read)].set_result(Fact(error=failed.error, message=text, root=failed.root))
            return
        try:
            places = self._places(services)
        except ClusterError as error:
            self._settle(read, error)
            return
        names = Names.of(self._layout, read.on, who.result(), nodes) if read.on else Names()

        def work() -> Fact:
            said = self._said(read, places)
            command = self._command(said.where, said.read)
            source = f"prometheus {said.where.shown}"
            return answers_of(said.read, said.samples, said.ages, names, command, source, self._clock())

        def done(fact: Any, error: BaseException | None) -> None:
            if error is not None:
                self._settle(read, error)
            else:
                self._facts[_key(read)].set_result(fact)

        self._pool.submit(self._silence.guard("Prometheus", Job("api", "", read.timeout, work, done)))

    def _settle(self, read: PrometheusRead, error: BaseException) -> None:
        reason, text = reason_of(error)
        if isinstance(error, Unparsable):
            reason, text = "unparsable", error.text
        self._facts[_key(read)].set_result(Fact(error=reason, message=text, root=root_of(error)))

    def _places(self, services: Fact) -> tuple[PrometheusAt, ...]:
        """Where it may answer; raises ClusterError where nobody knows."""
        if self._where is not None:
            return (self._where,)
        found = candidates(services.items)
        if not found:
            raise NotFound(message("sources.no-prometheus"))
        with self._lock:
            good = (self._good,) if self._good else ()
        return (*good, *(place for place in found if place not in good))[:TRIED]

    def _said(self, read: PrometheusRead, places: tuple[PrometheusAt, ...]) -> _Said:
        """The answer of the first place that is Prometheus; the first one's failure where none is."""
        end = time.monotonic() + read.timeout
        first: Exception | None = None
        for place in places:
            asked = _chosen(read, place)
            try:
                samples = self._query(place, _query(asked), end)
            except (Unreachable, NotFound, Forbidden, Unparsable) as error:
                first = first or error
                continue
            with self._lock:
                self._good = place
            return _Said(place, asked, samples, self._ages(place, asked, end))
        raise first or NotFound(message("sources.no-prometheus"))

    def _ages(self, place: PrometheusAt, read: PrometheusRead, end: float) -> tuple[Ages, ...]:
        try:
            needed = selectors(read.query)[:SELECTORS]
        except NotPromQL:  # Prometheus took it; what it rests on cannot be told
            return ()
        # one age per target, not one per series: there may be hundreds of series to a node
        by = f" by ({', '.join(read.by)})" if read.by else ""
        return tuple(
            Ages(self._query(place, f"max{by} (timestamp({selector.text}))", end)) for selector in needed
        )

    def _query(self, place: PrometheusAt, text: str, end: float) -> list[Sample]:
        left = end - time.monotonic()
        if left <= 0:
            raise Timeout(message("sources.prometheus-late"))
        query = (("query", text),)
        if place.url:
            if not isinstance(self._cluster, Outside):
                raise Unreachable(message("cluster.no-outside", url=place.url))
            url = place.url.rstrip("/") + QUERY_PATH
            return answer(
                self._cluster.fetched(
                    url, query=query, token_file=place.token_file, ca_file=place.ca_file, timeout=left
                )
            )
        return answer(
            self._cluster.proxied(
                SERVICES,
                place.namespace,
                place.name,
                place.port,
                place.prefix + QUERY_PATH,
                query=query,
                scheme=place.scheme,
                timeout=left,
            )
        )

    def _command(self, place: PrometheusAt, read: PrometheusRead) -> tuple[str, ...]:
        query: Mapping[str, str] = {"query": _query(read)}
        if place.url:
            return (
                "curl",
                "-sG",
                "--data-urlencode",
                f"query={query['query']}",
                place.url.rstrip("/") + QUERY_PATH,
            )
        return kubectl.raw_argv(
            SERVICES,
            place.namespace,
            place.name,
            place.port,
            place.prefix + QUERY_PATH,
            query=tuple(query.items()),
            scheme=place.scheme,
        )


def _then(recorded: PrometheusAt | None, where: PrometheusAt | None) -> PrometheusAt | None:
    """Where it was asked then, with the choice of series that the recorded settings name."""
    return replace(recorded, match=where.match) if recorded and where else recorded


def _chosen(read: PrometheusRead, place: PrometheusAt) -> PrometheusRead:
    """The read with this cluster's series chosen; raises Invalid where the query cannot be read for certain.

    Asked without it, the series of other clusters would be taken for this one's.
    """
    try:
        return replace(read, query=narrowed(read.query, place.match))
    except NotPromQL as error:
        raise Invalid(message("sources.not-narrowed", query=read.query, why=error.text)) from error


def _query(read: PrometheusRead) -> str:
    """With a span a subquery: it ends at the server's own time, so that the same question has the same words."""
    return f"({read.query})[{read.span:.0f}s:{max(1.0, read.step):.0f}s]" if read.span else read.query


def _key(read: PrometheusRead) -> str:
    """What makes two queries the same."""
    return json.dumps([read.query, read.by, read.on, read.max_age, read.span, read.step])
