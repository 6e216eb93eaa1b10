"""The engine on the real client over HTTPS and WebSocket, against the practice API server."""

from __future__ import annotations

from checks.catalogue import load_catalogue
from checks.cluster import ExecResult
from checks.errors import Unreachable
from checks.live import LiveCluster
from checks.model import Verdict
from checks.runner import run_all
from kb.model import CheckUse
from tests.checks.practice.scripted import ScriptedWorld


def answer(text: str, code: int = 0, stderr: str = "") -> ExecResult:
    return ExecResult(text, stderr, code)


def flows(count: int) -> str:
    return f"NXST_AGGREGATE reply (xid=0x4): packet_count=0 byte_count=0 flow_count={count}\n"


def test_a_shipped_check_runs_over_the_wire(world: ScriptedWorld, cluster: LiveCluster) -> None:
    """Pods are found by their labels, the command runs in both, the output is judged, the evidence is copyable."""
    world.commands["ovs-ofctl"] = lambda argv, out: answer(flows(130_000))
    found = run_all(cluster, [CheckUse("flows", "ovs.flow-count")], load_catalogue())["flows"]
    assert (found.verdict, found.judgement.value) == (Verdict.FAIL, 130_000)
    assert [row.target for row in found.judgement.rows] == ["node-1", "node-2"]
    assert any("dump-aggregate" in word for e in found.evidence for word in e.command)


def test_a_node_behind_which_nothing_answers_is_unreachable(
    world: ScriptedWorld, cluster: LiveCluster
) -> None:
    """The kubelet's failure is the row's reason."""

    def away(argv: tuple[str, ...], out: object) -> ExecResult:
        raise Unreachable("dial tcp 10.0.0.1:10250: connect: connection refused")

    world.commands["ovs-ofctl"] = away
    found = run_all(cluster, [CheckUse("flows", "ovs.flow-count")], load_catalogue())["flows"]
    assert found.verdict is Verdict.UNKNOWN
    assert found.judgement.reason == "unreachable"


def test_a_cluster_without_the_component_is_unknown(cluster: LiveCluster) -> None:
    """No ovn-central here: the leader's answer is absent, and the text names the label."""
    found = run_all(cluster, [CheckUse("options", "ovn.router-options")], load_catalogue())["options"]
    assert (found.verdict, found.judgement.reason) == (Verdict.UNKNOWN, "absent")
