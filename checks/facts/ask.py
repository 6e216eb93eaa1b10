"""Asking one container: a command once or several times apart, or its log; the outcome is always a `Raw`."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from checks import kubectl
from checks.cluster import PODS, Cluster, ExecResult, Target
from checks.errors import Forbidden
from checks.facts.answers import Raw, Sample, reason_of, reason_of_exit, refused, root_of
from checks.facts.permits import Permits
from checks.facts.pool import Job, Pool
from checks.facts.roles import Roles
from checks.facts.silence import Silence
from checks.model import ExecRead, LogsRead
from checks.permission import Permission
from kb.text import UNSAID, Text

Then = Callable[[Raw], None]


class Asker:
    """Sends commands and log requests of one run through the pool."""

    def __init__(
        self,
        cluster: Cluster,
        roles: Roles,
        pool: Pool,
        silence: Silence,
        permits: Permits,
        clock: Callable[[], float],
    ):
        self.cluster = cluster
        self.roles = roles
        self.pool = pool
        self.clock = clock
        self.pace = cluster.info.pace
        self.silence = silence
        self.permits = permits
        self.began = time.monotonic()
        self.epoch = clock()

    def now(self) -> float:
        """For samples, whose differences count: cluster seconds (real ones divided by the pace) since the run began."""
        return self.epoch + (time.monotonic() - self.began) / self.pace

    def command(
        self, name: str, target: Target, read: ExecRead, slots: Mapping[str, str], then: Then
    ) -> None:
        """Run the read's command in a target, `slots` put into its words."""
        argv = read.argv
        for slot, value in slots.items():
            argv = tuple(word.replace("{" + slot + "}", value) for word in argv)
        _Command(self, name, target, read, argv, then).next()

    def log(self, name: str, target: Target, read: LogsRead, then: Then) -> None:
        """Read the log of a target."""
        source = f"logs {target}"
        raw = Raw(name, target.node, target.pod, command=kubectl.logs_argv(target, read), source=source)

        def work() -> str:
            return self.cluster.logs(
                target.namespace,
                target.pod,
                target.container,
                tail=read.tail,
                since=read.since,
                previous=read.previous,
                timeout=read.timeout,
            )

        def done(text: Any, error: BaseException | None) -> None:
            then(
                closed(raw, self.clock(), error=error)
                if error
                else closed(raw, self.clock(), (Sample(0, text),))
            )

        self.submit(target, "log", read.timeout, work, done, f"logs {read.on}")

    def submit(
        self,
        target: Target,
        subresource: str,
        timeout: float,
        work: Callable[[], Any],
        done: Callable[..., None],
        lane: str = "",
    ) -> None:
        """One call to a pod, not made where that is known to be forbidden or the pod is silent; reads have lanes."""
        needed = Permission("get", PODS, target.namespace, subresource)
        refusal = self.permits.refusal(needed)
        if refusal is not None:
            done(None, refusal)
            return

        def heard(result: Any, error: BaseException | None) -> None:
            if isinstance(error, Forbidden):
                self.permits.refused(needed)
            done(result, error)

        job = Job("exec", target.node, timeout, work, heard, lane)
        self.pool.submit(self.silence.guard(target.pod, job))


def closed(
    raw: Raw, at: float, samples: tuple[Sample, ...] = (), *, error: BaseException | None = None,
    failure: tuple[str, Text] = ("", UNSAID),
) -> Raw:  # fmt: skip
    """The raw answer with what came of it."""
    reason, text = reason_of(error) if error else failure
    root = root_of(error) if error else ""
    return Raw(raw.name, raw.node, raw.pod, samples, at, raw.command, raw.source, reason, text, root=root)


@dataclass(slots=True)
class _Command:
    """A command on its way: the samples so far, and whether the fallback has been asked."""

    asker: Asker
    name: str
    target: Target
    read: ExecRead
    argv: tuple[str, ...]
    then: Then
    samples: list[Sample] = field(default_factory=list)
    fell_back: bool = False
    sent: float = 0.0

    def next(self) -> None:
        """Send the command once (more)."""
        target = self.target
        lane = " ".join(self.read.argv)
        self.asker.submit(target, "exec", self.read.timeout, self._work, self._done, lane)

    def _work(self) -> ExecResult:
        self.sent = time.monotonic()
        target, read = self.target, self.read
        turn = f"{len(self.samples) + 1}/{read.samples} {read.apart:g}s" if read.samples > 1 else ""
        return self.asker.cluster.exec(
            target.namespace, target.pod, target.container, self.argv, timeout=read.timeout, turn=turn
        )

    def _done(self, result: ExecResult | None, error: BaseException | None) -> None:
        if error or result is None:
            self._end(error=error)
        elif result.code not in self.read.ok_codes:
            self._refused(result)
        else:
            self.samples.append(Sample(self.asker.now() if result.at is None else result.at, result.stdout))
            self._again(recorded=result.at is not None)

    def _again(self, *, recorded: bool) -> None:
        if len(self.samples) >= self.read.samples:
            self._end()
            return
        wait = 0.0 if recorded else self.read.apart * self.asker.pace - (time.monotonic() - self.sent)
        self.asker.pool.later(max(0.0, wait), self.next)

    def _refused(self, result: ExecResult) -> None:
        failure = reason_of_exit(result)
        if not (self.read.fallback and refused(result) and not self.fell_back):
            self._end(failure=failure)
            return
        self.fell_back = True
        self.asker.roles.who(self.read.fallback).add_done_callback(
            lambda found: self._elsewhere(found, failure)
        )

    def _elsewhere(self, found: Any, failure: tuple[str, Text]) -> None:
        """Ask the fallback's container on the same node; where there is none, the refusal stands."""
        others = (
            [] if found.exception() else [t for t in found.result().targets if t.node == self.target.node]
        )
        if not others:
            self._end(failure=failure)
            return
        self.target = others[0]
        self.samples.clear()
        self.next()

    def _end(self, *, error: BaseException | None = None, failure: tuple[str, Text] = ("", UNSAID)) -> None:
        raw = Raw(
            self.name,
            self.target.node,
            self.target.pod,
            command=self.target.kubectl(self.argv),
            source=f"exec {self.target}",
        )
        bad = bool(error or failure[0])
        samples = () if bad else tuple(self.samples)
        self.then(closed(raw, self.asker.clock(), samples, error=error, failure=failure))
