"""Running practice servers for tests, and live clusters connected to them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from checks.live import LiveCluster, connect
from checks.practice.server import PracticeServer
from tests.checks.practice.scripted import ScriptedWorld

Connect = Callable[..., LiveCluster]


@pytest.fixture
def world() -> ScriptedWorld:
    """A world with two pods, a subnet and an IP, whose commands the test writes."""
    return ScriptedWorld()


@pytest.fixture
def server(world: ScriptedWorld) -> Iterator[PracticeServer]:
    """The world, served over HTTPS."""
    with PracticeServer(world) as running:
        yield running


@pytest.fixture
def kubeconfig(server: PracticeServer, tmp_path: Path) -> Path:
    """The running server's kubeconfig."""
    path = tmp_path / "kubeconfig"
    server.write_kubeconfig(path)
    return path


@pytest.fixture
def connected(kubeconfig: Path) -> Iterator[Connect]:
    """Connects with flags; everything is closed at the end."""
    made: list[LiveCluster] = []

    def make(**flags: object) -> LiveCluster:
        cluster = connect(**{"kubeconfig": str(kubeconfig), **flags})  # type: ignore[arg-type]
        made.append(cluster)
        return cluster

    yield make
    for cluster in made:
        cluster.close()


@pytest.fixture
def cluster(connected: Connect) -> LiveCluster:
    """A live cluster connected to the running server."""
    return connected()
