"""How the rows of nodes fold into one judgement."""

from __future__ import annotations

from checks.judges.pernode import folded
from checks.model import Row, Verdict
from kb.text import Text

LOST = Row(
    "node-1", Verdict.UNKNOWN, Text("cannot read node-1", "无法读取 node-1"), data={"reason": "timeout"}
)
WELL = Row("node-2", Verdict.OK, Text("3 %", "3 %"), value=3)
ZEROS = Text("up to 0 % of a core", "最高 0 %")


def test_nothing_read_is_not_summed_up_as_zeros() -> None:
    """With no answer at all the summary says what is not known, and there is no value."""
    judged = folded([LOST], ZEROS, value=0.0, data={"max": 0.0})
    assert judged.verdict is Verdict.UNKNOWN
    assert judged.reason == "timeout"
    assert "0 %" not in judged.summary.en
    assert "cannot read node-1" in judged.summary.en
    assert "无法读取 node-1" in judged.summary.zh
    assert judged.value is None
    assert not judged.data


def test_what_was_read_is_said_beside_what_was_not() -> None:
    """One silent node keeps the figures of the others, and the whole unknown."""
    judged = folded([LOST, WELL], Text("up to 3 %", "最高 3 %"), value=3.0)
    assert judged.verdict is Verdict.UNKNOWN
    assert judged.summary.en.startswith("up to 3 %")
    assert judged.value == 3.0
