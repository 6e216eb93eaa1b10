"""A run: the checks that are wanted, on one cluster, each result as soon as its facts are there.

The generator is the whole interface: ceasing to iterate (or setting `stop`) cancels. Judging happens in the thread
that iterates; reading on daemon threads that may be abandoned.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any

from checks import roots, say
from checks.catalogue import Catalogue
from checks.cluster import Cluster
from checks.facts import LIMITS, Facts
from checks.facts.collector import COSTLY
from checks.facts.futures import when_all
from checks.judge import judge
from checks.layout import Layout, load_layout
from checks.model import (
    NOTHING,
    CheckFinished,
    CheckSpec,
    CheckStarted,
    Evidence,
    Fact,
    Judgement,
    Read,
    Result,
    RunEvent,
    RunFinished,
    RunProgress,
    RunStarted,
    Verdict,
)
from checks.pasting.pasted import Pasted, put
from checks.permission import Permission
from checks.prom.at import PrometheusAt
from checks.rights.permissions import of_check
from checks.specs.applicability import reads_of, refusal, unplaced, versions_in
from checks.specs.readspec import SlotError, fill
from kb.messages import message
from kb.model import CheckUse
from kb.safe import one_line
from kb.said import text_of
from kb.text import UNSAID, Text
from kb.wording import listed, sentences

DEADLINE = 300.0
"""Seconds after which a run ends, whatever is still missing then."""
_TICK = 0.2
_TELL = 0.5
"""Seconds between two events of progress."""


@dataclass(slots=True)
class _Open:
    """One use whose facts are being read."""

    use: CheckUse
    spec: CheckSpec
    params: Mapping[str, Any]
    facts: Mapping[str, Future[Fact]]
    reads: Mapping[str, Read]
    versions: Mapping[str, Future[Fact]]
    """What tells which versions run, where the check asks about them."""
    named: frozenset[Permission] | None = None
    """With something forbidden: all it needs, which the server is asked about."""


def run(
    cluster: Cluster,
    uses: Sequence[CheckUse],
    catalogue: Catalogue,
    *,
    layout: Layout | None = None,
    stop: threading.Event | None = None,
    limits: Mapping[str, int] = NOTHING,
    deadline: float = DEADLINE,
    pasted: Mapping[str, Sequence[Pasted]] = NOTHING,
    prometheus: PrometheusAt | None = None,
    widest: int = 0,
) -> Iterator[RunEvent]:
    """Results of the uses in the order they are ready; every use gets one, unless the run is stopped.

    `limits` bounds the calls at once per kind (``exec``, ``api``), before those of the catalogue; `deadline` is in
    seconds for the whole run, after which what is still open is unknown (timeout). `pasted` stands, by alias, for what
    the cluster does not answer.
    `layout` and `prometheus` are those of the catalogue where none are given; with no Prometheus it is looked for.
    A check that takes a command, log or metrics page in more than `widest` pods (0: any number) is left out as skipped,
    unless another source answers for it.
    """
    where = layout or catalogue.layout or load_layout()
    bounds = {**LIMITS, **catalogue.limits, **limits}
    run = _Run(cluster, uses, catalogue, where, bounds, pasted, prometheus or catalogue.prometheus, widest)
    return run.events(stop or threading.Event(), deadline)


def run_all(
    cluster: Cluster, uses: Sequence[CheckUse], catalogue: Catalogue, **options: Any
) -> dict[str, Result]:
    """All results by alias, once everything is there."""
    events = run(cluster, uses, catalogue, **options)
    return {e.result.alias: e.result for e in events if isinstance(e, CheckFinished)}


class _Run:
    """One run: what is open, and what is ready to be judged."""

    def __init__(
        self,
        cluster: Cluster,
        uses: Sequence[CheckUse],
        catalogue: Catalogue,
        layout: Layout,
        limits: Mapping[str, int],
        pasted: Mapping[str, Sequence[Pasted]] = NOTHING,
        prometheus: PrometheusAt | None = None,
        widest: int = 0,
    ):
        self.uses = uses
        self.layout = layout
        self.pasted = pasted
        self.catalogue = catalogue
        recorded = cluster.info.recorded
        self.clock: Callable[[], float] = (lambda: recorded) if recorded else time.time
        self.facts = Facts(
            cluster, layout, limits=limits, clock=self.clock, prometheus=prometheus, widest=widest
        )
        self.began = time.monotonic()
        self.ready: queue.SimpleQueue[int] = queue.SimpleQueue()
        self.open: dict[int, _Open] = {}
        self.refused: list[Result] = []

    def events(self, stop: threading.Event, deadline: float) -> Iterator[RunEvent]:
        """The events of the run."""
        total, done = len(self.uses), 0
        try:
            yield RunStarted(total)
            for number, use in enumerate(self.uses):
                self._wanted(number, use)
            self.facts.start()
            for opened in list(self.open.values()):
                yield CheckStarted(opened.use.alias, opened.use.check)
            for result in self.refused:
                done += 1
                yield CheckFinished(result, done, total)
            for news in self._results(stop, self.began + deadline):
                if isinstance(news, RunProgress):
                    yield news
                    continue
                done += 1
                yield CheckFinished(news, done, total)
            if not stop.is_set():
                yield RunFinished(self._took(), self.facts.home)
        finally:
            self.facts.close()

    def _took(self) -> int:
        return round((time.monotonic() - self.began) * 1000)

    def _wanted(self, number: int, use: CheckUse) -> None:
        """Ask for the reads of one use; one that cannot be asked for has its result at once."""
        spec = self.catalogue.checks.get(use.check)
        if spec is None:
            self._refuse(use, None, message("checks.unknown-check", check=use.check))
            return
        if why := unplaced(spec, self.layout):
            self._refuse(use, spec, why, Verdict.SKIPPED)
            return
        params = {**spec.params, **use.params}
        try:
            extra = sorted(set(use.params) - set(spec.params))
            if extra:
                raise SlotError(message("checks.no-such-param", check=spec.id, names=listed(extra)))
            reads = {name: fill(read, params) for name, read in spec.reads.items()}
            facts = self.facts.want(reads)
            versions = self.facts.want(reads_of(spec.applies, self.layout))
        except ValueError as error:
            self._refuse(use, spec, message("checks.bad-param", why=text_of(error)))
            return
        self.open[number] = _Open(use, spec, params, facts, reads, versions)
        when_all([*facts.values(), *versions.values()], lambda: self.ready.put(number))

    def _refuse(
        self, use: CheckUse, spec: CheckSpec | None, why: Text, verdict: Verdict = Verdict.UNKNOWN
    ) -> None:
        judgement = Judgement(verdict, why, reason="error" if verdict is Verdict.UNKNOWN else "")
        title = spec.title if spec else Text.of(use.check)
        self.refused.append(Result(use.check, use.alias, title, judgement, (), self.clock(), 0))

    def _results(self, stop: threading.Event, end: float) -> Iterator[Result | RunProgress]:
        told = time.monotonic()
        while self.open and not stop.is_set():
            now = time.monotonic()
            if now >= end:
                break
            if now - told >= _TELL:
                told = now
                yield self.facts.progress()
            try:
                number = self.ready.get(timeout=min(end - now, _TICK))
            except queue.Empty:
                continue
            result = self._judged(self.open[number])
            if result.judgement.reason == "forbidden" and self.open[number].named is None:
                self._name_missing(number)
                continue
            del self.open[number]
            yield result
        if stop.is_set():
            return
        self.facts.give_up(message("checks.run-deadline"))
        for number in sorted(self.open):
            opened = self.open[number]
            settled = all(future.done() for future in opened.facts.values())
            yield self._judged(opened) if settled else self._late(opened)

    def _judged(self, opened: _Open) -> Result:
        facts = self._filled(opened, {name: future.result() for name, future in opened.facts.items()})
        if any(fact.error == COSTLY for fact in facts.values()):
            return self._result(opened, _left_out(facts), facts)
        running = {name: future.result() for name, future in opened.versions.items() if future.done()}
        try:
            why = refusal(opened.spec, facts, versions_in(running))
            if why is not None:
                return self._result(opened, Judgement(Verdict.SKIPPED, why), {**facts, **running})
            judgement = judge(opened.spec, facts, opened.params, self.facts.now)
        except Exception as bug:  # a broken judge is our fault, and says nothing about the cluster
            judgement = _crashed(opened.spec, bug)
        return self._result(opened, judgement, facts)

    def _name_missing(self, number: int) -> None:
        """Let a check that met something forbidden wait a moment for the names of everything it lacks."""
        opened = self.open[number]
        opened.named = of_check(opened.spec, self.layout, opened.params)
        self.facts.name_missing(opened.named, lambda: self.ready.put(number))

    def _filled(self, opened: _Open, facts: dict[str, Fact]) -> dict[str, Fact]:
        """The facts with what was pasted for this use."""
        mine = self.pasted.get(opened.use.alias)
        return put(opened.reads, facts, mine, self.layout, self.facts.now) if mine else facts

    def _late(self, opened: _Open) -> Result:
        """The run is over: what has come is evidence, the verdict is unknown."""
        facts = {name: future.result() for name, future in opened.facts.items() if future.done()}
        judgement = say.unknown("timeout", message("checks.run-deadline"))
        return self._result(opened, judgement, facts)

    def _result(self, opened: _Open, judgement: Judgement, facts: Mapping[str, Fact]) -> Result:
        return Result(
            check=opened.spec.id,
            alias=opened.use.alias,
            title=opened.spec.title,
            judgement=judgement,
            evidence=evidence(facts, self.clock()),
            at=self.clock(),
            took_ms=self._took(),
            root=roots.of_facts(facts, judgement.reason) if judgement.verdict is Verdict.UNKNOWN else "",
            missing=self.facts.missing(opened.named) if opened.named else (),
        )


def _left_out(facts: Mapping[str, Fact]) -> Judgement:
    what = sentences(dict.fromkeys(fact.message for fact in facts.values() if fact.error == COSTLY))
    return Judgement(Verdict.SKIPPED, message("costly.left-out", what=what.each(one_line)), reason=COSTLY)


def _crashed(spec: CheckSpec, bug: Exception) -> Judgement:
    what = one_line(f"{type(bug).__name__}: {bug}")
    return Judgement(Verdict.UNKNOWN, message("checks.crashed", check=spec.id, error=what), reason="error")


def _why(error: str, said: Text) -> Text:
    return Text(f"{error}: {said.en}", f"{say.reason_text(error).zh}：{said.zh}") if error else UNSAID


def evidence(facts: Mapping[str, Fact], now: float) -> tuple[Evidence, ...]:
    """What the facts of a check rest on: every answer with its command and raw output, failed ones with the reason."""
    found = [
        Evidence(
            source=a.source,
            command=a.command,
            text="" if a.error and a.error != "unparsable" else a.raw,
            at=a.at,
            error=f"{a.error}: {a.message.en}" if a.error else "",
            why=_why(a.error, a.message),
            truncated=a.truncated,
            read=name,
            target=a.target,
            pasted=a.pasted,
        )
        for name, fact in facts.items()
        for a in fact.answers
    ]
    nobody = [
        Evidence(
            source=name,
            command=(),
            text="",
            at=now,
            error=f"{fact.error}: {fact.message.en}",
            read=name,
            why=_why(fact.error, fact.message),
        )
        for name, fact in facts.items()
        if fact.error
    ]
    return (*nobody, *found)
