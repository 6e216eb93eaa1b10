"""Collecting, bounded and fair: what hangs costs one timeout, whoever waits has a turn, and closing ends it."""

from __future__ import annotations

import threading
import time
from typing import Any

from checks.cluster import ExecResult
from checks.errors import Timeout, Unreachable
from checks.facts import Facts
from checks.facts.pool import Job, Pool
from checks.model import ExecRead, ListRead, Read
from tests.checks.collecting import LAYOUT, collect, nodes_with_ovs
from tests.checks.memory_cluster import MemoryCluster, node, pod, said, until


def test_calls_at_once_are_bounded() -> None:
    """No more than the limit, and really several at a time."""

    def command(name: str, argv: tuple[str, ...]) -> ExecResult:
        time.sleep(0.02)
        return said("1")

    cluster = MemoryCluster(nodes_with_ovs(24), command=command)
    collect(cluster, {"a": ExecRead("ovs", ("x",))}, limits={"exec": 4, "api": 2})
    assert 2 <= cluster.most_at_once <= 4


def test_a_hanging_node_delays_nobody_and_costs_one_timeout() -> None:
    """All other nodes answer at once; the silent node is not asked thirty times over."""
    cluster = MemoryCluster(
        nodes_with_ovs(8), command=lambda pod, argv: said("1"), hanging=frozenset({"ovs-node-03"})
    )
    facts = Facts(cluster, LAYOUT, limits={"exec": 4, "api": 2})
    reads: dict[str, Read] = {f"r{n}": ExecRead("ovs", ("x", str(n)), timeout=0.5) for n in range(30)}
    futures = facts.want(reads)
    began = time.monotonic()
    facts.start()
    done = [future.result(20) for future in futures.values()]
    took = time.monotonic() - began
    facts.close()
    cluster.close()
    assert took < 4
    assert all([a.error for a in fact.answers] == ["", "", "", "timeout", "", "", "", ""] for fact in done)
    assert any("not asked again" in fact.failed[0].message.en for fact in done)


def test_a_call_that_ignores_its_deadline_is_given_up() -> None:
    """The answer is timeout although the call never returns."""
    cluster = MemoryCluster(nodes_with_ovs(2))

    def command(name: str, argv: tuple[str, ...]) -> ExecResult:
        if name == "ovs-node-00":
            cluster.hang.wait(30)
        return said("1")

    cluster.command = command
    began = time.monotonic()
    (facts,) = collect(cluster, {"a": ExecRead("ovs", ("x",), timeout=0.1)})
    assert time.monotonic() - began < 10
    assert [a.error for a in facts["a"].answers] == ["timeout", ""]


def test_closing_stops_what_waits() -> None:
    """After close nothing new is sent to the cluster."""
    cluster = MemoryCluster(nodes_with_ovs(5), hanging=frozenset(f"ovs-node-{n:02}" for n in range(5)))
    facts = Facts(cluster, LAYOUT, limits={"exec": 1, "api": 1})
    facts.want({"a": ExecRead("ovs", ("x",), timeout=30)})
    facts.start()
    assert until(lambda: any(call.startswith("exec") for call in cluster.calls))
    facts.close()
    cluster.close()
    assert until(lambda: cluster.at_once == 0)
    assert sum(count for call, count in cluster.calls.items() if call.startswith("exec")) == 1


def test_a_silent_pod_does_not_speak_for_its_neighbours() -> None:
    """On the node of a hanging ovs-ovn the other pods are still asked."""
    objects = nodes_with_ovs(1)
    objects["v1/pods"] += [pod("cni-0", "kube-ovn-cni", "node-00")]
    cluster = MemoryCluster(objects, command=lambda pod, argv: said("1"), hanging=frozenset({"ovs-node-00"}))
    reads: dict[str, Read] = {f"r{n}": ExecRead("ovs", ("x", str(n)), timeout=0.2) for n in range(9)}
    (facts,) = collect(cluster, {**reads, "cni": ExecRead("cni", ("x",), timeout=5)})
    assert facts["cni"].answers[0].value == "1"
    assert {fact.answers[0].error for name, fact in facts.items() if name != "cni"} == {"timeout"}
    assert sum(count for call, count in cluster.calls.items() if call.startswith("exec ovs")) <= 4


def test_an_api_group_that_hangs_is_asked_only_a_few_times() -> None:
    """Twenty lists of kinds of one broken group cost one round of timeouts; other groups answer."""
    kinds = {f"kubeovn.io/v1/k{n}s": Timeout("no answer") for n in range(20)}
    cluster = MemoryCluster({**kinds, "v1/nodes": [node("n")]})
    reads: dict[str, Read] = {f"r{n}": ListRead(kind) for n, kind in enumerate(kinds)}
    (facts,) = collect(cluster, {**reads, "nodes": ListRead("v1/nodes")}, limits={"exec": 1, "api": 2})
    assert len(facts["nodes"].items) == 1
    assert {fact.answers[0].error for name, fact in facts.items() if name != "nodes"} == {"timeout"}
    assert sum(count for call, count in cluster.calls.items() if "kubeovn" in call) <= 4


def test_a_thousand_commands_of_one_check_let_another_s_through() -> None:
    """Reads take turns: whoever wants three answers has them long before the other's thousand."""
    pool = Pool({"exec": 1})
    first, order, over = threading.Event(), list[str](), threading.Event()

    def job(lane: str, work: Any = None) -> Job:
        def done(_: Any, error: BaseException | None) -> None:
            order.append(lane)
            if len(order) == 1004:
                over.set()

        return Job("exec", "", 30.0, work or (lambda: None), done, lane)

    try:
        pool.submit(job("first", lambda: first.wait(10)))
        for _ in range(1000):
            pool.submit(job("many"))
        for _ in range(3):
            pool.submit(job("few"))
        first.set()
        assert over.wait(10)
        assert order[1:7] == ["many", "few"] * 3
    finally:
        first.set()
        pool.close()


def test_failing_everything_leaves_nobody_waiting() -> None:
    """When there is nobody to answer any more, what runs and what waits has its outcome at once."""
    pool = Pool({"api": 1})
    release = threading.Event()
    outcomes: list[BaseException | None] = []

    def job() -> Job:
        return Job("api", "", 60.0, lambda: release.wait(10), lambda _, error: outcomes.append(error))

    try:
        for _ in range(3):
            pool.submit(job())
        gone = Unreachable("the server is gone")
        pool.fail(gone)
        assert outcomes == [gone] * 3
        assert pool.loads()["api"].over == 3
        release.set()
        done = threading.Event()
        pool.submit(Job("api", "", 5.0, lambda: 7, lambda result, error: done.set()))
        assert done.wait(5)
        assert len(outcomes) == 3
    finally:
        release.set()
        pool.close()
