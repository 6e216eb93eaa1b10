"""Single troubles of real clusters, end to end: who is missing, who hangs, and what a guide still says then."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from checks.catalogue import load_catalogue
from checks.causes import judge_causes
from checks.cluster import PODS, ExecResult, Object
from checks.model import Result, Verdict
from checks.runner import run_all
from kb import open_library
from kb.model import Guide
from kb.paths import ASSETS
from tests.checks.troubled import Bed, bed

FLOWS = "ovs.flow-count"
ARTICLES = (
    "ovn-mac-binding-leak",
    "subnet-ip-count-wrong",
    "subnet-ip-stuck-deleting",
    "ovn-controller-starved",
    "ovs-too-many-open-files",
)


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Bed]:
    """A healthy cluster of four nodes."""
    with bed(tmp_path) as running:
        yield running


def pods(cluster: Bed, app: str) -> list[Object]:
    """Pods of the network by their label."""
    found = [
        p for p in cluster.world.store.all(PODS) if (p["metadata"].get("labels") or {}).get("app") == app
    ]
    return sorted(found, key=lambda pod: str(pod["metadata"]["name"]))


def change(cluster: Bed, pod: Object, how: Callable[[Object], None]) -> None:
    """Changes a pod as a kubelet or a controller would."""
    meta = pod["metadata"]
    cluster.world.store.modify(PODS, meta["name"], how, namespace=meta["namespace"])


def relabel(**labels: str | None) -> Callable[[Object], None]:
    """Sets labels, takes those away that are None."""

    def apply(pod: Object) -> None:
        merged = {**pod["metadata"]["labels"], **labels}
        pod["metadata"]["labels"] = {key: value for key, value in merged.items() if value is not None}

    return apply


def unknown_rows(result: Result) -> dict[str, str]:
    """Targets without an answer and what their rows say."""
    return {row.target: row.text.en for row in result.judgement.rows if row.verdict is Verdict.UNKNOWN}


# --- pods that are not there, or not well ---------------------------------------------------------------------------


def test_a_node_without_ovs_ovn_is_an_unknown_row(cluster: Bed) -> None:
    """The others are read; the node without the pod is named, and the whole is not ok."""
    pod = pods(cluster, "ovs")[0]
    node = pod["spec"]["nodeName"]
    change(cluster, pod, relabel(app="something-else"))
    found = cluster.run(FLOWS, "ovs.fd-usage")
    for result in found.values():
        assert (result.verdict, result.judgement.reason) == (Verdict.UNKNOWN, "absent")
        assert list(unknown_rows(result)) == [node]
        assert sum(row.verdict is Verdict.OK for row in result.judgement.rows) == 3
    assert f"no pod app=ovs on node {node}" in unknown_rows(found[FLOWS])[node]


def test_a_crashing_ovs_ovn_is_an_unknown_row_that_names_the_pod(cluster: Bed) -> None:
    """A pod that is not Running is not asked, and never left out."""
    pod = pods(cluster, "ovs")[1]
    change(cluster, pod, lambda p: p["status"].update(phase="Pending"))
    result = cluster.run(FLOWS)[FLOWS]
    assert (result.verdict, result.judgement.reason) == (Verdict.UNKNOWN, "absent")
    assert "Pending, not Running" in unknown_rows(result)[pod["spec"]["nodeName"]]


def test_no_pods_of_the_network_at_all(cluster: Bed) -> None:
    """Another network plugin: what needs Kube-OVN's pods is unknown (absent), nothing is ok for lack of pods."""
    for app in ("ovs", "ovn-central", "kube-ovn-controller", "kube-ovn-cni"):
        for pod in pods(cluster, app):
            change(cluster, pod, relabel(app="other"))
    checks = (
        "ovn.raft",
        "ovn.mac-bindings",
        "ovn.leaders",
        "controller.panics",
        "controller.errors",
        "kube-ovn.version",
    )
    for check, result in cluster.run(*checks).items():
        assert (result.verdict, result.judgement.reason) == (Verdict.UNKNOWN, "absent"), check


def test_no_leader_label_and_two_of_them(cluster: Bed) -> None:
    """Nobody to ask is absent; two that claim the lead are an error that names both; neither database is guessed."""
    central = pods(cluster, "ovn-central")
    for pod in central:
        change(cluster, pod, relabel(**{"ovn-sb-leader": None}))
    nobody = cluster.run("ovn.mac-bindings")["ovn.mac-bindings"]
    assert (nobody.verdict, nobody.judgement.reason) == (Verdict.UNKNOWN, "absent")
    assert "ovn-sb-leader" in nobody.summary.en
    for pod in central[:2]:
        change(cluster, pod, relabel(**{"ovn-sb-leader": "true"}))
    two = cluster.run("ovn.mac-bindings")["ovn.mac-bindings"]
    assert (two.verdict, two.judgement.reason) == (Verdict.UNKNOWN, "error")
    assert all(pod["metadata"]["name"] in two.summary.en for pod in central[:2])


# --- what hangs -----------------------------------------------------------------------------------------------------


def test_one_node_that_hangs_costs_one_timeout_and_only_its_own_row(cluster: Bed) -> None:
    """The other nodes' rows are there; the run ends soon after the timeout of one command."""
    pod = pods(cluster, "ovs")[2]
    cluster.server.faults.hang(f"^EXEC kube-system/{pod['metadata']['name']}/")
    found = cluster.run(FLOWS, "ovs.flows-present", "ovn-controller.connection", within=25.0)
    for result in found.values():
        assert (result.verdict, result.judgement.reason) == (Verdict.UNKNOWN, "timeout")
        assert list(unknown_rows(result)) == [pod["spec"]["nodeName"]]


def test_a_run_ends_by_its_deadline_when_every_command_hangs(cluster: Bed) -> None:
    """Every check has a result then, and those with commands are unknown (timeout)."""
    cluster.server.faults.hang("^EXEC")
    found = cluster.run(within=8.0, deadline=3.0)
    assert found[FLOWS].judgement.reason == found["ovn.raft"].judgement.reason == "timeout"
    assert found["workloads.ready"].verdict is Verdict.OK


def test_a_log_that_hangs_is_a_timeout(cluster: Bed) -> None:
    """The log's check waits no longer than the flags say."""
    cluster.server.faults.hang("/log")
    flags = {"request_timeout": 1.0}
    result = cluster.run("controller.errors", within=6.0, flags=flags)["controller.errors"]
    assert (result.verdict, result.judgement.reason) == (Verdict.UNKNOWN, "timeout")


# --- the API server's moods -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("code", [429, 410, 503])
def test_one_refused_list_is_asked_again(cluster: Bed, code: int) -> None:
    """Too many requests, an expired continuation, a moment without etcd: once is no trouble."""
    cluster.server.faults.status("/subnets", code, times=1, retry_after=0.1)
    assert cluster.run("subnet.capacity")["subnet.capacity"].verdict is Verdict.OK


def test_a_list_that_breaks_once_is_asked_again_and_one_that_stays_broken_is_unreachable(
    cluster: Bed,
) -> None:
    """Nothing is judged on half of a list."""
    cluster.server.faults.drop("/ips", times=1)
    assert cluster.run("subnet.orphan-ips")["subnet.orphan-ips"].verdict is Verdict.OK
    cluster.server.faults.drop("/ips")
    result = cluster.run("subnet.orphan-ips")["subnet.orphan-ips"]
    assert (result.verdict, result.judgement.reason) == (Verdict.UNKNOWN, "unreachable")


def test_a_forbidden_list_names_verb_and_resource(cluster: Bed) -> None:
    """And what can be read without it is still read."""
    cluster.server.faults.forbid("list", "ips")
    found = cluster.run("subnet.orphan-ips", "subnet.capacity")
    lost = found["subnet.orphan-ips"]
    assert (lost.verdict, lost.judgement.reason) == (Verdict.UNKNOWN, "forbidden")
    assert 'cannot list resource "ips"' in lost.summary.en
    assert found["subnet.capacity"].verdict is Verdict.OK


# --- causes ---------------------------------------------------------------------------------------------------------


def guide_of(article: str) -> Guide:
    """The shipped guide."""
    found = open_library([ASSETS]).get(article)
    assert found is not None
    assert found.guide is not None
    return found.guide


@pytest.mark.parametrize("article", ARTICLES)
def test_without_evidence_no_cause_is_supported_or_refuted(cluster: Bed, article: str) -> None:
    """Everything forbidden: every cause whose conditions need evidence is unknown and says what would settle it."""
    cluster.server.faults.forbid()
    guide = guide_of(article)
    with cluster.connected() as live:
        results = run_all(live, list(guide.checks.values()), load_catalogue())
    for cause in judge_causes(guide, results):
        assert cause.state in ("unknown", "open"), cause.cause.id
        if cause.cause.supported_when or cause.cause.refuted_when:
            assert cause.state == "unknown"
            assert cause.settle


@pytest.mark.parametrize("article", ARTICLES)
def test_commands_that_lie_refute_no_cause_that_rests_on_them(cluster: Bed, article: str) -> None:
    """Every command prints another tool's complaint: what is decided then is decided by lists alone."""
    cluster.world.lie = lambda pod, argv: ExecResult("ovs-appctl: cannot connect to somewhere\n", "", 0)
    cluster.world.log = "no log at all\n"
    guide, catalogue = guide_of(article), load_catalogue()
    with cluster.connected() as live:
        results = run_all(live, list(guide.checks.values()), catalogue)
    for cause in judge_causes(guide, results):
        assert cause.state != "supported", cause.cause.id
        if cause.state == "refuted":
            seen = [alias for alias in cause.cause.evidence if results[alias].verdict is not Verdict.UNKNOWN]
            assert seen, f"{cause.cause.id} is refuted by nothing"
