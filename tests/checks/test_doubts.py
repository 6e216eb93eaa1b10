"""A step in doubt is looked at: what the cluster shows leans to the truth, whether the write happened or was lost."""

from __future__ import annotations

from dataclasses import replace

import pytest

from checks.cluster import ExecResult
from checks.errors import ClusterError, InDoubt
from checks.sessions.session import Session, StepRecord, TurnChange
from checks.walking.doubts import Doubt, handed_over, look
from checks.walking.walk import Walk
from tests.checks.dictcluster import DictCluster
from tests.checks.incident import Ovn, cluster_with, done, run, walk_on

LOST = InDoubt("the answer did not come back", sent=True)


@pytest.fixture
def ovn() -> Ovn:
    return Ovn()


@pytest.fixture
def cluster(ovn: Ovn) -> DictCluster:
    return cluster_with(ovn)


def lose(cluster: DictCluster, ovn: Ovn, verb: str, *, happened: bool) -> None:
    """The next write of this kind loses its answer, after it happened or before."""
    if happened or verb != "exec":
        (cluster.after if happened else cluster.fail)[verb] = LOST
        return

    def command(argv: tuple[str, ...], node: str) -> ExecResult:
        if {"set", "destroy"} & set(argv):
            raise LOST
        return ovn.command(argv, node)

    cluster.command = command


def doubt(walk: Walk, step: str, **values: object) -> Doubt:
    plan = walk.plan(step, {**walk.proposed(step), **values})
    assert done(walk.run(plan, typed=plan.confirm.expected)).state == "in_doubt"
    return look(walk, step)


@pytest.mark.parametrize("happened", [True, False])
@pytest.mark.parametrize(
    ("verb", "step"),
    [("exec", "stop"), ("exec", "purge"), ("patch", "label"), ("delete", "drop"), ("evict", "restart")],
)
def test_what_is_seen_leans_to_what_happened(
    cluster: DictCluster, ovn: Ovn, verb: str, step: str, happened: bool
) -> None:
    walk = walk_on(cluster)
    if step == "purge":
        run(walk, "stop")
    lose(cluster, ovn, "delete" if verb == "evict" and happened else verb, happened=happened)
    found = doubt(walk, step, **({"node": "node-1"} if step == "restart" else {}))
    assert len(found.open) == 1
    assert found.young
    assert found.leans is happened, [one.text.en for one in found.seen]
    assert walk.state(step) == "in_doubt", "looking settles nothing"


def test_of_a_half_done_list_only_the_rows_without_an_answer_are_looked_at(
    cluster: DictCluster, ovn: Ovn
) -> None:
    """The first batch was answered; the second was lost before it happened."""
    walk = walk_on(cluster)
    run(walk, "stop")
    batches = []

    def command(argv: tuple[str, ...], node: str) -> ExecResult:
        if "destroy" in argv:
            batches.append(argv)
            if len(batches) == 2:
                raise LOST
        return ovn.command(argv, node)

    cluster.command = command
    found = doubt(walk, "purge")
    assert found.leans is False
    assert "2 of the 2 rows" in " ".join(one.text.en for one in found.seen)


def test_what_cannot_be_read_is_said_and_leans_nowhere(cluster: DictCluster) -> None:
    walk = walk_on(cluster)
    cluster.after["patch"] = LOST
    plan = walk.plan("label", walk.proposed("label"))
    done(walk.run(plan, typed="y"))
    cluster.fail["get"] = ClusterError("no route\x1b[2J to host")
    found = look(walk, "label")
    assert found.leans is None
    assert "cannot be looked at" in found.seen[-1].text.en
    assert "\x1b" not in found.seen[-1].text.en


def test_an_undo_in_doubt_is_read_the_other_way_round(cluster: DictCluster, ovn: Ovn) -> None:
    """The option is as it was before the step: the undo took effect."""
    ovn.learn = "true"
    walk = walk_on(cluster)
    run(walk, "stop")
    cluster.after["exec"] = LOST
    assert done(walk.undo(walk.plan_undo("stop"), typed="y")).state == "in_doubt"
    assert look(walk, "stop").leans is True
    ovn.learn = "false"
    assert look(walk, "stop").leans is False


def test_a_hand_over_is_told_until_somebody_goes_on() -> None:
    handed = TurnChange(10.0, "", "handed-over", "", "", "chen")
    session = Session(id="s", turns=(handed,), steps={"a": StepRecord("a", started=5.0)})
    assert handed_over(session) == "chen"
    assert handed_over(replace(session, steps={"a": StepRecord("a", started=11.0)})) == ""
    assert handed_over(Session(id="s")) == ""
