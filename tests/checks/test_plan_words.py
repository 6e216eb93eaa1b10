"""What plans and their inputs say is in the reader's language, and what is entered twice is done once."""

from __future__ import annotations

import pytest

from checks.model import Judgement, Result, Verdict
from checks.plans.gate import doubts
from checks.plans.inputs import Choices, choices, validate
from checks.plans.plan import Picked
from checks.plans.stale import _rows, identity
from checks.sessions.session import Session
from kb.model import Input
from kb.text import Text
from tests.english import english_in

ROWS = Input("rows", Text("rows"), "rows", many=True, source="macs.rows")


def unknown(rows: tuple[dict[str, object], ...] = ()) -> dict[str, Result]:
    judged = Judgement(Verdict.UNKNOWN, Text("s"), reason="forbidden", tables={"rows": rows})
    return {"macs": Result("c", "macs", Text("c"), judged, (), 0.0, 1)}


def test_reasons_and_states_are_words_and_no_codes() -> None:
    nothing, part = choices(ROWS, unknown(), {}), choices(ROWS, unknown(({"uuid": "u"},)), {})
    assert nothing.note
    assert part.note
    gone = [*_rows(Picked(ROWS, ()), unknown(), {}), *_rows(Picked(ROWS, ()), {}, {})]
    said = [nothing.note, part.note, *gone, *doubts(Session(cause="c", causes={"c": "refuted"}))]
    assert len(said) == 5
    for text in said:
        assert not any(code in text.zh for code in ("forbidden", "absent", "refuted")), text.zh
        assert not english_in(text.zh)
    assert "not permitted" in said[0].en


@pytest.mark.parametrize(
    ("spec", "raw"),
    [
        (Input("n", Text("n"), "name", many=True), "a b, a"),
        (Input("n", Text("n"), "int", many=True), ["1", "2", 1]),
    ],
)
def test_what_is_entered_twice_is_taken_once(spec: Input, raw: object) -> None:
    """Else a step would restart a pod, or delete an object, that it has just done."""
    value = validate(spec, raw, Choices())
    assert value in (("a", "b"), (1, 2))


def test_a_row_that_is_picked_twice_is_one_row() -> None:
    rows: tuple[dict[str, object], ...] = ({"uuid": "u1"}, {"uuid": "u2"})
    offered = choices(ROWS, unknown(rows), {})
    assert validate(ROWS, [dict(rows[1]), rows[0], rows[1]], offered) == (rows[1], rows[0])


def test_any_row_has_an_identity() -> None:
    """OVSDB writes a set that is empty as a list, and many names are not set."""
    rows = (
        {"name": ["set", []], "a": 1},
        {"name": {"x": 1}, "a": 2},
        {"name": None, "a": 3},
        ["x"],
        {"uuid": "u"},
    )
    assert len({identity(row) for row in rows}) == len(rows)
    assert identity({"name": None, "a": 1}) != identity({"name": None, "a": 2})
    assert identity({"name": "n", "uid": "u"}) == "u"
