"""Judges of what is left behind: orphans, duplicates, deletions that do not end, ports without a pod."""

from __future__ import annotations

from typing import Any

import pytest

from checks.model import Verdict
from tests.checks.addressworld import EIPS, GATEWAYS, IPS, NODES, PODS, SETS, SUBNETS, VIPS, VMS, run
from tests.checks.objects import answered, eip, failed, ip, obj, pod, subnet

# --- orphans --------------------------------------------------------------------------------------------------------


def owners(*ips: Any, **more: Any) -> dict[str, Any]:
    base: dict[str, Any] = {
        IPS: list(ips),
        SUBNETS: [subnet()],
        PODS: [pod("web-x"), pod("hosted", host=True)],
        SETS: [obj("db", metadata={"namespace": "default"})],
        NODES: [obj("node-1")],
        VMS: [obj("vm-1", metadata={"namespace": "default"})],
    }
    return base | more


@pytest.mark.parametrize(
    ("candidate", "why"),
    [
        (ip("gone-y.default", "10.0.0.5"), "pod-gone"),
        (ip("hosted.default", "10.0.0.5"), "pod-on-host-network"),
        (
            ip("vpc-nat-gw-g-0.kube-system", "10.0.0.5", ns="kube-system", kind="StatefulSet"),
            "statefulset-gone",
        ),
        (ip("vm-2.default", "10.0.0.5", pod="vm-2", kind="VirtualMachine"), "vm-gone"),
        (ip("node-9", "10.0.0.5", pod="node-9", ns="", node="node-9"), "node-gone"),
    ],
)
def test_an_ip_whose_owner_is_gone_is_an_orphan(candidate: Any, why: str) -> None:
    found = run("subnet.orphan-ips", owners(candidate))
    assert found.verdict == Verdict.WARN
    assert [o["why"] for o in found.tables["orphans"]] == [why]
    assert found.tables["orphans"][0]["address"] == "10.0.0.5"


@pytest.mark.parametrize(
    "candidate",
    [
        ip("web-x.default", "10.0.0.5"),
        ip("db-7.default", "10.0.0.5", pod="db-7", kind="StatefulSet"),
        ip("vm-1.default", "10.0.0.5", pod="vm-1", kind="VirtualMachine"),
        ip("node-1", "10.0.0.5", pod="node-1", ns="", node="node-1"),
        ip("kept.default", "10.0.0.5", labels={"ovn.kubernetes.io/ip_reserved": "true"}),
        ip("u2o-interconnection.vpc.ext", "10.0.0.5", ns=""),
        ip("x", "10.0.0.5", owners=[{"kind": "Subnet", "name": "ext"}]),
        ip("odd", "10.0.0.5", pod="odd", ns="", node="node-1"),
        ip("gone.default", "10.0.0.5", kind="SomethingNew"),
        ip("young.default", "10.0.0.5", age=20),
    ],
    ids=[
        "pod",
        "scaled-down-set",
        "vm",
        "node",
        "reserved",
        "u2o",
        "owned",
        "nobody-named",
        "new-kind",
        "young",
    ],
)
def test_an_ip_that_may_have_an_owner_is_kept(candidate: Any) -> None:
    found = run("subnet.orphan-ips", owners(candidate))
    assert found.verdict == Verdict.OK
    assert not found.tables["orphans"]


def test_an_address_that_a_live_pod_carries_is_never_an_orphan() -> None:
    facts = owners(ip("gone-y.default", "10.0.0.5"), **{PODS: [pod("other", address="10.0.0.5")]})
    assert run("subnet.orphan-ips", facts).verdict == Verdict.OK
    finished = owners(
        ip("gone-y.default", "10.0.0.5"), **{PODS: [pod("o", address="10.0.0.5", phase="Failed")]}
    )
    assert run("subnet.orphan-ips", finished).data["count"] == 1


def test_an_ip_that_is_leaving_is_counted_apart() -> None:
    found = run("subnet.orphan-ips", owners(ip("gone.default", "10.0.0.5", deleted=400)))
    assert (found.data["count"], found.data["leaving"]) == (0, 1)


def test_vm_addresses_are_unknown_where_vms_cannot_be_read() -> None:
    vm = ip("vm-2.default", "10.0.0.5", pod="vm-2", kind="VirtualMachine")
    found = run("subnet.orphan-ips", owners(vm, **{VMS: failed("forbidden")}))
    assert (found.verdict, found.reason) == (Verdict.UNKNOWN, "forbidden")
    without = run("subnet.orphan-ips", owners(ip("web-x.default", "10.0.0.5"), **{VMS: failed("absent")}))
    assert without.verdict == Verdict.OK


def test_pods_that_cannot_be_listed_make_nobody_an_orphan() -> None:
    found = run("subnet.orphan-ips", owners(ip("gone.default", "10.0.0.5"), **{PODS: failed("timeout")}))
    assert (found.verdict, found.reason) == (Verdict.UNKNOWN, "timeout")
    assert not found.tables


def test_many_orphans_fail() -> None:
    many = [ip(f"g-{n}.default", f"10.0.0.{n + 5}") for n in range(10)]
    assert run("subnet.orphan-ips", owners(*many)).verdict == Verdict.FAIL


def test_an_eip_without_a_gateway_is_free_only_when_no_rule_names_it() -> None:
    facts = {
        EIPS: [eip("used", "10.0.0.7", "old"), eip("free", "10.0.0.8", "old"), eip("live", "10.0.0.9", "gw")],
        GATEWAYS: [obj("gw")],
        "kubeovn.io/v1/iptables-dnat-rules": [obj("d1", spec={"eip": "used"})],
    }
    found = run("subnet.orphan-eips", facts)
    assert found.verdict == Verdict.WARN
    assert {o["name"]: o["free"] for o in found.tables["orphans"]} == {"used": False, "free": True}
    assert found.tables["orphans"][1]["used_by"] == "dnat d1"


def test_eips_cannot_be_judged_without_their_gateways() -> None:
    facts = {EIPS: [eip("e", "10.0.0.7")], GATEWAYS: failed("forbidden")}
    assert run("subnet.orphan-eips", facts).verdict == Verdict.UNKNOWN
    assert run("subnet.orphan-eips", {EIPS: [], GATEWAYS: failed("forbidden")}).verdict == Verdict.OK


def test_an_address_in_an_ip_and_an_eip_is_held_twice() -> None:
    facts = {IPS: [ip("a.default", "10.0.0.7"), ip("b.default", "10.0.0.8")], EIPS: [eip("e", "10.0.0.7")]}
    found = run("subnet.duplicate-addresses", facts)
    assert found.verdict == Verdict.FAIL
    assert found.tables["duplicates"][0]["holders"] == "eip/e, ip/a.default"


def test_the_same_address_in_two_subnets_is_no_duplicate() -> None:
    facts = {IPS: [ip("a.default", "10.0.0.7"), ip("b.default", "10.0.0.7", of="other")]}
    assert run("subnet.duplicate-addresses", facts).verdict == Verdict.OK


def test_a_vip_that_a_pod_took_over_is_no_duplicate() -> None:
    taken = obj("v", spec={"subnet": "ext", "v4ip": "10.0.0.7"})
    taken["metadata"]["labels"] = {"ovn.kubernetes.io/ip_reserved": "a"}
    facts = {IPS: [ip("a.default", "10.0.0.7")], VIPS: [taken]}
    assert run("subnet.duplicate-addresses", facts).verdict == Verdict.OK


# --- deletions ------------------------------------------------------------------------------------------------------


def test_an_ip_of_a_vanished_subnet_may_be_let_go() -> None:
    held = ip("p.default", "10.9.0.5", of="gone", deleted=900, finalizers=["other", "kube-ovn-controller"])
    found = run("kubeovn.terminating", owners(held))
    assert found.verdict == Verdict.FAIL
    row = found.tables["ips"][0]
    assert (row["subnet_gone"], row["owner_gone"], row["releasable"]) == (True, True, True)
    assert (row["finalizer"], row["index"]) == ("kube-ovn-controller", 1)
    assert found.data["ips_subnet_gone"] == 1


@pytest.mark.parametrize(
    ("held", "pods"),
    [
        (ip("p.default", "10.0.0.5", deleted=900), []),  # its Subnet exists
        (ip("p.default", "10.9.0.5", of="gone", deleted=900), [pod("p")]),  # its pod lives
        (ip("p.default", "10.9.0.5", of="gone", deleted=900, finalizers=["someone.else/x"]), []),
    ],
    ids=["subnet-there", "pod-there", "foreign-finalizer"],
)
def test_an_ip_that_is_protected_may_not_be_let_go(held: Any, pods: list[Any]) -> None:
    found = run("kubeovn.terminating", owners(held, **{PODS: pods}))
    assert found.verdict == Verdict.FAIL
    assert not found.tables["ips"][0]["releasable"]


def test_nothing_may_be_let_go_while_pods_cannot_be_listed() -> None:
    facts = owners(
        ip("p.default", "10.9.0.5", of="gone", deleted=900),
        **{PODS: failed("forbidden"), SUBNETS: [subnet(using=0, deleted=900)]},
    )
    found = run("kubeovn.terminating", facts)
    assert found.data["ips_subnet_gone"] == 1
    assert (found.data["ips_releasable"], found.data["subnets_releasable"]) == (0, 0)


def test_a_young_deletion_or_one_without_finalizers_is_not_stuck() -> None:
    facts = owners(
        ip("p.default", "10.0.0.5", deleted=100), ip("q.default", "10.0.0.6", deleted=900, finalizers=[])
    )
    found = run("kubeovn.terminating", facts)
    assert found.verdict == Verdict.OK
    assert found.data["young"] == 2


def test_an_empty_terminating_subnet_is_told_from_one_in_use() -> None:
    facts = owners(
        ip("web-x.default", "10.1.0.5", of="used"),
        **{
            SUBNETS: [
                subnet("empty", using=2, deleted=900),
                subnet("zero", using=0, deleted=900),
                subnet("used", using=1, deleted=900),
            ]
        },
    )
    found = run("kubeovn.terminating", facts)
    rows = {r["name"]: r for r in found.tables["subnets"]}
    assert (rows["empty"]["empty"], rows["empty"]["zero"], rows["empty"]["releasable"]) == (True, False, True)
    assert rows["zero"]["zero"] is True
    assert (rows["used"]["empty"], rows["used"]["releasable"]) == (False, False)
    assert (found.data["subnets_empty"], found.data["subnets_zero"], found.data["subnets_in_use"]) == (
        2,
        1,
        1,
    )


def test_the_u2o_gateway_of_a_subnet_is_no_user_of_it() -> None:
    leaving = subnet(using=1, deleted=900, status={"u2oInterconnectionIP": "10.0.0.9"})
    facts = owners(ip("u2o-interconnection.vpc.ext", "10.0.0.9", ns=""), **{SUBNETS: [leaving], PODS: []})
    row = run("kubeovn.terminating", facts).tables["subnets"][0]
    assert (row["empty"], row["zero"]) == (True, True)
    assert run("subnet.live-pods", facts).verdict == Verdict.OK


def test_a_pod_without_an_ip_object_still_protects_its_subnet() -> None:
    facts = owners(**{SUBNETS: [subnet("ext", using=0, deleted=900)]})
    found = run("kubeovn.terminating", facts)
    assert found.tables["subnets"][0]["pods"] == 1
    assert not found.tables["subnets"][0]["releasable"]


def test_a_namespace_held_by_its_own_finalizers_is_stuck() -> None:
    ns = obj("old", deleted=900, spec={"finalizers": ["kubernetes"]}, status={"phase": "Terminating"})
    found = run("kubeovn.terminating", owners(**{"v1/namespaces": [ns]}))
    assert found.data["namespaces"] == 1
    assert found.rows[0].target == "namespace old"


def test_a_kind_that_cannot_be_listed_leaves_the_question_open() -> None:
    found = run("kubeovn.terminating", owners(**{"kubeovn.io/v1/vpcs": failed("forbidden")}))
    assert (found.verdict, found.reason) == (Verdict.UNKNOWN, "forbidden")


def test_living_users_are_named_only_on_leaving_subnets() -> None:
    staying = run("subnet.live-pods", owners(ip("web-x.default", "10.0.0.5")))
    assert (staying.verdict, staying.data["count"]) == (Verdict.OK, 0)
    leaving = run(
        "subnet.live-pods",
        owners(
            ip("web-x.default", "10.0.0.5"), ip("db-1.default", "10.0.0.6", pod="db-1", kind="StatefulSet")
        )
        | {SUBNETS: [subnet(deleted=10)]},
    )
    assert leaving.verdict == Verdict.WARN
    assert [(u["pod"], u["by"]) for u in leaving.tables["users"]] == [("web-x", "pod"), ("db-1", "ip")]


def port(name: str, pod_key: str = "", **ids: str) -> dict[str, Any]:
    return {
        "name": name,
        "type": "",
        "external_ids": {"vendor": "kube-ovn", "pod": pod_key, "ls": "ext", **ids},
    }


def test_only_ports_of_vanished_pods_are_orphans() -> None:
    rows = [
        port("web-x.default", "default/web-x"),
        port("kept.default", "default/kept"),
        port("gone.default", "default/gone"),
        port("node-node-1"),
        port("foreign", "default/gone", vendor="neutron"),
    ]
    rows.append({"name": "ovn-cluster-ext", "type": "router", "external_ids": {}})
    facts = {
        "ports": answered({"ovn-central-0": rows}),
        IPS: [ip("kept.default", "10.0.0.5")],
        PODS: [pod("web-x")],
    }
    found = run("ovn.orphan-ports", facts)
    assert found.verdict == Verdict.WARN
    assert [o["name"] for o in found.tables["orphans"]] == ["gone.default"]


def test_ports_are_unknown_without_the_northbound_database() -> None:
    facts = {"ports": failed("unreachable"), IPS: [], PODS: []}
    assert run("ovn.orphan-ports", facts).verdict == Verdict.UNKNOWN
