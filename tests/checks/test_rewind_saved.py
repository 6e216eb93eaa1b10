"""The rollback point: nothing is sent unless what was saved reads back and the undo can be filled with it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from checks.cluster import Resource
from checks.plans.plan import PlanError
from checks.sessions.journal import FileJournal, JournalError, MemoryJournal, read
from checks.sessions.session import Entry
from checks.walking.walk import Walk
from checks.writing.rehearse import rehearse, undo_values
from kb.model import ExecAction, PatchAction, RecreateAction, Undo, UndoPart
from kb.text import Text
from tests.checks.incident import Ovn, cluster_with, run, walk_on

SUBNETS = Resource.parse("kubeovn.io/v1/subnets")
WAY_BACK = Text("Back", "恢复")


def changed(walk: Walk, step_id: str, **changes: Any) -> None:
    """The walk's guide with one step changed."""
    steps = tuple(replace(s, **changes) if s.id == step_id else s for s in walk.guide.steps)
    walk.guide = replace(walk.guide, steps=steps)


def kinds(walk: Walk, step_id: str) -> list[str]:
    return [e["kind"] for e in walk.journal.entries if e.get("step") == step_id]


@pytest.mark.parametrize("step_id", ["stop", "label", "drop"])
def test_a_rollback_point_is_proven_before_the_first_write(step_id: str, tmp_path: Path) -> None:
    """What was saved stands in the file, was read back, and only then a write is announced."""
    walk = walk_on(cluster_with(Ovn()), tmp_path)
    assert run(walk, step_id).state == "done"
    seen = kinds(walk, step_id)
    assert seen.index("rollback_point") < seen.index("writing")
    assert [e["kind"] for e in read(walk.path) if e.get("step") == step_id] == seen  # type: ignore[arg-type]


class Forgetful(MemoryJournal):
    """A journal whose saved entries do not read back as they were written."""

    @property
    def entries(self) -> tuple[Entry, ...]:
        return tuple({**e, "object": {}} if e["kind"] == "saved_object" else e for e in super().entries)


def test_what_does_not_read_back_stops_the_step() -> None:
    """A journal that lost what was saved: the object is not touched."""
    cluster = cluster_with(Ovn())
    walk = walk_on(cluster)
    walk._journal = Forgetful()
    ended = run(walk, "drop")
    assert ended.state == "failed"
    assert "read back" in ended.message.en
    assert cluster.get(SUBNETS, "net-a")
    assert "writing" not in kinds(walk, "drop")


def test_an_undo_that_could_not_be_filled_stops_the_step() -> None:
    """A way back that needs what nobody saves is found out before the write, not afterwards."""
    ovn = Ovn()
    walk = walk_on(cluster_with(ovn))
    back = UndoPart(ExecAction("ovn-nb-leader", ("ovn-nbctl", "set", "x", "{saved.nowhere}")))
    changed(walk, "stop", undo=Undo(WAY_BACK, (back,)))
    ended = run(walk, "stop")
    assert ended.state == "failed"
    assert "saved.nowhere" in ended.message.en
    assert ovn.learn == "", "nothing was sent"


def test_an_object_that_changed_after_the_preview_is_not_saved_as_if_it_were_the_one_shown() -> None:
    """Between the second look and the saving somebody may write: the step has not begun then."""
    cluster = cluster_with(Ovn())
    walk = walk_on(cluster)
    plan = walk.plan("label", walk.proposed("label"))
    real, looks = cluster.get, []

    def get(resource: Any, name: str, **more: Any) -> Any:
        found = real(resource, name, **more)
        if name == "net-a":
            looks.append(name)
            if len(looks) > 1:  # the first look is the second preview
                return {**found, "spec": {**found["spec"], "cidrBlock": "10.9.0.0/24"}}
        return found

    cluster.get = get  # type: ignore[method-assign]
    last = list(walk.run(plan, typed=plan.confirm.expected))[-1]
    assert last.state == "failed"  # type: ignore[union-attr]
    assert "writing" not in kinds(walk, "label")


def test_rehearsing_fills_every_part_and_sends_nothing() -> None:
    """Conditions choose the parts; an item without the key, and an object that is none, are refused."""
    rows = [{"uuid": "a", "ip": "10.0.0.1"}, {"uuid": "b"}]
    part = UndoPart(ExecAction("r", ("t",), each="rows", tail=("ip={item.ip}",)))
    with pytest.raises(PlanError, match=r"item\.ip"):
        rehearse((part,), undo_values({"rows": rows}, {}), ())
    rehearse((part,), undo_values({"rows": rows[:1]}, {}), ())
    never = replace(part, when='saved.option == "x"')
    rehearse((never,), undo_values({"rows": rows}, {"option": "y"}), ())
    with pytest.raises(PlanError):
        rehearse((never,), undo_values({"rows": rows}, {}), ())
    whole = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}}
    rehearse((UndoPart(RecreateAction()),), undo_values({}, {}), ({"name": "a", "object": whole},))
    with pytest.raises(PlanError, match="created again"):
        rehearse((UndoPart(RecreateAction()),), undo_values({}, {}), ({"name": "a", "object": {}},))
    patch = UndoPart(PatchAction("v1/configmaps", "{name}", {"data": {"a": "{saved.a}"}}))
    with pytest.raises(PlanError, match=r"saved\.a"):
        rehearse((patch,), undo_values({"name": "x"}, {}), ())


def test_a_point_that_cannot_be_written_down_lets_nothing_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The disk fills up at the last entry before the write."""
    cluster = cluster_with(Ovn())
    walk = walk_on(cluster, tmp_path)
    append = FileJournal.append

    def full(self: FileJournal, kind: str, **data: Any) -> Entry:
        if kind == "rollback_point":
            raise JournalError(Text("disk full"))
        return append(self, kind, **data)

    monkeypatch.setattr(FileJournal, "append", full)
    with pytest.raises(JournalError):
        run(walk, "drop")
    assert cluster.get(SUBNETS, "net-a")
