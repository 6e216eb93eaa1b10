"""Asking one pod for its metrics page, once or several times apart; only the lines of the wanted families are kept."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from checks import kubectl
from checks.cluster import PODS, Target
from checks.facts.answers import Raw, Sample
from checks.facts.ask import Asker, Then, closed
from checks.model import MetricsRead
from checks.parsers.prometheus import lines_of


@dataclass(slots=True)
class Page:
    """A page on its way: the samples so far."""

    asker: Asker
    name: str
    target: Target
    read: MetricsRead
    families: Sequence[str]
    """Those of everybody who wants this page."""
    then: Then
    samples: list[Sample] = field(default_factory=list)
    sent: float = 0.0
    began: float = 0.0

    def next(self) -> None:
        """Ask for the page once (more)."""
        lane = f"metrics {self.read.on} {self.read.port} {self.read.path}"
        self.asker.submit(self.target, "proxy", self.read.timeout, self._work, self._done, lane)

    def _work(self) -> str:
        self.sent = time.monotonic()
        target, read = self.target, self.read
        text = self.asker.cluster.proxied(
            PODS,
            target.namespace,
            target.pod,
            read.port,
            read.path,
            scheme=read.scheme,
            timeout=read.timeout,
            turn=f"{len(self.samples) + 1}/{read.samples} {read.apart:g}s" if read.samples > 1 else "",
        )
        return lines_of(text, self.families)

    def _done(self, text: Any, error: BaseException | None) -> None:
        if error:
            self._end(error=error)
            return
        if not self.samples:
            self.began = self.asker.now()
        # the page does not say when it was made: as declared, so that a recording says the same
        self.samples.append(Sample(self.began + self.read.apart * len(self.samples), text))
        if len(self.samples) >= self.read.samples:
            self._end()
            return
        recorded = bool(self.asker.cluster.info.recorded)
        wait = 0.0 if recorded else self.read.apart * self.asker.pace - (time.monotonic() - self.sent)
        self.asker.pool.later(max(0.0, wait), self.next)

    def _end(self, *, error: BaseException | None = None) -> None:
        target, read = self.target, self.read
        command = kubectl.raw_argv(
            PODS, target.namespace, target.pod, read.port, read.path, scheme=read.scheme
        )
        raw = Raw(self.name, target.node, target.pod, command=command, source=f"metrics {target}")
        samples = () if error else tuple(self.samples)
        self.then(closed(raw, self.asker.clock(), samples, error=error))
