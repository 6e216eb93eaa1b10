"""A run: results as they are ready, whatever happens to single nodes, judges or the run itself."""

from __future__ import annotations

import threading
import time
from typing import Any

from checks.catalogue import Catalogue
from checks.cluster import ExecResult
from checks.errors import Forbidden
from checks.model import (
    CheckFinished,
    CheckSpec,
    CheckStarted,
    ExecRead,
    ListRead,
    Outcome,
    RunFinished,
    RunStarted,
    Verdict,
)
from checks.reports.render import result_json, totals
from checks.runner import run, run_all
from kb.model import CheckUse
from kb.text import Text
from tests.checks.memory_cluster import MemoryCluster, node, pod, said, until

T = Text.of


def counting(id_: str, *argv: str, timeout: float = 5.0, judge: str = "") -> CheckSpec:
    say = Outcome(Verdict.OK, T("{count} here"))
    many = Outcome(Verdict.FAIL, T("{count} is too many"), "count >= params.fail")
    return CheckSpec(
        id=id_, title=T(id_), why=T("why"), path="x.yaml", line=1, params={"fail": 100, "word": "x"},
        reads={"flows": ExecRead("ovs", argv or ("cat", "{word}"), {"regex": r"(?P<n>\d+)"}, timeout=timeout)},
        each="" if judge else "flows", outcomes=() if judge else (many, say),
        measure={} if judge else {"count": "flows.n"},
        value="count", summary=T("up to {value}"), judge=judge,
    )  # fmt: skip


LIST = CheckSpec(
    "nodes.count", T("Nodes"), T("why"), "x.yaml", 1, {"nodes": ListRead("v1/nodes")},
    outcomes=(Outcome(Verdict.OK, T("{n} nodes")),), measure={"n": "size(nodes)"}, value="n",
)  # fmt: skip
CATALOGUE = Catalogue(
    {s.id: s for s in (counting("flows.count"), counting("slow.count", "cat", "slow", timeout=20.0), LIST)}
)


def cluster(**options: Any) -> MemoryCluster:
    names = ["n1", "n2", "n3"]
    objects = {"v1/pods": [pod(f"ovs-{n}", "ovs", n) for n in names], "v1/nodes": [node(n) for n in names]}
    options.setdefault("command", lambda name, argv: said("7"))
    return MemoryCluster(**{"objects": objects, **options})


def use(check: str, alias: str = "", **params: Any) -> CheckUse:
    return CheckUse(alias or check, check, params)


def test_events_tell_the_story_of_a_run() -> None:
    """Started, each check started and finished with its count, finished."""
    events = list(run(cluster(), [use("flows.count", "a"), use("nodes.count", "b")], CATALOGUE))
    assert events[0] == RunStarted(2)
    assert [e.alias for e in events if isinstance(e, CheckStarted)] == ["a", "b"]
    finished = [e for e in events if isinstance(e, CheckFinished)]
    assert [(e.done, e.total) for e in finished] == [(1, 2), (2, 2)]
    assert isinstance(events[-1], RunFinished)


def test_results_carry_verdict_value_and_evidence() -> None:
    """What was asked, of whom, and what came back, raw."""
    found = run_all(cluster(), [use("flows.count", "a", fail=5), use("nodes.count", "b")], CATALOGUE)
    assert (found["a"].verdict, found["a"].judgement.value) == (Verdict.FAIL, 7)
    assert found["a"].summary.en == "up to 7"
    assert [e.text for e in found["a"].evidence] == ["7", "7", "7"]
    assert found["a"].evidence[0].command[:4] == ("kubectl", "-n", "kube-system", "exec")
    assert (found["b"].verdict, found["b"].summary.en) == (Verdict.OK, "3 nodes")


def test_two_uses_of_a_check_differ_in_their_params_only() -> None:
    """One read, two judgements."""
    memory = cluster()
    found = run_all(memory, [use("flows.count", "low", fail=5), use("flows.count", "high")], CATALOGUE)
    assert (found["low"].verdict, found["high"].verdict) == (Verdict.FAIL, Verdict.OK)
    assert memory.calls["exec ovs-n1 cat x"] == 1


def test_results_come_as_they_are_ready() -> None:
    """A check that waits for a silent node does not hold up the others."""

    def command(name: str, argv: tuple[str, ...]) -> ExecResult:
        if argv == ("cat", "slow"):
            memory.hang.wait(20)
        return said("7")

    memory = cluster(command=command)
    events = run(memory, [use("slow.count", "slow"), use("flows.count", "quick")], CATALOGUE)
    first = next(e for e in events if isinstance(e, CheckFinished))
    assert first.result.alias == "quick"
    memory.hang.set()
    rest = [e.result.alias for e in events if isinstance(e, CheckFinished)]
    assert rest == ["slow"]


def test_what_cannot_be_asked_has_a_result_too() -> None:
    """An unknown check, a param that is not there, a param that may not stand in a command: unknown, and said."""
    uses = [
        use("no.such", "a"),
        use("flows.count", "b", fial=1),
        use("flows.count", "c", word="x; rm"),
        use("flows.count", "d"),
    ]
    memory = cluster()
    found = run_all(memory, uses, CATALOGUE)
    assert {alias: (r.verdict, r.judgement.reason) for alias, r in found.items()} == {
        "a": (Verdict.UNKNOWN, "error"),
        "b": (Verdict.UNKNOWN, "error"),
        "c": (Verdict.UNKNOWN, "error"),
        "d": (Verdict.OK, ""),
    }
    assert "no.such" in found["a"].summary.en
    assert "fial" in found["b"].summary.en
    assert not any("rm" in call for call in memory.calls)


def test_a_broken_judge_is_unknown_and_names_itself() -> None:
    """A bug of ours is never a verdict about the cluster, and never ends the run."""
    broken = counting("broken.judge", "cat", "x", judge="no_such_judge")
    found = run_all(cluster(), [use("broken.judge", "a"), use("flows.count", "b")], Catalogue({
        "broken.judge": broken, **CATALOGUE.checks,
    }))  # fmt: skip
    assert (found["a"].verdict, found["a"].judgement.reason) == (Verdict.UNKNOWN, "error")
    assert "no_such_judge" in found["a"].summary.en
    assert found["a"].evidence
    assert found["b"].verdict is Verdict.OK


def test_forbidden_everywhere_is_unknown_everywhere() -> None:
    """With no permission at all a run ends with reasons, not with health."""
    memory = cluster(objects={"v1/pods": Forbidden("pods"), "v1/nodes": Forbidden("nodes")})
    found = run_all(memory, [use("flows.count"), use("nodes.count")], CATALOGUE)
    assert {r.judgement.reason for r in found.values()} == {"forbidden"}
    assert {r.verdict for r in found.values()} == {Verdict.UNKNOWN}
    assert all("forbidden" in e.error for r in found.values() for e in r.evidence)


def test_the_deadline_of_a_run_ends_it() -> None:
    """What has not answered by then is unknown: timeout; what has answered keeps its verdict."""
    memory = cluster(hanging=frozenset({"ovs-n2"}))
    began = time.monotonic()
    found = run_all(memory, [use("slow.count"), use("nodes.count")], CATALOGUE, deadline=0.5)
    assert time.monotonic() - began < 5
    assert found["slow.count"].judgement.reason == "timeout"
    assert found["nodes.count"].verdict is Verdict.OK
    memory.close()


def test_ceasing_to_iterate_cancels() -> None:
    """Closing the generator sends nothing more; calls in flight are abandoned, not waited for."""
    memory = cluster(hanging=frozenset({"ovs-n1", "ovs-n2", "ovs-n3"}))
    events = run(
        memory,
        [use("slow.count", f"a{n}", word=str(n)) for n in range(9)],
        CATALOGUE,
        limits={"exec": 1, "api": 1},
    )
    next(e for e in events if isinstance(e, CheckStarted))
    assert until(lambda: any(c.startswith("exec") for c in memory.calls))
    began = time.monotonic()
    events.close()  # type: ignore[attr-defined]
    assert time.monotonic() - began < 1
    memory.close()
    assert until(lambda: memory.at_once == 0)
    assert sum(n for call, n in memory.calls.items() if call.startswith("exec")) == 1


def test_stop_ends_a_run_at_once() -> None:
    """The event of a screen that moved on; no result is made up for what is missing."""
    memory = cluster(hanging=frozenset({"ovs-n1"}))
    stop = threading.Event()
    events = run(memory, [use("slow.count")], CATALOGUE, stop=stop)
    next(e for e in events if isinstance(e, CheckStarted))
    stop.set()
    assert list(events) == []
    memory.close()


def test_a_result_as_json_has_the_published_shape() -> None:
    """DESIGN.md section 4, in the language that is asked for."""
    found = run_all(cluster(), [use("flows.count", "a")], CATALOGUE)
    document = result_json(found["a"], "zh")
    assert {"id", "verdict", "reason", "value", "summary", "evidence", "took_ms"} <= set(document)
    assert (document["id"], document["verdict"], document["value"]) == ("flows.count", "ok", 7)
    assert document["evidence"][0]["text"] == "7"
    assert totals(found.values()) == {"ok": 1, "warn": 0, "fail": 0, "unknown": 0, "skipped": 0}


def test_an_empty_run_ends() -> None:
    """Nothing wanted, nothing read."""
    memory = cluster()
    assert [type(e) for e in run(memory, [], CATALOGUE)] == [RunStarted, RunFinished]
    assert not memory.calls


def test_a_hundred_nodes_are_judged_quickly() -> None:
    """Thirty checks on a hundred nodes cost little beyond their calls: each distinct command once per node."""
    names = [f"n{i}" for i in range(100)]
    objects = {"v1/pods": [pod(f"ovs-{n}", "ovs", n) for n in names], "v1/nodes": [node(n) for n in names]}
    memory = cluster(objects=objects)
    checks = {f"c.n{i}": counting(f"c.n{i}") for i in range(30)}
    began = time.monotonic()
    found = run_all(memory, [use(name) for name in checks], Catalogue(checks))
    assert time.monotonic() - began < 5
    assert all(len(r.judgement.rows) == 100 for r in found.values())
    assert sum(n for call, n in memory.calls.items() if call.startswith("exec")) == 100
