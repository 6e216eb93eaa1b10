"""One target first: looked at before the others are touched; enough stay up; and the operator may hold or end it."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import pytest

from checks.catalogue import Catalogue
from checks.clock import Control, RealClock
from checks.cluster import ExecResult, Object, Target
from checks.model import CheckSpec, ExecRead, Judgement, Outcome, Result, Row, Verdict
from checks.plans.plan import PlannedWrite
from checks.sessions.journal import MemoryJournal
from checks.walking.access import Access
from checks.walking.walk import Walk
from checks.writing.canary import Question, batches, look_at, target_of
from checks.writing.floor import too_few
from checks.writing.stepevents import CanaryLooked, StepEnded, Waiting, WriteDone
from kb.model import Cause, CheckUse, ExecAction, Guide, Input, Step, Undo, Verify
from kb.text import Text
from tests.checks.dictcluster import DictCluster, said
from tests.checks.incident import ARTICLE, GUIDE, Ovn, cluster_with, run, walk_on


def write(node: str) -> PlannedWrite:
    return PlannedWrite("exec", Text.of("x"), target=Target("a", f"pod-{node}", "c", node))


@pytest.mark.parametrize(
    ("targets", "size", "looked"),
    [
        ("a", 5, []),
        ("aa", 5, [(0, "a")]),
        ("aaaa", 1, [(0, "a")]),
        ("ab", 5, [(0, "a")]),
        ("abcd", 1, [(0, "a"), (1, "b"), (2, "c")]),
        ("abcdefg", 2, [(0, "a"), (2, "bc"), (4, "de")]),
        ("aab", 3, [(1, "a")]),
        ("abcdef", 0, [(0, "a"), (1, "b"), (2, "c"), (3, "d"), (4, "e")]),
    ],
)
def test_the_first_alone_then_batches_and_never_the_last(
    targets: str, size: int, looked: list[tuple[int, str]]
) -> None:
    found = batches([write(name) for name in targets], size)
    assert [(index, "".join(names)) for index, names in found] == looked


def test_a_target_is_called_as_rows_are() -> None:
    assert target_of(write("n1")) == "n1"
    assert target_of(PlannedWrite("exec", Text(), target=Target("a", "p", "c"))) == "p"
    assert target_of(PlannedWrite("delete", Text(), name="ip-1")) == "ip-1"


def result(**rows: Verdict) -> Result:
    found = tuple(Row(name, verdict, Text.of(f"{name} is {verdict}")) for name, verdict in rows.items())
    return Result("c", "c", Text(), Judgement(Verdict.FAIL, Text(), rows=found), (), 0.0, 0)


def looked(verify: Verify, answers: list[Result], *targets: str) -> tuple[list[bool | None], Text | None]:
    given: Iterator[Result] = iter(answers)
    last: list[Result] = []

    def look(names: tuple[str, ...]) -> Mapping[str, Result]:
        last[:] = [next(given, last[0] if last else answers[-1])]
        return dict.fromkeys(names, last[0])

    events, why = [], None
    steps = look_at(Question(GUIDE, verify, targets), look, pace=0.001, clock=RealClock(), stop=None)
    while True:
        try:
            events.append(next(steps))
        except StopIteration as end:
            why = end.value
            break
    return [event.good for event in events if isinstance(event, CanaryLooked)], why


def test_only_the_rows_of_what_was_touched_count() -> None:
    verify = Verify("c", within=10)
    assert looked(verify, [result(a=Verdict.OK, b=Verdict.FAIL)], "a") == ([True], None)
    assert looked(verify, [result(a=Verdict.FAIL), result(a=Verdict.OK)], "a") == ([True], None)


@pytest.mark.parametrize("verdict", [Verdict.FAIL, Verdict.UNKNOWN])
def test_what_does_not_get_better_or_cannot_be_seen_stops_the_rest(verdict: Verdict) -> None:
    told, why = looked(Verify("c", within=5), [result(a=Verdict.OK, b=verdict)], "a", "b")
    assert told == [False]
    assert why is not None
    assert f"b is {verdict}" in why.en


def test_a_check_that_tells_no_targets_apart_says_so() -> None:
    assert looked(Verify("c"), [result()], "a") == ([None], None)
    assert looked(Verify("c", when="true"), [result(a=Verdict.OK)], "a") == ([None], None)


def pod(name: str, ready: bool = True) -> Object:
    status = {"phase": "Running", "conditions": [{"type": "Ready", "status": str(ready)}]}
    return {"metadata": {"name": name, "uid": name}, "status": status}


@pytest.mark.parametrize(
    ("role", "ready", "goes"),
    [
        ("ovn-central", "111", True),
        ("ovn-central", "110", False),
        ("ovn-nb-leader", "11110", True),
        ("ovn-nb-leader", "11100", False),
        ("ovn-central", "1", True),
        ("ovn-central", "11", False),
        ("ovn-central", "011", True),
        ("ovs@n1", "1100", False),
        ("ovs@n1", "1110", True),
        ("controller", "1", True),
    ],
)
def test_enough_stay_up(role: str, ready: str, goes: bool) -> None:
    """The first pod is the one that would go."""
    peers = [pod(f"p{n}", sign == "1") for n, sign in enumerate(ready)]
    assert (too_few(peers[0], peers, role) is None) is goes


@pytest.fixture
def cluster() -> DictCluster:
    return cluster_with(Ovn())


def test_a_held_step_sends_nothing_until_it_may_go_on(cluster: DictCluster) -> None:
    walk, control = walk_on(cluster), Control()
    run(walk, "stop")
    events = walk.run(walk.plan("purge", walk.proposed("purge")), typed="y", stop=control)
    while not isinstance(next(events), WriteDone):
        pass
    control.hold()
    sent = list(cluster.writes)
    waited: Any = next(event for event in events if not isinstance(event, CanaryLooked))
    assert isinstance(waited, Waiting)
    assert waited.what.en.startswith("Paused")
    assert cluster.writes == sent
    control.go_on()
    assert list(events)[-1] == StepEnded("purge", "done", walk.record_of("purge").message)
    assert len(cluster.writes) > len(sent)


def test_a_held_step_can_be_ended(cluster: DictCluster) -> None:
    walk, control = walk_on(cluster), Control()
    run(walk, "stop")
    events = walk.run(walk.plan("purge", walk.proposed("purge")), typed="y", stop=control)
    while not isinstance(next(events), WriteDone):
        pass
    control.hold()
    threading.Timer(0.05, control.set).start()
    ended = list(events)[-1]
    assert isinstance(ended, StepEnded)
    assert ended.state == "failed"
    assert "1 of 2" in ended.message.en


def test_a_condition_over_the_items_is_asked_about_those_touched() -> None:
    """``inputs.nodes`` are the nodes worked on so far; a condition that speaks of the whole cannot be asked."""
    verify = Verify("c", when='inputs.nodes.all(n, n != "b")', within=2)
    for items, wanted in ((["a"], [True]), (["a", "b"], [False])):
        question = Question(GUIDE, verify, ("a",), {"nodes": items}, "nodes")
        steps = look_at(question, lambda names: {}, pace=0.001, clock=RealClock(), stop=None)
        assert [event.good for event in steps if isinstance(event, CanaryLooked)] == wanted


PROBE = ("ovs-vsctl", "get", "open", ".", "external_ids:probe")
SHORT = CheckSpec(
    id="t.short", title=Text("short"), why=Text("w"), path="", line=0, each="probe",
    reads={"probe": ExecRead("ovs", PROBE, {"regex": r"(?P<ms>\d+)"})}, measure={"ms": "probe.ms"}, value="ms",
    outcomes=(Outcome(Verdict.FAIL, Text("{ms} ms"), "ms < 1000"), Outcome(Verdict.OK, Text("{ms} ms"))),
)  # fmt: skip
LONGER = Step(
    "longer", Text("Longer"), Text(), Text(),
    ExecAction("ovs@{item.target}", ("ovs-vsctl", "set", "open", ".", "external_ids:probe=9000"), each="nodes"),
    Undo(Text("No way back.")), verify=Verify("short", within=5),
    inputs=(Input("nodes", Text("nodes"), "rows", many=True, source="short.rows", label="{target}", default="$all"),),
)  # fmt: skip


@pytest.mark.parametrize("sticks", [True, False])
def test_the_first_node_is_looked_at_before_the_second_is_touched(sticks: bool) -> None:
    """Where the change does not stick on the first node the second is left alone; the journal says what was seen."""
    probes = {"node-1": 500, "node-2": 500}

    def command(argv: tuple[str, ...], node: str) -> ExecResult:
        if "set" in argv and sticks:
            probes[node] = 9000
        return said(f'"{probes[node]}"\n' if "get" in argv else "")

    cluster = cluster_with(Ovn())
    cluster.command = command
    cause = Cause("short", Text("c"), Text(), "", "", ("short",), fix=("longer",))
    guide = Guide("probes", "", {"short": CheckUse("short", "t.short")}, (), (cause,), (LONGER,))
    access = Access()
    access.arm(cluster.info, "TEST-1")
    walk = Walk.open(
        cluster, replace(ARTICLE, guide=guide), Catalogue({SHORT.id: SHORT}),
        journal=MemoryJournal(), access=access,
    )  # fmt: skip
    list(walk.check())
    walk.choose("short")
    plan = walk.plan("longer", walk.proposed("longer"))
    assert [write.target.node for write in plan.commands if write.target] == ["node-1", "node-2"]
    ended = list(walk.run(plan, typed=plan.confirm.expected))[-1]
    assert isinstance(ended, StepEnded)
    assert ended.state == ("done" if sticks else "failed")
    touched = [one[1] for one in cluster.writes]
    assert touched == (["ovs-ovn-1", "ovs-ovn-2"] if sticks else ["ovs-ovn-1"])
    seen = [entry for entry in walk.journal.entries if entry["kind"] == "canary"]
    assert [(entry["targets"], entry["ok"]) for entry in seen] == [(["node-1"], sticks)]
    if not sticks:
        assert "node-1 did not get better (500 ms)" in ended.message.en
