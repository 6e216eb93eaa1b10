"""From flags to a cluster: a real one by its kubeconfig, a bundle, or a practice cluster that ends with the caller."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from checks.cluster import Cluster
from checks.errors import ClusterError, ConfigError, NoCluster
from kb.messages import message
from tui.cli.options import Where

PRACTICE_PACE = 0.1
"""Time on a practice cluster that klinik starts runs ten times faster: waiting must not hide the lesson."""


FIRST_PRACTICE = "mac-binding-leak"


@dataclass
class Connection:
    """A cluster to work on, and what has to end with it."""

    cluster: Cluster
    _endings: list[Callable[[], None]] = field(default_factory=list)

    def close(self) -> None:
        """Lets go of the cluster; ends the practice server where there is one. May be called again."""
        while self._endings:
            self._endings.pop()()

    def __enter__(self) -> Connection:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def connect(where: Where, *, pace: float = PRACTICE_PACE, writes: bool = False) -> Connection:
    """Opens the cluster that the flags name, without asking it anything yet; raises ConfigError.

    Unless `writes` are wanted, which only the app does, no request that changes anything can leave this connection.
    """
    if (where.nodes or where.pods) and not where.practice:
        raise ConfigError(message("practice.size-alone"))
    if where.bundle:
        return bundle(where.bundle, where)
    if where.practice:
        return practice(where.practice, where, pace=pace, writes=writes)
    from checks.live import LockedCluster
    from checks.live import connect as connect_live
    from tui.setting import settings_of

    cluster = connect_live(
        kubeconfig=where.kubeconfig,
        production=settings_of(where).production,
        context=where.context,
        namespace=where.namespace,
        as_user=where.as_user,
        as_groups=where.as_groups,
        request_timeout=where.request_timeout,
    )
    return Connection(cluster if writes else LockedCluster.of(cluster), [cluster.close])


def bundle(path: Path, where: Where) -> Connection:
    """What a bundle recorded, in a cluster's place; raises ConfigError where it is none, or a cluster is named too."""
    from checks.bundle.archive import open_bundle
    from checks.bundle.replay import Replayed

    others = {"--practice": where.practice, "--context": where.context, "--kubeconfig": where.kubeconfig}
    given = ", ".join(flag for flag, value in others.items() if value)
    if given:
        raise ConfigError(message("bundle.alone", flags=given))
    opened = open_bundle(path)
    return Connection(Replayed(opened.info, opened), [opened.close])


def practice(
    scenario: str,
    where: Where = Where(),  # noqa: B008
    *,
    pace: float = PRACTICE_PACE,
    writes: bool = True,
) -> Connection:
    """Starts a practice cluster and connects to it with the same client as to any cluster."""
    from checks.live import LockedCluster
    from checks.live import connect as connect_live
    from checks.practice.scenario import ScenarioError, build_world
    from checks.practice.server import PracticeServer

    try:
        world = build_world(scenario, pace=pace, nodes=where.nodes or 0, pods=where.pods or 0)
    except ScenarioError as error:
        raise ConfigError(error.text) from error
    server = PracticeServer(world)
    server.start()
    endings: list[Callable[[], None]] = [server.stop]
    folder = tempfile.TemporaryDirectory(prefix="klinik-practice-")
    endings.append(folder.cleanup)
    path = Path(folder.name) / "kubeconfig"
    server.write_kubeconfig(path)
    cluster = connect_live(
        kubeconfig=str(path),
        namespace=where.namespace,
        as_user=where.as_user,
        as_groups=where.as_groups,
        request_timeout=where.request_timeout,
    )
    endings.append(cluster.close)
    return Connection(cluster if writes else LockedCluster.of(cluster), endings)


def connect_or_practice(where: Where, *, pace: float = PRACTICE_PACE, writes: bool = False) -> Connection:
    """The cluster that the flags name where it answers, else the first incident of the practice cluster."""
    if where.bundle:
        return bundle(where.bundle, where)
    try:
        found = connect(where, writes=writes)
    except NoCluster:
        return practice(FIRST_PRACTICE, pace=pace, writes=writes)
    try:
        found.cluster.version()
    except ClusterError:
        found.close()
        return practice(FIRST_PRACTICE, pace=pace, writes=writes)
    return found
