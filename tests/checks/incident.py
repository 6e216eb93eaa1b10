"""A small incident for tests of walks: routers learn, MAC_Binding rows pile up, one Subnet and one pod to touch."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from checks.catalogue import Catalogue
from checks.cluster import ExecResult, Object
from checks.model import CheckSpec, ExecRead, ListRead, Outcome, Verdict
from checks.plans.plan import Plan
from checks.sessions.journal import MemoryJournal
from checks.walking.access import Access
from checks.walking.walk import Walk
from checks.writing.stepevents import StepEnded, StepEvent
from kb.model import (
    Action,
    Article,
    ArticleText,
    Cause,
    CheckUse,
    DeleteAction,
    ExecAction,
    Guide,
    Input,
    ManualAction,
    PatchAction,
    RecreateAction,
    Requirement,
    RestartAction,
    Save,
    Step,
    Symptom,
    Undo,
    UndoPart,
    Verify,
)
from kb.text import Text
from tests.checks.dictcluster import DictCluster, pod, said

SBCTL = ("ovn-sbctl", "--timeout=30")
NBCTL = ("ovn-nbctl", "--timeout=30")


class Ovn:
    """The databases behind the commands: rows by uuid, and one option of one router."""

    def __init__(self, rows: int = 5) -> None:
        self.rows = {f"uuid-{n}": f"10.0.0.{n}" for n in range(rows)}
        self.live = {"uuid-0"}
        self.learn = ""
        self.refuse = ""
        """Exit with an error when a command holds this word."""

    def command(self, argv: tuple[str, ...], node: str) -> ExecResult:
        if self.refuse and self.refuse in argv:
            return said("", 1, f"{argv[0]}: no such row {self.refuse}\x1b[2J")
        if "--format=json" in argv and "list" in argv:
            data = [[["uuid", uuid], ip] for uuid, ip in self.rows.items()]
            return said(json.dumps({"headings": ["_uuid", "ip"], "data": data}))
        if "MAC_Binding" in argv and "list" in argv:
            return said(
                "".join(f"{u},{ip},{'no' if u in self.live else 'yes'}\n" for u, ip in self.rows.items())
            )
        if "destroy" in argv:
            for word in argv[argv.index("MAC_Binding") + 1 :]:
                self.rows.pop(word, None)
            return said("destroyed\n")
        if "create" in argv:
            wanted = [word.partition("=")[2] for word in argv if word.startswith("ip=")]
            if set(wanted) & set(
                self.rows.values()
            ):  # one row per address, and a transaction is whole or not at all
                return said("", 1, "constraint violation: rows with identical ip")
            self.rows |= {f"uuid-{address.rpartition('.')[2]}": address for address in wanted}
            return said()
        if "get" in argv:
            return said(f"{self.learn}\n" if self.learn else "\n")
        if "set" in argv:
            self.learn = argv[-1].partition("=")[2]
            return said("set\n")
        if "remove" in argv:
            self.learn = ""
            return said()
        return said("", 1, f"unknown command {argv}")


def step(step_id: str, action: Action, **more: Any) -> Step:
    undo = more.pop("undo", Undo(Text("No way back.", "无法撤销。")))
    title = Text(f"Step {step_id}", f"步骤 {step_id}")
    return Step(step_id, title, Text(), Text("Nobody notices."), action, undo, **more)


MACS = CheckSpec(
    id="t.macs",
    title=Text("rows"),
    why=Text("w"),
    path="",
    line=0,
    reads={
        "rows": ExecRead(
            "ovn-sb-leader",
            (*SBCTL, "list", "MAC_Binding"),
            {"csv": ["uuid", "ip", "stale"], "expect": "uuid"},
        )
    },
    measure={
        "table": "rows[0].value",
        "stale": "size(rows[0].value.filter(r, r.stale == 'yes'))",
    },
    outcomes=(
        Outcome(Verdict.FAIL, Text("{stale} stale"), "stale > 0"),
        Outcome(Verdict.OK, Text("{stale} stale")),
    ),
    value="stale",
)
OPTION = CheckSpec(
    id="t.option",
    title=Text("option"),
    why=Text("w"),
    path="",
    line=0,
    reads={
        "learn": ExecRead(
            "ovn-nb-leader", (*NBCTL, "get", "Logical_Router", "lr", "options:always_learn_from_arp_request")
        )
    },
    measure={"learn": "learn[0].value"},
    outcomes=(Outcome(Verdict.OK, Text("off"), "learn == 'false'"), Outcome(Verdict.FAIL, Text("on"))),
    value="learn",
)
NETS = CheckSpec(
    id="t.nets",
    title=Text("subnets"),
    why=Text("w"),
    path="",
    line=0,
    reads={"subnets": ListRead("kubeovn.io/v1/subnets")},
    measure={"names": "subnets.map(s, s.metadata.name)"},
    outcomes=(Outcome(Verdict.OK, Text("fine")),),
)

GUIDE = Guide(
    article="test-article",
    path="",
    checks={
        "macs": CheckUse("macs", "t.macs"),
        "option": CheckUse("option", "t.option"),
        "nets": CheckUse("nets", "t.nets"),
    },
    symptoms=(Symptom("rows", Text("Rows pile up"), ("macs",)),),
    causes=(
        Cause(
            "learning",
            Text("Routers learn"),
            Text(),
            'macs.verdict == "fail"',
            'macs.verdict == "ok"',
            ("macs", "option"),
            fix=("stop", "purge", "label", "drop", "restart", "hand"),
        ),
    ),
    steps=(
        step(
            "stop",
            ExecAction(
                "ovn-nb-leader",
                (*NBCTL, "set", "Logical_Router", "lr", "options:always_learn_from_arp_request=false"),
            ),
            saves=(
                Save(
                    "learn",
                    ExecAction(
                        "ovn-nb-leader",
                        (*NBCTL, "get", "Logical_Router", "lr", "options:always_learn_from_arp_request"),
                    ),
                ),
            ),
            already_done='option.verdict == "ok"',
            preview=ExecAction(
                "ovn-nb-leader",
                (*NBCTL, "get", "Logical_Router", "lr", "options:always_learn_from_arp_request"),
            ),
            verify=Verify("option", within=20, stable_for=2),
            undo=Undo(
                Text("Restores the option", "恢复选项"),
                (
                    UndoPart(
                        ExecAction(
                            "ovn-nb-leader",
                            (
                                *NBCTL,
                                "remove",
                                "Logical_Router",
                                "lr",
                                "options",
                                "always_learn_from_arp_request",
                            ),
                        ),
                        'saved.learn == ""',
                    ),
                    UndoPart(
                        ExecAction(
                            "ovn-nb-leader",
                            (
                                *NBCTL,
                                "set",
                                "Logical_Router",
                                "lr",
                                "options:always_learn_from_arp_request={saved.learn}",
                            ),
                        ),
                        'saved.learn != ""',
                    ),
                ),
            ),
        ),
        step(
            "purge",
            ExecAction(
                "ovn-sb-leader",
                (*SBCTL, "--if-exists", "destroy", "MAC_Binding"),
                each="rows",
                tail=("{item.uuid}",),
                batch=2,
                pause=1,
            ),
            inputs=(
                Input(
                    "rows",
                    Text("rows"),
                    "rows",
                    many=True,
                    source="macs.table",
                    where={"stale": "yes"},
                    label="{ip}",
                    default="$all",
                ),
            ),
            requires=(Requirement('option.verdict == "ok"', Text("Stop learning first", "请先停止学习")),),
            verify=Verify("macs", within=20, stable_for=2),
            undo=Undo(
                Text("Creates the rows again", "重新创建"),
                (
                    UndoPart(
                        ExecAction(
                            "ovn-sb-leader",
                            SBCTL,
                            each="rows",
                            tail=("--", "create", "MAC_Binding", "ip={item.ip}"),
                        )
                    ),
                ),
            ),
        ),
        step(
            "label",
            PatchAction(
                "kubeovn.io/v1/subnets", "{subnet}", {"metadata": {"annotations": {"touched": "yes"}}}
            ),
            inputs=(Input("subnet", Text("subnet"), "choice", source="nets.names", default="$first"),),
            undo=Undo(Text("Takes it away", "移除"), (UndoPart(RecreateAction()),)),
        ),
        step(
            "drop",
            DeleteAction("kubeovn.io/v1/subnets", "{subnet}"),
            inputs=(Input("subnet", Text("subnet"), "choice", source="nets.names", default="$first"),),
            undo=Undo(Text("Creates it again", "重新创建"), (UndoPart(RecreateAction()),)),
        ),
        step(
            "restart", RestartAction("ovs@{node}", timeout=20), inputs=(Input("node", Text("node"), "name"),)
        ),
        step("hand", ManualAction(Text("Go there", "去现场")), verify=Verify("option", within=3)),
    ),
)

TEXT = ArticleText("en", "Test article", "", "", ())
ARTICLE = Article("test-article", {"en": TEXT}, "", guide=GUIDE)
CATALOGUE = Catalogue({spec.id: spec for spec in (MACS, OPTION, NETS)})


def successor(cluster: DictCluster, gone: Object) -> None:
    """What a DaemonSet controller does after its pod is deleted."""
    if gone["metadata"]["name"].startswith("ovs-ovn"):
        cluster.add("v1/pods", pod("ovs-ovn-new", gone["spec"]["nodeName"], app="ovs"))


def cluster_with(ovn: Ovn, **options: Any) -> DictCluster:
    """A cluster with one ovn-central, two ovs-ovn pods and a Subnet."""
    cluster = DictCluster(command=ovn.command, on_delete=successor, **options)
    leader = {"ovn-nb-leader": "true", "ovn-sb-leader": "true"}
    cluster.add("v1/pods", pod("ovn-central-1", "node-1", "ReplicaSet", app="ovn-central", **leader))
    for number in (1, 2):
        cluster.add("v1/pods", pod(f"ovs-ovn-{number}", f"node-{number}", app="ovs"))
        cluster.add("v1/nodes", {"metadata": {"name": f"node-{number}"}})
    cluster.add(
        "kubeovn.io/v1/subnets",
        {
            "apiVersion": "kubeovn.io/v1",
            "kind": "Subnet",
            "metadata": {"name": "net-a", "finalizers": ["keep"]},
            "spec": {"cidrBlock": "10.0.0.0/24"},
            "status": {"v4usingIPs": 3},
        },
    )
    return cluster


def walk_on(cluster: DictCluster, journal_dir: Path | None = None, *, armed: bool = True) -> Walk:
    """A walk with fresh results and the cause chosen; in memory where no folder is given."""
    access = Access()
    if armed:
        access.arm(cluster.info, "TEST-1")
    journal = None if journal_dir else MemoryJournal()
    walk = Walk.open(
        cluster, ARTICLE, CATALOGUE, journal=journal, journal_dir=journal_dir, access=access, operator="chen"
    )
    checked(walk)
    walk.choose("learning")
    return walk


def checked(walk: Walk, names: Iterable[str] | None = None) -> None:
    """Runs the checks to their end."""
    for _ in walk.check(names):
        pass


def done(events: Iterator[StepEvent]) -> StepEnded:
    """Runs a step to its end and returns the last event."""
    last = list(events)[-1]
    assert isinstance(last, StepEnded)
    return last


def run(walk: Walk, step_id: str, **values: Any) -> StepEnded:
    """Plans a step with what is proposed, confirms it and runs it."""
    plan: Plan = walk.plan(step_id, {**walk.proposed(step_id), **values})
    return done(walk.run(plan, typed=plan.confirm.expected))
