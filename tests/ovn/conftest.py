"""The bed as fixtures: real daemons, served as pods of a practice cluster, reached with the ordinary client."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from checks.catalogue import Catalogue, load_catalogue
from checks.cluster import Cluster
from checks.live import connect
from checks.model import Result
from checks.practice.server import PracticeServer
from checks.runner import run_all
from checks.sessions.journal import MemoryJournal
from checks.walking.access import Access
from checks.walking.walk import Walk
from checks.writing.stepevents import StepEnded, StepEvent
from kb import Library, open_library
from kb.model import CheckUse
from tests.ovn.daemons import ELECTION, Daemons, missing_tools
from tests.ovn.world import RealWorld, folder_of

PACE = 0.05


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Marks the tests of this folder, and skips them where the daemons are not installed."""
    lacking = missing_tools()
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.ovn)
            if lacking:
                item.add_marker(
                    pytest.mark.skip(reason=f"not installed: {', '.join(lacking)}; see README.md")
                )


@dataclass
class Bed:
    """The running bed, and klinik's view of it."""

    daemons: Daemons
    world: RealWorld
    cluster: Cluster
    catalogue: Catalogue
    library: Library
    walks: list[Walk] = field(default_factory=list)

    def check(self, check_id: str, **params: Any) -> Result:
        """Runs one check of the catalogue."""
        return run_all(self.cluster, [CheckUse("it", check_id, params)], self.catalogue)["it"]

    def walk(self, article_id: str) -> Walk:
        """A walk through an article's guide, armed, its checks run."""
        article = self.library.get(article_id)
        assert article is not None
        access = Access()
        access.arm(self.cluster.info, "test bed")
        walk = Walk.open(self.cluster, article, self.catalogue, journal=MemoryJournal(), access=access)
        list(walk.check())
        self.walks.append(walk)
        return walk


def run_step(walk: Walk, step_id: str, values: Mapping[str, Any] | None = None) -> list[StepEvent]:
    """Plans a step with proposed and given values, confirms it as asked, and runs it to its end."""
    plan = walk.plan(step_id, {**walk.proposed(step_id), **(values or {})})
    events = list(walk.run(plan, typed=plan.confirm.expected))
    assert isinstance(events[-1], StepEnded)
    return events


def undo_step(walk: Walk, step_id: str) -> list[StepEvent]:
    """Takes a step back."""
    plan = walk.plan_undo(step_id)
    return list(walk.undo(plan, typed=plan.confirm.expected))


@pytest.fixture(scope="module")
def bed(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Iterator[Bed]:
    """Real daemons behind the practice API server; one bed a module, which may name its ELECTION timer."""
    with tempfile.TemporaryDirectory(prefix="klinik-") as short:
        daemons = Daemons(folder_of(Path(short)), getattr(request.module, "ELECTION", ELECTION))
        try:
            daemons.start()
            world = RealWorld(daemons, pace=PACE)
            with PracticeServer(world) as server:
                config = tmp_path_factory.mktemp("kube") / "config"
                server.write_kubeconfig(config)
                cluster = connect(kubeconfig=str(config))
                library = open_library(cache_dir=tmp_path_factory.mktemp("cache"))
                try:
                    yield Bed(daemons, world, cluster, load_catalogue(), library)
                finally:
                    cluster.close()
        finally:
            daemons.stop()
