"""How far a run is, and how long it may still take."""

from __future__ import annotations

import pytest

from checks.catalogue import load_catalogue
from checks.facts.pool import Load
from checks.facts.progress import Paging, progress
from checks.model import RunFinished, RunProgress
from checks.runner import run
from kb.model import CheckUse
from tests.checks.memory_cluster import MemoryCluster, node, pod, said


def test_commands_and_pages_count_and_the_slowest_says_how_long() -> None:
    loads = {"exec": Load(asked=100, over=25, since=0.0), "api": Load(asked=3, over=2, since=0.0)}
    lists = [Paging(since=5.0, pages=4, seen=2000, left=6000)]
    assert progress(loads, lists, 10.0) == RunProgress(25 + 2 + 4, 100 + 3 + 4 + 12, 30.0)


def test_nothing_is_said_before_anything_is_known() -> None:
    assert progress({}, [], 1.0) == RunProgress(0, 0, None)
    fresh = {"exec": Load(asked=9, over=1, since=0.9)}
    assert progress(fresh, [Paging(0.9, 1, 1, 5)], 1.0).left is None


@pytest.mark.parametrize(("seen", "pages"), [(0, 0), (0, 3), (7, 0)])
def test_odd_counts_break_nothing(seen: int, pages: int) -> None:
    found = progress({}, [Paging(0.0, pages, seen, 10)], 9.0)
    assert found.total >= found.done


def test_a_long_run_tells_how_far_it_is() -> None:
    """Between the results come events of progress, and they reach the end."""
    names = [f"node-{n}" for n in range(40)]
    cluster = MemoryCluster(
        {"v1/pods": [pod(f"ovs-{n}", "ovs", n) for n in names], "v1/nodes": [node(n) for n in names]}
    )

    def slowly(name: str, argv: tuple[str, ...]) -> object:
        cluster.hang.wait(0.05)
        return said("NXST_AGGREGATE reply (xid=0x4): packet_count=0 byte_count=0 flow_count=5\n")

    cluster.command = slowly  # type: ignore[assignment]
    uses = [CheckUse("flows", "ovs.flow-count")]
    events = list(run(cluster, uses, load_catalogue(), limits={"exec": 1, "api": 2}))  # type: ignore[arg-type]
    told = [event for event in events if isinstance(event, RunProgress)]
    assert told
    assert all(one.done <= one.total for one in told)
    assert told[-1].done > told[0].done
    assert told[-1].left is not None
    assert isinstance(events[-1], RunFinished)
