"""Who plays a role in this run: from one list of pods for all roles, one of nodes, and the Lease where one decides."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import replace
from typing import Any

from checks.cluster import Cluster
from checks.errors import ClusterError
from checks.facts.futures import settle, when_all
from checks.facts.pool import Job, Pool
from checks.facts.reach import Reach
from checks.layout import HOME_READ, Found, Layout, Role, choose, elsewhere, lease_holder, movable
from checks.model import Fact, ListRead, Read

Want = Callable[[Mapping[str, Read]], dict[str, Future[Fact]]]
LEASE_TIMEOUT = 10.0
POD_FIELDS = (
    "metadata.creationTimestamp",
    "metadata.deletionTimestamp",
    "metadata.labels",
    "spec.nodeName",
    "status.conditions",
    "status.phase",
)
NODE_FIELDS = ("metadata.labels",)
"""What `checks.layout.choose` looks at."""


class _Unread(ClusterError):
    """The list of pods failed: whatever the reason, it is the reason of everything that needed it."""

    def __init__(self, fact: Fact):
        failed = fact.failed[0]
        super().__init__(failed.message)
        self.reason = failed.error
        self.root = failed.root


class Roles:
    """Looks each role up once."""

    def __init__(self, cluster: Cluster, layout: Layout, pool: Pool, reach: Reach, want: Want):
        self._cluster = cluster
        self._layout = layout
        self._pool = pool
        self._reach = reach
        self._want = want
        self._lock = threading.Lock()
        self._found: dict[str, Future[Found]] = {}
        self.home = ""
        """Where the network lives, where it had to be looked for."""

    def who(self, role: str) -> Future[Found]:
        """Those who answer for a role; fails with a ClusterError where nobody can be asked."""
        with self._lock:
            if role in self._found:
                return self._found[role]
            future = self._found[role] = Future[Found]()
        self._look(role, self._layout, future)
        return future

    def _look(self, role: str, layout: Layout, future: Future[Found]) -> None:
        try:
            spec = layout.role(role)
        except ClusterError as error:
            future.set_exception(error)
            return
        facts = self._lists(role, layout)
        holder = self._holder(spec)

        def decide() -> None:
            pods = facts["pods"].result()
            if movable(layout) and not pods.failed and not pods.items:
                self._elsewhere(role, future, lambda: self._choose(role, layout, facts, holder))
            else:
                settle(future, lambda: self._choose(role, layout, facts, holder))

        when_all([*facts.values(), holder], decide)

    def _elsewhere(self, role: str, future: Future[Found], otherwise: Callable[[], Found]) -> None:
        """Look where Kube-OVN lives before saying that nobody plays the role; that costs one list in a run."""
        home = self._want({"home": HOME_READ})["home"]

        def look() -> None:
            moved = elsewhere(self._layout, home.result().items)
            if moved is None:
                settle(future, otherwise)
            else:
                self.home = moved.namespaces[0]
                self._look(role, replace(moved, fixed=True), future)

        when_all([home], look)

    def expect(self, role: str) -> Mapping[str, Future[Fact]]:
        """The lists that looking the role up will need; before the run starts they are asked for with all others."""
        return self._lists(role, self._layout)

    def _lists(self, role: str, layout: Layout) -> Mapping[str, Future[Fact]]:
        spec = layout.roles.get(role.partition("@")[0])
        if spec is None:
            return {}  # whoever asks who that is will hear it
        labels = layout.selector(spec)
        reads: dict[str, Read] = {
            "pods": ListRead("v1/pods", namespace=spec.namespace, labels=labels, keep=POD_FIELDS)
        }
        if spec.per == "node":
            reads["nodes"] = ListRead("v1/nodes", keep=NODE_FIELDS)
        return self._want(reads)

    def _holder(self, role: Role) -> Future[str]:
        future: Future[str] = Future()
        if not role.lease:
            future.set_result("")
            return future

        def done(found: Any, error: BaseException | None) -> None:
            if error:
                future.set_exception(error)
            else:
                future.set_result(found)

        work = lambda: lease_holder(self._cluster, role, timeout=LEASE_TIMEOUT)  # noqa: E731
        self._pool.submit(self._reach.guard(Job("api", "", LEASE_TIMEOUT, work, done)))
        return future

    def _choose(
        self, role: str, layout: Layout, facts: Mapping[str, Future[Fact]], holder: Future[str]
    ) -> Found:
        pods = facts["pods"].result()
        if pods.failed:
            raise _Unread(pods)
        # nodes that cannot be listed only hide which of them have no pod at all
        nodes = facts["nodes"].result().items if "nodes" in facts else []
        return choose(layout, role, pods.items, nodes=nodes, holder=holder.result())
