"""The small incident of `incident.py` on a practice API server, with a proxy before it that does harm."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from checks.clock import Clock
from checks.cluster import PODS, ExecResult, Object, Resource
from checks.live import LiveCluster, connect
from checks.practice.kinds import builtin_kinds
from checks.practice.ovnkinds import kube_ovn_kinds
from checks.practice.server import PracticeServer
from checks.practice.store import NAMESPACES, Store
from checks.sessions.journal import read
from checks.sessions.session import StepState, fold, interrupted
from checks.walking.access import Access
from checks.walking.walk import Walk
from checks.writing.stepevents import StepEnded
from tests.checks.dictcluster import pod
from tests.checks.faultproxy import FaultProxy
from tests.checks.incident import ARTICLE, CATALOGUE, Ovn, checked, run

SUBNETS = Resource("kubeovn.io", "v1", "subnets")
NODES = Resource("", "v1", "nodes")
WRITING = frozenset(("set", "destroy", "create", "remove"))
"""Words that make a command of the incident one that writes."""
LABEL = r"^PATCH [^?]*/subnets/net-a\?fieldManager=[^&]*$"
DROP = r"^DELETE [^?]*/subnets/net-a$"
PURGE = r"^GET .*/exec\?.*command=destroy&"
"""Requests of the incident's steps, as the proxy sees them."""
CHANGES = r"^(POST|PATCH|PUT|DELETE) (?!.*(dryRun=All|reviews))"
"""Requests that change something, Leases and Events included."""


@dataclass
class OvnWorld:
    """Pods, nodes and a Subnet; commands go to `Ovn`, and those that write are remembered."""

    ovn: Ovn = field(default_factory=Ovn)
    store: Store = field(default_factory=lambda: Store((*builtin_kinds(), *kube_ovn_kinds())))
    version: str = "v1.28.3"
    scenario: str = "faults"
    pace: float = 0.02
    written: list[tuple[str, ...]] = field(default_factory=list)
    """Commands that wrote, as often as they ran."""
    changed: list[tuple[str, str]] = field(default_factory=list)
    """Events of Subnets and pods since the staging: ``("MODIFIED", "subnets/net-a")``."""
    command: Callable[[tuple[str, ...]], ExecResult | None] = lambda argv: None

    def __post_init__(self) -> None:
        for name in ("default", "kube-system"):
            self.store.create(NAMESPACES, {"metadata": {"name": name}, "status": {"phase": "Active"}})
        leader = {"ovn-nb-leader": "true", "ovn-sb-leader": "true"}
        self._pod(pod("ovn-central-1", "node-1", "ReplicaSet", app="ovn-central", **leader))
        for number in (1, 2):
            self.store.create(NODES, {"metadata": {"name": f"node-{number}"}})
            self._pod(pod(f"ovs-ovn-{number}", f"node-{number}", app="ovs"))
        self.subnet()
        self.store.subscribe(self._seen)

    def subnet(self) -> None:
        body = {"metadata": {"name": "net-a"}, "spec": {"cidrBlock": "10.0.0.0/24"}}
        self.store.create(SUBNETS, body)

    def _pod(self, body: Object) -> None:
        body = {
            **body,
            "spec": {**body["spec"], "containers": [{"name": "openvswitch"}, {"name": "ovn-central"}]},
        }
        self.store.create(PODS, body, namespace="kube-system")

    def _seen(self, event: str, resource: Resource, obj: Object) -> None:
        if resource not in (SUBNETS, PODS):
            return
        self.changed.append((event, f"{resource.plural}/{obj['metadata']['name']}"))
        if event == "DELETED" and resource == PODS:
            self._pod(pod(f"ovs-ovn-new-{len(self.changed)}", obj["spec"]["nodeName"], app="ovs"))

    def times(self, event: str, name: str) -> int:
        """How often this happened to an object."""
        return self.changed.count((event, name))

    def exec(
        self,
        namespace: str,
        pod: Object,
        container: str,
        argv: tuple[str, ...],
        on_output: Callable[[str], None],
    ) -> ExecResult:
        told = self.command(argv)
        if told is not None:
            return told
        if WRITING & set(argv):
            self.written.append(argv)
        return self.ovn.command(argv, pod["spec"]["nodeName"])

    def logs(self, namespace: str, pod: Object, container: str, **options: Any) -> str:
        return ""


@dataclass
class Bed:
    """A cluster, the proxy before it, and a walk that goes through the proxy."""

    world: OvnWorld
    server: PracticeServer
    proxy: FaultProxy
    folder: Path
    walk: Walk
    opened: list[LiveCluster] = field(default_factory=list)

    def another(self, operator: str = "li", **options: Any) -> Walk:
        """Another klinik on the same cluster, also through the proxy, with its results and its cause."""
        walk = _walk(self.folder, self.opened, operator, **options)
        checked(walk)
        walk.choose("learning")
        return walk

    def run(self, step: str, **values: Any) -> StepEnded:
        """Plans, confirms and runs a step."""
        return run(self.walk, step, **values)

    def state(self, step: str) -> StepState:
        """What another process would fold from the file."""
        assert self.walk.path is not None
        return interrupted(fold(read(self.walk.path))).step(step).state


@contextmanager
def bed(
    folder: Path, *, timeout: float | None = None, clock: Clock | None = None, pace: float = 0.02
) -> Iterator[Bed]:
    """A staged cluster with no harm yet; `timeout` (seconds) is that of every API call."""
    world = OvnWorld(pace=pace)
    opened: list[LiveCluster] = []
    with PracticeServer(world) as server, FaultProxy(server) as proxy:
        path = folder / "kubeconfig"
        path.write_text(json.dumps(proxy.kubeconfig()))
        walk = _walk(folder, opened, "chen", timeout=timeout, clock=clock)
        made = Bed(world, server, proxy, folder, walk, opened)
        try:
            checked(walk)
            walk.choose("learning")
            yield made
        finally:
            proxy.calm()
            walk.close()
            for cluster in opened:
                cluster.close()


def _walk(
    folder: Path,
    opened: list[LiveCluster],
    operator: str,
    *,
    timeout: float | None = None,
    clock: Clock | None = None,
) -> Walk:
    cluster = connect(kubeconfig=str(folder / "kubeconfig"), request_timeout=timeout)
    opened.append(cluster)
    access = Access()
    access.arm(cluster.info, "TEST-1")
    return Walk.open(
        cluster,
        ARTICLE,
        CATALOGUE,
        journal_dir=folder / f"sessions-{operator}",
        access=access,
        operator=operator,
        clock=clock,
    )
