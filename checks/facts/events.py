"""Events: the list of them, which is asked for once however many checks look at it, as rows of one form."""

from __future__ import annotations

import json
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import replace

from checks.facts.answers import KEPT
from checks.facts.futures import settle
from checks.model import EventsRead, Fact, ListRead
from checks.parsers.events import KEPT as FIELDS
from checks.parsers.events import rows

NOT_NORMAL = "type!=Normal"
"""The server leaves out what most events are: Pulled, Created, Started."""


def list_of(read: EventsRead) -> ListRead:
    """The list that the rows are made of; the same one for all reads of a namespace, so that it is sent once."""
    return ListRead(
        "v1/events", namespace=read.namespace, fields="" if read.normal else NOT_NORMAL, keep=FIELDS
    )


def event_rows(
    read: EventsRead, lists: Callable[[ListRead], Future[Fact]], clock: Callable[[], float]
) -> Future[Fact]:
    """The rows of a read, once the list is there."""
    future: Future[Fact] = Future()
    lists(list_of(read)).add_done_callback(
        lambda found: settle(future, lambda: fact_of(read, found.result(), clock()))
    )
    return future


def fact_of(read: EventsRead, listed: Fact, now: float) -> Fact:
    """The rows that a read is about, in place of the objects of the list."""
    if listed.error or listed.failed:
        return listed
    after = now - read.since if read.since else 0.0
    chosen = rows(listed.items, reasons=read.reasons, kinds=read.kinds, after=after, normal=read.normal)
    text = "\n".join(json.dumps(row, ensure_ascii=False) for row in chosen)
    answer = listed.answers[0]
    return Fact((replace(answer, value=chosen, raw=text[:KEPT], truncated=len(text) > KEPT),))
