"""What results mean for a guide: symptoms, and causes in Kleene's logic, upstream first."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest
import yaml

from checks.causes import holds, judge_causes, symptom_verdicts, upstream_first
from checks.model import Judgement, Result, Row, Verdict
from kb.model import Cause, CheckUse, Guide, Symptom
from kb.paths import ASSETS
from kb.text import Text


def result(alias: str, verdict: str, reason: str = "", **data: Any) -> Result:
    summary = Text.of(f"{alias} is {verdict}")
    return Result(
        alias, alias, Text(), Judgement(Verdict(verdict), summary, 5, reason, data=data), (), 0.0, 1
    )


def cause(id_: str, supported: str = "", refuted: str = "", upstream: tuple[str, ...] = ()) -> Cause:
    return Cause(id_, Text.of(id_), Text(), supported, refuted, ("macs", "flows"), upstream)


def guide(*causes: Cause, symptoms: tuple[Symptom, ...] = ()) -> Guide:
    checks = {name: CheckUse(name, name) for name in ("macs", "flows", "options")}
    return Guide("a", "guide.yaml", checks, symptoms, causes, ())


SUPPORTED = 'macs.verdict == "fail" && macs.share >= 0.5'
REFUTED = 'macs.verdict == "ok" || flows.verdict == "ok"'


@pytest.mark.parametrize(
    ("results", "state", "settle"),
    [
        ([result("macs", "fail", share=0.7), result("flows", "fail")], "supported", ()),
        ([result("macs", "fail", share=0.7)], "supported", ()),
        ([result("macs", "ok"), result("flows", "fail")], "refuted", ()),
        ([result("macs", "unknown", "forbidden"), result("flows", "ok")], "refuted", ()),
        ([result("macs", "unknown", "forbidden"), result("flows", "fail")], "unknown", ("macs",)),
        ([], "unknown", ("macs", "flows")),
        ([result("macs", "warn", share=0.1), result("flows", "fail")], "open", ()),
        ([result("macs", "fail", share=0.1), result("flows", "unknown", "timeout")], "unknown", ("flows",)),
        ([result("macs", "fail"), result("flows", "fail")], "unknown", ("macs",)),
        ([result("macs", "skipped", share=0.0), result("flows", "fail")], "open", ()),
    ],
)
def test_a_cause_follows_the_evidence(results: list[Result], state: str, settle: tuple[str, ...]) -> None:
    """Only a real verdict supports or refutes; unknown keeps a cause alive and names what would settle it."""
    (found,) = judge_causes(guide(cause("c", SUPPORTED, REFUTED)), {r.alias: r for r in results})
    assert (found.state, found.settle) == (state, settle)
    assert [alias for alias, _, _ in found.because] == [r.alias for r in results]


def test_support_outweighs_refutation() -> None:
    """Both conditions true: the cause is supported."""
    both = cause("c", 'macs.verdict == "fail"', 'macs.verdict == "fail"')
    assert judge_causes(guide(both), {"macs": result("macs", "fail")})[0].state == "supported"


def test_an_empty_refutation_is_no_refutation_and_no_gap() -> None:
    """A cause that nothing refutes stays open when it is not supported."""
    (found,) = judge_causes(guide(cause("c", 'macs.verdict == "fail"')), {"macs": result("macs", "ok")})
    assert found.state == "open"


def test_a_broken_condition_is_unknown() -> None:
    """A typing error in a guide neither supports nor refutes."""
    assert (
        judge_causes(guide(cause("c", "macs ==", "")), {"macs": result("macs", "ok")})[0].state == "unknown"
    )


def test_causes_come_upstream_first() -> None:
    """What brings about another stands before it, else the order of the guide holds; a circle ends."""
    a, b, c, d = cause("a"), cause("b", upstream=("a",)), cause("c", upstream=("b", "symptom")), cause("d")
    assert [x.id for x in upstream_first((a, b, c, d))] == ["c", "b", "a", "d"]
    circle = (cause("x", upstream=("y",)), cause("y", upstream=("x",)))
    assert [x.id for x in upstream_first(circle)] == ["x", "y"]


@pytest.mark.parametrize(
    ("results", "verdict", "reason"),
    [
        ([result("macs", "ok"), result("flows", "ok")], "ok", ""),
        ([result("macs", "ok"), result("flows", "fail")], "fail", ""),
        ([result("macs", "warn"), result("flows", "unknown", "timeout")], "warn", ""),
        ([result("macs", "ok"), result("flows", "unknown", "timeout")], "unknown", "timeout"),
        ([result("macs", "ok")], "unknown", "not-run"),
        ([], "unknown", "not-run"),
    ],
)
def test_a_symptom_shows_as_its_worst_check(results: list[Result], verdict: str, reason: str) -> None:
    """A check that has not been run or does not answer is not a sign of health."""
    one = Symptom("s", Text.of("s"), ("macs", "flows"))
    (found,) = symptom_verdicts(guide(symptoms=(one,)), {r.alias: r for r in results})
    assert (found.verdict, found.reason) == (verdict, reason)
    assert found.summary


def test_a_symptom_without_checks_is_left_to_the_reader() -> None:
    """No check, no verdict."""
    (found,) = symptom_verdicts(guide(symptoms=(Symptom("s", Text(), ()),)), {})
    assert found.verdict is Verdict.SKIPPED


def test_conditions_of_steps_see_results_and_more() -> None:
    """`already_done` and `undo` conditions are evaluated the same way."""
    results = {"macs": result("macs", "ok", stale=0), "flows": result("flows", "unknown", "timeout", n=1)}
    assert holds("macs.stale == 0", results) is True
    assert holds("flows.n == 1", results) is None
    assert holds('saved.x == ""', results, saved={"x": ""}) is True
    assert holds("macs.stale ==", results) is None


def test_a_target_that_could_not_be_read_is_no_proof_where_another_is_bad() -> None:
    """One node bad makes the whole bad; the one that is not in its list of bad ones may be unread and not well."""
    rows = (Row("node-1", Verdict.FAIL, Text()), Row("node-2", Verdict.UNKNOWN, Text()))
    fds = result("fds", "fail", high=["node-1"])
    results = {
        "fds": replace(fds, judgement=replace(fds.judgement, rows=(*rows, Row("node-3", Verdict.OK, Text()))))
    }
    proven = "!(inputs.node in fds.high) && !(inputs.node in fds.unread)"
    assert [holds(proven, results, inputs={"node": f"node-{n}"}) for n in (1, 2, 3)] == [False, False, True]


def test_shipped_steps_on_nodes_ask_whether_their_node_was_read() -> None:
    """A check that has a row per node may have read all but the one the step is about."""
    for article in ("ovs-too-many-open-files", "ovn-mac-binding-leak", "ovn-controller-starved"):
        steps = yaml.safe_load((ASSETS / "articles" / article / "guide.yaml").read_text(encoding="utf-8"))[
            "steps"
        ]
        for when in (step["verify"].get("when", "") for step in steps if "verify" in step):
            for alias, _ in re.findall(r"\w+\.node in (\w+)\.(\w+)", when):
                assert f"in {alias}.unread" in when or alias == "unclaimed", when
