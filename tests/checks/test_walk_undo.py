"""A walk that fails, stops or ends in doubt: what was done is known, never repeated, and given back by an undo."""

from __future__ import annotations

import threading

import pytest

from checks.errors import InDoubt
from checks.plans.plan import PlanError
from checks.sessions.session import fold
from checks.walking.walk import WalkError
from checks.writing.stepevents import Output, StepEnded, WriteDone
from tests.checks.dictcluster import DictCluster
from tests.checks.incident import Ovn, checked, cluster_with, done, run, walk_on


@pytest.fixture
def ovn() -> Ovn:
    return Ovn()


@pytest.fixture
def cluster(ovn: Ovn) -> DictCluster:
    return cluster_with(ovn)


def test_the_first_failure_stops_and_undo_takes_back_only_what_was_done(
    cluster: DictCluster, ovn: Ovn
) -> None:
    """The second batch fails: nothing more is sent, the message is clean, and undo creates the first batch only."""
    walk = walk_on(cluster)
    run(walk, "stop")
    plan = walk.plan("purge", walk.proposed("purge"))
    ovn.refuse = "uuid-3"
    ended = done(walk.run(plan, typed="y"))
    assert ended.state == "failed"
    assert "\x1b" not in ended.message.en
    assert set(ovn.rows) == {"uuid-0", "uuid-3", "uuid-4"}
    ovn.refuse = ""
    undo = walk.plan_undo("purge")
    assert undo.items == 2
    assert done(walk.undo(undo, typed="y")).state == "undone"
    assert len(ovn.rows) == 5


@pytest.mark.parametrize(("verb", "step_id"), [("exec", "stop"), ("patch", "label"), ("delete", "drop")])
def test_a_lost_answer_is_doubt_and_nothing_else(cluster: DictCluster, verb: str, step_id: str) -> None:
    """The write happened or not: klinik says in doubt, refuses to repeat it unasked, and the operator settles it."""
    walk = walk_on(cluster)
    plan = walk.plan(step_id, walk.proposed(step_id))
    cluster.after[verb] = InDoubt("the answer did not come back", sent=True)
    ended = done(walk.run(plan, typed=plan.confirm.expected))
    assert ended.state == "in_doubt"
    assert [step.id for step in walk.in_doubt()] == [step_id]
    with pytest.raises(PlanError, match="in doubt"):
        walk.plan(step_id, {})
    walk.settle(step_id, True, "looked: it is there")
    assert walk.state(step_id) == "done"
    with pytest.raises(WalkError):
        walk.settle(step_id, True, "again")


def test_stopping_takes_effect_between_writes(cluster: DictCluster, ovn: Ovn) -> None:
    """Stopped after the first batch: the second is not sent, and the state says how far it got."""
    walk = walk_on(cluster)
    run(walk, "stop")
    plan = walk.plan("purge", walk.proposed("purge"))
    stop = threading.Event()
    events = []
    for event in walk.run(plan, typed="y", stop=stop):
        events.append(event)
        if isinstance(event, WriteDone):
            stop.set()
    assert isinstance(events[-1], StepEnded)
    assert events[-1].message.en == "Stopped after 1 of 2 writes."
    assert len(ovn.rows) == 3


def test_leaving_in_the_middle_is_written_down(cluster: DictCluster, ovn: Ovn) -> None:
    """A reader that goes away leaves a step in doubt with the answers it got, not a running one."""
    walk = walk_on(cluster)
    run(walk, "stop")
    events = walk.run(walk.plan("purge", walk.proposed("purge")), typed="y")
    for event in events:
        if isinstance(event, Output):
            break
    events.close()  # type: ignore[attr-defined]
    assert walk.state("purge") == "in_doubt"
    assert [command.state for command in walk.record_of("purge").commands] == ["ok"]
    assert fold(walk.journal.entries).step("purge").state == "in_doubt"


def test_giving_a_spec_back_is_as_risky_as_changing_it(cluster: DictCluster) -> None:
    """An undo that patches an object that still exists has the risk of that patch."""
    walk = walk_on(cluster)
    run(walk, "label", subnet="net-a")
    assert walk.plan_undo("label").risk == "low"
    cluster.objects["kubeovn.io/v1/subnets", "", "net-a"]["spec"]["cidrBlock"] = "10.9.0.0/24"
    undo = walk.plan_undo("label")
    assert undo.risk == "disruptive"
    assert undo.confirm.words == ("net-a",)


def test_an_undo_after_a_second_run_gives_back_what_was_there_before_the_first(
    cluster: DictCluster, ovn: Ovn
) -> None:
    """Run twice, the second run saves what the first one wrote; taken back is the state before klinik."""
    ovn.learn = "true"
    walk = walk_on(cluster)
    run(walk, "stop")
    run(walk, "stop")
    assert done(walk.undo(walk.plan_undo("stop"), typed="y")).state == "undone"
    assert ovn.learn == "true"
    with pytest.raises(PlanError):
        walk.plan_undo("stop")


def test_an_undo_after_a_failed_and_a_good_run_restores_the_rows_of_both(
    cluster: DictCluster, ovn: Ovn
) -> None:
    """Half of the rows went with the first run, the others with the second: all of them come back."""
    walk = walk_on(cluster)
    run(walk, "stop")
    before = dict(ovn.rows)
    ovn.refuse = "uuid-4"
    assert run(walk, "purge").state == "failed"
    ovn.refuse = ""
    checked(walk)
    assert run(walk, "purge").state == "done"
    assert ovn.rows == {"uuid-0": "10.0.0.0"}
    assert done(walk.undo(walk.plan_undo("purge"), typed="y")).state == "undone"
    assert ovn.rows == before


def test_a_run_that_sent_nothing_leaves_nothing_to_undo(cluster: DictCluster, ovn: Ovn) -> None:
    """Undone, then begun again and refused at its first write: the run before it is not taken back twice."""
    walk = walk_on(cluster)
    run(walk, "stop")
    run(walk, "purge")
    done(walk.undo(walk.plan_undo("purge"), typed="y"))
    checked(walk)
    ovn.refuse = "uuid-1"
    assert run(walk, "purge").state == "failed"
    with pytest.raises(PlanError):
        walk.plan_undo("purge")


def test_a_plan_made_before_the_doubt_does_not_run_again(cluster: DictCluster, ovn: Ovn) -> None:
    """A step in doubt is looked at and settled first, also where a reviewed plan is at hand; nor is it skipped."""
    walk = walk_on(cluster)
    plan = walk.plan("stop", {})
    events = walk.run(plan, typed="y")
    for event in events:
        if isinstance(event, Output):
            break
    events.close()  # type: ignore[attr-defined]
    assert walk.state("stop") == "in_doubt"
    with pytest.raises(PlanError):
        walk.run(plan, typed="y")
    with pytest.raises(WalkError):
        walk.skip("stop", "never mind")
    assert walk.state("stop") == "in_doubt"


def test_an_undo_in_doubt_that_happened_is_undone(cluster: DictCluster, ovn: Ovn) -> None:
    """Settling the doubt of an undo speaks of the undo, not of the step."""
    ovn.learn = "true"
    walk = walk_on(cluster)
    run(walk, "stop")
    events = walk.undo(walk.plan_undo("stop"), typed="y")
    for event in events:
        if isinstance(event, Output):
            break
    events.close()  # type: ignore[attr-defined]
    assert walk.state("stop") == "in_doubt"
    walk.settle("stop", True, "the option is back")
    assert walk.state("stop") == "undone"
