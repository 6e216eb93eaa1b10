"""Facts to verdicts: thresholds, folding, and unknown that is never taken for well."""

from __future__ import annotations

from typing import Any

import pytest

from checks import say
from checks.judge import judge
from checks.model import Answer, CheckSpec, Fact, Judgement, Verdict
from checks.specs.spec import specs_of
from kb import yamlfile
from kb.text import Text

HEAD = "- id: x.y\n  title: {en: T, zh: T}\n  why: {en: W, zh: W}\n"
EACH = (
    HEAD
    + """\
  params: {warn: 50, fail: 100}
  reads:
    flows:
      exec: {on: ovs, argv: [cat, x]}
      parse: {regex: '(?P<count>\\d+)'}
    limit:
      exec: {on: ovs, argv: [cat, y]}
    nodes:
      list: {resource: v1/nodes}
  each: flows
  measure:
    count: "flows.count"
    over: "count - int(limit)"
  outcomes:
    - when: "count >= params.fail"
      verdict: fail
      say: {en: "{count:,} of {fail:,} on {node}", zh: "{node}：{count:,}"}
    - {when: "over > 0", verdict: warn, say: {en: "{over} over", zh: "超 {over}"}}
    - {verdict: ok, say: {en: "{count}", zh: "{count}"}}
  value: count
  fold: max
  summary: {en: "up to {value:,}, {bad} of {total}, worst {worst}", zh: "最多 {value:,}，{bad}/{total}，{worst}"}
"""
)


def spec(text: str) -> CheckSpec:
    found, problems = specs_of(yamlfile.parse(text, "x.yaml"), ("ovs", "cni"))
    assert not problems, problems
    return found[0]


def answers(**values: Any) -> Fact:
    """Answers by target; a tuple is ``(reason, message)`` of a failure."""
    return Fact(
        tuple(
            Answer(t, None, "", 1.0, error=v[0], message=Text.of(v[1]), node=t)
            if isinstance(v, tuple)
            else Answer(t, v, "", 1.0, node=t)
            for t, v in values.items()
        )
    )


def listed(*items: dict[str, Any]) -> Fact:
    return Fact((Answer("", list(items), "", 1.0),))


def judged(counts: dict[str, Any], limits: dict[str, Any] | None = None, **params: Any) -> Judgement:
    check = spec(EACH)
    flows = answers(**{t: v if isinstance(v, tuple) else {"count": v} for t, v in counts.items()})
    limit = answers(**(limits if limits is not None else dict.fromkeys(counts, "60")))
    return judge(check, {"flows": flows, "limit": limit, "nodes": listed()}, {**check.params, **params}, 0.0)


def test_each_node_is_judged_and_the_worst_speaks() -> None:
    """Rows per node; the summary has the folded value, the counts and the worst node."""
    found = judged({"n1": 10, "n2": 1234, "n3": 70})
    assert [(r.target, r.verdict, r.value) for r in found.rows] == [
        ("n1", Verdict.OK, 10),
        ("n2", Verdict.FAIL, 1234),
        ("n3", Verdict.WARN, 70),
    ]
    assert found.verdict is Verdict.FAIL
    assert found.value == 1234
    assert found.summary.en == "up to 1,234, 2 of 3, worst n2"
    assert found.rows[1].text == Text("1,234 of 100 on n2", "n2：1,234")
    assert (found.data["count"], found.data["bad"], found.data["total"]) == (1234, 2, 3)
    assert [row["target"] for row in found.tables["rows"]] == ["n1", "n2", "n3"]


@pytest.mark.parametrize(("count", "verdict"), [(99, "warn"), (100, "fail"), (60, "ok"), (61, "warn")])
def test_thresholds_are_exact(count: int, verdict: str) -> None:
    """At the limit is over it, one below is not."""
    assert judged({"n1": count}).verdict == verdict


def test_params_of_the_guide_move_the_limit() -> None:
    """`with:` changes verdict and text."""
    assert judged({"n1": 55}, fail=55).rows[0].text.en == "55 of 55 on n1"


def test_a_node_that_did_not_answer_is_unknown_and_beats_ok() -> None:
    """Two well, one silent: not well; and the summary says how many are not known, and why."""
    found = judged({"n1": 10, "n2": ("timeout", "no answer within 10 s"), "n3": 11})
    assert found.verdict is Verdict.UNKNOWN
    assert found.reason == "timeout"
    assert "1 of 3 not known (no answer in time)" in found.summary.en
    assert found.remedy
    assert found.rows[1].text.zh == "超时未响应：no answer within 10 s"


def test_a_failure_that_is_seen_outweighs_what_is_not() -> None:
    """fail stays fail while another node is silent, and both are said."""
    found = judged({"n1": 500, "n2": ("forbidden", "pods/exec")})
    assert (found.verdict, found.reason) == (Verdict.FAIL, "")
    assert "1 of 2 not known" in found.summary.en


def test_nobody_answered_is_unknown_with_the_commonest_reason() -> None:
    """No number is made up."""
    found = judged({"n1": ("forbidden", "pods/exec"), "n2": ("forbidden", "pods/exec")})
    assert (found.verdict, found.value, found.reason) == (Verdict.UNKNOWN, None, "forbidden")
    assert "pods/exec" in found.summary.en


def test_nobody_to_ask_is_unknown() -> None:
    """No pods of the role at all."""
    check = spec(EACH)
    facts = {
        "flows": Fact(error="absent", message=Text.of("no pod app=ovs")),
        "limit": answers(),
        "nodes": listed(),
    }
    found = judge(check, facts, check.params, 0.0)
    assert (found.verdict, found.reason) == (Verdict.UNKNOWN, "absent")
    assert "no pod app=ovs" in found.summary.en


def test_another_read_that_failed_matters_only_where_it_is_needed() -> None:
    """The limit of n2 is missing: n2 is unknown, unless its count alone decides."""
    limits = {"n1": "60", "n2": ("unreachable", "kubelet away")}
    assert judged({"n1": 10, "n2": 70}, limits).rows[1].data["reason"] == "unreachable"
    assert judged({"n1": 10, "n2": 700}, limits).rows[1].verdict is Verdict.FAIL
    assert judged({"n1": 10, "n2": 70}, {"n1": "60"}).rows[1].data["reason"] == "absent"


def test_a_value_of_the_wrong_kind_is_unknown_not_ok() -> None:
    """Text where a number belongs cannot pass a threshold."""
    found = judged({"n1": "many"})
    assert (found.verdict, found.reason) == (Verdict.UNKNOWN, "unparsable")


def test_judging_is_pure() -> None:
    """The same facts give the same judgement."""
    assert judged({"n1": 10, "n2": 700}) == judged({"n1": 10, "n2": 700})


@pytest.mark.parametrize(("fold", "value"), [("max", 700), ("min", 10), ("sum", 710), ("count", 1)])
def test_values_fold(fold: str, value: int) -> None:
    """max, min and sum of the values, or the count of bad rows."""
    check = spec(EACH.replace("fold: max", f"fold: {fold}"))
    facts = {
        "flows": answers(n1={"count": 10}, n2={"count": 700}),
        "limit": answers(n1="60", n2="60"),
        "nodes": listed(),
    }
    assert judge(check, facts, check.params, 0.0).value == value


WHOLE = (
    HEAD
    + """\
  params: {least: 2}
  reads:
    ips: {list: {resource: kubeovn.io/v1/ips}}
    who:
      exec: {on: ovs, argv: [cat, x]}
  measure:
    count: "size(ips)"
    names: "ips.map(i, i.metadata.name)"
    nodes: "who.map(w, w.target)"
    bad_ips: 'ips.filter(i, i.spec.state == "bad")'
  outcomes:
    - {when: "size(bad_ips) > 0", verdict: fail, say: {en: "bad: {names}", zh: "异常：{names}"}}
    - {when: "count < params.least", verdict: unknown, reason: absent, say: {en: "too few", zh: "过少"}}
    - {verdict: ok, say: {en: "{count} addresses, {least} needed, {value}", zh: "{count} 个地址"}}
  value: count
"""
)


def address(name: str, **spec_: Any) -> dict[str, Any]:
    return {"metadata": {"name": name}, "spec": spec_}


def whole(ips: Fact, who: Fact) -> Judgement:
    check = spec(WHOLE.replace("{value}", "x"))
    return judge(check, {"ips": ips, "who": who}, check.params, 0.0)


def test_facts_judged_as_a_whole() -> None:
    """Lists are objects, answers carry their target; small values are data, lists of mappings are tables."""
    found = whole(listed(address("a", state="ok"), address("b", state="bad")), answers(n1="1", n2="2"))
    assert found.verdict is Verdict.FAIL
    assert found.summary.en == "bad: a, b"
    assert found.value == 2
    assert found.data["nodes"] == ["n1", "n2"]
    assert "bad_ips" not in found.data
    assert found.tables["bad_ips"][0]["metadata"]["name"] == "b"


def test_as_a_whole_any_failed_answer_makes_it_unknown() -> None:
    """A part that is missing could be the one that is bad."""
    found = whole(listed(address("a", state="ok")), answers(n1="1", n2=("timeout", "slow")))
    assert (found.verdict, found.reason) == (Verdict.UNKNOWN, "timeout")
    assert "n2: slow" in found.summary.en
    forbidden = Fact((Answer("", None, "", 1.0, error="forbidden", message=Text.of("ips")),))
    assert whole(forbidden, answers(n1="1")).reason == "forbidden"


def test_a_field_that_is_not_there_is_unknown() -> None:
    """An object without the field a condition asks for is not ok."""
    found = whole(listed(address("a")), answers(n1="1"))
    assert (found.verdict, found.reason) == (Verdict.UNKNOWN, "unparsable")


def test_an_outcome_may_be_unknown_with_its_reason() -> None:
    """A check can say itself that it does not know."""
    found = whole(listed(address("a", state="ok")), answers(n1="1"))
    assert (found.verdict, found.reason) == (Verdict.UNKNOWN, "absent")


OBJECTS = (
    HEAD
    + """\
  reads:
    subnet: {list: {resource: kubeovn.io/v1/subnets}}
    ips: {list: {resource: kubeovn.io/v1/ips}}
  each: subnet
  measure: {used: "size(ips.filter(i, i.spec.subnet == target))"}
  outcomes:
    - {when: "used > subnet.spec.size", verdict: fail, say: {en: "{target}: {used}", zh: "{target}：{used}"}}
    - {verdict: ok, say: {en: "{used}", zh: "{used}"}}
  value: used
  summary: {en: "{bad} of {total}", zh: "{bad}/{total}"}
"""
)


def test_objects_can_be_judged_apart() -> None:
    """`each` over a list: one row per object; an empty list does not apply here."""
    check = spec(OBJECTS)
    subnets = listed(address("a", size=1), address("b", size=1))
    ips = listed(address("1", subnet="b"), address("2", subnet="b"))
    found = judge(check, {"subnet": subnets, "ips": ips}, {}, 0.0)
    assert [(r.target, r.verdict) for r in found.rows] == [("a", "ok"), ("b", "fail")]
    assert judge(check, {"subnet": listed(), "ips": ips}, {}, 0.0).verdict is Verdict.SKIPPED


@pytest.mark.parametrize(
    ("template", "values", "expected"),
    [
        ("{n:,}", {"n": 1234567}, "1,234,567"),
        ("{n:.1%}", {"n": 0.256}, "25.6%"),
        ("{n:,}", {"n": "text"}, "text"),
        ("{n:,}", {"n": None}, "?"),
        ("{gone} {gone.deeper}", {}, "? ?"),
        ("{a.b}", {"a": {"b": 5}}, "5"),
        ("{a.__class__.__mro__}", {"a": 5}, "?"),
        ("{a}", {"a": "x\x1b[31m\x07y\nz"}, "xy z"),
        ("{a}", {"a": "{b}"}, "{b}"),
        ("{a!r}", {"a": "q"}, "q"),
        ("{a} {", {"a": 1}, "{a} {"),
        ("{n:>9999999}", {"n": "x" * 2000}, None),
        ("{list}", {"list": ["a", "b"]}, "a, b"),
    ],
)
def test_texts_take_any_value(template: str, values: dict[str, Any], expected: str | None) -> None:
    """Missing, wrong and hostile values make a harmless sentence; nothing of Python is reachable."""
    found = say.filled(Text(template, template), values).en
    if expected is None:
        assert len(found) <= say.LONGEST
    else:
        assert found == expected
