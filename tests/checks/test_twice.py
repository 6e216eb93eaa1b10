"""Every shipped command, sent twice to a practice cluster: what the second run does, and that plans say so."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pytest

from checks.cluster import ExecResult, Target
from checks.judges.bindings import restore_words
from checks.layout import load_layout
from checks.live import LiveCluster, connect
from checks.plans.writes import Expander
from checks.practice.server import PracticeServer
from checks.risk.twice import ORDER, Twice, twice
from checks.writing.rehearse import holds, undo_values
from checks.writing.rowsthere import still_missing
from kb.model import ExecAction, Step
from kb.paths import ASSETS
from tests.checks.incident import Ovn, checked, cluster_with, run, walk_on
from tests.checks.killing import article_of
from tests.checks.smallworld import small_world

ARTICLES = sorted(path.parent.name for path in (ASSETS / "articles").rglob("guide.yaml"))
DONE: Mapping[tuple[str, str], Twice] = {
    ("longer-probe", "do"): "same",
    ("longer-probe", "undo"): "same",
    ("restart-ovn-controller", "do"): "again",
    ("stop-learning", "do"): "same",
    ("stop-learning", "undo"): "same",
    ("enable-ageing", "do"): "same",
    ("enable-ageing", "undo"): "same",
    ("purge-bindings", "do"): "same",
    ("purge-bindings", "undo"): "refused",
    ("remove-lost-ports", "do"): "same",
    ("reopen-logs", "do"): "same",
    ("remove-orphan-port", "do"): "same",
}
"""What the second run of every shipped command does; a command that is not listed here has not been tried."""
TABLES = {
    "ovn-nb-leader": ("ovn-nbctl", ("NB_Global", "Logical_Router", "Logical_Switch_Port")),
    "ovn-sb-leader": ("ovn-sbctl", ("MAC_Binding",)),
    "ovs": ("ovs-vsctl", ("Open_vSwitch", "Port", "Interface")),
}
_COUNTED = ("statistics", "status", "cur_cfg", "next_cfg", "nb_cfg", "sb_cfg", "hv_cfg", "timestamp")


def commands(article: str) -> dict[tuple[str, str], list[tuple[str, ExecAction]]]:
    """Every exec of the article by step and purpose, with its condition."""
    guide = article_of(article).guide
    assert guide is not None
    found: dict[tuple[str, str], list[tuple[str, ExecAction]]] = {}
    for step in guide.steps:
        for purpose, when, action in _actions(step):
            if isinstance(action, ExecAction):
                found.setdefault((step.id, purpose), []).append((when, action))
    return found


def _actions(step: Step) -> Iterator[tuple[str, str, Any]]:
    yield "do", "", step.action
    for part in step.undo.parts:
        yield "undo", part.when, part.action


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    """A cluster whose time hardly passes: nothing changes in it but by the commands."""
    path = tmp_path_factory.mktemp("twice") / "kubeconfig"
    with PracticeServer(small_world("mac-binding-leak", pace=20.0)) as server:
        server.write_kubeconfig(path)
        cluster = connect(kubeconfig=str(path))
        yield Bench(cluster)
        cluster.close()


class Bench:
    """A practice cluster, what its databases hold, and values for the slots of the shipped commands."""

    def __init__(self, cluster: LiveCluster) -> None:
        self.cluster = cluster
        self.expander = Expander(cluster, load_layout())

    def run(self, target: Target, *argv: str) -> ExecResult:
        return self.cluster.exec(target.namespace, target.pod, target.container, argv, timeout=30)

    def rows(self, role: str, table: str) -> dict[str, dict[str, Any]]:
        """By uuid, without what counts by itself."""
        program = TABLES[role.partition("@")[0]][0]
        answer = self.run(self.expander.targets(role)[0], program, "--format=json", "list", table)
        assert answer.code == 0, answer.stderr
        body = json.loads(answer.stdout)
        rows = [dict(zip(body["headings"], row, strict=True)) for row in body["data"]]
        return {
            row.pop("_uuid")[1]: {k: v for k, v in row.items() if not k.startswith(_COUNTED)} for row in rows
        }

    def state(self, node: str) -> Any:
        """Everything that the shipped commands write to, and how long each daemon of the node has run."""
        roles = {"ovn-nb-leader": "ovn-nb-leader", "ovn-sb-leader": "ovn-sb-leader", "ovs": f"ovs@{node}"}
        tables = {
            (role, table): sorted(json.dumps(row, sort_keys=True) for row in self.rows(on, table).values())
            for role, on in roles.items()
            for table in TABLES[role][1]
        }
        pid = self.run(self.expander.targets(f"ovs@{node}")[0], "cat", "/var/run/ovn/ovn-controller.pid")
        return tables, pid.stdout

    def twice(self, actions: Sequence[tuple[str, ExecAction]], values: Mapping[str, Any]) -> Twice:
        """Runs the commands and runs them again: the worst that the second run of one of them did."""
        found: list[Twice] = []
        for when, action in actions:
            if not holds(when, undo_values(values, values["saved"])):
                continue
            own = {**values, "ports": values["orphans"]} if "lsp-del" in action.argv else values
            for write in self.expander.expand(action, own):
                assert write.target is not None
                first = self.run(write.target, *write.argv)
                assert first.code == 0, (write.argv, first.stderr)
                before = self.state(values["node"])
                second = self.run(write.target, *write.argv)
                changed = self.state(values["node"]) != before
                found.append("again" if changed else "refused" if second.code else "same")
                assert ORDER.index(twice(write.argv)) >= ORDER.index(found[-1]), (write.argv, second.stderr)
        return max(found, key=ORDER.index)

    def values(self) -> dict[str, Any]:
        """For the slots of all shipped commands."""
        name = str(self.expander.targets("ovs")[0].node)
        router = next(iter(self.rows("ovn-nb-leader", "Logical_Router").values()))
        options = dict(router["options"][1])
        bindings = list(self.rows("ovn-sb-leader", "MAC_Binding").items())[:3]
        port = next(row for row in self.rows(f"ovs@{name}", "Interface").values() if row["type"] == "")
        orphan = next(iter(self.rows("ovn-nb-leader", "Logical_Switch_Port").values()))
        return {
            "node": name,
            "ms": 180000,
            "threshold": 3600,
            "nodes": [{"node": name, "ms": 60000}],
            "routers": [{"name": router["name"], "restore": restore_words(options)}],
            "rows": [
                {"uuid": uuid, **{k: v[1] if k == "datapath" else v for k, v in row.items()}}
                for uuid, row in bindings
            ],
            "ports": [{"node": name, "name": port["name"]}],
            "orphans": [{"name": orphan["name"]}],
            "saved": {"limit": ""},
        }


def test_every_shipped_command_is_known() -> None:
    """A new one has to be tried here before it is shipped."""
    assert {key for article in ARTICLES for key in commands(article)} == set(DONE)


def test_what_a_shipped_command_does_when_it_arrives_twice(bench: Bench) -> None:
    """As the table says; and klinik, which knows only the words, never takes it for better than it is."""
    found: dict[tuple[str, str], Twice] = {}
    for article in ARTICLES:
        values = bench.values()
        for key, actions in commands(article).items():
            found[key] = bench.twice(actions, values)
    assert found == DONE


@pytest.mark.parametrize(
    ("line", "wanted"),
    [
        ("ovn-nbctl --timeout=5 set NB_Global . options:a=b -- lsp-del x", "refused"),
        ("ovn-nbctl --if-exists lsp-del x", "same"),
        ("ovn-nbctl -- --if-exists lsp-del x -- --may-exist ls-add y", "same"),
        ("ovn-nbctl lr-route-add r 0.0.0.0/0 10.0.0.1", "refused"),
        ("ovn-nbctl acl-add a", "refused"),
        ("ovn-nbctl --add-duplicate ls-add a", "again"),
        ("ovn-sbctl destroy MAC_Binding u", "refused"),
        ("ovn-sbctl create MAC_Binding ip=1", "again"),
        ("ovs-vsctl", "again"),
        ("ovs-vsctl emer-reset", "again"),
        ("ovs-appctl -t ovn-controller vlog/set dbg", "same"),
        ("ovn-appctl -t ovn-controller recompute", "again"),
        ("ovn-nbctl lsp-list x", "same"),
        ("systemctl restart kubelet", "again"),
        ("", "again"),
    ],
)
def test_words_say_what_a_second_run_does(line: str, wanted: Twice) -> None:
    """What is not known does everything once more."""
    assert twice(tuple(line.split())) == wanted


def test_a_plan_says_what_would_happen_twice() -> None:
    """Where a second copy would do harm or sound like a failure, it stands in the plan before it is confirmed."""
    walk = walk_on(cluster_with(Ovn()))
    assert not walk.plan("stop", {}).warnings
    run(walk, "stop")
    checked(walk)
    run(walk, "purge")
    (warning,) = walk.plan_undo("purge").warnings
    assert "a second time" in warning.en
    assert "create" in warning.en
    assert "再执行一次" in warning.zh


def test_rows_that_are_back_are_recognised_in_what_the_tool_prints(bench: Bench) -> None:
    """Of three deleted rows one was created again: two are missing, however the shipped command quotes their values."""
    values = bench.values()
    ((_, do),) = commands("ovn-mac-binding-leak")["purge-bindings", "do"]
    ((_, undo),) = commands("ovn-mac-binding-leak")["purge-bindings", "undo"]
    assert still_missing(bench.cluster, bench.expander, undo, values)["rows"] == []
    for write in bench.expander.expand(do, values):
        assert write.target is not None
        assert bench.run(write.target, *write.argv).code == 0
    assert still_missing(bench.cluster, bench.expander, undo, values)["rows"] == values["rows"]
    for write in bench.expander.expand(undo, {**values, "rows": values["rows"][:1]}):
        assert write.target is not None
        assert bench.run(write.target, *write.argv).code == 0
    assert still_missing(bench.cluster, bench.expander, undo, values)["rows"] == values["rows"][1:]
