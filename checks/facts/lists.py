"""Lists: one request per kind and run, pages apart, however many reads want other parts of it.

The reads of a kind are merged before anything is sent: the server selects what they share, the rest is chosen again
here, page by page, and of every object only the fields that somebody keeps stay in memory. Where the wide list is
refused, or breaks off, reads that are content with one namespace get another chance with a list of their own.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any

from checks import kubectl, roots
from checks.cluster import Cluster, Object, Page, Paged, Resource
from checks.errors import ClusterError, Forbidden, NotFound
from checks.facts.ahead import ahead
from checks.facts.answers import listed, listing, reason_of, slim
from checks.facts.permits import Permits
from checks.facts.pool import Job, Pool
from checks.facts.progress import Paging
from checks.facts.reach import Reach
from checks.facts.sieve import Sieve
from checks.facts.silence import Silence
from checks.model import Answer, Fact, ListRead
from checks.permission import Permission
from checks.selection import Selection, merged, selection
from kb.safe import one_line

LIST_TIMEOUT = 20.0
"""Seconds for a whole list where it comes in one piece, and for each page where it comes in pages."""
TOTAL_TIMEOUT = 120.0
"""Seconds for all pages of a list; paging 23,000 pods takes 9 (measured)."""
PAGE = 500
METADATA_PAGE = 2000
"""Objects of a page: bounded by what a parsed page of whole pods takes in memory, some 20 MB."""


@dataclass(slots=True, eq=False)
class Reader:
    """One distinct list read, and everybody's fact of it."""

    read: ListRead
    resource: Resource
    chosen: Selection | None
    """None: its selectors can be evaluated by the server only."""
    fact: Future[Fact] = field(default_factory=Future)
    narrowed: bool = False
    """Whether its own part has been asked for already, after a wider list failed."""


@dataclass(slots=True, eq=False)
class Request:
    """One list that is asked for, and who reads it."""

    resource: Resource
    namespace: str
    labels: str
    fields: str
    readers: list[Reader]
    chosen: Selection = field(default_factory=Selection)
    """The same selectors as a value; meaningless where only the server can evaluate them."""
    since: float = 0.0
    pages: int = 0
    """How many pages have come."""
    seen: int = 0
    left: int = 0

    def wider_than(self, reader: Reader) -> bool:
        """Whether the reader would be content with less."""
        if len(self.readers) == 1 or reader.chosen is None:
            return False
        named = any(term.field == "metadata.name" and term.same for term in reader.chosen.fields)
        return reader.chosen.namespace != self.namespace or (named and not self.fields)


def planned(readers: Sequence[Reader], *, merge: bool = True) -> list[Request]:
    """The lists to ask for so that every reader is served: one per kind, and one for each that cannot be merged."""
    by_kind: dict[Resource, list[Reader]] = {}
    found = []
    for reader in readers:
        if merge and reader.chosen is not None:
            by_kind.setdefault(reader.resource, []).append(reader)
        else:
            found.append(_own(reader))
    return [*(_together(kind, mine) for kind, mine in by_kind.items()), *found]


def _own(reader: Reader) -> Request:
    return Request(reader.resource, *_words(reader.read), [reader], reader.chosen or Selection())


def _together(resource: Resource, readers: list[Reader]) -> Request:
    chosen = [reader.chosen for reader in readers if reader.chosen is not None]
    if all(one == chosen[0] for one in chosen):
        return Request(resource, *_words(readers[0].read), readers, chosen[0])
    wide = merged(chosen)
    return Request(resource, wide.namespace, wide.label_selector, wide.field_selector, readers, wide)


def _words(read: ListRead) -> tuple[str, str, str]:
    return read.namespace, read.labels, read.fields


class Lists:
    """All list reads of one run."""

    def __init__(
        self,
        cluster: Cluster,
        pool: Pool,
        silence: Silence,
        reach: Reach,
        permits: Permits,
        clock: Callable[[], float],
    ):
        self._cluster = cluster
        self._pool = pool
        self._silence = silence
        self._reach = reach
        self._permits = permits
        self._clock = clock
        self._lock = threading.Lock()
        self._readers: dict[ListRead, Reader] = {}
        self._waiting: list[Reader] = []
        self._coming: set[Request] = set()
        self._closed = False

    @property
    def paging(self) -> list[Paging]:
        """The lists that are coming."""
        return [Paging(one.since, one.pages, one.seen, one.left) for one in list(self._coming)]

    def want(self, read: ListRead) -> Future[Fact]:
        """The fact of a read; asked for at the next `start`."""
        with self._lock:
            reader = self._readers.get(read)
            if reader is None:
                reader = self._readers[read] = _reader(read)
                self._waiting.append(reader)
            return reader.fact

    def join(self, read: ListRead) -> None:
        """Want what may be wanted later, where it costs nothing: its kind is going to be listed anyway."""
        if any(reader.read.resource == read.resource for reader in self._waiting):
            self.want(read)

    def start(self) -> None:
        """Ask for everything that is wanted and not asked for."""
        with self._lock:
            waiting, self._waiting = self._waiting, []
        # a recording holds the lists that were asked for then, and chooses from them itself
        for request in planned(waiting, merge=not self._cluster.info.recorded):
            self._submit(request)

    def close(self) -> None:
        """Fetch no further page."""
        self._closed = True

    def _submit(self, request: Request) -> None:
        """Ask for a list, if it is not known by then that it is forbidden."""
        needed = Permission("list", request.resource, request.namespace)

        def submit() -> None:
            refusal = self._permits.refusal(needed)
            if refusal is not None:
                self._failed(request, refusal)
            else:
                self._send(request)

        self._permits.soon((), submit)

    def _send(self, request: Request) -> None:
        sieve = Sieve(request.resource, request.chosen, [_kept(reader) for reader in request.readers])

        def complete(number: int, items: list[Object]) -> None:
            self._settle(request.readers[number], items)

        def work() -> list[list[Object]]:
            request.since = time.monotonic()
            self._coming.add(request)
            for page in ahead(self._pages(request, only_metadata=sieve.only_metadata)):
                if self._closed:
                    break
                request.pages, request.left = request.pages + 1, page.left
                request.seen += len(page.items)
                self._reach.heard()
                for number in sieve.take([slim(item) for item in page.items], page.last):
                    complete(number, sieve.items(number))
            return [sieve.items(number) for number in range(len(request.readers))]

        def done(found: Any, error: BaseException | None) -> None:
            self._coming.discard(request)
            if error is not None:
                self._failed(request, error)
                return
            for number, items in enumerate(found):
                complete(number, items)

        group = f"API group {request.resource.group or 'core'}"
        timeout = TOTAL_TIMEOUT if isinstance(self._cluster, Paged) else LIST_TIMEOUT
        self._pool.submit(self._silence.guard(group, Job("api", "", timeout, work, done)))

    def _pages(self, request: Request, *, only_metadata: bool) -> Iterator[Page]:
        ask: dict[str, Any] = {
            "namespace": request.namespace, "labels": request.labels, "fields": request.fields,
            "timeout": LIST_TIMEOUT,
        }  # fmt: skip
        if not isinstance(self._cluster, Paged):
            yield Page(list(self._cluster.list(request.resource, **ask)))
            return
        ask |= {"only_metadata": only_metadata, "page": METADATA_PAGE if only_metadata else PAGE}
        yield from self._cluster.list_pages(request.resource, **ask, total=TOTAL_TIMEOUT)

    def _failed(self, request: Request, error: BaseException) -> None:
        """Give those who would be content with less a list of their own; the failure is everybody else's answer."""
        again: list[Reader] = []
        for reader in request.readers:
            if reader.fact.done():
                continue
            cut_short = request.pages > 0 and isinstance(error, ClusterError)
            if not reader.narrowed and request.wider_than(reader) and (
                isinstance(error, Forbidden) or cut_short
            ):  # fmt: skip
                reader.narrowed = True
                again.append(reader)
            else:
                self._settle(reader, [], error)
        by_place: dict[str, list[Reader]] = {}
        for reader in again:
            by_place.setdefault(reader.read.namespace, []).append(reader)
        for readers in by_place.values():
            for narrower in planned(readers, merge=bool(readers[0].read.namespace)):
                self._submit(narrower)

    def _settle(self, reader: Reader, items: list[Object], error: BaseException | None = None) -> None:
        if reader.fact.done():
            return
        if isinstance(error, NotFound) and reader.read.optional:
            items, error = [], None
        reader.fact.set_result(Fact((self._answer(reader, items, error),)))

    def _answer(self, reader: Reader, items: list[Object], error: BaseException | None) -> Answer:
        read = reader.read
        raw, cut = ("", False) if error else listing(items)
        value, reason, text = (None, *reason_of(error)) if error else listed(items)
        chosen = " ".join(part for part in _words(read) if part)
        return Answer(
            target="",
            value=value,
            raw=raw,
            at=self._clock(),
            command=kubectl.list_argv(read),
            source=f"list {reader.resource.dotted} {chosen}".rstrip(),
            error=reason,
            message=text.each(one_line),
            truncated=cut,
            root=roots.of_error(error) if error else "",
        )


def _reader(read: ListRead) -> Reader:
    resource = Resource.parse(read.resource)
    try:
        chosen: Selection | None = selection(*_words(read))
        if chosen is not None:
            chosen.test(resource)
    except ValueError:
        chosen = None
    return Reader(read, resource, chosen)


def _kept(reader: Reader) -> tuple[Selection, tuple[str, ...]]:
    # what only the server can select is a list of its own, of which everything is meant
    return reader.chosen or Selection(), reader.read.keep
