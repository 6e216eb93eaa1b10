"""Judges of addresses: what a version is, capacity, recount and range; and objects that make no sense."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checks.judges import addresses
from checks.judges.versions import kube_ovn_finalizer, parse_version, running_versions
from checks.model import ListRead, Verdict
from tests.checks.addressworld import CATALOGUE, EIPS, IPS, OVN_EIPS, PODS, SUBNETS, VIPS, run
from tests.checks.objects import answered, cni_pod, eip, failed, ip, judged, listed, obj, subnet

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
