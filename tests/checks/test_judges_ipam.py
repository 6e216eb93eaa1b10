"""Judges of addresses: capacity, recount, orphans, duplicates, and deletions that do not end."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checks.catalogue import load_catalogue
from checks.judges import addresses
from checks.judges.versions import kube_ovn_finalizer, parse_version, running_versions
from checks.model import Judgement, ListRead, Verdict
from tests.checks.objects import answered, cni_pod, eip, failed, ip, judged, listed, obj, pod, subnet

CATALOGUE = load_catalogue()
SUBNETS, IPS, EIPS = "kubeovn.io/v1/subnets", "kubeovn.io/v1/ips", "kubeovn.io/v1/iptables-eips"
GATEWAYS, VIPS, OVN_EIPS = "kubeovn.io/v1/vpc-nat-gateways", "kubeovn.io/v1/vips", "kubeovn.io/v1/ovn-eips"
PODS, SETS, NODES, VMS = "v1/pods", "apps/v1/statefulsets", "v1/nodes", "kubevirt.io/v1/virtualmachines"


def run(check: str, world: dict[str, Any], **params: Any) -> Judgement:
    spec = CATALOGUE.get(check)
    assert spec is not None
    return judged(spec, world, **params)


# --- versions and addresses -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("image", "version"),
    [
        ("kubeovn/kube-ovn:v1.12.27", (1, 12, 27)),
        ("reg.local:5000/a/kube-ovn:v1.9.27-x86@sha256:00ff", (1, 9, 27)),
        ("1.14", (1, 14, 0)),
        ("kube-ovn:latest", None),
        ("reg.local:5000/kube-ovn", None),
        ("kube-ovn@sha256:1234", None),
    ],
)
def test_a_version_is_read_from_the_tag_only(image: str, version: tuple[int, ...] | None) -> None:
    assert parse_version(image) == version


def test_versions_of_an_upgrade_are_told_apart() -> None:
    pods = [cni_pod("v1.13.2"), cni_pod("v1.12.9"), cni_pod("v1.13.2")]
    assert running_versions(pods) == ((1, 12, 9), (1, 13, 2))


def test_the_finalizer_follows_the_version() -> None:
    assert kube_ovn_finalizer((1, 12, 35)) == "kube-ovn-controller"
    assert kube_ovn_finalizer((1, 13, 0)) == "kubeovn.io/kube-ovn-controller"


@pytest.mark.parametrize(
    ("spec", "family", "room"),
    [
        ({"cidrBlock": "10.0.0.0/24", "gateway": "10.0.0.1", "excludeIps": ["10.0.0.1"]}, 4, 253),
        ({"cidrBlock": "10.0.0.0/24", "gateway": "10.0.0.1", "excludeIps": []}, 4, 253),
        ({"cidrBlock": "10.0.0.0/24", "gateway": "10.0.0.1", "excludeIps": ["10.0.0.1..10.0.0.100"]}, 4, 154),
        ({"cidrBlock": "10.0.0.0/24", "excludeIps": ["10.0.0.9..10.0.0.20", "10.0.0.15..10.0.0.30"]}, 4, 232),
        ({"cidrBlock": "10.0.0.0/24", "excludeIps": ["10.0.0.0", "192.168.0.1"]}, 4, 254),
        ({"cidrBlock": "10.0.0.0/24,fd00::/120", "gateway": "10.0.0.1,fd00::1", "excludeIps": []}, 6, 253),
        ({"cidrBlock": "10.0.0.0/31"}, 4, 0),
        ({"cidrBlock": "10.0.0.0/24"}, 6, None),
    ],
)
def test_capacity_leaves_out_what_is_excluded_once(
    spec: dict[str, Any], family: int, room: int | None
) -> None:
    assert addresses.capacity(spec, family) == room


@given(st.sets(st.integers(0, 300), max_size=60))
def test_merging_ranges_keeps_every_address_once(numbers: set[int]) -> None:
    spans = [(n, n + 3) for n in numbers]
    everything = {a for n in numbers for a in range(n, n + 4)}
    assert addresses.count(spans) == len(everything)
    merged = addresses.merged(spans)
    assert all(a[1] + 1 < b[0] for a, b in pairwise(merged))


def test_a_status_range_is_counted_by_address() -> None:
    assert addresses.range_count("10.16.0.2-10.16.0.9,10.16.0.11") == 9
    assert addresses.range_count("") == 0


# --- capacity -------------------------------------------------------------------------------------------------------


def test_more_used_than_the_range_holds_fails() -> None:
    found = run("subnet.capacity", {SUBNETS: [subnet(using=300.0, available=0), subnet("ok", "10.1.0.0/24")]})
    assert found.verdict == Verdict.FAIL
    assert (found.data["over"], found.data["full"]) == (1, 0)
    assert "300" in found.summary.en
    assert "253" in found.summary.zh


def test_a_full_subnet_is_not_called_overcounted() -> None:
    found = run("subnet.capacity", {SUBNETS: [subnet(using=253, available=0)]})
    assert found.verdict == Verdict.FAIL
    assert (found.data["over"], found.data["full"]) == (0, 1)


def test_a_nearly_full_subnet_warns_and_a_roomy_one_is_ok() -> None:
    assert run("subnet.capacity", {SUBNETS: [subnet(using=245, available=8)]}).verdict == Verdict.WARN
    assert run("subnet.capacity", {SUBNETS: [subnet(using=5, available=248)]}).verdict == Verdict.OK


def test_a_subnet_without_numbers_is_unknown_never_ok() -> None:
    found = run("subnet.capacity", {SUBNETS: [subnet(using=None), subnet("b", "10.1.0.0/24")]})
    assert (found.verdict, found.reason) == (Verdict.UNKNOWN, "unparsable")


def test_a_broken_cidr_is_unknown_and_named() -> None:
    found = run("subnet.capacity", {SUBNETS: [subnet(cidr="10.0.0.0/99")]})
    assert found.verdict == Verdict.UNKNOWN


def test_a_refused_list_is_unknown_with_its_reason_and_a_remedy() -> None:
    found = run("subnet.capacity", {SUBNETS: failed("forbidden", "subnets is forbidden")})
    assert (found.verdict, found.reason) == (Verdict.UNKNOWN, "forbidden")
    assert "subnets is forbidden" in found.summary.en
    assert found.remedy.zh


# --- recount --------------------------------------------------------------------------------------------------------


def world(version: str, using: int, **more: Any) -> dict[str, Any]:
    """A Subnet with two IPs (one of them excluded), a reserved and a taken VIP, an EIP and an OVN EIP."""
    one = subnet(using=using, exclude=["10.0.0.1", "10.0.0.50..10.0.0.60"], **more)
    of = {"labels": {"ovn.kubernetes.io/subnet": one["metadata"]["name"]}}
    reserved, taken = ({"labels": of["labels"] | {"ovn.kubernetes.io/ip_reserved": r}} for r in ("", "p"))
    here = one["metadata"]["name"]
    return {
        SUBNETS: [one],
        IPS: [ip("a.default", "10.0.0.5", of=here), ip("b.default", "10.0.0.55", of=here)],
        VIPS: [obj("v1", metadata=reserved), obj("v2", metadata=taken)],
        EIPS: [eip("e1", "10.0.0.7", of=here)],
        OVN_EIPS: [obj("o1", spec={"externalSubnet": here, "v4Ip": "10.0.0.8"}, metadata=of)],
        PODS: [cni_pod(version)],
    }


FOREIGN = {"provider": "net1.default"}


@pytest.mark.parametrize(
    ("version", "more", "right"),
    [
        ("v1.9.27", {}, 2),  # IP objects alone
        ("v1.9.38", {}, 1),  # less those in excludeIps
        ("v1.10.10", {}, 4),  # + every VIP
        ("v1.11.0", {}, 3),  # + reserved VIPs only
        ("v1.11.0", {"name": "ovn-vpc-external-network"}, 4),  # + iptables EIPs of this one Subnet
        ("v1.11.15", {}, 2),
        ("v1.12.0", FOREIGN, 4),  # + iptables EIPs where OVN does not serve
        ("v1.12.4", FOREIGN, 5),  # + OVN EIPs
        ("v1.12.35", {}, 3),
        ("v1.12.35", FOREIGN, 4),
        ("v1.14.9", {}, 2),  # OVN EIPs with a VLAN only
        ("v1.14.9", {"vlan": "v100"}, 3),
        ("v1.15.5", {}, 4),  # everything
    ],
)
def test_the_recount_follows_the_rule_of_the_version(version: str, more: dict[str, Any], right: int) -> None:
    verdicts = {n: run("subnet.recount", world(version, n, **more)).verdict for n in range(8)}
    assert [n for n, verdict in verdicts.items() if verdict == Verdict.OK] == [right]
    assert all(verdict == Verdict.FAIL for n, verdict in verdicts.items() if n != right)


def test_an_excluded_gateway_counts_again_from_1_13() -> None:
    facts = {SUBNETS: [subnet(using=1)], IPS: [ip("gw-holder", "10.0.0.1")], PODS: [cni_pod("v1.13.0")]}
    assert run("subnet.recount", facts).verdict == Verdict.OK
    assert run("subnet.recount", facts | {PODS: [cni_pod("v1.12.35")]}).verdict == Verdict.FAIL


def test_a_status_above_the_objects_is_stale_high() -> None:
    found = run("subnet.recount", world("v1.12.9", 40))
    assert (found.data["stale"], found.data["stale_high"]) == (1, 1)
    assert found.tables["stale"][0]["counted"] == 3


def test_an_unknown_version_is_settled_where_all_rules_agree() -> None:
    same = {SUBNETS: [subnet(using=1)], IPS: [ip("a.default", "10.0.0.5")], PODS: [cni_pod("latest")]}
    assert run("subnet.recount", same).verdict == Verdict.OK
    differ = world("latest", 3)
    found = run("subnet.recount", differ)
    assert found.verdict == Verdict.UNKNOWN
    assert found.remedy.en
    assert run("subnet.recount", world("latest", 40)).verdict == Verdict.FAIL


def test_objects_of_the_last_minute_are_not_held_against_the_status() -> None:
    young = ip("new.default", "10.0.0.9", age=10)
    facts = {SUBNETS: [subnet(using=1)], IPS: [ip("a.default", "10.0.0.5"), young], PODS: [cni_pod()]}
    assert run("subnet.recount", facts).verdict == Verdict.OK


def test_a_leaving_subnet_with_a_stale_status_is_counted_apart() -> None:
    facts = {SUBNETS: [subnet(using=3, deleted=900)], IPS: [], PODS: [cni_pod()]}
    found = run("subnet.recount", facts)
    assert (found.data["stale"], found.data["stale_terminating"]) == (0, 1)


# --- range ----------------------------------------------------------------------------------------------------------


def test_before_1_12_there_is_no_range_to_compare() -> None:
    found = run("subnet.range", {SUBNETS: [subnet(using=4)]})
    assert found.verdict == Verdict.SKIPPED
    assert found.data["larger"] == 0


@pytest.mark.parametrize(
    ("using", "text", "verdict", "kind"),
    [
        (3, "10.0.0.2-10.0.0.4", Verdict.OK, ""),
        (2, "10.0.0.2-10.0.0.4", Verdict.WARN, "larger"),
        (4, "10.0.0.2-10.0.0.4", Verdict.WARN, "smaller"),
        (4, "", Verdict.FAIL, "empty"),
        (4, "rubbish", Verdict.UNKNOWN, None),
    ],
)
def test_range_and_number_must_agree(using: int, text: str, verdict: Verdict, kind: str | None) -> None:
    found = run("subnet.range", {SUBNETS: [subnet(using=using, status={"v4usingIPrange": text})]})
    assert found.verdict == verdict
    if kind:
        assert found.data[kind] == 1


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


# --- hostile objects ------------------------------------------------------------------------------------------------

ODD: list[Any] = [
    {},
    {"metadata": None, "spec": None, "status": None},
    {"metadata": {"labels": None, "annotations": None, "finalizers": None, "ownerReferences": None}},
    {
        "metadata": {"name": "x", "deletionTimestamp": "yesterday", "creationTimestamp": 7},
        "spec": [],
        "status": "?",
    },
    {"metadata": {"name": "y"}, "spec": {"cidrBlock": 5, "excludeIps": "10.0.0.1", "v4IpAddress": 3}},
    {
        "metadata": {"name": "z"},
        "spec": {"cidrBlock": "10.0.0.0/24", "excludeIps": ["b..a"]},
        "status": {"v4usingIPs": "1"},
    },
]
KUBEOVN = [c.id for c in CATALOGUE if c.path.endswith(("ipam.yaml", "controller.yaml", "workloads.yaml"))]


@pytest.mark.parametrize("check", KUBEOVN)
def test_odd_objects_are_judged_without_raising(check: str) -> None:
    spec = CATALOGUE.get(check)
    assert spec is not None
    world: dict[str, Any] = {n: listed(ODD) for n, r in spec.reads.items() if isinstance(r, ListRead)}
    world |= {
        "ports": answered({"c": [{}, {"external_ids": []}]}),
        "log": answered({"c": [{}]}),
        "previous": answered({}),
    }
    found = judged(spec, world)
    assert found.summary.en
    assert found.summary.zh


@pytest.mark.parametrize("check", KUBEOVN)
def test_nothing_readable_is_unknown_with_a_reason_and_a_remedy(check: str) -> None:
    spec = CATALOGUE.get(check)
    assert spec is not None
    found = judged(spec, {name: failed("timeout") for name in spec.reads})
    assert (found.verdict, found.reason) == (Verdict.UNKNOWN, "timeout")
    assert found.remedy.en
    assert found.remedy.zh
