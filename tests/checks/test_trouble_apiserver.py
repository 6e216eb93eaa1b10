"""An API server in trouble, for whole runs: they end in time, what can be known is known, and nothing is wrongly well.

Each trouble is put on a broken cluster; what every check says then is what it says there without the trouble, or
unknown with a reason.
"""

from __future__ import annotations

import gc
import time
import warnings
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from checks.cluster import PODS
from checks.model import Result, Verdict
from tests.checks.troubled import Bed, bed

SCENARIO = "mac-binding-leak"
FEWER = {"mac_bindings": {"ovn-cluster-ovn-default": {"stale": 25_000}, "edge-edge-net": {"stale": 600}}}
"""Half of the rows: as many as the checks need to call flows and rows too many."""
OF_LISTS = frozenset({"workloads.ready", "subnet.capacity", "subnet.orphan-ips", "kubeovn.terminating"})
OF_IPS = frozenset({"subnet.orphan-ips", "kubeovn.terminating"})
OF_COMMANDS = frozenset(
    {"ovs.flow-count", "ovs.fd-usage", "ovn-controller.connection", "ovn.raft", "ovn.mac-bindings"}
)
OF_LOGS = frozenset({"controller.errors"})
EVERY = OF_LISTS | OF_COMMANDS | OF_LOGS
BAD = frozenset({"ovs.flow-count", "ovn.mac-bindings"})
"""Checks that fail or warn here without any trouble."""
DEADLINE = 8.0
FLAGS = {"request_timeout": 3.0}
"""A healthy answer on a machine full of other tests may take over a second; one that hangs never comes."""
NOTHING: frozenset[str] = frozenset()


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bed]:
    """One broken cluster; every trouble ends with its test."""
    with bed(tmp_path_factory.mktemp("trouble"), SCENARIO, FEWER) as running:
        yield running


@pytest.fixture(scope="module")
def truth(cluster: Bed) -> Mapping[str, Verdict]:
    """What the checks say without any trouble."""
    found = {check: result.verdict for check, result in cluster.run(*EVERY).items()}
    assert {check for check, verdict in found.items() if verdict is not Verdict.OK} == BAD
    assert Verdict.UNKNOWN not in found.values(), found
    return found


@dataclass(frozen=True)
class Trouble:
    """What is done to the server, and which checks are not to notice."""

    begin: Callable[[Bed], object]
    unharmed: Collection[str] = NOTHING
    reasons: tuple[str, ...] = ("unreachable", "timeout", "error")
    lucky: Collection[str] = NOTHING
    """Checks that may have been through before they could notice."""


def fault(name: str, match: str, *arguments: object, **options: object) -> Callable[[Bed], object]:
    """A trouble of the practice server."""
    return lambda cluster: getattr(cluster.server.faults, name)(match, *arguments, **options)


LISTS = r"^GET /(api|apis)/[^?]*/(pods|nodes|ips|subnets|deployments|daemonsets|statefulsets|replicasets)\?"
IPS = "^GET .*/ips"
TROUBLES: Mapping[str, Trouble] = {
    "429 twice, with Retry-After": Trouble(fault("status", LISTS, 429, times=2, retry_after=0.05), EVERY),
    "429 once, without Retry-After": Trouble(fault("status", LISTS, 429, times=1), EVERY),
    "429 for ever, with a long Retry-After": Trouble(
        fault("status", IPS, 429, "slow down", retry_after=3600), EVERY - OF_IPS
    ),
    "429 for ever, without Retry-After": Trouble(fault("status", IPS, 429, "slow down"), EVERY - OF_IPS),
    "500 once": Trouble(fault("status", LISTS, 500, "etcdserver: leader changed", times=1), EVERY),
    "503 for ever": Trouble(fault("status", IPS, 503, "apiserver not ready"), EVERY - OF_IPS),
    "JSON that ends in the middle": Trouble(fault("cut", IPS), EVERY - OF_IPS, ("error", "unparsable")),
    "half a body": Trouble(fault("short", IPS), EVERY - OF_IPS),
    "a page for people": Trouble(fault("html", IPS), EVERY - OF_IPS, ("error", "unparsable")),
    "binary": Trouble(fault("garbage", IPS), EVERY - OF_IPS, ("error", "unparsable")),
    "a body a byte at a time": Trouble(fault("trickle", IPS), EVERY - OF_IPS, ("timeout",)),
    "no answer": Trouble(fault("hang", IPS), EVERY - OF_IPS, ("timeout",)),
    "two connections reset": Trouble(fault("drop", LISTS, times=2), EVERY),
    "connections reset for ever": Trouble(fault("drop", IPS), EVERY - OF_IPS, ("unreachable",)),
    "every list hangs": Trouble(fault("hang", LISTS), NOTHING, ("timeout", "unreachable", "not-run")),
    "410 in the middle of a list": Trouble(fault("status", "continue=", 410, "too old", times=1), EVERY),
    "upgrades refused": Trouble(
        fault("status", "/exec", 400, "Upgrade request required"), OF_LISTS | OF_LOGS, ("error", "invalid")
    ),
    "a page instead of an upgrade": Trouble(fault("html", "/exec"), OF_LISTS | OF_LOGS),
    # Logs come from the same kubelets: those that come to wait behind the commands wait longer than this run lasts.
    "commands without an end": Trouble(fault("hang", "^EXEC"), OF_LISTS, ("timeout",), OF_LOGS),
    "commands without an exit code": Trouble(fault("drop", "^EXEC"), OF_LISTS | OF_LOGS, ("unreachable",)),
    "commands whose status is garbage": Trouble(fault("garbage", "^EXEC"), OF_LISTS | OF_LOGS),
    "commands that the kubelet breaks off": Trouble(
        fault("exec_without_code", "^EXEC", "error dialing backend: EOF"), OF_LISTS | OF_LOGS
    ),
    "logs that hang": Trouble(fault("hang", "/log"), EVERY - OF_LOGS, ("timeout",)),
}


@pytest.mark.parametrize("name", TROUBLES)
def test_what_can_be_known_is_known_and_nothing_is_wrongly_well(
    cluster: Bed, truth: Mapping[str, Verdict], name: str
) -> None:
    trouble = TROUBLES[name]
    trouble.begin(cluster)
    try:
        found = cluster.run(*EVERY, within=DEADLINE + 2, deadline=DEADLINE, flags=FLAGS)
    finally:
        cluster.server.faults.clear()
    for check, result in found.items():
        if check in trouble.unharmed:
            assert result.verdict is truth[check], f"{check}: {result.summary.en}"
        elif result.verdict is not truth[check] or (
            result.verdict is Verdict.OK and check not in trouble.lucky
        ):
            said(result, trouble.reasons)


def said(result: Result, reasons: tuple[str, ...]) -> None:
    """Unknown, why, and in both languages."""
    assert result.verdict is Verdict.UNKNOWN, f"{result.check} is {result.verdict}: {result.summary.en}"
    assert result.judgement.reason in reasons, f"{result.check}: {result.judgement.reason}"
    assert result.summary.en
    assert result.summary.zh


@pytest.mark.parametrize("after", [3, 20])
def test_a_server_that_dies_in_the_middle_and_never_comes_back(
    tmp_path: Path, truth: Mapping[str, Verdict], after: int
) -> None:
    """The run ends by its deadline, not by every call's; what had been answered before is known."""
    with bed(tmp_path, SCENARIO, FEWER) as mortal:
        mortal.server.faults.die("^GET /api", skip=after)
        began = time.monotonic()
        found = mortal.run(*EVERY, within=DEADLINE + 2, deadline=DEADLINE, flags=FLAGS)
        assert time.monotonic() - began < DEADLINE + 2
    for check, result in found.items():
        if result.verdict is not truth[check]:
            said(result, ("unreachable", "timeout", "error", "not-run"))
    assert any(result.verdict is Verdict.UNKNOWN for result in found.values())
    with warnings.catch_warnings():
        # What the server left half open when it died is let go here, and blamed on no other test.
        warnings.simplefilter("ignore", ResourceWarning)
        gc.collect()


def test_one_node_in_trouble_costs_its_own_row_only(cluster: Bed, truth: Mapping[str, Verdict]) -> None:
    """Each kind of broken command on another node: the rows of the others are as ever."""
    pods = sorted(
        (p["spec"]["nodeName"], p["metadata"]["name"])
        for p in cluster.world.store.scan(PODS, namespace="kube-system", labels="app=ovs")
    )
    faults = cluster.server.faults
    for (_, pod), break_ in zip(pods, (faults.hang, faults.drop, faults.garbage), strict=False):
        break_(f"^EXEC kube-system/{pod}/")
    try:
        result = cluster.run("ovs.flow-count", within=DEADLINE + 2, deadline=DEADLINE, flags=FLAGS)
    finally:
        faults.clear()
    rows = {row.target: row.verdict for row in result["ovs.flow-count"].judgement.rows}
    assert [rows[node] for node, _ in pods[:3]] == [Verdict.UNKNOWN] * 3
    assert all(rows[node] is not Verdict.UNKNOWN for node, _ in pods[3:])
    assert result["ovs.flow-count"].verdict is not Verdict.OK
