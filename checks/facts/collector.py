"""The collector: reads to facts, each list, log and command once per run however many checks want it."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Collection, Iterable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

from checks.cluster import Cluster, Target
from checks.errors import NotFound
from checks.facts.alternatives import chained, plain
from checks.facts.answers import Raw, Sample, answer, kept_each, reason_of, root_of, slot_text
from checks.facts.ask import Asker, closed
from checks.facts.events import event_rows
from checks.facts.futures import when_all
from checks.facts.health import Health
from checks.facts.lists import Lists
from checks.facts.metrics import Page
from checks.facts.permits import Permits
from checks.facts.pool import Pool
from checks.facts.progress import progress
from checks.facts.prometheus import Prometheus
from checks.facts.reach import Reach
from checks.facts.roles import Roles
from checks.facts.silence import Silence
from checks.layout import HOME_READ, Found, Layout
from checks.model import (
    Answer,
    EventsRead,
    ExecRead,
    Fact,
    HealthRead,
    ListRead,
    LogsRead,
    MetricsRead,
    PrometheusRead,
    Read,
    Roleless,
    RunProgress,
    branches,
)
from checks.permission import Permission
from checks.prom.at import PrometheusAt
from checks.rights.permissions import of_branch
from checks.roots import nobody, silent
from kb.messages import message
from kb.text import Text

LIMITS: Mapping[str, int] = {"exec": 16, "api": 8}
"""Calls at once: commands and logs go through the kubelets, lists burden the API server."""
COSTLY = "costly"
"""Why a read was left out: a command, log or page in more pods than a run with `widest` shall ask."""


Asked = ExecRead | LogsRead | MetricsRead


@dataclass(slots=True, eq=False)
class Wanted:
    """One distinct read, and everybody who wants its answers, each through a parser of their own."""

    read: Asked
    given: dict[str, Wanted] = field(default_factory=dict)
    only: frozenset[str] | None = None
    """The targets to ask; None: all."""
    parsers: dict[str, tuple[Mapping[str, Any], Future[Fact]]] = field(default_factory=dict)
    started: bool = False
    names: Future[frozenset[str]] = field(default_factory=Future)
    """Who is asked; known before anybody has answered."""
    raws: dict[str, Future[Raw]] = field(default_factory=dict)
    answers: dict[str, list[Answer]] = field(default_factory=dict)
    left: int = 0

    def settle(self, fact_of: Callable[[str], Fact]) -> None:
        """Give everybody their fact."""
        for key, (_, future) in self.parsers.items():
            future.set_result(fact_of(key))


class Facts:
    """All facts of one run on one cluster."""

    def __init__(
        self,
        cluster: Cluster,
        layout: Layout,
        *,
        limits: Mapping[str, int] = LIMITS,
        clock: Callable[[], float] = time.time,
        prometheus: PrometheusAt | None = None,
        widest: int = 0,
    ):
        self._cluster = cluster
        self._layout = layout
        self._clock = clock
        self._lock = threading.RLock()
        self._wanted: dict[str, Wanted] = {}
        self._begun = False
        self._widest = widest
        self._pool = Pool(limits)
        reach = Reach(cluster, self._pool)
        self._permits = Permits(cluster, self._pool)
        self._roles = Roles(cluster, layout, self._pool, reach, self.want)
        self._silence = Silence(reach)
        self._lists = Lists(cluster, self._pool, self._silence, reach, self._permits, clock)
        self._health = Health(cluster, self._pool, self._silence, self._permits, clock)
        self._asker = Asker(cluster, self._roles, self._pool, self._silence, self._permits, clock)
        self._prometheus = Prometheus(
            cluster, layout, self._roles, self._lists.want, self._pool, self._silence, clock, prometheus
        )

    @property
    def now(self) -> float:
        """Unix time: stamps of a practice cluster too are placed relative to it (decision 4)."""
        return self._clock()

    @property
    def home(self) -> str:
        """The namespace in which the roles were found, where that is not the one the layout names."""
        return self._roles.home

    def want(self, reads: Mapping[str, Read]) -> dict[str, Future[Fact]]:
        """Ask for the reads of one check (params filled in); reads of `given` are looked up among them."""
        with self._lock:
            futures = {name: self._fact(read, reads) for name, read in reads.items()}
        if self._begun:
            self.start()
        return futures

    def start(self) -> None:
        """Begin everything that is wanted and not begun."""
        with self._lock:
            self._begun = True
            begin = [wanted for wanted in self._wanted.values() if not wanted.started]
            for wanted in begin:
                wanted.started = True
        self._permits.begin(p for wanted in begin for p in of_branch(wanted.read, self._layout))
        self._lists.join(HOME_READ)
        self._lists.start()
        self._health.start()
        self._prometheus.start()
        for wanted in begin:
            self._begin(wanted)

    def progress(self) -> RunProgress:
        """How far everything is that has been asked for."""
        return progress(self._pool.loads(), self._lists.paging, time.monotonic())

    def name_missing(self, needed: Collection[Permission], then: Callable[[], None]) -> None:
        """Find out which of these the server refuses; `then` is called when it is known, or nobody waits any longer."""
        self._permits.known(needed, then)

    def missing(self, needed: Collection[Permission]) -> tuple[Permission, ...]:
        """Those of the permissions that are known to be refused."""
        return self._permits.lacking(needed)

    def give_up(self, why: Text) -> None:
        """Settle what is open with the answers there are; who has not answered is a timeout."""
        with self._lock:
            late = [wanted for wanted in self._wanted.values() if wanted.left > 0]
            for wanted in late:
                wanted.left = -1  # what still comes completes nothing any more
        for wanted in late:
            wanted.settle(partial(self._what_came, wanted, why))

    def _what_came(self, wanted: Wanted, why: Text, key: str) -> Fact:
        have = list(wanted.answers.get(key, ()))
        silent_ones = sorted(wanted.names.result() - {one.target for one in have})
        how = wanted.parsers[key][0]
        closing = (
            closed(Raw(n, source=wanted.read.kind), self._clock(), failure=("timeout", why))
            for n in silent_ones
        )
        return _fact(wanted.read, [*have, *(answer(raw, how, 1, False) for raw in closing)])

    def close(self) -> None:
        """Stop caring: what waits is dropped, what runs is abandoned, open futures stay open."""
        self._lists.close()
        self._pool.close()

    def _fact(self, read: Read, reads: Mapping[str, Read]) -> Future[Fact]:
        """The fact of a read, from the first of its alternatives that has an answer for each target."""
        others = branches(read)[1:]
        for other in others:
            self._expect(other)
        first = self._branch(plain(read), reads)
        if not others and plain(read) is read:
            return first
        return chained(read, first, lambda other, only: self._later(other, reads, only))

    def _later(self, read: Read, reads: Mapping[str, Read], only: frozenset[str] | None) -> Future[Fact]:
        """The fact of an alternative for some targets, asked for at once."""
        with self._lock:
            future = self._branch(read, reads, only)
        self.start()
        return future

    def _branch(
        self, read: Read, reads: Mapping[str, Read], only: frozenset[str] | None = None
    ) -> Future[Fact]:
        match read:
            case ListRead():
                return self._lists.want(read)
            case EventsRead():
                return event_rows(read, self._lists.want, self._clock)
            case PrometheusRead():
                return self._prometheus.want(read)
            case HealthRead():
                return self._health.want(read)
            case _:
                return self._register(read, reads, only=only)[1]

    def _expect(self, read: Read) -> None:
        """The lists that finding a read's targets needs: they are asked for with all others, or come too late."""
        if isinstance(read, Roleless):
            return
        for role in (read.on, read.fallback if isinstance(read, ExecRead) else ""):
            if role:
                self._roles.expect(role)

    def _register(
        self,
        read: Read,
        reads: Mapping[str, Read],
        trail: tuple[str, ...] = (),
        only: frozenset[str] | None = None,
    ) -> tuple[Wanted, Future[Fact]]:
        given: dict[str, Wanted] = {}
        for slot, name in read.given.items() if isinstance(read, ExecRead) else ():
            if name in trail:
                raise ValueError(f"the reads {' and '.join(trail)} need each other")
            given[slot] = self._register(reads[name], reads, (*trail, name), only)[0]
        if not isinstance(read, ExecRead | LogsRead | MetricsRead):
            raise ValueError(f"a read of kind {read.kind} has no answer per target")
        self._expect(read)
        how = read.parse
        parser = json.dumps(dict(how), sort_keys=True)
        key = _key(read, given)
        if only is not None and not (key in self._wanted and parser in self._wanted[key].parsers):
            key += json.dumps(sorted(only))  # nobody asks them all
        else:
            only = None
        if key in self._wanted and self._wanted[key].started and parser not in self._wanted[key].parsers:
            key += parser  # its raw output may be gone already: read again
        wanted = self._wanted.setdefault(key, Wanted(read, given, only))
        return wanted, wanted.parsers.setdefault(parser, (how, Future()))[1]

    def _begin(self, wanted: Wanted) -> None:
        read = wanted.read
        self._roles.who(read.on).add_done_callback(lambda found: self._ask_all(wanted, read, found))

    # --- commands and logs ----------------------------------------------------------------------------------

    def _ask_all(self, wanted: Wanted, read: Asked, found: Future[Found]) -> None:
        failure = found.exception()
        if failure:
            reason, text = reason_of(failure)
            wanted.names.set_result(frozenset())
            root = root_of(failure) or (nobody(read.on) if isinstance(failure, NotFound) else "")
            wanted.settle(lambda _: Fact(error=reason, message=text, root=root))
            return
        who = found.result()
        only = wanted.only
        targets = {self._layout.name_of(read.on, target): target for target in who.targets}
        targets = {name: target for name, target in targets.items() if only is None or name in only}
        missing = [gap for gap in who.missing if only is None or gap.name in only]
        if self._widest and len(targets) > self._widest:
            wanted.names.set_result(frozenset())
            text = message("costly.in-each", kind=read.kind, count=len(targets), role=read.on)
            wide = Fact(error=COSTLY, message=text)
            wanted.settle(lambda _: wide)
            return
        wanted.left = len(targets) + len(missing)
        wanted.names.set_result(frozenset([*targets, *(gap.name for gap in missing)]))
        kept = kept_each(wanted.left)
        if not wanted.left:
            wanted.settle(lambda _: Fact())
        for gap in missing:
            raw = Raw(gap.name, gap.node, gap.pod, source=f"{read.kind} {read.on}")
            self._take(wanted, closed(raw, self._clock(), failure=("absent", gap.message)), kept)

        def ask() -> None:
            for name, target in targets.items():
                self._ask(wanted, read, name, target, kept)

        self._permits.soon(of_branch(read, self._layout), ask)

    def _ask(self, wanted: Wanted, read: Asked, name: str, target: Target, kept: int) -> None:
        def then(raw: Raw) -> None:
            self._take(wanted, raw, kept)

        if isinstance(read, LogsRead):
            self._asker.log(name, target, read, then)
            return
        if isinstance(read, MetricsRead):
            families = {family for how, _ in wanted.parsers.values() for family in how["prometheus"]}
            Page(self._asker, name, target, read, sorted(families), then).next()
            return
        needed = {slot: self._raw_of(other, name) for slot, other in wanted.given.items()}
        when_all(list(needed.values()), lambda: self._ask_given(read, name, target, needed, then))

    def _ask_given(
        self,
        read: ExecRead,
        name: str,
        target: Target,
        needed: Mapping[str, Future[Raw]],
        then: Callable[[Raw], None],
    ) -> None:
        slots = {}
        for slot, future in needed.items():
            raw = future.result()
            text, failure = slot_text(slot, raw)
            if failure[0]:
                own = Raw(name, target.node, target.pod, source=raw.source, command=raw.command)
                then(closed(own, self._clock(), failure=failure))
                return
            slots[slot] = text
        self._asker.command(name, target, read, slots, then)

    def _raw_of(self, wanted: Wanted, name: str) -> Future[Raw]:
        """The raw answer of one target to a read, once it is there."""
        with self._lock:
            future = wanted.raws.setdefault(name, Future())

        def unknown(names: Future[frozenset[str]]) -> None:
            if name not in names.result():
                with self._lock:
                    if not future.done():
                        text = message("parse.not-asked", name=name)
                        future.set_result(Raw(name, error="absent", message=text))

        wanted.names.add_done_callback(unknown)
        return future

    def _take(self, wanted: Wanted, raw: Raw, kept: int) -> None:
        """One target has answered; the last one completes the facts."""
        several = isinstance(wanted.read, ExecRead | MetricsRead) and wanted.read.samples > 1
        parsed = {key: answer(raw, how, kept, several) for key, (how, _) in wanted.parsers.items()}
        with self._lock:
            for key, one in parsed.items():
                wanted.answers.setdefault(key, []).append(one)
            wanted.left -= 1
            complete = wanted.left == 0
            waiting = wanted.raws.setdefault(raw.name, Future())
        if not waiting.done():
            waiting.set_result(raw if len(raw.samples) == 0 else _shortened(raw))
        if complete:
            wanted.settle(lambda key: _fact(wanted.read, wanted.answers[key]))


def _fact(read: Asked, answers: Iterable[Answer]) -> Fact:
    """The answers by target; where one service is asked and is away, that is what others come from too."""
    found = sorted(answers, key=lambda answer: answer.target)
    if found and all(one.error in ("unreachable", "timeout") and not one.root for one in found):
        found = [replace(one, root=silent(read.on)) for one in found]
    return Fact(tuple(found))


def _shortened(raw: Raw) -> Raw:
    """Enough of a raw answer to fill a slot; the rest need not be held for the whole run."""
    samples = tuple(Sample(s.at, s.text[:1000]) for s in raw.samples[-1:])
    return Raw(raw.name, raw.node, raw.pod, samples, raw.at, raw.command, raw.source, raw.error, raw.message)


def _key(read: Asked, given: Mapping[str, Wanted]) -> str:
    """What makes two reads the same: everything but the parser."""
    fields = _asdict(read)
    fields["given"] = {slot: _key(other.read, other.given) for slot, other in given.items()}
    return json.dumps(fields, sort_keys=True)


def _asdict(read: Asked) -> dict[str, Any]:
    after = ("given", "numbers", "parse", "families", "shape", "alternatives")
    names = [name for name in read.__dataclass_fields__ if name not in after]
    return {name: getattr(read, name) for name in names}
