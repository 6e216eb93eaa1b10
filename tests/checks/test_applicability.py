"""Where a check applies: by role, kind and version; what is not known never skips it."""

from __future__ import annotations

from typing import Any

import pytest

from checks.catalogue import Catalogue
from checks.checktests.run import run_test
from checks.checktests.tests import CheckTest, read_tests
from checks.errors import Forbidden, NotFound
from checks.layout import load_layout
from checks.model import CheckSpec, Result
from checks.reports.listing import description
from checks.runner import run_all
from checks.specs.applicability import fits, terms
from checks.specs.shape import Place
from checks.specs.spec import specs_of
from kb import yamlfile
from kb.model import CheckUse
from tests.checks.memory_cluster import MemoryCluster, node, pod, said

LAYOUT = load_layout()


def spec(applies: str, read: str = "pods: {list: {resource: v1/pods}}") -> CheckSpec:
    text = (
        "- id: a.b\n  title: {en: a, zh: 甲}\n  why: {en: a, zh: 甲}\n"
        f"  applies: {applies}\n  reads: {{{read}}}\n"
        "  outcomes: [{verdict: ok, say: {en: fine, zh: 正常}}]\n"
    )
    found, problems = specs_of(yamlfile.parse(text, "x.yaml"), LAYOUT.roles)
    assert not problems, problems
    return found[0]


def ran(one: CheckSpec, objects: dict[str, Any], layout: Any = LAYOUT) -> Result:
    cluster: Any = MemoryCluster(objects, command=lambda pod, argv: said("x\n"))
    return run_all(cluster, [CheckUse("a", "a.b")], Catalogue({"a.b": one}), layout=layout)["a"]


@pytest.mark.parametrize(
    ("version", "constraint", "fit"),
    [
        ((1, 12, 5), ">=1.12", True), ((1, 11, 20), ">=1.12", False), ((1, 12, 0), "<1.12", False),
        ((1, 12, 9), ">1.12", False), ((1, 13, 0), ">1.12", True), ((1, 12, 9), "<=1.12", True),
        ((1, 12, 9), "1.12", True), ((1, 12, 9), "=1.12.8", False), ((1, 12, 9), "!=1.12", False),
        ((1, 13, 4), ">=1.9, <1.13.5", True), ((2, 0, 0), ">=1.9,<1.14", False), ((1, 28, 3), ">=v1.24", True),
    ],
)  # fmt: skip
def test_constraints_compare_as_many_parts_as_they_name(
    version: tuple[int, int, int], constraint: str, fit: bool
) -> None:
    assert fits(version, constraint) is fit


@pytest.mark.parametrize("text", ["", "new", ">=", "~1.2", "1.2.3.4", ">=1.2;<2", ">=1.2,"])
def test_what_is_no_constraint_has_no_terms(text: str) -> None:
    assert terms(text) == ()


@pytest.mark.parametrize(
    ("applies", "codes"),
    [
        ("[ovs]", {"check.type"}),
        ("{layouts: [cilium]}", {"check.choice"}),
        ("{role: ovs}", {"check.unknown-key"}),
        ("{roles: [ovz]}", {"check.unknown-role"}),
        ("{roles: [pinger]}", {"check.applies-role"}),
        ("{kinds: [kubeovn.io/v1/vpcs]}", {"check.applies-kind"}),
        ("{kinds: [kubeovn.io/v1/vips]}", {"check.applies-optional"}),
        ("{kube-ovn: newest, kubernetes: 1.24}", {"check.applies-version", "check.type"}),
    ],
)
def test_mistakes_are_named(applies: str, codes: set[str]) -> None:
    text = (
        "- id: a.b\n  title: {en: a, zh: 甲}\n  why: {en: a, zh: 甲}\n"
        f"  applies: {applies}\n"
        "  reads: {x: {exec: {on: ovs, argv: [cat, /x]}}, v: {list: {resource: kubeovn.io/v1/vips, optional: true}}}\n"
        "  outcomes: [{verdict: ok, say: {en: fine, zh: 正常}}]\n"
    )
    _, problems = specs_of(yamlfile.parse(text, "x.yaml"), LAYOUT.roles)
    assert {problem.code for problem in problems} == codes


def test_a_kind_that_is_not_installed_skips_the_check() -> None:
    one = spec("{kinds: [kubeovn.io/v1/vpcs]}", "vpcs: {list: {resource: kubeovn.io/v1/vpcs}}")
    result = ran(one, {})
    assert (result.verdict, result.judgement.reason) == ("skipped", "")
    assert "kubeovn.io/v1/vpcs is not installed" in result.summary.en
    assert "未安装" in result.summary.zh
    assert ran(one, {"kubeovn.io/v1/vpcs": []}).verdict == "ok"
    assert ran(one, {"kubeovn.io/v1/vpcs": Forbidden("no")}).verdict == "unknown"


def test_a_declared_role_that_nobody_plays_skips_the_check() -> None:
    one = spec("{roles: [pinger]}", "x: {exec: {on: pinger, argv: [cat, /x]}}")
    nodes = [node("n1")]
    assert ran(one, {"v1/pods": [], "v1/nodes": []}).verdict == "skipped"
    assert ran(one, {"v1/pods": [pod("p", "kube-ovn-pinger", "n1")], "v1/nodes": nodes}).verdict == "ok"
    assert ran(one, {"v1/pods": Forbidden("no"), "v1/nodes": nodes}).verdict == "unknown"
    assert (
        ran(spec("{}", "x: {exec: {on: pinger, argv: [cat, /x]}}"), {"v1/pods": [], "v1/nodes": []}).verdict
        == "unknown"
    )


def test_a_role_that_the_layout_does_not_have_skips_the_check_unasked() -> None:
    one = spec("{}", "x: {exec: {on: ovn-nb-leader, argv: [cat, /x]}}")
    result = ran(one, {}, load_layout(preset="openvswitch"))
    assert result.verdict == "skipped"
    assert result.evidence == ()
    assert "ovn-nb-leader" in result.summary.en


def test_a_check_of_another_installation_is_skipped_unasked() -> None:
    result = ran(spec("{layouts: [kube-ovn]}"), {}, load_layout(preset="ovn-kubernetes"))
    assert result.verdict == "skipped"
    assert result.evidence == ()
    assert "ovn-kubernetes" in result.summary.en


def cni(version: str) -> dict[str, Any]:
    found = pod("kube-ovn-cni-a", "kube-ovn-cni", "n1")
    found["spec"]["containers"] = [{"name": "cni-server", "image": f"kubeovn/kube-ovn:{version}"}]
    return found


@pytest.mark.parametrize(("image", "verdict"), [("v1.11.3", "skipped"), ("v1.12.0", "ok"), ("latest", "ok")])
def test_a_version_of_kube_ovn_outside_the_constraint_skips_the_check(image: str, verdict: str) -> None:
    result = ran(spec('{kube-ovn: ">=1.12"}'), {"v1/pods": [cni(image)]})
    assert result.verdict == verdict
    assert ("1.11.3" in result.summary.en) is (verdict == "skipped")


def test_half_an_upgrade_is_enough_for_a_check() -> None:
    assert ran(spec('{kube-ovn: ">=1.12"}'), {"v1/pods": [cni("v1.11.3"), cni("v1.12.0")]}).verdict == "ok"


def test_the_kubelets_speak_for_kubernetes() -> None:
    old = node("n1") | {"status": {"nodeInfo": {"kubeletVersion": "v1.22.17"}}}
    one = spec('{kubernetes: ">=1.24"}')
    assert ran(one, {"v1/pods": [], "v1/nodes": [old]}).verdict == "skipped"
    assert ran(one, {"v1/pods": [], "v1/nodes": NotFound("none")}).verdict == "ok"


def test_a_test_may_say_which_versions_run() -> None:
    one = spec('{kube-ovn: ">=1.12"}')
    text = (
        "- {name: t, kind: other, versions: {kube-ovn: 1.11.3}, facts: {pods: []}, expect: skipped}\n"
        "- {name: u, kind: other, facts: {pods: []}, expect: ok}"
    )
    document = yamlfile.parse(text, "t.yaml")
    problems = list(document.problems)
    tests: tuple[CheckTest, ...] = read_tests(Place(document, (), document.data, problems), one)
    assert not problems
    assert [run_test(one, test, LAYOUT).wrong for test in tests] == [(), ()]


def test_a_description_says_where_a_check_applies() -> None:
    one = spec(
        '{kube-ovn: ">=1.12", kinds: [kubeovn.io/v1/vpcs]}', "vpcs: {list: {resource: kubeovn.io/v1/vpcs}}"
    )
    told = description(one, LAYOUT, "en")["applies"]
    assert told["kinds"] == ["kubeovn.io/v1/vpcs"]
    assert told["versions"] == {"kube-ovn": ">=1.12"}
    assert "only for kube-ovn >=1.12" in told["text"]
