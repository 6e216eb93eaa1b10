"""The settings file: what it changes for which context, and every mistake in it named at once."""

from __future__ import annotations

import json
import threading
from pathlib import Path
from typing import Any

import pytest

from checks import spans
from checks.catalogue import load_catalogue
from checks.cluster import ExecResult
from checks.errors import ClusterError
from checks.layout import PRESETS, elsewhere, known_roles, load_layout, placed, resolve
from checks.model import RunFinished
from checks.runner import run, run_all
from checks.settings import Settings, SettingsError, as_data, described, load, recorded
from checks.settings import elsewhere as found_elsewhere
from kb.model import CheckUse
from tests.checks.memory_cluster import MemoryCluster, node, pod, said

WHOLE = """\
layout:
  namespace: kube-ovn
  roles:
    ovs: {container: ovs, labels: {app: my-ovs}}
    bridge: {namespace: mine, labels: {app: bridge}, container: main, per: node}
checks:
  ovs.flow-count: {warn: 80000}
  controller.errors: {signature: no-address}
prometheus: {service: "monitoring/prometheus-k8s:9090"}
contexts:
  prod:
    production: true
    checks:
      ovs.flow-count: {fail: 200000}
    prometheus: {url: "https://prometheus.example/api", token_file: /run/token}
  edge:
    layout: ovn-kubernetes
"""


def settings(folder: Path, text: str, context: str = "") -> Settings:
    file = folder / "config.yaml"
    file.write_text(text, encoding="utf-8")
    return load(file, context)


def problems(folder: Path, text: str) -> dict[int, set[str]]:
    with pytest.raises(SettingsError) as caught:
        settings(folder, text)
    lines: dict[int, set[str]] = {}
    for problem in caught.value.problems:
        lines.setdefault(problem.line, set()).add(problem.code)
    return lines


def test_without_a_file_everything_is_as_shipped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KLINIK_CONFIG_DIR", str(tmp_path))
    found = load()
    assert (found.path, found.layout, found.params, found.prometheus) == ("", load_layout(), {}, None)
    (tmp_path / "config.yaml").write_text("layout: openvswitch\n", encoding="utf-8")
    assert load().layout.preset == "openvswitch"


def test_a_named_file_must_be_there(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"none\.yaml"):
        load(tmp_path / "none.yaml")


def test_what_is_said_for_all_contexts(tmp_path: Path) -> None:
    found = settings(tmp_path, WHOLE, "other")
    roles = found.layout.roles
    assert (roles["ovs"].namespace, roles["ovs"].container, roles["ovs"].labels) == (
        "kube-ovn",
        "ovs",
        {"app": "my-ovs"},
    )
    assert (roles["ovs"].per, roles["cni"].namespace, roles["bridge"].namespace) == (
        "node",
        "kube-ovn",
        "mine",
    )
    assert found.changed == ("ovs", "bridge")
    assert str(found.prometheus) == "monitoring/prometheus-k8s:9090"
    assert found.production is False
    assert "ovs, bridge" in described(found).en


def test_limits_of_what_is_in_flight(tmp_path: Path) -> None:
    """They hold in a run, those of a context in place of the general ones; nonsense is named with its line."""
    text = "limits: {api: 2}\ncontexts:\n  prod: {limits: {exec: 3}}\n"
    catalogue = settings(tmp_path, text, "prod").over(load_catalogue())
    assert catalogue.limits == {"api": 2, "exec": 3}
    full = threading.Barrier(3)

    def command(pod: str, argv: tuple[str, ...]) -> ExecResult:
        full.wait(
            10
        )  # three together, again and again: a fourth would break the count, a third that may not come the wait
        return said("flow_count=500\n")

    pods = [pod(f"ovs-ovn-{n}", "ovs", f"node-{n}") for n in range(9)]
    cluster: Any = MemoryCluster(
        {"v1/pods": pods, "v1/nodes": [node(f"node-{n}") for n in range(9)]}, command=command
    )
    assert run_all(cluster, [CheckUse("flows", "ovs.flow-count")], catalogue)["flows"].verdict == "ok"
    assert cluster.most_at_once == 3
    wrong = "limits:\n  api: 0\n  exec: many\n  else: 3\n"
    assert problems(tmp_path, wrong) == {
        2: {"settings.limit"},
        3: {"settings.limit"},
        4: {"check.unknown-key"},
    }


def test_a_context_adds_to_the_rest(tmp_path: Path) -> None:
    found = settings(tmp_path, WHOLE, "prod")
    assert found.production is True
    assert found.params["ovs.flow-count"] == {"warn": 80000, "fail": 200000}
    assert found.prometheus is not None
    assert (found.prometheus.url, found.prometheus.token_file) == (
        "https://prometheus.example/api",
        "/run/token",
    )
    assert found.layout.roles["cni"].namespace == "kube-ovn"
    edge = settings(tmp_path, WHOLE, "edge")
    assert edge.layout.preset == "ovn-kubernetes"
    assert edge.layout.roles["ovs"].container == "ovn-controller"
    assert edge.params["ovs.flow-count"] == {"warn": 80000}


def test_thresholds_become_the_defaults_of_their_checks(tmp_path: Path) -> None:
    catalogue = settings(tmp_path, WHOLE, "prod").over(load_catalogue())
    assert catalogue.get("ovs.flow-count").params == {"warn": 80000, "fail": 200000}
    assert catalogue.get("controller.errors").params["signature"] == "no-address"
    assert catalogue.layout is not None
    assert catalogue.prometheus is not None


@pytest.mark.parametrize(
    ("checks", "code"),
    [
        ("ovs.flow-cuont: {warn: 3}", "settings.no-check"),
        ("ovs.flow-count: {wran: 3}", "settings.no-param"),
        ("ovs.flow-count: {warn: many}", "settings.param-type"),
        ("ovs.flow-count: {warn: true}", "settings.param-type"),
        ("controller.errors: {signature: 7}", "settings.param-type"),
    ],
)
def test_thresholds_that_fit_no_check_are_named_and_change_nothing(
    tmp_path: Path, checks: str, code: str
) -> None:
    shipped = load_catalogue()
    catalogue = settings(tmp_path, f"checks:\n  {checks}\n").over(shipped)
    added = catalogue.problems[len(shipped.problems) :]
    assert [(p.code, p.line) for p in added] == [(code, 2)]
    assert catalogue.checks == shipped.checks


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("- a", {1: {"check.type"}}),
        ("layuot: x", {1: {"check.unknown-key"}}),
        ("layout: cilium", {1: {"check.choice"}}),
        ("layout: {presets: a, namespace: 3}", {1: {"check.unknown-key", "check.type"}}),
        ("layout:\n  roles: {ovs: {labels: [a]}, new: {per: host}}", {2: {"check.missing", "check.choice"}}),
        ("layout:\n  roles: [ovs]", {2: {"check.type"}}),
        ("checks: [a]", {1: {"check.type"}}),
        ("checks:\n  ovs.flow-count: 3", {2: {"check.type"}}),
        ("prometheus: {}", {1: {"settings.prometheus-one"}}),
        ("prometheus: {service: a, url: b}", {1: {"settings.prometheus-one"}}),
        ("prometheus: {service: here}", {1: {"settings.prometheus-service"}}),
        ("prometheus: {service: a/b, token_file: t}", {1: {"settings.prometheus-token"}}),
        ("prometheus: {url: prometheus:9090}", {1: {"settings.prometheus-url"}}),
        ("watch: soon", {1: {"settings.watch"}}),
        ("watch: 2s", {1: {"settings.watch"}}),
        ("contexts: {a: {watch: 2w}}", {1: {"settings.watch"}}),
        ("production: prod", {1: {"check.type"}}),
        ("contexts: [prod]", {1: {"check.type"}}),
        ("contexts:\n  a: {production: 1}\n  b: {contexts: {}}\n", {2: {"check.type"}, 3: {"check.unknown-key"}}),
        ("a: b: c", {1: {"yaml.syntax"}}),
    ],
)  # fmt: skip
def test_all_mistakes_are_named_with_their_lines_also_of_other_contexts(
    tmp_path: Path, text: str, codes: dict[int, set[str]]
) -> None:
    assert problems(tmp_path, text) == codes


def test_how_often_a_watch_looks_is_set_by_context(tmp_path: Path) -> None:
    text = "watch: 1m30s\ncontexts: {prod: {watch: 5m}, test: {production: false}}\n"
    catalogue = load_catalogue()
    assert [settings(tmp_path, text, name).over(catalogue).watch for name in ("", "prod", "test")] == [
        90,
        300,
        90,
    ]
    assert [spans.shown(seconds) for seconds in (90.0, 300.0, 3600.0, 5.0, 86400.0)] == [
        "90s",
        "5m",
        "1h",
        "5s",
        "24h",
    ]


def test_every_shipped_layout_can_be_read_and_knows_the_nodes_switch() -> None:
    for preset in PRESETS:
        layout = load_layout(preset=preset)
        assert layout.preset == preset
        assert layout.role("ovs").per == "node"
    assert "ovn-nb-leader" in known_roles()


def test_what_a_bundle_keeps_of_the_settings_says_the_same_again(tmp_path: Path) -> None:
    found = settings(tmp_path, WHOLE, "prod")
    kept = json.loads(json.dumps(as_data(found.layout, found.over(load_catalogue()))))
    again = recorded(kept, "prod")
    assert (again.layout.roles, again.layout.preset) == (found.layout.roles, "kube-ovn")
    assert again.params == found.params
    assert again.prometheus is not None
    assert again.prometheus.url == "https://prometheus.example/api"
    assert again.prometheus.token_file == ""
    assert as_data(load_layout(), load_catalogue()) == {}


@pytest.mark.parametrize(
    "data", [[], {"layout": 3}, {"layout": {"roles": {"x": {}}}}, {"contexts": {}}, {"checks": {"a": 1}}]
)
def test_a_bundle_from_anywhere_is_read_with_suspicion(data: Any) -> None:
    with pytest.raises(SettingsError):
        recorded(data, "")


# --- found elsewhere --------------------------------------------------------------------------------------------------


def deployed(*spaces: str) -> list[dict[str, Any]]:
    return [{"metadata": {"name": "kube-ovn-controller", "namespace": space}} for space in spaces]


def test_the_namespace_of_the_controller_is_where_kube_ovn_lives() -> None:
    moved = elsewhere(load_layout(), deployed("kube-ovn"))
    assert moved is not None
    assert moved.namespaces == ("kube-ovn",)


@pytest.mark.parametrize("spaces", [(), ("a", "b"), ("kube-system",), ("",)])
def test_without_one_other_namespace_nothing_moves(spaces: tuple[str, ...]) -> None:
    assert elsewhere(load_layout(), deployed(*spaces)) is None


def test_only_what_nobody_placed_is_moved(tmp_path: Path) -> None:
    assert elsewhere(load_layout(preset="openvswitch"), deployed("kube-ovn")) is None
    layout = settings(tmp_path, "layout: {namespace: network}\n").layout
    cluster: Any = MemoryCluster({"apps/v1/deployments": deployed("kube-ovn")})
    assert placed(cluster, layout) is layout
    assert not cluster.calls


def in_space(space: str, found: dict[str, Any]) -> dict[str, Any]:
    found["metadata"]["namespace"] = space
    return found


def elsewhere_cluster() -> Any:
    pods = [in_space("kube-ovn", pod(f"ovs-ovn-{n}", "ovs", f"node-{n}")) for n in (1, 2)]
    objects: dict[str, list[dict[str, Any]] | ClusterError] = {
        "v1/pods": pods,
        "v1/nodes": [node("node-1"), node("node-2")],
        "apps/v1/deployments": deployed("kube-ovn"),
    }
    return MemoryCluster(objects, command=lambda pod, argv: said("flow_count=500\n"))


def test_a_run_finds_kube_ovn_in_another_namespace() -> None:
    uses = [CheckUse("flows", "ovs.flow-count"), CheckUse("lost", "ovs.flows-present")]
    results = run_all(elsewhere_cluster(), uses, load_catalogue())
    assert {alias: (r.verdict, len(r.judgement.rows)) for alias, r in results.items()} == {
        "flows": ("ok", 2),
        "lost": ("ok", 2),
    }
    assert any({"-n", "kube-ovn"} <= set(one.command) for one in results["flows"].evidence)


def test_a_run_says_where_it_found_kube_ovn() -> None:
    events = list(run(elsewhere_cluster(), [CheckUse("flows", "ovs.flow-count")], load_catalogue()))
    last = events[-1]
    assert isinstance(last, RunFinished)
    assert last.home == "kube-ovn"
    assert "namespace: kube-ovn" in found_elsewhere(last.home, load_layout()).en


def test_a_fix_goes_where_the_checks_found_it() -> None:
    found = resolve(elsewhere_cluster(), load_layout(), "ovs@node-2")
    assert [(target.namespace, target.pod) for target in found] == [("kube-ovn", "ovs-ovn-2")]


def test_nowhere_is_still_nobody() -> None:
    cluster: Any = MemoryCluster({"v1/pods": [], "v1/nodes": [], "apps/v1/deployments": []})
    (result,) = run_all(cluster, [CheckUse("flows", "ovs.flow-count")], load_catalogue()).values()
    assert (result.verdict, result.judgement.reason) == ("unknown", "absent")
