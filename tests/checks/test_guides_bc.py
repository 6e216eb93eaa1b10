"""The guides of incidents (b) and (c): which cause they support on which evidence, and what their steps would send."""

from __future__ import annotations

from functools import cache
from typing import Any

import pytest

from checks.catalogue import load_catalogue
from checks.causes import judge_causes
from checks.model import Result, Verdict
from checks.plans.inputs import choices
from checks.plans.template import fill_argv, fill_body
from checks.risk.degrees import effective
from kb.guidefile import load_guide
from kb.model import DeleteAction, ExecAction, Guide, PatchAction, RestartAction
from kb.paths import ASSETS
from tests.checks.objects import NOW, answered, cni_pod, eip, failed, ip, judged, obj, pod, stamp, subnet

CATALOGUE = load_catalogue()
COUNT, STUCK = "subnet-ip-count-wrong", "subnet-ip-stuck-deleting"
OLD = "kube-ovn-controller"


@cache
def guide_of(article: str) -> Guide:
    guide, problems = load_guide(ASSETS / "articles" / article / "guide.yaml", article)
    assert not problems
    assert guide is not None
    return guide


def healthy(**changes: Any) -> dict[str, Any]:
    """A cluster with a leader, a NAT gateway, a pod and a node, every object counted."""
    lease = obj(
        "kube-ovn-controller",
        metadata={"namespace": "kube-system"},
        spec={"holderIdentity": "c-1", "renewTime": stamp(4)},
    )
    world: dict[str, Any] = {
        "kubeovn.io/v1/subnets": [
            subnet("ext", using=2, available=251),
            subnet("app", "10.1.0.0/24", 2, 251),
        ],
        "kubeovn.io/v1/ips": [
            ip(
                "vpc-nat-gw-gw-0.kube-system",
                "10.0.0.5",
                pod="vpc-nat-gw-gw-0",
                ns="kube-system",
                kind="StatefulSet",
            ),
            ip("web.default", "10.1.0.5", of="app"),
            ip("node-1", "10.1.0.6", of="app", pod="node-1", ns="", node="node-1"),
        ],
        "kubeovn.io/v1/iptables-eips": [eip("e1", "10.0.0.9")],
        "kubeovn.io/v1/vpc-nat-gateways": [obj("gw")],
        "v1/pods": [
            cni_pod(),
            pod("web", switch="app"),
            pod("c-1", "kube-system", switch="", labels={"app": "kube-ovn-controller"}),
        ],
        "apps/v1/statefulsets": [obj("vpc-nat-gw-gw", metadata={"namespace": "kube-system"})],
        "v1/nodes": [obj("node-1")],
        "kubevirt.io/v1/virtualmachines": failed("absent"),
        "coordination.k8s.io/v1/leases": [lease],
        "log": answered({"c-1": []}),
        "previous": failed("invalid", "previous terminated container not found"),
        "ports": answered({"ovn-central-0": []}),
    }
    # An EIP on an OVN Subnet counts only outside OVN in 1.12; this one is external.
    world["kubeovn.io/v1/subnets"][0]["spec"]["provider"] = "net1.kube-system"
    return world | changes


def results(guide: Guide, world: dict[str, Any]) -> dict[str, Result]:
    found = {}
    for alias, use in guide.checks.items():
        spec = CATALOGUE.get(use.check)
        assert spec is not None, use.check
        assert set(use.params) <= set(spec.params), use.check
        found[alias] = Result(use.check, alias, spec.title, judged(spec, world, **use.params), (), NOW, 1)
    return found


def states(article: str, world: dict[str, Any]) -> dict[str, str]:
    guide = guide_of(article)
    return {view.cause.id: view.state for view in judge_causes(guide, results(guide, world))}


def add(
    world: dict[str, Any], resource: str, *items: Any, using: dict[str, int] | None = None
) -> dict[str, Any]:
    """The world with more objects of a kind, and used numbers of Subnets set."""
    world[resource] = [*world.get(resource, []), *items]
    for one in world["kubeovn.io/v1/subnets"]:
        if using and one["metadata"]["name"] in using:
            one["status"]["v4usingIPs"] = using[one["metadata"]["name"]]
    return world


def leaked() -> dict[str, Any]:
    lost = [
        ip(f"vpc-nat-gw-old{n}-0.kube-system", f"10.0.0.{20 + n}", pod=f"vpc-nat-gw-old{n}-0", ns="kube-system",
           kind="StatefulSet")
        for n in range(12)
    ]  # fmt: skip
    return add(healthy(), "kubeovn.io/v1/ips", *lost, using={"ext": 14})


def gone_ip() -> dict[str, Any]:
    held = ip("web-9.default", "10.9.0.5", of="gone", deleted=1200, finalizers=[OLD])
    return add(healthy(), "kubeovn.io/v1/ips", held)


def held_subnet(using: int) -> dict[str, Any]:
    leaving = subnet("old", "10.9.0.0/24", using=using, available=253, deleted=1200, finalizers=[OLD])
    return add(healthy(), "kubeovn.io/v1/subnets", leaving)


def held_eip() -> dict[str, Any]:
    held = eip("e9", "10.8.0.40", "no-gw", of="gone-net", deleted=1200)
    held["metadata"]["finalizers"] = [OLD]
    return add(healthy(), "kubeovn.io/v1/iptables-eips", held)


# --- causes ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("article", [COUNT, STUCK])
def test_on_a_healthy_cluster_every_cause_is_refuted(article: str) -> None:
    assert set(states(article, healthy()).values()) == {"refuted"}


@pytest.mark.parametrize("article", [COUNT, STUCK])
def test_all_checks_of_the_guides_are_well_on_a_healthy_cluster(article: str) -> None:
    guide = guide_of(article)
    bad = {a: r.verdict for a, r in results(guide, healthy()).items() if r.verdict not in ("ok", "skipped")}
    assert not bad


@pytest.mark.parametrize(
    ("article", "world", "cause"),
    [
        (COUNT, leaked(), "leaked-ip-objects"),
        (COUNT, add(healthy(), "kubeovn.io/v1/ips", using={"ext": 300}), "stale-subnet-status"),
        (
            COUNT,
            add(healthy(), "kubeovn.io/v1/iptables-eips", eip("e2", "10.0.0.5"), using={"ext": 3}),
            "double-counted",
        ),
        (STUCK, gone_ip(), "ip-held-subnet-gone"),
        (STUCK, held_subnet(0), "subnet-held-stale-status"),
        (STUCK, held_subnet(7), "subnet-held-stale-status"),
        (STUCK, held_eip(), "eip-held-subnet-gone"),
    ],
    ids=["leaked", "stale", "double", "scenario-a", "scenario-b-zero", "scenario-b-stale", "eip"],
)
def test_exactly_the_cause_of_the_evidence_is_supported(
    article: str, world: dict[str, Any], cause: str
) -> None:
    found = states(article, world)
    assert [name for name, state in found.items() if state == "supported"] == [cause]
    assert "unknown" not in found.values()


def test_a_subnet_that_is_really_full_is_told_from_leaks() -> None:
    world = healthy()
    world["kubeovn.io/v1/subnets"].append(subnet("tiny", "10.5.0.0/30", using=1, available=0))
    world = add(world, "kubeovn.io/v1/ips", ip("web.default", "10.5.0.2", of="tiny"))
    found = states(COUNT, world)
    assert [name for name, state in found.items() if state == "supported"] == ["really-full"]


def test_a_duplicate_beside_a_leak_is_left_open_because_the_leak_is_upstream() -> None:
    world = add(leaked(), "kubeovn.io/v1/iptables-eips", eip("e2", "10.0.0.21"), using={"ext": 15})
    found = states(COUNT, world)
    assert found["leaked-ip-objects"] == "supported"
    assert found["double-counted"] == "open"
    assert list(found).index("leaked-ip-objects") < list(found).index("double-counted")


def test_living_pods_on_a_leaving_subnet_support_protection_only() -> None:
    world = healthy()
    world["kubeovn.io/v1/subnets"][1]["metadata"]["deletionTimestamp"] = stamp(1200)
    found = states(STUCK, world)
    assert [name for name, state in found.items() if state == "supported"] == ["live-pods-protect"]


def test_a_dead_controller_comes_before_everything_it_holds_up() -> None:
    world = gone_ip()
    world["coordination.k8s.io/v1/leases"][0]["spec"]["renewTime"] = stamp(900)
    found = states(STUCK, world)
    assert found["controller-down"] == "supported"
    assert next(iter(found)) == "controller-down"


@pytest.mark.parametrize("reason", ["forbidden", "timeout"])
def test_without_access_causes_stay_alive(reason: str) -> None:
    blind = healthy(**{"kubeovn.io/v1/ips": failed(reason)})
    assert states(COUNT, blind)["leaked-ip-objects"] == "unknown"
    assert states(STUCK, blind)["ip-held-subnet-gone"] == "unknown"
    assert states(STUCK, blind)["controller-down"] == "refuted"


# --- steps ----------------------------------------------------------------------------------------------------------


def proposed(guide: Guide, step_id: str, world: dict[str, Any]) -> list[Any]:
    step, found = guide.step(step_id), results(guide, world)
    (only,) = step.inputs
    return list(choices(only, found, {}).default)


def test_only_orphans_are_proposed_for_deletion() -> None:
    guide = guide_of(COUNT)
    action = guide.step("delete-orphan-ips").action
    assert isinstance(action, DeleteAction)
    names = [row["name"] for row in proposed(guide, "delete-orphan-ips", leaked())]
    assert len(names) == 12
    assert all(name.startswith("vpc-nat-gw-old") for name in names)


def test_an_eip_that_a_rule_uses_is_not_proposed() -> None:
    world = add(
        healthy(),
        "kubeovn.io/v1/iptables-eips",
        eip("lost", "10.0.0.30", "no-gw"),
        eip("used", "10.0.0.31", "no-gw"),
    )
    world["kubeovn.io/v1/iptables-fip-rules"] = [obj("f", spec={"eip": "used"})]
    assert [row["name"] for row in proposed(guide_of(COUNT), "delete-orphan-eips", world)] == ["lost"]


def test_the_finalizer_patch_tests_the_exact_text_and_place() -> None:
    guide = guide_of(STUCK)
    world = gone_ip()
    world["kubeovn.io/v1/ips"][-1]["metadata"]["finalizers"] = ["someone.else/wait", OLD]
    (row,) = proposed(guide, "drop-ip-finalizer", world)
    action = guide.step("drop-ip-finalizer").action
    assert isinstance(action, PatchAction)
    assert fill_body(action.body, {"item": row}) == [
        {"op": "test", "path": "/metadata/finalizers/1", "value": OLD},
        {"op": "remove", "path": "/metadata/finalizers/1"},
    ]


def test_a_protected_object_is_not_proposed_for_letting_go() -> None:
    guide = guide_of(STUCK)
    world = add(gone_ip(), "v1/pods", pod("web-9"))
    assert proposed(guide, "drop-ip-finalizer", world) == []
    busy = add(held_subnet(1), "kubeovn.io/v1/ips", ip("web.default", "10.9.0.7", of="old"))
    assert proposed(guide, "drop-subnet-finalizer", busy) == []


def test_an_eip_is_let_go_only_without_subnet_gateway_and_rules() -> None:
    guide = guide_of(STUCK)
    assert [row["name"] for row in proposed(guide, "drop-eip-finalizer", held_eip())] == ["e9"]
    world = held_eip()
    world["kubeovn.io/v1/iptables-snat-rules"] = [obj("s", spec={"eip": "e9"})]
    assert proposed(guide, "drop-eip-finalizer", world) == []
    assert (
        proposed(guide, "drop-eip-finalizer", add(held_eip(), "kubeovn.io/v1/subnets", subnet("gone-net")))
        == []
    )
    world = add(held_eip(), "kubeovn.io/v1/vpc-nat-gateways", obj("no-gw"))
    assert proposed(guide, "drop-eip-finalizer", world) == []


def test_only_a_subnet_that_says_zero_is_touched_and_each_touch_differs() -> None:
    guide = guide_of(STUCK)
    assert proposed(guide, "nudge-subnet", held_subnet(7)) == []
    action = guide.step("nudge-subnet").action
    assert isinstance(action, PatchAction)
    world, values = held_subnet(0), []
    for _ in range(2):
        (row,) = proposed(guide, "nudge-subnet", world)
        body = fill_body(action.body, {"item": row})
        values.append(body["metadata"]["annotations"]["klinik.io/touched"])
        world["kubeovn.io/v1/subnets"][-1]["metadata"]["annotations"] = body["metadata"]["annotations"]
    assert values == ["time-1", "time-2"]


def test_a_port_is_removed_by_its_name_as_one_word() -> None:
    guide = guide_of(STUCK)
    action = guide.step("remove-orphan-port").action
    assert isinstance(action, ExecAction)
    argv = fill_argv(action.argv, {"item": {"name": "web-9.default; rm"}})
    assert argv[-1] == "web-9.default; rm"


@pytest.mark.parametrize("article", [COUNT, STUCK])
def test_rows_do_not_change_by_themselves(article: str) -> None:
    """A plan is bound to the rows it was made from: a minute later the same cluster must give the same rows."""
    guide = guide_of(article)
    for use in guide.checks.values():
        spec = CATALOGUE.get(use.check)
        assert spec is not None
        world = leaked() if article == COUNT else gone_ip()
        before = judged(spec, world, **use.params).tables
        assert judged(spec, world, at=NOW + 60, **use.params).tables == before


def test_the_risks_are_what_the_actions_are() -> None:
    risks = {step.id: effective(step) for a in (COUNT, STUCK) for step in guide_of(a).steps}
    assert {step for step, risk in risks.items() if risk == "destructive"} == {
        "delete-orphan-ips", "delete-orphan-eips", "drop-ip-finalizer", "drop-subnet-finalizer", "drop-eip-finalizer",
        "remove-orphan-port",
    }  # fmt: skip
    assert risks["restart-controller-leader"] == "disruptive"
    assert risks["nudge-subnet"] == "low"


@pytest.mark.parametrize("article", [COUNT, STUCK])
def test_every_write_has_a_proof_and_says_how_it_is_taken_back(article: str) -> None:
    for step in guide_of(article).steps:
        assert step.verify is not None, step.id
        assert step.undo.text, step.id
        assert step.impact, step.id
        assert step.text.en
        assert step.text.zh
        if isinstance(step.action, RestartAction):
            assert step.action.on == "controller-leader"


@pytest.mark.parametrize("article", [COUNT, STUCK])
def test_every_cause_has_a_way_to_be_refuted_and_a_fix(article: str) -> None:
    for cause in guide_of(article).causes:
        assert cause.supported_when
        assert cause.refuted_when
        assert cause.fix
        assert cause.evidence


def test_verdicts_of_the_symptoms_follow_the_evidence() -> None:
    found = results(guide_of(COUNT), leaked())
    assert found["orphans"].verdict == Verdict.FAIL
    assert found["recount"].verdict == Verdict.OK
    assert found["capacity"].verdict == Verdict.OK
