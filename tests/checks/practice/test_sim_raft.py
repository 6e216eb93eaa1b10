"""Raft of the practice cluster: a member that is away is missed by the others, as real servers say it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from checks.parse import parse
from checks.practice.scenario import build_world
from checks.practice.sim.daemons import start_central, stop_central
from checks.practice.sim.raft import cluster_status
from checks.practice.sim.world import SimWorld


@pytest.fixture
def world() -> Iterator[SimWorld]:
    made = build_world("healthy", pace=0.02)
    yield made
    made.close()


def test_a_member_that_is_away_is_not_connected_and_falls_silent(world: SimWorld) -> None:
    """Its connection stands in parentheses and its last message grows old, until it is back."""
    stage, raft = world.stage, world.stage.rafts["nb"]

    def seen() -> dict[str, object]:
        return dict(parse({"raft": True}, cluster_status(stage, raft, raft.leader, 100)))

    away = next(name for name in raft.members if name != raft.leader)
    sid = raft.members[away][:4]
    assert sid in seen()["connected"]
    stop_central(stage.nodes[away])
    first = seen()
    assert first["lost"] == [sid]
    raft.silent[away] -= 60
    servers = {server["sid"]: server for server in seen()["servers"]}
    assert servers[sid]["last_msg_ms"] >= 60_000
    start_central(stage, stage.nodes[away])
    assert seen()["lost"] == []
