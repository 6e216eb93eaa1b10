"""A staged cluster whose containers can be made to lie, served over HTTPS, with klinik's own client connected to it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from checks.catalogue import Catalogue, load_catalogue
from checks.cluster import ExecResult, Object
from checks.live import LiveCluster, connect
from checks.model import NOTHING, Result
from checks.practice.rbac import CLUSTER_ROLE_BINDINGS, CLUSTER_ROLES, ROLE_BINDINGS, ROLES
from checks.practice.scenario import load_scenario, merge
from checks.practice.server import PracticeServer
from checks.practice.sim.world import SimWorld
from checks.practice.store import Store
from checks.runner import run_all
from kb.model import CheckUse

Lie = Callable[[Object, tuple[str, ...]], ExecResult | None]
PACE = 0.02
OF_KIND = {
    "Role": ROLES,
    "RoleBinding": ROLE_BINDINGS,
    "ClusterRole": CLUSTER_ROLES,
    "ClusterRoleBinding": CLUSTER_ROLE_BINDINGS,
}
"""Where the documents of a role's YAML are created."""


class LyingWorld:
    """A staged cluster; `lie` answers commands in its place (None: the truth), `log` replaces every log."""

    def __init__(self, truth: SimWorld) -> None:
        self.truth = truth
        self.lie: Lie | None = None
        self.log: str | None = None

    @property
    def store(self) -> Store:
        return self.truth.store

    @property
    def version(self) -> str:
        return self.truth.version

    @property
    def scenario(self) -> str:
        return self.truth.scenario

    @property
    def pace(self) -> float:
        return self.truth.pace

    def exec(
        self,
        namespace: str,
        pod: Object,
        container: str,
        argv: tuple[str, ...],
        on_output: Callable[[str], None],
    ) -> ExecResult:
        told = self.lie(pod, argv) if self.lie else None
        return told or self.truth.exec(namespace, pod, container, argv, on_output)

    def logs(self, namespace: str, pod: Object, container: str, **options: Any) -> str:
        return self.truth.logs(namespace, pod, container, **options) if self.log is None else self.log


@dataclass
class Bed:
    """A running cluster in trouble."""

    world: LyingWorld
    server: PracticeServer
    folder: Path

    @property
    def kubeconfig(self) -> Path:
        """Its kubeconfig."""
        return self.folder / "kubeconfig"

    @contextmanager
    def connected(self, **flags: Any) -> Iterator[LiveCluster]:
        """klinik's client; closed at the end."""
        cluster = connect(kubeconfig=str(self.kubeconfig), **flags)
        try:
            yield cluster
        finally:
            cluster.close()

    def run(self, *checks: str, within: float = 60.0, **options: Any) -> dict[str, Result]:
        """The results of the checks (none named: the whole catalogue) by id; the run ends in time."""
        catalogue = load_catalogue()
        uses = [CheckUse(f"a{n}", check) for n, check in enumerate(checks or catalogue.ids())]
        began = time.monotonic()
        with self.connected(**options.pop("flags", {})) as cluster:
            results = run_all(cluster, uses, catalogue, **options)
        took = time.monotonic() - began
        assert took < within, f"took {took:.1f} s"
        assert len(results) == len(uses), "every check has a result"
        return {result.check: result for result in results.values()}


@contextmanager
def bed(folder: Path, scenario: str = "healthy", over: Mapping[str, Any] = NOTHING) -> Iterator[Bed]:
    """A staged cluster with no trouble yet; `over` is put over the scenario's data."""
    data = merge(load_scenario(scenario).data, dict(over))
    world = LyingWorld(SimWorld(scenario, data, pace=PACE))
    try:
        with PracticeServer(world) as server:
            server.write_kubeconfig(folder / "kubeconfig")
            yield Bed(world, server, folder)
    finally:
        world.truth.close()


def catalogue() -> Catalogue:
    """The shipped checks."""
    return load_catalogue()


def executing(catalogue: Catalogue) -> list[str]:
    """Ids of the checks that rest on a command or a log."""
    return sorted(s.id for s in catalogue if any(read.kind in ("exec", "logs") for read in s.reads.values()))
