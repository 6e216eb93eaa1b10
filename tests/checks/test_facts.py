"""Collecting: once per read, with every failure as an answer."""

from __future__ import annotations

import time
from concurrent.futures import Future
from typing import Any

import pytest

from checks.cluster import Cluster, ExecResult
from checks.errors import ClusterError, Forbidden, NotFound, Timeout, Unreachable
from checks.facts import Facts
from checks.model import ExecRead, Fact, ListRead, LogsRead
from tests.checks.collecting import COUNT, LAYOUT, collect, nodes_with_ovs
from tests.checks.memory_cluster import MemoryCluster, node, pod, said


def test_the_protocol_is_met_by_the_cluster_of_these_tests() -> None:
    """The engine sees nothing but the Cluster protocol."""
    assert isinstance(MemoryCluster(), Cluster)


def test_a_read_happens_once_for_all_who_want_it() -> None:
    """The same command with two parsers, and the same list, cost one call each."""
    cluster = MemoryCluster(nodes_with_ovs(3), command=lambda pod, argv: said("flow_count=5\n"))
    read = ExecRead("ovs", ("ovs-ofctl", "dump-aggregate", "br-int"), COUNT)
    text = ExecRead("ovs", ("ovs-ofctl", "dump-aggregate", "br-int"))
    first, second, third = collect(
        cluster, {"a": read, "n": ListRead("v1/nodes")}, {"b": text}, {"c": read, "n": ListRead("v1/nodes")}
    )
    assert [a.value for a in first["a"].answers] == [{"count": 5}] * 3
    assert [a.value for a in second["b"].answers] == ["flow_count=5"] * 3
    assert first["a"] is third["c"]
    assert [a.target for a in first["a"].answers] == ["node-00", "node-01", "node-02"]
    assert all(count == 1 for count in cluster.calls.values()), cluster.calls


def test_an_answer_says_where_it_comes_from() -> None:
    """Command as kubectl, source, pod and node stand in the answer."""
    cluster = MemoryCluster(nodes_with_ovs(1), command=lambda pod, argv: said("x\n"))
    (facts,) = collect(cluster, {"a": ExecRead("ovs", ("cat", "x"))})
    (answer,) = facts["a"].answers
    assert answer.command == (
        "kubectl",
        "-n",
        "kube-system",
        "exec",
        "ovs-node-00",
        "-c",
        "openvswitch",
        "--",
        "cat",
        "x",
    )
    assert (answer.source, answer.node, answer.pod) == (
        "exec ovs-node-00 (node-00)",
        "node-00",
        "ovs-node-00",
    )
    assert (answer.raw, answer.truncated) == ("x\n", False)


@pytest.mark.parametrize(
    ("outcome", "reason"),
    [
        (Forbidden("pods/exec is forbidden"), "forbidden"),
        (Timeout("no answer"), "timeout"),
        (Unreachable("kubelet away"), "unreachable"),
        (said("", 1, "ovs-ofctl: br-int is not a bridge"), "error"),
        (said("", 1, "cat: /x: No such file or directory"), "absent"),
        (said("", 1, "cat: /x: Permission denied"), "forbidden"),
        (said("", 1, "ovn-nbctl: unix:x: database connection failed ()"), "unreachable"),
        (said("", 142, ""), "timeout"),
        (said("garbage"), "unparsable"),
    ],
)
def test_every_failure_is_an_answer_with_its_reason(outcome: Any, reason: str) -> None:
    """One node fails, the others answer."""

    def command(name: str, argv: tuple[str, ...]) -> ExecResult | ClusterError:
        return outcome if name == "ovs-node-01" else said("flow_count=5")

    cluster = MemoryCluster(nodes_with_ovs(3), command=command)
    (facts,) = collect(cluster, {"a": ExecRead("ovs", ("x",), COUNT)})
    assert [a.error for a in facts["a"].answers] == ["", reason, ""]
    assert facts["a"].failed[0].message.en
    assert facts["a"].failed[0].value is None


def test_a_node_without_its_pod_is_an_absent_answer() -> None:
    """A DaemonSet pod that is missing is a gap, not a smaller cluster."""
    objects = nodes_with_ovs(2)
    objects["v1/nodes"].append(node("node-99"))
    cluster = MemoryCluster(objects, command=lambda pod, argv: said("1"))
    (facts,) = collect(cluster, {"a": ExecRead("ovs", ("x",))})
    assert [(a.target, a.error) for a in facts["a"].answers][-1] == ("node-99", "absent")


def test_forbidden_pods_are_the_reason_of_every_command() -> None:
    """When nobody can be looked up, the fact itself carries why."""
    cluster = MemoryCluster({"v1/pods": Forbidden("pods is forbidden: cannot list"), "v1/nodes": []})
    (facts,) = collect(cluster, {"a": ExecRead("ovs", ("x",)), "b": LogsRead("controller")})
    assert {(f.error, f.message.en) for f in facts.values()} == {
        ("forbidden", "pods is forbidden: cannot list")
    }


def test_nodes_that_may_not_be_listed_do_not_stop_commands() -> None:
    """The pods alone say where to ask."""
    objects = {**nodes_with_ovs(2), "v1/nodes": Forbidden("nodes")}
    cluster = MemoryCluster(objects, command=lambda pod, argv: said("1"))
    (facts,) = collect(cluster, {"a": ExecRead("ovs", ("x",))})
    assert [a.value for a in facts["a"].answers] == ["1", "1"]


def test_a_missing_kind_is_empty_only_where_it_is_optional() -> None:
    """A CRD that this version does not have."""
    cluster = MemoryCluster({})
    kind = "kubeovn.io/v1/vips"
    (facts,) = collect(cluster, {"must": ListRead(kind), "may": ListRead(kind, optional=True)})
    assert facts["must"].failed[0].error == "absent"
    assert facts["may"].answers[0].value == []


def test_list_evidence_is_bounded_and_slim() -> None:
    """The objects are all there; the raw evidence is cut and says so; managedFields are gone."""
    items = [
        {"metadata": {"name": f"p{n}", "managedFields": ["x" * 50]}, "data": "y" * 1000} for n in range(200)
    ]
    cluster = MemoryCluster({"v1/configmaps": items})
    (facts,) = collect(cluster, {"a": ListRead("v1/configmaps", namespace="kube-system", labels="a=b")})
    (answer,) = facts["a"].answers
    assert len(facts["a"].items) == 200
    assert answer.truncated
    assert len(answer.raw) <= 66_000
    assert "managedFields" not in answer.raw
    assert answer.command == ("kubectl", "get", "configmaps", "-n", "kube-system", "-l", "a=b", "-o", "json")


def test_raw_output_is_cut_but_parsed_whole() -> None:
    """A large answer keeps its beginning as evidence; the parser saw all of it."""
    cluster = MemoryCluster(nodes_with_ovs(1), command=lambda pod, argv: said("line\n" * 50_000))
    (facts,) = collect(cluster, {"a": ExecRead("ovs", ("x",), {"count_lines": "line"})})
    (answer,) = facts["a"].answers
    assert (answer.value, answer.truncated) == (50_000, True)
    assert len(answer.raw) < 70_000


def test_a_pid_from_one_read_goes_into_another() -> None:
    """`given` fills a slot per target; a failed or odd answer fails the second read with that reason."""

    def command(name: str, argv: tuple[str, ...]) -> ExecResult | ClusterError:
        if argv == ("cat", "pid"):
            return {"ovs-node-00": said("17\n"), "ovs-node-01": said("17; rm\n")}.get(
                name, Unreachable("away")
            )
        return said(" ".join(argv))

    cluster = MemoryCluster(nodes_with_ovs(3), command=command)
    reads = {
        "stat": ExecRead("ovs", ("cat", "/proc/{pid}/stat"), given={"pid": "pid"}),
        "pid": ExecRead("ovs", ("cat", "pid")),
    }
    (facts,) = collect(cluster, reads)
    assert [(a.value, a.error) for a in facts["stat"].answers] == [
        ("cat /proc/17/stat", ""), (None, "unparsable"), (None, "unreachable"),
    ]  # fmt: skip
    assert not any("rm" in call for call in cluster.calls)


def test_samples_are_apart_in_cluster_seconds() -> None:
    """Two samples 20 cluster seconds apart take a fifth of a second at pace 0.01 and are 20 apart."""
    cluster = MemoryCluster(nodes_with_ovs(1), command=lambda pod, argv: said("5"), pace=0.01)
    began = time.monotonic()
    (facts,) = collect(cluster, {"a": ExecRead("ovs", ("x",), samples=2, apart=20)})
    first, second = facts["a"].answers[0].value
    assert 0.15 < time.monotonic() - began < 3
    assert second["at"] - first["at"] == pytest.approx(20, rel=0.5)
    assert (first["value"], second["value"]) == ("5", "5")


def test_a_refusal_is_retried_in_the_other_container_of_the_node() -> None:
    """`fallback` asks the same node's pod of another role, and only on Permission denied."""
    objects = nodes_with_ovs(2)
    objects["v1/pods"] += [pod("cni-0", "kube-ovn-cni", "node-00")]

    def command(name: str, argv: tuple[str, ...]) -> ExecResult:
        return said("42") if name.startswith("cni") else said("", 1, "ls: /proc/1/fd: Permission denied")

    cluster = MemoryCluster(objects, command=command)
    (facts,) = collect(cluster, {"a": ExecRead("ovs", ("ls",), fallback="cni")})
    assert [(a.target, a.pod, a.value, a.error) for a in facts["a"].answers] == [
        ("node-00", "cni-0", "42", ""),
        ("node-01", "ovs-node-01", None, "forbidden"),
    ]


def test_exit_codes_that_are_answers_are_answers() -> None:
    """`ok_codes` lets a command answer with another code."""
    cluster = MemoryCluster(nodes_with_ovs(1), command=lambda pod, argv: said("not supported", 2))
    (facts,) = collect(cluster, {"a": ExecRead("ovs", ("x",), ok_codes=(0, 2))})
    assert facts["a"].answers[0].value == "not supported"


def test_logs_are_read_per_pod() -> None:
    """Logs are parsed like outputs, a failing one is an answer."""
    objects = {"v1/pods": [pod("ctl-a", "kube-ovn-controller"), pod("ctl-b", "kube-ovn-controller")]}
    logs = {"ctl-a": "E1 x\nI2 y\nE3 z\n"}
    cluster = MemoryCluster(objects, log=lambda name: logs.get(name, NotFound("no log")))
    (facts,) = collect(cluster, {"a": LogsRead("controller", tail=50, since=60, parse={"count_lines": "^E"})})
    assert [(a.target, a.value, a.error) for a in facts["a"].answers] == [
        ("ctl-a", 2, ""),
        ("ctl-b", None, "absent"),
    ]
    assert facts["a"].answers[0].command[-2:] == ("--tail=50", "--since=60s")


def test_a_bug_in_a_call_is_an_error_answer() -> None:
    """An exception that is no ClusterError does not leave anybody waiting."""

    def command(name: str, argv: tuple[str, ...]) -> ExecResult:
        raise KeyError("bug")

    cluster = MemoryCluster(nodes_with_ovs(1), command=command)
    (facts,) = collect(cluster, {"a": ExecRead("ovs", ("x",))})
    assert facts["a"].answers[0].error == "error"
    assert "KeyError" in facts["a"].answers[0].message.en


def test_reads_that_need_each_other_are_refused() -> None:
    """A circle of `given` is a mistake of the check, not a hanging run."""
    facts = Facts(MemoryCluster(), LAYOUT)
    a = ExecRead("ovs", ("a", "{x}"), given={"x": "b"})
    b = ExecRead("ovs", ("b", "{x}"), given={"x": "a"})
    with pytest.raises(ValueError, match="need each other"):
        facts.want({"a": a, "b": b})
    facts.close()


def test_facts_wanted_after_the_start_come_too() -> None:
    """A late read begins at once, sharing what is there."""
    cluster = MemoryCluster({"v1/nodes": [node("n")]})
    facts = Facts(cluster, LAYOUT)
    first = facts.want({"a": ListRead("v1/nodes")})["a"]
    facts.start()
    first.result(5)
    second: Future[Fact] = facts.want({"b": ListRead("v1/nodes")})["b"]
    assert second.result(5) is first.result()
    facts.close()
    assert cluster.calls["list v1/nodes"] == 1
