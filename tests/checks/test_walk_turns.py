"""Two klinik on one cluster: exactly one of them writes, and a take-over is in both journals."""

from __future__ import annotations

import pytest

from checks.errors import Forbidden
from checks.layout import LEASES
from checks.walking.walk import Walk
from checks.writing.stepevents import StepEnded, WriteDone
from checks.writing.traces import EVENTS
from checks.writing.turns import Held
from tests.checks.dictcluster import DictCluster
from tests.checks.incident import Ovn, cluster_with, done, run, walk_on


@pytest.fixture
def ovn() -> Ovn:
    return Ovn()


@pytest.fixture
def cluster(ovn: Ovn) -> DictCluster:
    return cluster_with(ovn)


def entries(walk: Walk) -> list[tuple[str, str]]:
    found = [entry for entry in walk.journal.entries if entry["kind"] == "turn"]
    return [(str(entry["state"]), str(entry["target"])) for entry in found]


def test_a_step_leaves_no_lease_behind(cluster: DictCluster, ovn: Ovn) -> None:
    walk = walk_on(cluster)
    run(walk, "stop")
    assert walk.state("stop") == "done"
    assert list(cluster.list(LEASES)) == []


def test_the_second_is_told_who_is_at_work_and_sends_nothing(cluster: DictCluster, ovn: Ovn) -> None:
    first, second = walk_on(cluster), walk_on(cluster)
    second.operator = "li"
    run(first, "stop")
    events = first.run(first.plan("purge", first.proposed("purge")), typed="y")
    while not isinstance(next(events), WriteDone):
        pass
    sent = list(cluster.writes)
    list(second.check())
    plan = second.plan("purge", second.proposed("purge"))
    with pytest.raises(Held) as held:
        list(second.run(plan, typed="y"))
    assert first.operator in held.value.holder.name
    assert cluster.writes == sent
    assert second.state("purge") == "todo"
    assert isinstance(list(events)[-1], StepEnded)
    assert first.state("purge") == "done"


def test_a_take_over_stops_the_first_before_its_next_write_and_both_journals_say_so(
    cluster: DictCluster, ovn: Ovn
) -> None:
    first, second = walk_on(cluster), walk_on(cluster)
    run(first, "stop")
    events = first.run(first.plan("purge", first.proposed("purge")), typed="y")
    while not isinstance(next(events), WriteDone):
        pass
    list(second.check())
    plan = second.plan("purge", second.proposed("purge"))
    assert done(second.run(plan, typed="y", take_over=True)).state == "done"
    sent = list(cluster.writes)
    ended = list(events)[-1]
    assert isinstance(ended, StepEnded)
    assert ended.state == "failed"
    assert cluster.writes == sent, "nothing went out after the turn was lost"
    assert [state for state, _ in entries(first)] == ["lost"]
    assert [state for state, _ in entries(second)] == ["taken-over"]


def test_what_was_written_to_carries_an_event_that_says_who_and_why(cluster: DictCluster, ovn: Ovn) -> None:
    walk = walk_on(cluster)
    run(walk, "stop")
    (event,) = cluster.list(EVENTS)
    assert event["involvedObject"]["kind"] == "Pod"
    assert event["metadata"]["namespace"] == event["involvedObject"]["namespace"] == "kube-system"
    for part in ("stop of", walk.article.id, walk.operator, walk.session.id, walk.session.reasons[-1]):
        assert part in event["message"]
    assert [entry["left"] for entry in walk.journal.entries if entry["kind"] == "traced"] == [1]


def test_without_the_right_to_announce_nothing_is_written(cluster: DictCluster, ovn: Ovn) -> None:
    walk = walk_on(cluster)
    plan = walk.plan("stop", {})
    cluster.apart = Locked()
    with pytest.raises(Forbidden) as refused:
        list(walk.run(plan, typed="y"))
    assert "leases.coordination.k8s.io" in refused.value.message
    assert cluster.writes == []


class Locked(DictCluster):
    """Leases that may not be made."""

    def create(self, *args: object, **options: object) -> dict[str, object]:
        raise Forbidden("leases is forbidden", verb="create", resource="leases.coordination.k8s.io")
