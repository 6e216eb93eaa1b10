"""Tests in check files: read with every mistake named, run through the parsers of live answers, linted by root."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from checks.checktests.files import gather_tests, lint_tests
from checks.checktests.run import run_test, same
from checks.checktests.tests import CheckTest, read_tests
from checks.layout import load_layout
from checks.specs.shape import Place
from checks.specs.spec import specs_of
from kb import yamlfile
from kb.problem import Problem

LAYOUT = load_layout()
CHECK = """\
- id: a.flows
  title: {en: Flows, zh: 流表}
  why: {en: Why., zh: 原因。}
  params: {fail: 100}
  reads:
    pid:
      exec: {on: ovs, argv: [cat, /run/x.pid]}
    flows:
      exec: {on: ovs, argv: [cat, "/proc/{pid}/flows"], given: {pid: pid}, samples: 2, apart: 5}
      parse: {regex: 'flow_count=(?P<count>\\d+)'}
    pods:
      list: {resource: v1/pods, keep: [status.phase]}
    vpcs:
      list: {resource: kubeovn.io/v1/vpcs, optional: true}
  each: flows
  measure: {count: "flows[1].value.count", gap: "flows[1].at - flows[0].at", phases: "pods.map(p, p.status.phase)"}
  outcomes:
    - {when: "count >= params.fail || size(vpcs) > 9", verdict: fail, say: {en: "{count}", zh: "{count}"}}
    - {when: "size(phases) > 0", verdict: ok, say: {en: "{count}", zh: "{count}"}}
    - {verdict: warn, say: {en: "no pods", zh: "无 Pod"}}
  value: count
  summary: {en: "up to {value}", zh: "最多 {value}"}
"""
PID = "pid: [{node: n1, out: '7'}]"
PODS = "pods: [{metadata: {name: a}, status: {phase: Running}, spec: {}}]"
FLOWS = 'flows: [{node: n1, outs: ["flow_count=1", "flow_count=200"]}]'


def read(tests: str) -> tuple[tuple[CheckTest, ...], list[Problem]]:
    (spec,), _ = specs_of(yamlfile.parse(CHECK, "x.yaml"), LAYOUT.roles)
    document = yamlfile.parse(tests, "t.yaml")
    problems = list(document.problems)
    return read_tests(Place(document, (), document.data, problems), spec), problems


def outcome(facts: str, expect: str, more: str = "") -> list[str]:
    """The differences of a test with these facts to what it expects."""
    (spec,), _ = specs_of(yamlfile.parse(CHECK, "x.yaml"), LAYOUT.roles)
    tests, problems = read(f"- name: t\n  kind: other\n  facts: {{{facts}}}\n  expect: {expect}\n{more}")
    assert not problems, problems
    (test,) = tests
    return [text.en for text in run_test(spec, test, LAYOUT).wrong]


def test_raw_output_is_parsed_sampled_and_judged() -> None:
    told = ", ".join((PID, FLOWS, PODS))
    data = "{gap: 5, phases: [Running], total: 1, worst: n1}"
    assert outcome(told, f"{{verdict: fail, value: 200, rows: {{n1: fail}}, data: {data}}}") == []
    assert outcome(told, "fail") == []
    assert outcome(told, "{verdict: ok}", "  with: {fail: 500}\n") == []


def test_every_difference_is_named() -> None:
    told = ", ".join((PID, FLOWS, PODS))
    wrong = outcome(told, "{verdict: ok, value: 1, reason: timeout, rows: {n1: ok, n2: ok}, data: {gap: 6}}")
    assert wrong == [
        "verdict: expected ok, came fail (up to 200)",
        "value: expected 1, came 200",
        "reason: expected timeout, came ",
        "rows.n1: expected ok, came fail",
        "rows.n2: expected ok, came None",
        "data.gap: expected 6, came 5.0",
    ]


@pytest.mark.parametrize(
    ("flows", "reason"),
    [
        ("{node: n1, error: forbidden}", "forbidden"),
        ("{node: n1, code: 1, err: 'cat: /proc/7/flows: No such file or directory'}", "absent"),
        ("{node: n1, code: 1, err: 'boom'}", "error"),
        ("{node: n1, out: 'flow_count=ten'}", "unparsable"),
    ],
)
def test_failures_have_the_reasons_of_live_answers(flows: str, reason: str) -> None:
    told = ", ".join((PID, f"flows: [{flows}]", PODS))
    assert outcome(told, f"{{verdict: unknown, reason: {reason}}}") == []


def test_a_command_that_cannot_be_written_fails_as_in_a_run() -> None:
    """`given` takes the place of pipes: what the first read lacks, the second cannot have."""
    bad = ", ".join(("pid: [{node: n1, out: '7; rm'}]", FLOWS, PODS))
    assert outcome(bad, "{verdict: unknown, reason: unparsable}") == []
    none = ", ".join(("pid: [{node: n1, error: timeout}]", FLOWS, PODS))
    assert outcome(none, "{verdict: unknown, reason: timeout}") == []


def test_silence_of_a_test_is_no_answer() -> None:
    """A read the test leaves out was not answered; a kind that may be missing is not installed."""
    assert outcome(f"{FLOWS}, {PODS}", "{verdict: unknown, reason: absent}") == []
    assert outcome(f"{PID}, {PODS}", "{verdict: unknown, reason: absent, rows: {n1: unknown}}") == []
    unlisted = 'flows: [{node: n1, outs: ["flow_count=1", "flow_count=2"]}]'
    assert outcome(f"{PID}, {unlisted}", "{verdict: unknown, reason: absent}") == []
    assert (
        outcome(f"{PID}, {unlisted}, pods: {{error: forbidden}}", "{verdict: unknown, reason: forbidden}")
        == []
    )
    assert (
        outcome(f"{PID}, {PODS}, flows: {{error: unreachable}}", "{verdict: unknown, reason: unreachable}")
        == []
    )


def test_what_no_run_could_give_is_said() -> None:
    three = 'flows: [{node: n1, outs: ["flow_count=1", "flow_count=2", "flow_count=3"]}]'
    (wrong,) = outcome(f"{PID}, {three}, {PODS}", "ok")
    assert "3 outputs for 2 samples" in wrong


@pytest.mark.parametrize(
    ("tests", "codes"),
    [
        ("{}", {1: {"check.test-list"}}),
        ("- good", {1: {"check.type"}}),
        ("- {name: x}", {1: {"check.missing"}}),
        ("- name: x\n  kind: best\n  facts: {}\n  expect: okay", {2: {"check.choice"}, 4: {"check.choice"}}),
        ("- name: x\n  kind: garbled\n  facts: {}\n  expect: ok", {4: {"check.test-garbled-ok"}}),
        (
            "- name: x\n  kind: bad\n  with: {fial: 3}\n  now: yesterday\n  facts:\n    flow: []\n"
            "    pods: 3\n    flows:\n      - {out: a}\n      - {node: n, out: a, outs: [b]}\n"
            "      - {node: n, error: tired}\n      - {node: n, out: 3, rc: 1}\n  expect: {value: 3, rows: {a: good}}",
            {
                3: {"check.unknown-param"},
                4: {"check.test-now"},
                6: {"check.unknown-read"},
                7: {"check.type"},
                9: {"check.test-target"},
                10: {"check.test-answer"},
                11: {"check.choice"},
                12: {"check.type", "check.unknown-key"},
                13: {"check.missing", "check.choice"},
            },
        ),
    ],
)  # fmt: skip
def test_all_mistakes_are_named_at_their_lines(tests: str, codes: dict[int, set[str]]) -> None:
    found, problems = read(tests)
    lines: dict[int, set[str]] = {}
    for problem in problems:
        lines.setdefault(problem.line, set()).add(problem.code)
    assert (lines, found) == (codes, ())


@pytest.mark.parametrize(
    ("wanted", "came", "equal"),
    [
        (0.1, 0.1 + 1e-12, True), (1, True, False), (True, True, True), (1, 1.0, True), (1, "1", False),
        ([1, {"a": 2}], ({"a": 2}, 1), False), ([1, {"a": 2}], (1, {"a": 2.0}), True),
        ({"a": 1}, {"a": 1, "b": 2}, False),
        ("", None, True), (None, None, True), (None, 0, False), ("x", ["x"], False),
    ],
)  # fmt: skip
def test_numbers_are_compared_as_numbers(wanted: Any, came: Any, equal: bool) -> None:
    assert same(wanted, came) is equal


# --- roots ----------------------------------------------------------------------------------------------------------


def root(folder: Path, check: str, beside: str = "") -> Path:
    (folder / "checks" / "tests").mkdir(parents=True)
    (folder / "checks" / "mine.yaml").write_text(check, encoding="utf-8")
    if beside:
        (folder / "checks" / "tests" / "any.yaml").write_text(beside, encoding="utf-8")
    return folder


def said(folder: Path) -> list[tuple[str, int, str]]:
    return [
        (Path(p.path).name, p.line, f"{p.severity} {p.code}") for p in lint_tests([folder], layout=LAYOUT)
    ]


def test_a_check_without_tests_is_an_info(tmp_path: Path) -> None:
    assert said(root(tmp_path, CHECK)) == [("mine.yaml", 1, "info check.no-tests")]


def test_tests_may_stand_in_the_check_or_beside_it(tmp_path: Path) -> None:
    facts = f"facts: {{{PID}, {PODS}, {FLOWS}}}"
    inside = f"  tests:\n    - {{name: t, kind: bad, {facts}, expect: fail}}\n"
    beside = f"a.flows:\n  - {{name: u, kind: bad, {facts}, expect: warn}}\na.flow: []\n"
    folder = root(tmp_path, CHECK + inside, beside)
    found, _ = gather_tests(folder, layout=LAYOUT)
    assert [test.expect for test in found["a.flows"].tests] == [{"verdict": "fail"}, {"verdict": "warn"}]
    assert said(folder) == [
        ("any.yaml", 3, "error check.test-no-check"),
        ("any.yaml", 2, "error check.test-failed"),
    ]


def test_a_file_of_tests_that_is_none(tmp_path: Path) -> None:
    assert said(root(tmp_path, CHECK, "- a")) == [
        ("any.yaml", 1, "error check.test-mapping"),
        ("mine.yaml", 1, "info check.no-tests"),
    ]
