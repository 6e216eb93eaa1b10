"""Right before every command the rows are read again, above all after a hold: what was shown counts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from checks.clock import Control
from checks.cluster import ExecResult
from checks.walking.walk import Walk
from checks.writing.stepevents import CanaryLooked, StepEnded, Waiting
from kb.model import ExecAction
from tests.checks.dictcluster import DictCluster, said
from tests.checks.incident import SBCTL, Ovn, checked, cluster_with, run, walk_on

LIST = (*SBCTL, "list", "MAC_Binding")


@pytest.fixture
def ovn() -> Ovn:
    return Ovn()


@pytest.fixture
def walk(ovn: Ovn) -> Walk:
    """Learning is stopped, four stale rows are to be purged in two batches."""
    walk = walk_on(cluster_with(ovn))
    run(walk, "stop")
    checked(walk)
    walk.cluster.writes.clear()  # type: ignore[attr-defined]
    return walk


def changed(walk: Walk, step_id: str, **changes: Any) -> None:
    steps = tuple(replace(s, **changes) if s.id == step_id else s for s in walk.guide.steps)
    walk.guide = replace(walk.guide, steps=steps)


def held_after_the_first(walk: Walk, meanwhile: Callable[[], None]) -> StepEnded:
    """Purges, is held after the first batch, and goes on after something has happened."""
    control = Control("first")
    plan = walk.plan("purge", walk.proposed("purge"))
    last = None
    for event in walk.run(plan, typed="y", stop=control):
        if isinstance(event, Waiting) and control.held:
            meanwhile()
            control.go_on()
        last = event
    assert isinstance(last, StepEnded)
    return last


def destroyed(walk: Walk) -> list[str]:
    writes = walk.cluster.writes  # type: ignore[attr-defined]
    return [word for write in writes for word in write if word.startswith("uuid-")]


def test_a_row_that_came_alive_while_the_step_was_held_is_not_touched(walk: Walk, ovn: Ovn) -> None:
    """It no longer qualifies: the step ends before the next command, and says how far it came."""
    ended = held_after_the_first(walk, lambda: ovn.live.add("uuid-4"))
    assert ended.state == "failed"
    assert destroyed(walk) == ["uuid-1", "uuid-2"]
    assert "1 of 2" in ended.message.en
    assert "uuid-4" in ended.message.en
    assert run(walk, "purge").state == "done", "planned and shown again, for the rows that are left"
    assert destroyed(walk) == ["uuid-1", "uuid-2", "uuid-3"]


def test_what_the_step_requires_is_looked_at_again_after_a_hold(walk: Walk, ovn: Ovn) -> None:
    """Somebody let the routers learn again: the step is blocked as it would be if it were begun now."""
    ended = held_after_the_first(walk, lambda: setattr(ovn, "learn", "true"))
    assert ended.state == "failed"
    assert "Stop learning first" in ended.message.en
    assert destroyed(walk) == ["uuid-1", "uuid-2"]


def test_a_hold_in_which_nothing_happened_changes_nothing(walk: Walk) -> None:
    """Rows of its own that are gone are no change, and the rest is purged."""
    assert held_after_the_first(walk, lambda: None).state == "done"
    assert destroyed(walk) == ["uuid-1", "uuid-2", "uuid-3", "uuid-4"]


def test_what_is_pressed_while_the_rows_are_read_again_counts(walk: Walk, ovn: Ovn) -> None:
    """The step is ended in the middle of the last look before a command: the command does not go out."""
    control = Control("first")
    plan = walk.plan("purge", walk.proposed("purge"))

    def command(argv: tuple[str, ...], node: str) -> ExecResult:
        if destroyed(walk) and "list" in argv:
            control.set()
        return ovn.command(argv, node)

    last = None
    for event in walk.run(plan, typed="y", stop=control):
        if isinstance(event, Waiting) and control.held:
            walk.cluster.command = command  # type: ignore[attr-defined]
            control.go_on()
        last = event
    assert isinstance(last, StepEnded)
    assert "Stopped after 1 of 2" in last.message.en
    assert destroyed(walk) == ["uuid-1", "uuid-2"]


@pytest.mark.parametrize("reading", [2, 3])
def test_the_twin_is_asked_right_before_the_command(reading: int) -> None:
    """It changed between the last look at the plan and the command, while what the undo needs was saved."""
    ovn = Ovn()
    walk = walk_on(cluster_with(ovn))
    plan = walk.plan("stop", {})
    read = 0

    def command(argv: tuple[str, ...], node: str) -> ExecResult:
        nonlocal read
        if "get" in argv and argv[-1].startswith("options:"):
            read += 1
            ovn.learn = "maybe" if read >= reading else ovn.learn
        return ovn.command(argv, node)

    changed(walk, "stop", verify=None)
    walk.cluster.command = command  # type: ignore[attr-defined]
    *_, last = walk.run(plan, typed="y")
    assert isinstance(last, StepEnded)
    assert last.state == "failed"
    assert "shows something else" in last.message.en
    assert walk.cluster.writes == []  # type: ignore[attr-defined]


def test_what_the_step_itself_did_to_the_twins_answer_is_no_change(walk: Walk) -> None:
    """A twin about the whole table: every batch changes it, and the next one goes out all the same."""
    changed(walk, "purge", preview=ExecAction("ovn-sb-leader", LIST))
    assert run(walk, "purge").state == "done"
    assert len(destroyed(walk)) == 4


def test_a_foreign_change_of_the_twin_between_two_batches_stops(walk: Walk, ovn: Ovn) -> None:
    changed(walk, "purge", preview=ExecAction("ovn-sb-leader", LIST))
    plan = walk.plan("purge", walk.proposed("purge"))
    last = None
    for event in walk.run(plan, typed="y"):
        if isinstance(event, CanaryLooked):
            ovn.rows["uuid-9"] = "10.0.0.9"
            ovn.live.add("uuid-9")
        last = event
    assert isinstance(last, StepEnded)
    assert last.state == "failed"
    assert "shows something else" in last.message.en
    assert destroyed(walk) == ["uuid-1", "uuid-2"]


def test_a_twin_about_the_items_is_asked_about_those_of_the_command_alone(walk: Walk, ovn: Ovn) -> None:
    """Each row is read once more, right before its own batch; the change of a later one does not stop the first."""
    asked: list[str] = []

    def command(argv: tuple[str, ...], node: str) -> ExecResult:
        if argv[: len(LIST)] == LIST and len(argv) > len(LIST):
            asked.append(argv[-1])
            return said(f"{argv[-1]} {ovn.rows.get(argv[-1], '-')}\n")
        return ovn.command(argv, node)

    cluster = walk.cluster
    assert isinstance(cluster, DictCluster)
    cluster.command = command
    changed(walk, "purge", preview=ExecAction("ovn-sb-leader", LIST, each="rows", tail=("{item.uuid}",)))
    plan = walk.plan("purge", walk.proposed("purge"))
    assert [line for line in plan.preview.lines if line.startswith("uuid-1 ")] == ["uuid-1 10.0.0.1"]
    asked.clear()
    last = None
    for event in walk.run(plan, typed="y"):
        if isinstance(event, CanaryLooked):
            ovn.rows["uuid-4"] = "10.9.9.9"
        last = event
    assert isinstance(last, StepEnded)
    assert last.state == "failed"
    assert destroyed(walk) == ["uuid-1", "uuid-2"]
    assert asked == [*(f"uuid-{n}" for n in (1, 2, 3, 4)), "uuid-1", "uuid-2", "uuid-3", "uuid-4"]
