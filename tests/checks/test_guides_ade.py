"""The guides of incidents (a), (d) and (e): which cause they support on which evidence, and what steps would send."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from checks.catalogue import load_catalogue
from checks.causes import judge_causes
from checks.layout import load_layout
from checks.live import connect
from checks.model import Judgement, Result, Verdict
from checks.plans.inputs import choices
from checks.plans.template import fill_argv, fill_body
from checks.practice.scenario import build_world
from checks.practice.server import PracticeServer
from checks.risk.degrees import effective, risk_of
from checks.specs.guidelint import lint
from checks.walking.walk import Walk
from kb import open_library
from kb.guidefile import load_guide
from kb.model import ExecAction, Guide, ManualAction, PatchAction
from kb.paths import ASSETS
from kb.text import Text
from tests.checks.objects import NOW

CATALOGUE = load_catalogue()
LEAK, STARVED, FILES = "ovn-mac-binding-leak", "ovn-controller-starved", "ovs-too-many-open-files"
GUIDES = (LEAK, STARVED, FILES)


@cache
def guide_of(article: str) -> Guide:
    guide, problems = load_guide(ASSETS / "articles" / article / "guide.yaml", article)
    assert not problems
    assert guide is not None
    return guide


def result(alias: str, verdict: str, value: Any = None, **data: Any) -> Result:
    reason = "forbidden" if verdict == "unknown" else ""
    tables = {key: tuple(rows) for key, rows in data.pop("tables", {}).items()}
    judgement = Judgement(Verdict(verdict), Text("x", "x"), value, reason, data=data, tables=tables)
    return Result(alias, alias, Text("t", "t"), judgement, (), NOW, 1)


def states(article: str, evidence: Mapping[str, Mapping[str, Any]]) -> dict[str, str]:
    results = {alias: result(alias, **dict(given)) for alias, given in evidence.items()}
    return {view.cause.id: view.state for view in judge_causes(guide_of(article), results)}


# --- what the evidence supports -------------------------------------------------------------------------------------

LEAKING: dict[str, dict[str, Any]] = {
    "macs": {"verdict": "fail", "value": 52110, "rows": 52110, "stale": 49010, "stale_share": 0.94},
    "share": {"verdict": "fail", "value": 0.83},
    "flows": {"verdict": "fail", "value": 104233},
    "options": {"verdict": "warn", "value": 1},
    "memory": {"verdict": "fail"},
    "balancers": {"verdict": "ok", "value": 9},
}


def test_stale_rows_are_supported_and_the_alternatives_refuted() -> None:
    """The heavy count of conjunctions is not needed where the share of MAC_Binding flows explains the table."""
    assert states(LEAK, LEAKING) == {
        "stale-mac-bindings": "supported",
        "lb-times-switch": "refuted",
        "ipv6-conjunctions": "refuted",
    }


def test_many_rows_of_live_addresses_do_not_support_a_purge() -> None:
    live = LEAKING | {"macs": {"verdict": "warn", "rows": 9000, "stale": 9, "stale_share": 0.001}}
    assert states(LEAK, live)["stale-mac-bindings"] == "refuted"


def test_without_the_southbound_database_the_cause_stays_alive() -> None:
    assert states(LEAK, LEAKING | {"macs": {"verdict": "unknown"}})["stale-mac-bindings"] == "unknown"
    counted = LEAKING | {"macs": {"verdict": "fail", "rows": 60000}}
    assert states(LEAK, counted)["stale-mac-bindings"] == "unknown"


@pytest.mark.parametrize(
    ("alias", "cause"), [("balancers", "lb-times-switch"), ("conj", "ipv6-conjunctions")]
)
def test_other_reasons_of_a_huge_table_are_found(alias: str, cause: str) -> None:
    few = {"verdict": "ok", "rows": 200, "stale": 3, "stale_share": 0.01}
    calm = {"verdict": "ok", "value": 1}
    evidence = LEAKING | {
        "macs": few,
        "share": {"verdict": "ok", "value": 0.01},
        "conj": calm,
        "balancers": calm,
    }
    evidence[alias] = {"verdict": "fail", "value": 90000}
    supported = [name for name, state in states(LEAK, evidence).items() if state == "supported"]
    assert supported == [cause]


def polls(kind: str) -> dict[str, Any]:
    return {"verdict": "ok" if kind == "none" else "fail", "kind": kind}


OK = {"verdict": "ok"}


@pytest.mark.parametrize(
    ("kind", "steal", "throttle", "cpu", "cause"),
    [
        ("starved", "fail", "ok", "warn", "cpu-not-given"),
        ("starved", "ok", "ok", "fail", "cpu-not-given"),
        ("none", "fail", "ok", "ok", "cpu-not-given"),
        ("starved", "ok", "fail", "fail", "cpu-limit-throttled"),
        ("compute", "ok", "ok", "fail", "busy-recompute"),
    ],
)
def test_starving_throttled_and_busy_are_told_apart(
    kind: str, steal: str, throttle: str, cpu: str, cause: str
) -> None:
    """A platform that reports no steal is still found by its involuntary switches."""
    verdicts = {"steal": steal, "throttle": throttle, "cpu": cpu}
    evidence = {alias: {"verdict": verdict} for alias, verdict in verdicts.items()} | {"polls": polls(kind)}
    supported = [name for name, state in states(STARVED, evidence).items() if state == "supported"]
    assert supported == [cause]


def test_a_calm_node_refutes_all_three() -> None:
    evidence = {"steal": OK, "throttle": OK, "cpu": OK, "polls": polls("none")}
    assert set(states(STARVED, evidence).values()) == {"refuted"}


def test_no_steal_reported_and_no_logs_read_keeps_starvation_alive() -> None:
    evidence = {"steal": OK, "throttle": OK, "cpu": {"verdict": "fail"}, "polls": {"verdict": "unknown"}}
    assert states(STARVED, evidence)["cpu-not-given"] == "unknown"


def descriptors(**changes: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {
        "fds": {"verdict": "fail", "limit_min": 65535, "max_share": 1.0},
        "sockets": {"verdict": "fail", "growth": 9.0, "leaking": ["node-2"]},
        "flaps": {"verdict": "fail", "flapping": ["a_h"]},
        "dispatch": {"verdict": "ok", "mode": "per-vport"},
        "kinds": {"verdict": "ok", "socket_share": 0.99, "deleted": 0},
    } | changes


def test_a_flapping_port_that_leaks_is_the_only_cause() -> None:
    assert states(FILES, descriptors()) == {
        "flapping-port-leak": "supported",
        "fd-limit-low": "refuted",
        "log-files-held": "refuted",
    }


def test_at_the_limit_nothing_can_grow_and_the_leak_is_still_seen() -> None:
    full = descriptors(sockets={"verdict": "warn", "growth": 0.0, "leaking": []})
    assert states(FILES, full)["flapping-port-leak"] == "supported"


def test_per_cpu_dispatch_rules_the_leak_out() -> None:
    per_cpu = descriptors(dispatch={"verdict": "ok", "mode": "per-cpu"})
    assert states(FILES, per_cpu)["flapping-port-leak"] == "refuted"


def test_a_low_limit_and_held_logs_are_causes_of_their_own() -> None:
    low = descriptors(
        fds={"verdict": "warn", "limit_min": 1024},
        sockets={"verdict": "ok", "growth": 0.0, "leaking": []},
        flaps=OK | {"flapping": []},
    )
    assert states(FILES, low)["fd-limit-low"] == "supported"
    assert states(FILES, low)["flapping-port-leak"] == "open"
    held = low | {"kinds": {"verdict": "warn", "socket_share": 0.1, "deleted": 900}}
    assert states(FILES, held)["log-files-held"] == "supported"


# --- what the steps would do ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("article", GUIDES)
def test_a_guide_is_clean_and_complete(article: str) -> None:
    """Conditions compile and name what checks give; every step says impact, proof, and its way back or why none."""
    guide = guide_of(article)
    assert not [str(p) for p in lint(guide, CATALOGUE, load_layout()) if p.severity == "error"]
    assert {step.id for step in guide.steps} == {step for cause in guide.causes for step in cause.fix}
    for step in guide.steps:
        assert step.impact.en, step.id
        assert step.impact.zh, step.id
        assert step.verify is not None, step.id
        assert step.undo.text.en, step.id
        assert step.undo.text.zh, step.id
    for use in guide.checks.values():
        spec = CATALOGUE.get(use.check)
        assert spec is not None
        assert set(use.params) <= set(spec.params)


@pytest.mark.parametrize(
    ("article", "step", "risk"),
    [
        (LEAK, "stop-learning", "low"),
        (LEAK, "enable-ageing", "disruptive"),
        (LEAK, "purge-bindings", "low"),
        (LEAK, "restart-ovs-ovn", "disruptive"),
        (STARVED, "longer-probe", "low"),
        (STARVED, "restart-ovn-controller", "disruptive"),
        (STARVED, "raise-cpu-limit", "disruptive"),
        (FILES, "stop-flapper", "disruptive"),
        (FILES, "remove-lost-ports", "disruptive"),
        (FILES, "restart-ovs-ovn", "disruptive"),
        (FILES, "reopen-logs", "low"),
    ],
)
def test_the_risk_of_a_step_is_what_the_operator_confirms(article: str, step: str, risk: str) -> None:
    assert effective(guide_of(article).step(step)) == risk


@pytest.mark.parametrize("article", GUIDES)
def test_no_command_of_a_guide_is_unknown_to_the_risk_tables(article: str) -> None:
    """An undo may be no more dangerous than disruptive, and no preview may write."""
    for step in guide_of(article).steps:
        assert risk_of(step.action) != "destructive", step.id
        assert all(risk_of(part.action) != "destructive" for part in step.undo.parts), step.id
        assert step.preview is None or risk_of(step.preview) == "read", step.id
        assert all(risk_of(save.read) == "read" for save in step.saves), step.id


def test_only_routers_whose_door_is_open_are_offered() -> None:
    rows = [
        {"name": "ovn-cluster", "vpc": "ovn-cluster", "open": True, "exempt": False, "restore": "{a=b}"},
        {"name": "edge", "vpc": "edge", "open": False, "exempt": True, "restore": "{a=b}"},
    ]
    spec = guide_of(LEAK).step("stop-learning").inputs[0]
    offered = choices(spec, {"options": result("options", "warn", tables={"routers": rows})}, {})
    assert [choice.value["name"] for choice in offered.options] == ["ovn-cluster"]


def test_a_purge_offers_stale_rows_of_the_chosen_network_only() -> None:
    """`10.16.1` as text would hit 10.16.10.0 too; containment does not."""
    rows = [
        {"ip": "10.16.1.9", "stale": True},
        {"ip": "10.16.10.9", "stale": True},
        {"ip": "10.16.1.8", "stale": False},
        {"ip": "fd00::9", "stale": True},
    ]
    spec = guide_of(LEAK).step("purge-bindings").inputs[1]
    macs = {"macs": result("macs", "fail", tables={"rows": rows})}
    offered = choices(spec, macs, {"prefix": ("10.16.1.0/24",)})
    assert [choice.value["ip"] for choice in offered.options] == ["10.16.1.9"]


def test_the_undo_of_a_purge_gives_every_column_back() -> None:
    action = guide_of(LEAK).step("purge-bindings").undo.parts[0].action
    assert isinstance(action, ExecAction)
    row = {"ip": "fd00::9", "mac": "02:00:00:00:00:01", "logical_port": "vpc-a-net", "datapath": "1c0b-4f4a"}
    assert fill_argv(action.tail, {"item": row}) == (
        "--", "create", "MAC_Binding", 'logical_port="vpc-a-net"', 'ip="fd00::9"', 'mac="02:00:00:00:00:01"',
        "datapath=1c0b-4f4a",
    )  # fmt: skip


def test_a_change_of_the_cpu_limit_is_bound_to_the_container() -> None:
    action = guide_of(STARVED).step("raise-cpu-limit").action
    assert isinstance(action, PatchAction)
    item = {"name": "ovs-ovn", "namespace": "kube-system", "index": 1, "cpu_limit": "1"}
    body = fill_body(action.body, {"item": item, "cpu": "2"})
    assert body[0] == {"op": "test", "path": "/spec/template/spec/containers/1/name", "value": "openvswitch"}
    assert body[1]["path"].startswith("/spec/template/spec/containers/1/")
    assert body[1]["value"] == "2"


def test_debug_logging_is_no_step() -> None:
    """It collects evidence, adds load, and would stay on where klinik dies: the article tells how, by hand."""
    for article in GUIDES:
        for step in guide_of(article).steps:
            if not isinstance(step.action, ManualAction):
                assert "dbg" not in str(step.action)


# --- the articles ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("article", GUIDES)
@pytest.mark.parametrize("lang", ["en", "zh"])
def test_an_article_has_all_sections_and_complete_commands(article: str, lang: str, tmp_path: Path) -> None:
    """At 3 am a command without namespace or container runs in the wrong place."""
    found = open_library([ASSETS], cache_dir=tmp_path).get(article)
    assert found is not None
    text = found.texts[lang]
    kinds = {section.kind for section in text.sections}
    assert kinds >= {
        "symptoms",
        "environment",
        "diagnosis",
        "cause",
        "resolution",
        "workaround",
        "prevention",
        "related",
    }
    blocks = [
        line for section in text.sections for block in section.blocks for line in block.text.splitlines()
    ]
    execs = [line for line in blocks if "kubectl" in line and " exec " in line]
    assert len(execs) >= 8
    for line in execs:
        assert "-n kube-system" in line, line
        assert " -c " in line, line
        assert not line.startswith("$ "), line


@pytest.mark.parametrize(
    ("article", "words"),
    [
        (LEAK, ("流表", "10w", "内存", "MAC_Binding", "mac_binding_age_threshold", "(H)")),
        (STARVED, ("海光", "CPU 100%", "inactivity", "流表缺失", "ENABLE_SSL", "(?)")),
        (FILES, ("Too many open files", "句柄泄漏", "ulimit -n", "per-vport", "5d0c98d1c")),
    ],
)
def test_an_article_holds_the_words_people_type_and_its_doubts(article: str, words: tuple[str, ...]) -> None:
    text = (ASSETS / "articles" / article / "zh.md").read_text(encoding="utf-8")
    for word in words:
        assert word in text.replace("（", "(").replace("）", ")"), word


# --- on the practice cluster ----------------------------------------------------------------------------------------


def test_a_healthy_cluster_supports_no_cause_of_any_guide(tmp_path: Path) -> None:
    library = open_library([ASSETS], cache_dir=tmp_path / "cache")
    with PracticeServer(build_world("healthy", pace=0.02)) as server:
        server.write_kubeconfig(tmp_path / "kubeconfig")
        cluster = connect(kubeconfig=str(tmp_path / "kubeconfig"))
        try:
            for name in GUIDES:
                article = library.get(name)
                assert article is not None
                walk = Walk.open(cluster, article, CATALOGUE, journal_dir=tmp_path / name)
                for _ in walk.check():
                    pass
                seen = {alias: (str(r.verdict), r.summary.en) for alias, r in walk.results.items()}
                assert {view.state for view in walk.causes()} == {"refuted"}, seen
                assert {r.verdict for r in walk.results.values()} <= {Verdict.OK, Verdict.SKIPPED}, seen
                walk.close()
        finally:
            cluster.close()
