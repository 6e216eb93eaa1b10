"""Every call of the live cluster against a served world, over real HTTPS."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from checks.cluster import NODES, PODS, Cluster, ExecResult, Resource
from checks.errors import ClusterError, Conflict, Invalid, NotFound, Timeout, Unreachable
from checks.live import LiveCluster
from tests.checks.practice.scripted import IPS, SUBNETS, ScriptedWorld, pod


def names(cluster: LiveCluster, resource: Resource, **selection: object) -> list[str]:
    return [o["metadata"]["name"] for o in cluster.list(resource, **selection)]  # type: ignore[arg-type]


def test_it_is_a_cluster(cluster: LiveCluster) -> None:
    assert isinstance(cluster, Cluster)
    assert cluster.info.practice == "scripted"
    assert cluster.info.pace == 0.5
    assert cluster.info.context == "practice-scripted"
    assert not cluster.info.production


def test_version(cluster: LiveCluster) -> None:
    assert cluster.version() == "v1.28.3"


def test_lists_come_in_pages_and_complete(cluster: LiveCluster, world: ScriptedWorld) -> None:
    for number in range(57):
        world.store.create(IPS, {"metadata": {"name": f"ip-{number:03}"}})
    assert len(names(cluster, IPS, page=10)) == 58
    assert len(set(names(cluster, IPS, page=10))) == 58


def test_large_lists_come_compressed_and_complete(cluster: LiveCluster, world: ScriptedWorld) -> None:
    for number in range(600):
        world.store.create(
            IPS, {"metadata": {"name": f"ip-{number:03}", "annotations": {"note": "流表" * 50}}}
        )
    found = list(cluster.list(IPS, page=1000))
    assert len(found) == 601
    assert found[-1]["metadata"]["annotations"]["note"] == "流表" * 50


def test_listed_objects_say_their_kind(cluster: LiveCluster) -> None:
    found = next(cluster.list(PODS))
    assert (found["apiVersion"], found["kind"]) == ("v1", "Pod")


def test_lists_take_selectors(cluster: LiveCluster, world: ScriptedWorld) -> None:
    world.store.create(PODS, pod("web"), namespace="default")
    assert names(cluster, PODS, labels="app=ovs") == ["ovs-ovn-1", "ovs-ovn-2"]
    assert names(cluster, PODS, fields="spec.nodeName=node-2") == ["ovs-ovn-2"]
    assert names(cluster, PODS, namespace="default") == ["web"]
    assert names(cluster, NODES) == []


def test_a_wrong_selector_is_invalid(cluster: LiveCluster) -> None:
    with pytest.raises(Invalid, match="field label not supported"):
        names(cluster, SUBNETS, fields="spec.vpc=x")


def test_a_missing_object_and_a_missing_kind_are_not_found(cluster: LiveCluster) -> None:
    with pytest.raises(NotFound, match=r'subnets.kubeovn.io "nope" not found') as caught:
        cluster.get(SUBNETS, "nope")
    assert (caught.value.verb, caught.value.resource, caught.value.name) == (
        "get",
        "subnets.kubeovn.io",
        "nope",
    )
    with pytest.raises(NotFound, match=r"no widgets.example.com"):
        names(cluster, Resource("example.com", "v1", "widgets"))


def test_logs(cluster: LiveCluster) -> None:
    assert cluster.logs("kube-system", "ovs-ovn-1", tail=2) == "line 99\nline 100\n"
    assert cluster.logs("kube-system", "ovs-ovn-1", "openvswitch", since=3).count("\n") == 3
    with pytest.raises(NotFound, match="previous terminated container"):
        cluster.logs("kube-system", "ovs-ovn-1", previous=True)
    with pytest.raises(Invalid, match="container nope is not valid"):
        cluster.logs("kube-system", "ovs-ovn-1", "nope")


def test_create_patch_delete(cluster: LiveCluster, world: ScriptedWorld) -> None:
    made = cluster.create(SUBNETS, {"kind": "Subnet", "metadata": {"name": "s"}, "spec": {"mtu": 1400}})
    assert made["metadata"]["uid"]
    merged = cluster.patch(SUBNETS, "s", {"spec": {"mtu": None, "gateway": "10.0.0.1"}})
    assert merged["spec"] == {"gateway": "10.0.0.1"}
    steps = [
        {"op": "test", "path": "/spec/gateway", "value": "10.0.0.1"},
        {"op": "add", "path": "/metadata/finalizers", "value": ["kube-ovn-controller"]},
    ]
    assert cluster.patch(SUBNETS, "s", steps, type="json")["metadata"]["finalizers"] == [
        "kube-ovn-controller"
    ]
    cluster.delete(SUBNETS, "s", uid=made["metadata"]["uid"])
    assert world.store.get(SUBNETS, "s")["metadata"]["deletionTimestamp"]
    cluster.patch(SUBNETS, "s", [{"op": "remove", "path": "/metadata/finalizers"}], type="json")
    assert world.store.find(SUBNETS, "s") is None


def test_a_failed_test_of_a_json_patch_is_invalid_and_says_why(cluster: LiveCluster) -> None:
    with pytest.raises(Invalid, match="testing value /spec/mtu failed"):
        cluster.patch(SUBNETS, "ovn-default", [{"op": "test", "path": "/spec/mtu", "value": 1}], type="json")


def test_dry_runs_change_nothing(cluster: LiveCluster, world: ScriptedWorld) -> None:
    version = world.store.version
    assert cluster.patch(SUBNETS, "ovn-default", {"spec": {"mtu": 1}}, dry_run=True)["spec"]["mtu"] == 1
    cluster.create(SUBNETS, {"kind": "Subnet", "metadata": {"name": "s"}}, dry_run=True)
    cluster.delete(SUBNETS, "ovn-default", dry_run=True)
    assert world.store.version == version


def test_conflicts(cluster: LiveCluster) -> None:
    with pytest.raises(Conflict, match="already exists"):
        cluster.create(SUBNETS, {"kind": "Subnet", "metadata": {"name": "ovn-default"}})
    with pytest.raises(Conflict, match="UID in precondition"):
        cluster.delete(SUBNETS, "ovn-default", uid="11111111-2222-3333-4444-555555555555")
    with pytest.raises(Conflict, match="the object has been modified"):
        cluster.patch(SUBNETS, "ovn-default", {"metadata": {"resourceVersion": "1"}, "spec": {"mtu": 1}})


def test_a_webhook_s_refusal_is_invalid(cluster: LiveCluster, world: ScriptedWorld) -> None:
    def refuse(_: object) -> None:
        raise Invalid('admission webhook "webhook.kube-ovn" denied the request')

    world.store.validators.append(refuse)
    with pytest.raises(Invalid, match="denied the request"):
        cluster.patch(SUBNETS, "ovn-default", {"spec": {"mtu": 1}}, dry_run=True)


# --- exec


def say(stdout: str = "", stderr: str = "", code: int = 0) -> object:
    return lambda argv, emit: ExecResult(stdout, stderr, code)


def run(cluster: LiveCluster, *argv: str, **more: object) -> ExecResult:
    return cluster.exec("kube-system", "ovs-ovn-1", "openvswitch", argv, **more)  # type: ignore[arg-type]


def test_outputs_and_exit_code_come_apart(cluster: LiveCluster, world: ScriptedWorld) -> None:
    world.commands["ovs-vsctl"] = say("out\n", "err\n", 3)  # type: ignore[assignment]
    assert run(cluster, "ovs-vsctl", "show") == ExecResult("out\n", "err\n", 3, ("ovs-vsctl", "show"))


def test_arguments_arrive_as_they_are(cluster: LiveCluster, world: ScriptedWorld) -> None:
    world.commands["echo"] = lambda argv, emit: ExecResult("\0".join(argv), "", 0)
    words = ("echo", "a b", "", "--x=y&z", "流表", '{"k": [1]}', "100%", "+")
    assert run(cluster, *words).stdout == "\0".join(words)


def test_large_output_is_complete(cluster: LiveCluster, world: ScriptedWorld) -> None:
    big = "".join(f"{n} 流表 cookie=0x{n:x}\n" for n in range(150_000))
    world.commands["dump"] = say(big)  # type: ignore[assignment]
    assert run(cluster, "dump").stdout == big


def test_undecodable_output_does_not_break(cluster: LiveCluster, world: ScriptedWorld) -> None:
    world.commands["cat"] = say(b"a\xff\xfe\x00b".decode("utf-8", "surrogateescape"))  # type: ignore[assignment]
    assert run(cluster, "cat").stdout == "a\ufffd\ufffd\x00b"


def test_lines_arrive_while_the_command_runs(cluster: LiveCluster, world: ScriptedWorld) -> None:
    arrived = threading.Event()
    seen: list[str] = []

    def slow(argv: tuple[str, ...], emit: object) -> ExecResult:
        emit("first")  # type: ignore[operator]
        assert arrived.wait(5)
        return ExecResult("second", "", 0)

    def take(line: str) -> None:
        seen.append(line)
        arrived.set()

    world.commands["slow"] = slow
    result = run(cluster, "slow", on_output=take)
    assert result.stdout == "first\nsecond"
    assert seen == ["first", "second"]


def test_a_missing_binary_is_unreachable(cluster: LiveCluster) -> None:
    with pytest.raises(Unreachable, match="executable file not found"):
        run(cluster, "nope")


def test_a_missing_pod_or_container_is_said(cluster: LiveCluster) -> None:
    with pytest.raises(NotFound, match='pods "gone" not found'):
        cluster.exec("kube-system", "gone", "openvswitch", ("true",))
    with pytest.raises(Invalid, match="container x is not valid"):
        cluster.exec("kube-system", "ovs-ovn-1", "x", ("true",))


def test_a_command_that_hangs_ends_at_its_deadline(cluster: LiveCluster, world: ScriptedWorld) -> None:
    release = threading.Event()

    def hang(argv: tuple[str, ...], emit: object) -> ExecResult:
        release.wait(20)
        return ExecResult("", "", 0)

    world.commands["hang"] = hang
    with pytest.raises(Timeout, match=r"hang in ovs-ovn-1 did not end within 0\.5 s") as caught:
        run(cluster, "hang", timeout=0.5)
    assert caught.value.sent
    release.set()


def test_many_threads_at_once(cluster: LiveCluster, world: ScriptedWorld) -> None:
    world.commands["echo"] = lambda argv, emit: ExecResult(argv[1], "", 0)

    def work(number: int) -> bool:
        assert run(cluster, "echo", str(number)).stdout == str(number)
        made = cluster.create(IPS, {"kind": "IP", "metadata": {"name": f"t-{number}"}})
        assert cluster.get(IPS, f"t-{number}") == made
        return f"t-{number}" in names(cluster, IPS, page=7)

    with ThreadPoolExecutor(16) as pool:
        assert all(pool.map(work, range(64)))


def test_a_closed_cluster_refuses(cluster: LiveCluster) -> None:
    cluster.close()
    with pytest.raises(ClusterError, match="closed"):
        cluster.version()
