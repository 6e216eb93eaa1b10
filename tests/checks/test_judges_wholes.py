"""Rows to a whole: everything is counted, not everything is kept, and what is unknown is not called well."""

from __future__ import annotations

from collections.abc import Sequence

from checks.judges.wholes import KEPT, SHOWN, judged
from checks.model import Judgement, Row, Verdict
from kb.text import Text

WELL, WRONG, NONE = Text("all well", "正常"), Text("trouble", "异常"), Text("nothing here", "没有")


def whole(rows: Sequence[Row]) -> Judgement:
    return judged(rows, well=WELL, wrong=WRONG, none=NONE)


def row(name: str, verdict: Verdict) -> Row:
    data = {"reason": "timeout"} if verdict is Verdict.UNKNOWN else {}
    return Row(name, verdict, Text(f"{name} is {verdict}", f"{name} {verdict}"), data=data)


def test_nothing_is_skipped_and_one_that_is_well_is_ok() -> None:
    assert (whole([]).verdict, whole([]).summary) == (Verdict.SKIPPED, NONE)
    assert (whole([row("a", Verdict.OK)]).verdict, whole([row("a", Verdict.OK)]).summary) == (
        Verdict.OK,
        WELL,
    )


def test_the_worst_row_is_named_first() -> None:
    """A failure is shown before a warning, whatever the order they came in."""
    found = whole([row("a", Verdict.WARN), row("b", Verdict.OK), row("c", Verdict.FAIL)])
    assert found.verdict is Verdict.FAIL
    assert found.summary.en == "trouble: c: c is fail"
    assert (found.value, found.data["worst"]) == (2, "c")
    assert [entry["target"] for entry in found.tables["rows"]] == ["c", "a", "b"]


def test_what_is_unknown_is_never_summed_up_as_well() -> None:
    """One that did not answer keeps the others from being called all well; it brings its reason."""
    found = whole([row("a", Verdict.OK), row("b", Verdict.UNKNOWN)])
    assert (found.verdict, found.reason) == (Verdict.UNKNOWN, "timeout")
    assert found.summary.en.startswith("1 of 2 are known to be well")
    assert WELL.en not in found.summary.en


def test_a_database_that_was_lost_does_not_fill_the_memory() -> None:
    """Twenty thousand bad rows are counted, and so many kept that somebody could read them."""
    rows = [row(f"pod-{n}", Verdict.FAIL) for n in range(20_000)] + [row("ok", Verdict.OK)] * 5
    found = whole(rows)
    assert (found.data["total"], found.data["bad"], found.value) == (20_005, 20_000, 20_000)
    assert len(found.rows) == len(found.tables["rows"]) <= KEPT + SHOWN


def test_of_many_rows_that_are_well_the_others_are_all_kept() -> None:
    rows = [row(f"n{n}", Verdict.OK) for n in range(5_000)] + [row("bad", Verdict.WARN)]
    found = whole(rows)
    assert len(found.rows) == SHOWN + 1
    assert found.rows[0].target == "bad"
