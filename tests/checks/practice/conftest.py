"""Staged clusters for tests, in a time of their own."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from checks.practice.scenario import build_world
from checks.practice.sim.world import SimWorld

PACE = 0.005
"""Two hundred cluster seconds per second."""


@pytest.fixture
def stage() -> Iterator[Callable[[str], SimWorld]]:
    """Builds worlds and stops their time at the end."""
    worlds: list[SimWorld] = []

    def build(name: str) -> SimWorld:
        worlds.append(build_world(name, pace=PACE))
        return worlds[-1]

    yield build
    for world in worlds:
        world.close()
