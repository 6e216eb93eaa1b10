"""A session is the fold of its entries; interrupted at any point it says what is known and what is in doubt."""

from __future__ import annotations

from typing import Any

from checks.sessions.session import advance, fold, interrupted, summary

OPENED = {
    "v": 1,
    "n": 1,
    "at": 1.0,
    "kind": "opened",
    "session": "s",
    "article": "a",
    "cluster": {"context": "p"},
}
CAUSE = {"kind": "cause", "at": 2.0, "cause": "c", "steps": 2, "causes": {"c": "supported"}}
START = {
    "kind": "start",
    "at": 3.0,
    "step": "x",
    "purpose": "do",
    "values": {"rows": [1, 2, 3, 4]},
    "risk": "low",
}
SAVED = {"kind": "saved", "at": 3.5, "step": "x", "name": "options", "value": {"a": "b"}}
WRITING = {
    "kind": "writing",
    "at": 4.0,
    "step": "x",
    "index": 0,
    "first": 0,
    "items": 2,
    "kubectl": ["kubectl", "x"],
}
ANSWER = {"kind": "answer", "at": 5.0, "step": "x", "state": "ok", "code": 0, "output": "fine"}
SECOND = {**WRITING, "index": 1, "first": 2, "at": 6.0}
VERIFIED = {
    "kind": "verified",
    "at": 8.0,
    "step": "x",
    "ok": True,
    "before": {"m": {"verdict": "fail"}},
    "after": {"m": {"verdict": "ok"}},
    "took": 3,
}
ENDED = {"kind": "ended", "at": 9.0, "step": "x", "state": "done"}
ALL: list[dict[str, Any]] = [OPENED, CAUSE, START, SAVED, WRITING, ANSWER, SECOND, ANSWER, VERIFIED, ENDED]


def test_a_whole_step_is_told() -> None:
    """State, values, saved values, commands with answers, proof and times."""
    step = fold(ALL).step("x")
    assert step.state == "done"
    assert step.saved == {"options": {"a": "b"}}
    assert [c.state for c in step.commands] == ["ok", "ok"]
    assert step.commands[0].output == "fine"
    proof = step.proof()
    assert proof is not None
    assert proof.before == {"m": {"verdict": "fail"}}
    assert (step.started, step.ended) == (3.0, 9.0)


def test_cut_anywhere_the_step_is_never_assumed_done_nor_undone() -> None:
    """Before the first write: to do. From the first write on until the end is written: in doubt."""
    states = [interrupted(fold(ALL[:cut])).step("x").state for cut in range(len(ALL) + 1)]
    assert states == ["todo"] * 5 + ["in_doubt"] * 5 + ["done"]


def test_resuming_settles_a_running_step_and_keeps_the_commands() -> None:
    """The entry `resumed` itself makes the doubt part of the record; the unanswered command is marked."""
    session = fold([*ALL[:7], {"kind": "resumed", "at": 20.0, "operator": "li"}])
    step = session.step("x")
    assert step.state == "in_doubt"
    assert [c.state for c in step.commands] == ["ok", "in_doubt"]
    assert session.operator == "li"


def test_only_what_was_sent_counts_as_applied() -> None:
    """After a first failure the writes that went through are known with their items; a second run starts anew."""
    failed = [*ALL[:7], {**ANSWER, "state": "failed"}, {**ENDED, "state": "failed"}]
    assert [(c.first, c.items) for c in fold(failed).step("x").applied()] == [(0, 2)]
    again = fold([*failed, START, WRITING, ANSWER, SECOND])
    assert [(c.first, c.items) for c in again.step("x").applied()] == [(0, 2), (2, 2)]


def test_an_undo_keeps_the_values_of_the_run_it_takes_back() -> None:
    """The undo's start does not replace the inputs; an undo that sent nothing leaves the step done."""
    undo = {**START, "purpose": "undo", "values": {}}
    session = fold([*ALL, undo])
    assert session.step("x").values == {"rows": [1, 2, 3, 4]}
    assert interrupted(session).step("x").state == "done"
    assert interrupted(fold([*ALL, undo, {**WRITING, "purpose": "undo"}])).step("x").state == "in_doubt"


def test_entries_of_a_newer_klinik_change_nothing_but_are_said() -> None:
    """Unknown kinds are passed over, and the session knows that it is newer."""
    session = advance(fold(ALL), {"v": 9, "n": 99, "at": 50.0, "kind": "teleported"})
    assert session.newer
    assert session.step("x").state == "done"
    assert session.updated == 50.0


def test_a_summary_counts_steps_in_doubt() -> None:
    """The list of sessions shows what needs a look."""
    one = summary(ALL[:6])
    assert (one.total, one.done, one.in_doubt, one.context) == (2, 0, 1, "p")
    assert summary([*ALL, {"kind": "finished", "at": 10.0, "outcome": "solved"}]).finished


def test_an_undone_step_does_not_count_as_done() -> None:
    """The list says how far the fix is."""
    assert summary(ALL).done == 1
    assert summary([*ALL, {**START, "purpose": "undo"}, {**ENDED, "state": "undone"}]).done == 0


def test_a_line_that_is_json_and_not_an_entry_is_counted_as_damaged() -> None:
    """A step without a name, a time that is none, a name that is a list: the others still count."""
    wrong: list[dict[str, Any]] = [
        {"kind": "start"},
        {"kind": "writing", "step": ["x"], "at": 1.0},
        {"kind": "note", "at": "yesterday"},
        {"kind": "saved", "step": "x", "v": {}},
    ]
    session = fold([*ALL, *wrong])
    assert session.damaged == len(wrong)
    assert session.step("x") == fold(ALL).step("x")
