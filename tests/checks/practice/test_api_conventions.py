"""The practice API server refuses what a stock one would: metadata, options, Leases, Events and evictions."""

from __future__ import annotations

from typing import Any

import pytest

from checks.practice.conventions import is_label_value, is_qualified, wrong_meta, wrong_name, wrong_options
from checks.practice.records import micro_time, second_time, wrong_event
from checks.practice.server import PracticeServer
from tests.checks.practice.test_api_http import asker

LEASES = "/apis/coordination.k8s.io/v1/namespaces/kube-system/leases"
EVENTS = "/api/v1/namespaces/kube-system/events"
POD = "/api/v1/namespaces/kube-system/pods/ovs-ovn-1"
SUBNET = "/apis/kubeovn.io/v1/subnets/ovn-default"
STAMP = "2026-01-01T00:00:00.000000Z"


def lease(**spec: Any) -> dict[str, Any]:
    return {"metadata": {"name": "a"}, "spec": spec}


def event(**more: Any) -> dict[str, Any]:
    about = {"kind": "Pod", "namespace": "kube-system", "name": "a"}
    own = {"reportingComponent": "klinik", "reportingInstance": "k", "action": "Fix", "reason": "Fix"}
    return {"metadata": {"name": "a"}, "involvedObject": about, "eventTime": STAMP, **own, **more}


def eviction(**more: Any) -> dict[str, Any]:
    return {
        "apiVersion": "policy/v1",
        "kind": "Eviction",
        "metadata": {"name": "ovs-ovn-1"},
        "deleteOptions": {"dryRun": ["All"]},
    } | more


def meta(**more: Any) -> dict[str, Any]:
    return {"metadata": {"name": "a", **more}}


MERGE = "application/merge-patch+json"


@pytest.mark.parametrize(
    ("method", "path", "body", "code"),
    [
        ("POST", LEASES, lease(holderIdentity="x", leaseDurationSeconds=1, renewTime=STAMP), 201),
        ("POST", LEASES, lease(leaseDurationSeconds=0), 422),
        ("POST", LEASES, lease(leaseDurationSeconds="120"), 400),
        ("POST", LEASES, lease(leaseDurationSeconds=1.5), 400),
        ("POST", LEASES, lease(leaseTransitions=-1), 422),
        ("POST", LEASES, lease(renewTime="2026-01-01T00:00:00Z"), 400),
        ("POST", LEASES, lease(renewTime="2026-13-01T00:00:00.000000Z"), 400),
        ("POST", LEASES, lease(holderIdentity=3), 400),
        ("POST", LEASES, {**lease(), "spec": []}, 400),
        ("POST", f"{LEASES}?fieldManager={'x' * 129}", lease(), 422),
        ("POST", f"{LEASES}?fieldManager=a%07b", lease(), 422),
        ("POST", f"{LEASES}?fieldValidation=Perhaps", lease(), 422),
        ("POST", LEASES, meta(labels={"klinik/kind": "x" * 64}), 422),
        ("POST", LEASES, meta(labels={"klinik/kind": "a/b"}), 422),
        ("POST", LEASES, meta(annotations={"no good": "x"}), 422),
        ("POST", LEASES, meta(annotations={"klinik/target": "x" * 300_000}), 422),
        ("POST", LEASES, meta(ownerReferences=[{"kind": "Pod"}]), 422),
        ("POST", LEASES, meta(namespace="default"), 400),
        ("POST", EVENTS, event(), 201),
        ("POST", EVENTS, event(metadata={"name": "Loose:Name.1"}), 201),
        ("POST", EVENTS, event(metadata={"name": "a/b"}), 422),
        ("POST", EVENTS, event(message="x" * 1025), 422),
        ("POST", EVENTS, event(message="网" * 342), 422),
        ("POST", EVENTS, event(reason="x" * 129), 422),
        ("POST", EVENTS, event(action=""), 422),
        ("POST", EVENTS, event(reportingComponent="not one name"), 422),
        ("POST", EVENTS, event(reportingInstance="x" * 129), 422),
        ("POST", EVENTS, event(eventTime="2026-01-01T00:00:00Z"), 400),
        ("POST", EVENTS, event(firstTimestamp="yesterday"), 400),
        ("POST", EVENTS, event(eventTime=None, involvedObject={"namespace": "default"}), 422),
        ("POST", f"{POD}/eviction", eviction(), 201),
        ("POST", f"{POD}/eviction", eviction(metadata={"name": "another"}), 400),
        ("POST", f"{POD}/eviction", eviction(apiVersion="policy/v1beta1"), 400),
        ("POST", f"{POD}/eviction", eviction(deleteOptions={"dryRun": ["Some"]}), 422),
        ("POST", f"{POD}/eviction", eviction(deleteOptions={"preconditions": {"uid": 7}}), 400),
        ("DELETE", POD, {"kind": "DeleteOptions", "dryRun": ["All"]}, 200),
        ("DELETE", POD, {"kind": "Pod"}, 400),
        ("DELETE", POD, {"propagationPolicy": "Perhaps"}, 422),
        ("DELETE", POD, {"gracePeriodSeconds": "soon"}, 400),
        ("DELETE", POD, {"preconditions": {"resourceVersion": "1"}}, 409),
        ("PATCH", f"{SUBNET}?dryRun=Some", {}, 422),
        ("PATCH", f"{SUBNET}?force=true", {}, 422),
        ("PATCH", SUBNET, {"metadata": {"labels": {"a": "no good"}}}, 422),
        ("PATCH", SUBNET, {"metadata": {"finalizers": ["no good"]}}, 422),
        ("PATCH", SUBNET, {"metadata": {"resourceVersion": "1"}}, 409),
        ("PATCH", SUBNET, {"kind": "Pod"}, 400),
        ("PUT", SUBNET, {"kind": "Subnet", "metadata": {"name": "ovn-default"}}, 422),
        ("PUT", POD, {"kind": "Pod", "metadata": {"name": "ovs-ovn-1"}}, 200),
        ("POST", f"{POD}/eviction", eviction(deleteOptions={"preconditions": {"resourceVersion": "1"}}), 409),
    ],
)
def test_what_a_stock_server_takes_and_refuses(
    server: PracticeServer, method: str, path: str, body: Any, code: int
) -> None:
    content = MERGE if method == "PATCH" else "application/json"
    found, said = asker(server)(path, method, body, Content_Type=content)
    assert found == code, said


def test_the_body_of_a_deletion_says_all_about_it(server: PracticeServer) -> None:
    """With a body the query does not count: a client that asks for a dry run only there deletes."""
    ask = asker(server)
    assert ask(f"{POD}?dryRun=All", "DELETE")[0] == 200
    assert ask(POD)[0] == 200
    assert ask(f"{POD}?dryRun=All", "DELETE", {"kind": "DeleteOptions"})[0] == 200
    assert ask(POD)[0] == 404


def test_what_a_client_says_of_identity_counts_for_nothing(server: PracticeServer) -> None:
    code, made = asker(server)(LEASES, "POST", {"metadata": {"name": "b", "uid": "mine"}})
    assert code == 201
    assert made["metadata"]["uid"] != "mine"


@pytest.mark.parametrize(
    ("plural", "name", "good"),
    [
        ("pods", "a.b-c", True),
        ("pods", "a_b", False),
        ("pods", "x" * 254, False),
        ("services", "1a", False),
        ("namespaces", "a.b", False),
        ("namespaces", "x" * 64, False),
        ("clusterroles", "system:x", True),
        ("events", "..", False),
    ],
)
def test_names_by_kind(plural: str, name: str, good: bool) -> None:
    assert (not wrong_name(plural, name)) is good


def test_keys_values_and_times() -> None:
    assert is_qualified("app.kubernetes.io/managed-by")
    assert not is_qualified("Upper.io/x")
    assert not is_qualified("/x")
    assert not is_qualified("a/b/c")
    assert is_label_value("")
    assert not is_label_value("-x")
    assert not is_label_value("网")
    assert micro_time("2026-01-01T00:00:00.000001+08:00")
    assert not micro_time("2026-01-01T00:00:00.0000001Z")
    assert second_time("2026-01-01T00:00:00.5Z")
    assert not second_time(7)
    two = [{"apiVersion": "v1", "kind": "Pod", "name": n, "uid": n, "controller": True} for n in "ab"]
    assert len(list(wrong_meta({"ownerReferences": two}))) == 1
    assert list(wrong_options({}, apply=True))
    assert not list(wrong_event({"metadata": {"namespace": "default"}, "involvedObject": {"kind": "Node"}}))
