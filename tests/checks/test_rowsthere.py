"""An undo that broke off goes on with the rows that are missing, and a database is not asked for one it has."""

from __future__ import annotations

import pytest

from checks.cluster import ExecResult
from checks.errors import InDoubt
from checks.plans.plan import PlanError
from checks.walking.doubts import look
from checks.walking.walk import Walk
from checks.writing.rowsthere import created
from tests.checks.incident import Ovn, checked, cluster_with, done, run, walk_on

LOST = InDoubt("the answer did not come back", sent=True)


def purged() -> tuple[Ovn, Walk]:
    ovn = Ovn()
    walk = walk_on(cluster_with(ovn))
    for step in ("stop", "purge"):
        run(walk, step)
        checked(walk)
    return ovn, walk


def break_off(ovn: Ovn, walk: Walk, sent: int) -> None:
    """The undo of the purge loses the answer of its write number `sent`, which took effect."""
    count = 0

    def command(argv: tuple[str, ...], node: str) -> ExecResult:
        nonlocal count
        answer = ovn.command(argv, node)
        count += "create" in argv
        if "create" in argv and count == sent:
            raise LOST
        return answer

    walk.cluster.command = command  # type: ignore[attr-defined]
    plan = walk.plan_undo("purge")
    assert done(walk.undo(plan, typed=plan.confirm.expected)).state == "in_doubt"


def test_the_rest_of_an_undo_that_broke_off_is_what_is_missing() -> None:
    """Two of four rows are back, one of them without an answer: the other two are created, and all are as before."""
    ovn, walk = purged()
    break_off(ovn, walk, 2)
    assert len(ovn.rows) == 3
    walk.settle("purge", True, "looked")
    assert walk.state("purge") == "failed", "two writes never went out"
    plan = walk.plan_undo("purge")
    assert [write.argv[-1] for write in plan.commands] == ["ip=10.0.0.3", "ip=10.0.0.4"]
    assert done(walk.undo(plan, typed=plan.confirm.expected)).state == "undone"
    assert sorted(ovn.rows.values()) == [f"10.0.0.{n}" for n in range(5)]


def test_where_nothing_is_missing_that_is_said() -> None:
    """Every row was learned again: there is nothing to send, and the reason is no riddle."""
    ovn, walk = purged()
    ovn.rows |= {f"again-{n}": f"10.0.0.{n}" for n in range(1, 5)}
    with pytest.raises(PlanError, match="there already"):
        walk.plan_undo("purge")


def test_what_cannot_be_read_is_taken_as_missing() -> None:
    """The undo is planned whole; the database refuses what it has."""
    ovn, walk = purged()
    ovn.refuse = "--format=json"
    assert len(walk.plan_undo("purge").commands) == 4


def test_rows_of_a_second_try_are_not_counted_by_the_first() -> None:
    """The writes of a second undo are about other rows than the step's list: nothing wrong is said of them."""
    ovn, walk = purged()
    break_off(ovn, walk, 1)
    assert any("rows" in one.text.en for one in look(walk, "purge").seen), (
        "the first try counts as the step did"
    )
    walk.settle("purge", True, "looked")
    break_off(ovn, walk, 1)
    assert not any("of the unanswered write" in one.text.en for one in look(walk, "purge").seen)


@pytest.mark.parametrize(
    ("words", "wanted"),
    [
        (("--", "create", "T", 'a="x"', "b=7"), ("T", (("a", "x"), ("b", "7")))),
        (("--", "create", "T", "a=x", "--", "set", "T", "."), ("", ())),
        (("--", "--id=@x", "create", "T", "a=x"), ("", ())),
        (("--", "create", "T", "options:k=v"), ("", ())),
        (("--", "create", "T"), ("", ())),
        (("uuid-1",), ("", ())),
        ((), ("", ())),
    ],
)
def test_only_plain_creations_are_understood(words: tuple[str, ...], wanted: object) -> None:
    """Whatever else a command does is left as it is."""
    assert created(words) == wanted
