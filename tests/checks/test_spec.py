"""Check files: what is right becomes a check, what is wrong is named at its line, all at once."""

from __future__ import annotations

from pathlib import Path

import pytest

from checks.catalogue import lint_guide, load_catalogue
from checks.judges import JUDGES, find
from checks.model import ExecRead, ListRead, LogsRead
from checks.specs.spec import SlotError, fill, specs_of
from kb import yamlfile
from kb.guidefile import parse_guide
from kb.paths import ASSETS

ROLES = ("ovs", "cni")
GOOD = """\
- id: ovs.flow-count
  title: {en: Flows, zh: 流表}
  why: {en: Why., zh: 原因。}
  unit: flows
  params: {warn: 50, fail: 100, table: 66, gap: 5}
  reads:
    flows:
      exec: {on: ovs, argv: [ovs-ofctl, dump-aggregate, "table={table}"], samples: 2, apart: "{gap}", fallback: cni}
      parse: {regex: 'flow_count=(?P<count>\\d+)'}
    nodes:
      list: {resource: v1/nodes, labels: "t={table}", optional: true}
    log:
      logs: {on: ovs, tail: 50, since: 60}
      parse: {count_lines: ERR}
  each: flows
  measure: {count: "flows[1].value.count"}
  outcomes:
    - {when: "count >= params.fail", verdict: fail, say: {en: "{count:,} of {fail}", zh: "{count:,} / {fail}"}}
    - {verdict: ok, say: {en: "{count}", zh: "{count}"}}
  value: count
  fold: max
  summary: {en: "up to {value:,}, {bad} of {total}", zh: "最多 {value:,}，{bad}/{total}"}
"""


def specs(text: str) -> tuple[list[str], dict[int, set[str]]]:
    found, problems = specs_of(yamlfile.parse(text, "x.yaml"), ROLES)
    lines: dict[int, set[str]] = {}
    for problem in problems:
        lines.setdefault(problem.line, set()).add(problem.code)
    return [spec.id for spec in found], lines


def test_a_right_file_becomes_a_check() -> None:
    """All forms of reads, params, measures and outcomes arrive in the value."""
    (spec,), problems = specs_of(yamlfile.parse(GOOD, "x.yaml"), ROLES)
    assert problems == []
    assert (spec.id, spec.cost, spec.each, spec.fold, spec.line) == (
        "ovs.flow-count",
        "cheap",
        "flows",
        "max",
        1,
    )
    flows = spec.reads["flows"]
    assert isinstance(flows, ExecRead)
    assert (flows.on, flows.samples, dict(flows.numbers), flows.fallback) == (
        "ovs",
        2,
        {"apart": "gap"},
        "cni",
    )
    assert spec.outcomes[0].verdict == "fail"
    assert not spec.outcomes[-1].when


def test_params_fill_words_selectors_and_numbers() -> None:
    """`{param}` in argv and labels, and as a whole number."""
    (spec,), _ = specs_of(yamlfile.parse(GOOD, "x.yaml"), ROLES)
    flows = fill(spec.reads["flows"], {**spec.params, "table": 67, "gap": 2.5})
    assert isinstance(flows, ExecRead)
    assert flows.argv[-1] == "table=67"
    assert flows.apart == 2.5
    nodes, log = fill(spec.reads["nodes"], spec.params), fill(spec.reads["log"], spec.params)
    assert isinstance(nodes, ListRead)
    assert nodes.labels == "t=66"
    assert isinstance(log, LogsRead)
    assert (log.tail, log.since) == (50, 60)


@pytest.mark.parametrize("value", ["a b", "x;rm", "$(id)", "", "a\nb", "中"])
def test_a_param_cannot_become_another_word(value: str) -> None:
    """A value outside the allowed characters is refused, whatever a guide says."""
    (spec,), _ = specs_of(yamlfile.parse(GOOD, "x.yaml"), ROLES)
    with pytest.raises(SlotError):
        fill(spec.reads["flows"], {**spec.params, "table": value})


def test_a_param_cannot_become_an_option_nor_a_word_a_number() -> None:
    """`--help` as a whole word, and text where seconds belong, are refused."""
    read = ExecRead("ovs", ("cat", "{file}"), numbers={"apart": "gap"})
    with pytest.raises(SlotError):
        fill(read, {"file": "--help", "gap": 1})
    with pytest.raises(SlotError):
        fill(read, {"file": "x", "gap": "soon"})


def test_every_mistake_is_named_at_its_line() -> None:
    """One pass tells everything that is wrong with a file, and keeps the checks that are right."""
    broken = """\
- id: Broken
  title: {en: Flows}
  why: text
  colour: red
  cost: free
  params: {warn: 1}
  reads:
    a:
      exec: {on: nobody, argv: [sh, -c, "x {typo}"], timeout: soon}
      parse: {regex: '('}
    b: {list: {resource: pods}, exec: {on: ovs, argv: []}}
    c: {list: {resource: pods}}
  each: z
  measure: {n: "a.x +", a: "1"}
  outcomes:
    - {when: "a.x == 1 && params.fail > q", verdict: bad, say: {en: "{nope}", zh: "{"}}
    - {verdict: ok, say: {en: x, zh: x}}
    - {when: "true", verdict: ok, say: {en: x, zh: x}}
  value: m
"""
    ids, lines = specs(broken + GOOD)
    assert ids == ["ovs.flow-count"]
    expected = {
        1: {"check.bad-id"},
        2: {"check.missing-language"},
        3: {"check.type"},
        4: {"check.unknown-key"},
        5: {"check.choice"},
        9: {"check.unknown-role", "check.shell", "check.unknown-slot", "check.type"},
        10: {"check.parse"},
        11: {"check.one-read"},
        12: {"check.resource"},
        13: {"check.unknown-read"},
        14: {"check.cel", "check.name-taken"},
        16: {
            "check.choice",
            "check.unknown-param",
            "check.unknown-name",
            "check.unknown-placeholder",
            "check.braces",
        },
        17: {"check.default-not-last"},
        18: {"check.no-default"},
        19: {"check.unknown-measure"},
    }
    for line, codes in expected.items():
        assert codes <= lines.get(line, set()), (line, lines.get(line))


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (("  outcomes:", "  judge: nobody\n  outcomes:"), "check.judge-and"),
        (("  outcomes:", "  judge: nobody\n  outcomes:"), "check.unknown-judge"),
        (("  summary:", "  unit2:"), "check.no-summary"),
        (("    log:", "    bad name:"), "check.bad-name"),
        (("dump-aggregate", "del-flows"), "check.writes"),
        (("ovs-ofctl, dump-aggregate", "strange-tool, x"), "check.writes"),
        (('dump-aggregate, "table={table}"', '"{table}"'), "check.writes"),
        (("exec: {on: ovs,", "exec: {on: ovs, given: {pid: gone},"), "check.unknown-read"),
        (("    - {verdict: ok,", "    - {verdict: ok, when: 'true',"), "check.no-default"),
    ],
)
def test_what_does_not_fit_together_is_named(change: tuple[str, str], code: str) -> None:
    """Parts of a check that contradict each other."""
    text = GOOD.replace(*change)
    assert text != GOOD
    _, lines = specs(text)
    assert any(code in codes for codes in lines.values()), lines


def test_a_file_that_is_no_list_says_so() -> None:
    """A mapping at the top is the commonest mistake."""
    assert specs("id: x\n") == ([], {1: {"check.not-list"}})


# --- the catalogue --------------------------------------------------------------------------------------------------


def test_later_roots_win_and_duplicates_in_one_root_are_named(tmp_path: Path) -> None:
    """A team's root may replace a check; two of one id in a root are a mistake."""
    for name, text in (("a", GOOD), ("b", GOOD.replace("unit: flows", "unit: rules"))):
        (tmp_path / name / "checks").mkdir(parents=True)
        (tmp_path / name / "checks" / "x.yaml").write_text(text, encoding="utf-8")
    (tmp_path / "b" / "checks" / "y.yaml").write_text(GOOD, encoding="utf-8")
    catalogue = load_catalogue([tmp_path / "a", tmp_path / "b"])
    assert catalogue.ids() == ("ovs.flow-count",)
    assert "ovs.flow-count" in catalogue
    assert catalogue.get("ovs.flow-count").unit == "rules"
    assert [problem.code for problem in catalogue.problems] == ["check.duplicate-id"]
    with pytest.raises(KeyError):
        catalogue.get("nothing")


def test_the_shipped_catalogue_has_no_problems() -> None:
    """Every shipped check loads, and its judge can be imported."""
    catalogue = load_catalogue(thorough=True)
    assert [str(problem) for problem in catalogue.problems] == []
    assert len(catalogue) >= 20
    for spec in catalogue:
        if spec.judge:
            assert callable(find(spec.judge))


@pytest.mark.parametrize("name", sorted(JUDGES))
def test_every_judge_of_the_table_is_there(name: str) -> None:
    """The explicit table names functions that exist."""
    assert find(name).__name__ == f"judge_{name}"


@pytest.mark.parametrize(
    "file", sorted((ASSETS / "articles").glob("*/guide.yaml")), ids=lambda f: f.parent.name
)
def test_the_shipped_guides_fit_the_catalogue(file: Path) -> None:
    """Every shipped guide uses checks, params, fields and roles that are there."""
    guide, problems = parse_guide(file.read_text(encoding="utf-8"), str(file), file.parent.name)
    assert guide is not None, problems
    assert [str(problem) for problem in lint_guide(guide, load_catalogue())] == []


GUIDE = """\
checks:
  flows: {use: ovs.flow-count, with: {fial: 1, warn: "many"}}
  gone: {use: ovs.no-such}
symptoms:
  - {id: s, text: {en: s, zh: s}, checks: [flows]}
causes:
  - id: c
    text: {en: c, zh: c}
    explain: {en: c, zh: c}
    evidence: [gone]
    supported_when: 'flows.cuont > 1 && nobody.verdict == "ok"'
    refuted_when: 'flows.verdict =='
    fix: [one]
steps:
  - id: one
    text: {en: t, zh: t}
    explain: {en: t, zh: t}
    impact: {en: t, zh: t}
    action: {exec: {on: ovss, argv: [ls]}}
    undo: {text: {en: t, zh: t}}
  - id: two
    text: {en: t, zh: t}
    explain: {en: t, zh: t}
    impact: {en: t, zh: t}
    action: {manual: {instruction: {en: t, zh: t}}}
    undo: {text: {en: t, zh: t}}
"""


def test_a_guide_that_does_not_fit_is_told_everything(tmp_path: Path) -> None:
    """Unknown checks, params, aliases, fields, roles, broken CEL, blind causes and lost steps."""
    (tmp_path / "checks").mkdir()
    (tmp_path / "checks" / "x.yaml").write_text(GOOD, encoding="utf-8")
    guide, problems = parse_guide(GUIDE, "guide.yaml", "x")
    assert guide is not None, problems
    found = {p.code: p.message for p in lint_guide(guide, load_catalogue([tmp_path]))}
    assert set(found) == {
        "guide.unknown-check",
        "guide.unknown-param",
        "guide.param-type",
        "guide.unknown-alias",
        "guide.unknown-field",
        "guide.unknown-role",
        "guide.cel",
        "guide.cause-blind",
        "guide.step-unreachable",
    }
    assert "did you mean fail?" in found["guide.unknown-param"]
    assert "did you mean count?" in found["guide.unknown-field"]
