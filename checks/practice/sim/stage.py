"""The staged cluster as one value: objects, databases, nodes, the clock, and what is going to happen next."""

from __future__ import annotations

import heapq
import itertools
import logging
import random
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from checks.cluster import Object
from checks.practice.sim.clock import SimClock
from checks.practice.sim.node import Node
from checks.practice.sim.tables import Database
from checks.practice.sim.types import version_key
from checks.practice.store import Store

_LOG = logging.getLogger("klinik.practice")
Event = Callable[[], None]
LETTERS = "bcdfghjklmnpqrstvwxz2456789"


@dataclass(frozen=True, slots=True)
class Versions:
    """What the cluster runs."""

    kubernetes: str = "v1.28.3"
    kube_ovn: str = "v1.12.35"
    ovn: str = "22.12.1"
    ovs: str = "3.1.3"


class Agenda:
    """Things to do at cluster seconds, done by whoever looks first: a call, or the agenda's own thread."""

    def __init__(self, clock: SimClock) -> None:
        self.clock = clock
        self._events: list[tuple[float, int, Event]] = []
        self._number = itertools.count()
        self._wake = threading.Condition()
        self._running = threading.Lock()
        self._closed = False
        self._thread: threading.Thread | None = None

    def after(self, seconds: float, event: Event) -> None:
        """Does `event` that many cluster seconds from now."""
        with self._wake:
            heapq.heappush(self._events, (self.clock.now() + seconds, next(self._number), event))
            self._wake.notify()

    def every(self, seconds: float, event: Event) -> None:
        """Does `event` again and again."""

        def again() -> None:
            try:
                event()
            finally:
                self.after(seconds, again)

        self.after(seconds, again)

    def run_due(self) -> None:
        """Does what is due; returns at once where another thread is at it."""
        if not self._running.acquire(blocking=False):
            return
        try:
            while (event := self._due()) is not None:
                event()
        finally:
            self._running.release()

    def _due(self) -> Event | None:
        with self._wake:
            if self._events and self._events[0][0] <= self.clock.now():
                return heapq.heappop(self._events)[2]
        return None

    def start(self) -> None:
        """Starts the thread that does things on time even when nobody calls."""
        self._thread = threading.Thread(target=self._loop, name="practice-agenda", daemon=True)
        self._thread.start()

    def _loop(self) -> None:
        while True:
            with self._wake:
                if self._closed:
                    return
                wait = 3600.0
                if self._events:
                    wait = (self._events[0][0] - self.clock.now()) * self.clock.pace
                if wait > 0:
                    self._wake.wait(min(wait, 3600.0))
                if self._closed:
                    return
            try:
                self.run_due()
            except (
                Exception
            ):  # an object that no controller can make sense of: they log it, and go on with the others
                _LOG.debug("an event of the practice cluster broke", exc_info=True)

    def close(self) -> None:
        """Ends the thread."""
        with self._wake:
            self._closed = True
            self._wake.notify()
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join(timeout=5)


@dataclass(slots=True)
class Raft:
    """The raft cluster of one OVN database."""

    database: str
    port: int
    cluster_id: str
    members: dict[str, str] = field(default_factory=dict)
    """Node to server id, a UUID."""
    leader: str = ""
    """Node of the leader."""
    term: int = 5
    since: float = -86_400.0
    """Cluster second of the last election."""
    silent: dict[str, float] = field(default_factory=dict)
    """Cluster second since which a member is known to be away."""


@dataclass(slots=True)
class Stage:
    """Everything there is. `lock` guards changes that are more than one step."""

    clock: SimClock
    store: Store
    versions: Versions
    nb: Database
    sb: Database
    agenda: Agenda
    nodes: dict[str, Node] = field(default_factory=dict)
    rafts: dict[str, Raft] = field(default_factory=dict)
    """By ``nb`` and ``sb``."""
    northd_leader: str = ""
    settings: dict[str, Any] = field(default_factory=dict)
    """Of the scenario: ``cluster`` and what controllers want to know."""
    faults: list[Any] = field(default_factory=list)
    random: random.Random = field(default_factory=lambda: random.Random(7))  # noqa: S311 - names of a stage, no secrets
    lock: threading.RLock = field(default_factory=threading.RLock)

    def suffix(self, length: int = 5) -> str:
        """Letters as Kubernetes appends them to generated names."""
        return "".join(self.random.choices(LETTERS, k=length))

    def uuid(self) -> str:
        """A UUID, the same ones in every run of a scenario."""
        digits = f"{self.random.getrandbits(128):032x}"
        return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-b{digits[17:20]}-{digits[20:]}"

    @property
    def before_1_12(self) -> bool:
        """Whether the staged Kube-OVN is older than 1.12."""
        return version_key(self.versions.kube_ovn) < (1, 12)

    def node_of(self, pod: Object) -> Node | None:
        """The node a pod runs on."""
        return self.nodes.get(pod.get("spec", {}).get("nodeName", ""))

    def fault(self, name: str) -> bool:
        """Whether a fault of this name is staged and not yet gone."""
        return any(fault.name == name and fault.active for fault in self.faults)

    def tell(self, what: str, **about: Any) -> None:
        """Lets the faults know what happened: ``pod-deleted``, ``controller-started`` …"""
        for fault in tuple(self.faults):
            fault.notice(what, about)
