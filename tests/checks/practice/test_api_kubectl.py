"""The practice API server as the real kubectl sees it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from checks.cluster import PODS, ExecResult, Resource
from checks.practice.server import PracticeServer
from tests.checks.practice.scripted import IPS, SUBNETS, ScriptedWorld

pytestmark = pytest.mark.skipif(not shutil.which("kubectl"), reason="no kubectl on PATH")
Kubectl = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def kubectl(kubeconfig: Path, tmp_path: Path) -> Kubectl:
    """Runs kubectl against the running server, without the user's own configuration."""
    env = {**os.environ, "HOME": str(tmp_path), "KUBECONFIG": str(kubeconfig)}

    def run(*argv: str, ok: bool = True, stdin: str = "") -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            ("kubectl", *argv), env=env, capture_output=True, text=True, input=stdin, timeout=60, check=False
        )
        assert (done.returncode == 0) is ok, f"{done.returncode}: {done.stdout}{done.stderr}"
        return done

    return run


def test_get_shows_the_columns_of_the_real_kinds(kubectl: Kubectl) -> None:
    shown = kubectl("get", "subnets,ips,pods", "-A").stdout
    for word in ("PROVIDER", "GATEWAYTYPE", "V4USED", "V4AVAILABLE", "V4IP", "NODE", "READY", "RESTARTS"):
        assert word in shown
    assert "subnet.kubeovn.io/ovn-default" in shown
    assert "ip.kubeovn.io/a.default" in shown
    assert "pod/ovs-ovn-1" in shown
    assert "10.16.0.7" in kubectl("get", "pods", "-n", "kube-system", "-o", "wide").stdout


def test_exec_keeps_outputs_and_exit_code(kubectl: Kubectl, world: ScriptedWorld) -> None:
    world.commands["ovs-vsctl"] = lambda argv, emit: ExecResult(" ".join(argv) + "\n", "careful\n", 3)
    done = kubectl("-n", "kube-system", "exec", "ovs-ovn-1", "--", "ovs-vsctl", "show", ok=False)
    assert done.stdout == "ovs-vsctl show\n"
    assert "careful" in done.stderr
    assert done.returncode == 3


def test_exec_of_large_output_and_with_input(kubectl: Kubectl, world: ScriptedWorld) -> None:
    big = "".join(f"流表 {n}\n" for n in range(60_000))
    world.commands["dump"] = lambda argv, emit: ExecResult(big, "", 0)
    assert (
        kubectl("-n", "kube-system", "exec", "-i", "ovs-ovn-1", "--", "dump", stdin="x" * 5000).stdout == big
    )


def test_exec_without_the_binary_fails(kubectl: Kubectl) -> None:
    done = kubectl("-n", "kube-system", "exec", "ovs-ovn-1", "--", "nope", ok=False)
    assert "executable file not found" in done.stderr


def test_logs(kubectl: Kubectl) -> None:
    assert kubectl("-n", "kube-system", "logs", "ovs-ovn-1", "--tail", "2").stdout == "line 99\nline 100\n"
    assert "previous terminated" in kubectl("-n", "kube-system", "logs", "ovs-ovn-1", "-p", ok=False).stderr


def test_a_server_side_dry_run_changes_nothing(kubectl: Kubectl, world: ScriptedWorld) -> None:
    patch = json.dumps({"spec": {"mtu": 1400}})
    argv = ("patch", "subnet", "ovn-default", "--type", "merge", "-p", patch)
    assert json.loads(kubectl(*argv, "--dry-run=server", "-o", "json").stdout)["spec"]["mtu"] == 1400
    assert "mtu" not in world.store.get(SUBNETS, "ovn-default")["spec"]
    kubectl(*argv)
    assert world.store.get(SUBNETS, "ovn-default")["spec"]["mtu"] == 1400


def test_core_kinds_take_strategic_patches(kubectl: Kubectl, world: ScriptedWorld) -> None:
    patch = json.dumps({"spec": {"containers": [{"name": "openvswitch", "image": "new"}]}})
    kubectl("-n", "kube-system", "patch", "pod", "ovs-ovn-1", "-p", patch)
    kubectl("-n", "kube-system", "label", "pod", "ovs-ovn-1", "tier=x")
    kubectl("-n", "kube-system", "annotate", "pod", "ovs-ovn-1", "note=hallo 流表")
    found = world.store.get(PODS, "ovs-ovn-1", "kube-system")
    assert found["spec"]["containers"] == [{"name": "openvswitch", "image": "new"}]
    assert found["metadata"]["labels"] == {"app": "ovs", "tier": "x"}
    assert found["metadata"]["annotations"] == {"note": "hallo 流表"}


def test_a_delete_waits_for_its_finalizer(kubectl: Kubectl, world: ScriptedWorld) -> None:
    kubectl("patch", "ip", "a.default", "--type", "merge", "-p", '{"metadata":{"finalizers":["kube-ovn"]}}')
    kubectl("delete", "ip", "a.default", "--wait=false")
    assert "deletionTimestamp" in world.store.get(IPS, "a.default")["metadata"]
    waiting = threading.Thread(target=kubectl, args=("wait", "--for=delete", "ip/a.default", "--timeout=20s"))
    waiting.start()
    kubectl(
        "patch", "ip", "a.default", "--type", "json", "-p", '[{"op":"remove","path":"/metadata/finalizers"}]'
    )
    waiting.join(30)
    assert not waiting.is_alive()
    assert world.store.find(IPS, "a.default") is None


def test_wait_sees_conditions_come(kubectl: Kubectl, world: ScriptedWorld) -> None:
    done: list[str] = []

    def wait() -> None:
        done.append(kubectl("wait", "--for=condition=Ready", "subnet/ovn-default", "--timeout=20s").stdout)

    waiting = threading.Thread(target=wait)
    waiting.start()

    def ready(subnet: dict[str, dict[str, object]]) -> None:
        subnet["status"]["conditions"] = [{"type": "Ready", "status": "True"}]

    world.store.modify(SUBNETS, "ovn-default", ready)
    waiting.join(30)
    assert done == ["subnet.kubeovn.io/ovn-default condition met\n"]


def test_apply_creates_and_changes(kubectl: Kubectl) -> None:
    body: dict[str, object] = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "x"},
        "data": {"a": "1"},
    }
    assert "created" in kubectl("apply", "-f", "-", stdin=json.dumps(body)).stdout
    body["data"] = {"a": "2"}
    assert "configured" in kubectl("apply", "-f", "-", stdin=json.dumps(body)).stdout
    assert "unchanged" in kubectl("apply", "-f", "-", stdin=json.dumps(body)).stdout


def test_forbidden_and_missing_read_as_from_a_real_server(kubectl: Kubectl, server: PracticeServer) -> None:
    server.faults.forbid("list", "subnets")
    said = 'subnets.kubeovn.io is forbidden: User "practice-admin" cannot list resource "subnets"'
    assert said in kubectl("get", "subnets", ok=False).stderr
    assert kubectl("auth", "can-i", "list", "subnets", ok=False).stdout.startswith("no")
    assert 'the server doesn\'t have a resource type "widgets"' in kubectl("get", "widgets", ok=False).stderr
    assert 'subnets.kubeovn.io "x" not found' in kubectl("get", "subnet", "x", ok=False).stderr


def test_workloads_scale(kubectl: Kubectl, world: ScriptedWorld) -> None:
    deployments = Resource.parse("apps/v1/deployments")
    body = {
        "metadata": {"name": "web"},
        "spec": {"replicas": 2, "template": {"a": 1}},
        "status": {"replicas": 2},
    }
    world.store.create(deployments, body, namespace="default")
    assert "deployment.apps/web scaled" in kubectl("scale", "deploy/web", "--replicas=5").stdout
    assert world.store.get(deployments, "web", "default")["spec"] == {"replicas": 5, "template": {"a": 1}}
    refused = kubectl("scale", "deploy/web", "--current-replicas=3", "--replicas=1", ok=False)
    assert "Expected replicas to be 3" in refused.stderr
    assert "web    0/5" in kubectl("get", "deploy").stdout
