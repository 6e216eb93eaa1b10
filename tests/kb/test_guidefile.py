"""kb.guidefile: a guide, or everything that is wrong with it, each with its line and what to write instead."""

from __future__ import annotations

from pathlib import Path

import pytest

from kb.guidefile import load_guide, parse_guide
from kb.model import (
    DeleteAction,
    ExecAction,
    ManualAction,
    PatchAction,
    RecreateAction,
    RestartAction,
    WaitAction,
)

T = "{en: e, zh: z}"
GOOD = f"""
applies_to: {{kube-ovn: ">=1.9"}}
fixed_in: {{kube-ovn: ["1.9.36", "1.13.15"]}}
signatures: ["row leak"]
checks:
  macs: {{use: ovn.mac-bindings, with: {{fail: 100}}}}
  flows: {{use: ovs.flow-count}}
symptoms:
  - {{id: flows-huge, text: {T}, checks: [flows], signatures: [boom], phrases: [流表 10w]}}
causes:
  - id: stale
    text: {T}
    explain: {T}
    upstream_of: [flows-huge]
    evidence: [macs, flows]
    supported_when: 'macs.verdict == "fail"'
    refuted_when: 'macs.verdict == "ok"'
    fix: [purge, restart, patch, remove, wait, by-hand]
steps:
  - id: purge
    text: {T}
    explain: {{en: "removes {{prefix}}", zh: z}}
    impact: {T}
    risk: low
    inputs:
      prefix: {{text: {T}, type: cidr, from: macs.prefixes, default: $first}}
      rows: {{text: {T}, type: rows, many: true, from: macs.rows, where: {{stale: true}}, within: {{ip: prefix}}}}
    requires: [{{when: 'flows.verdict != "unknown"', text: {T}}}]
    already_done: 'macs.stale == 0'
    save:
      options: {{exec: {{on: ovn-nb-leader, argv: [ovn-nbctl, show]}}, parse: {{regex: '(?P<a>\\d{{2}})'}}}}
    action:
      exec: {{on: ovn-sb-leader, argv: [ovn-sbctl, destroy], each: rows, tail: ["{{item.uuid}}"], batch: 500, pause: 1}}
    verify: {{check: macs, expect: [ok, warn], within: 120, stable_for: 10}}
    undo:
      text: {T}
      do:
        - {{exec: {{on: ovn-sb-leader, argv: [create], each: rows, tail: ["ip={{item.ip}}"]}}}}
        - {{when: 'saved.options.a == ""', exec: {{on: x, argv: ["set={{saved.options.a}}"]}}}}
  - id: restart
    text: {T}
    impact: {T}
    inputs: {{node: {{text: {T}, type: node}}}}
    action: {{restart: {{on: "ovs@{{node}}", timeout: 300}}}}
    undo: {{text: {T}}}
  - id: patch
    text: {T}
    impact: {T}
    action: {{patch: {{resource: v1/nodes, name: a, type: json, body: [{{op: add, path: /x, value: 1}}]}}}}
    undo: {{text: {T}, do: [{{recreate: {{}}}}]}}
  - id: remove
    text: {T}
    impact: {T}
    action: {{delete: {{resource: v1/pods, namespace: n, name: a}}}}
    undo: {{text: {T}}}
  - {{id: wait, text: {T}, action: {{wait: {{seconds: 5}}}}}}
  - id: by-hand
    text: {T}
    action: {{manual: {{instruction: {T}}}}}
    verify: {{check: macs, when: "macs.stale < 1"}}
"""


def wrong(text: str) -> list[tuple[int, str, str]]:
    guide, problems = parse_guide(text, "guide.yaml", "a")
    assert guide is None
    return [(p.line, p.code, p.message) for p in problems]


def test_a_good_guide_becomes_the_model() -> None:
    guide, problems = parse_guide(GOOD, "guide.yaml", "leak")
    assert problems == []
    assert guide is not None
    assert (guide.article, guide.path, guide.origin) == ("leak", "guide.yaml", "authored")
    assert guide.checks["macs"].check == "ovn.mac-bindings"
    assert dict(guide.checks["macs"].params) == {"fail": 100}
    assert guide.fixed_in == {"kube-ovn": ("1.9.36", "1.13.15")}
    assert guide.symptoms[0].phrases == ("流表 10w",)
    assert guide.causes[0].upstream_of == ("flows-huge",)
    actions = [type(step.action) for step in guide.steps]
    assert actions == [ExecAction, RestartAction, PatchAction, DeleteAction, WaitAction, ManualAction]
    purge = guide.step("purge")
    assert isinstance(purge.action, ExecAction)
    assert (purge.action.each, purge.action.tail, purge.action.batch) == ("rows", ("{item.uuid}",), 500)
    assert [i.name for i in purge.inputs] == ["prefix", "rows"]
    assert dict(purge.inputs[1].within) == {"ip": "prefix"}
    assert purge.saves[0].name == "options"
    assert purge.verify is not None
    assert purge.verify.expect == ("ok", "warn")
    assert purge.undo.parts[1].when == 'saved.options.a == ""'
    assert isinstance(guide.step("patch").undo.parts[0].action, RecreateAction)
    verify = guide.step("by-hand").verify
    assert verify is not None
    assert verify.when == "macs.stale < 1"


@pytest.mark.parametrize(
    ("before", "after", "code", "says"),
    [
        ("use: ovs.flow-count", "uses: ovs.flow-count", "guide.unknown-key", "did you mean use?"),
        ("checks: [flows]", "checks: [flow]", "guide.unknown-alias", "did you mean flows?"),
        ("evidence: [macs, flows]", "evidence: [macs, xyz]", "guide.unknown-alias", "known: flows, macs"),
        ("fix: [purge,", "fix: [prge,", "guide.unknown-step", "did you mean purge?"),
        ("upstream_of: [flows-huge]", "upstream_of: [flow-huge]", "guide.unknown-cause", "flows-huge"),
        ("verify: {check: macs, expect", "verify: {check: mac, expect", "guide.unknown-alias", "macs"),
        ("from: macs.rows", "from: mcs.rows", "guide.unknown-alias", "macs"),
        ("within: {ip: prefix}", "within: {ip: prefx}", "guide.unknown-input", "prefix"),
        ("{prefix}", "{prefiks}", "guide.unknown-input", "prefix"),
        ("each: rows, tail: [\"{item.uuid}\"]", "each: row, tail: [a]", "guide.unknown-input", "rows"),
        ("each: rows, tail: [\"{item.uuid}\"]", "each: prefix, tail: [a]", "guide.each-not-many", "many: true"),
        ("argv: [ovn-sbctl, destroy], each: rows", "argv: [ovn-sbctl]", "guide.item-without-each", "{item}"),
        ("{saved.options.a}", "{saved.option.a}", "guide.unknown-saved", "options"),
        ("explain: {en: e, zh: z}", "explain: {en: e}", "guide.missing-language", "zh"),
        ("explain: {en: e, zh: z}", "explain: words", "guide.not-text", "{en: …, zh: …}"),
        ("risk: low", "risk: mild", "guide.type", "read, low, disruptive or destructive"),
        ("pause: 1}", "pause: 1s}", "guide.type", "without a unit"),
        ('"1.9.36", "1.13.15"', '"1.9.36", 1.13', "guide.type", "in quotes"),
        ("batch: 500", "batch: 0", "guide.value", "batch"),
        ("many: true", "many: yes", "guide.type", "true or false"),
        ("id: restart\n", "id: purge\n", "guide.duplicate-id", "already used in line"),
        ("id: stale\n", "id: flows-huge\n", "guide.duplicate-id", "already used in line"),
        ("id: stale\n", "id: Stale One\n", "guide.bad-id", "small letters"),
        ("  macs: {use", "  m-acs: {use", "guide.bad-alias", "m-acs"),
        ("action: {wait: {seconds: 5}}", "action: {}", "guide.one-action", "exec"),
        ("action: {wait: {seconds: 5}}", "action: {wait: {seconds: 5}, restart: {on: x}}", "guide.one-action", "exec"),
        ("action: {wait: {seconds: 5}}", "action: {recreate: {}}", "guide.recreate-only-undo", "undo.do"),
        ("action: {wait: {seconds: 5}}", "acton: {wait: {seconds: 5}}", "guide.missing", "action"),
        ("    undo: {text: {en: e, zh: z}}\n  - id: patch", "  - id: patch", "guide.no-undo", "cannot be undone"),
        ("    supported_when: 'macs.verdict == \"fail\"'\n", "", "guide.missing", "supported_when"),
        ("expect: [ok, warn]", "expect: [okay]", "guide.type", "ok, warn, fail"),
    ],
)  # fmt: skip
def test_one_mistake_is_named_with_what_to_write_instead(
    before: str, after: str, code: str, says: str
) -> None:
    assert before in GOOD
    broken = GOOD.replace(before, after, 1)
    found = [(line, message) for line, found_code, message in wrong(broken) if found_code == code]
    assert found, wrong(broken)
    assert any(says in message for _, message in found)


def test_the_line_is_that_of_the_mistake() -> None:
    line = GOOD[: GOOD.index("risk: low")].count("\n") + 1
    assert [(at, code) for at, code, _ in wrong(GOOD.replace("risk: low", "risk: mild"))] == [
        (line, "guide.type")
    ]


def test_all_mistakes_are_said_at_once_in_order() -> None:
    broken = (
        GOOD.replace("risk: low", "risk: mild")
        .replace("fix: [purge,", "fix: [purg,")
        .replace("use: ovs.flow-count", "use: 3")
        .replace("check: macs, expect", "check: mac, expect")
    )
    found = wrong(broken)
    assert [code for _, code, _ in found] == [
        "guide.type",
        "guide.unknown-step",
        "guide.type",
        "guide.unknown-alias",
    ]
    assert [line for line, _, _ in found] == sorted(line for line, _, _ in found)


@pytest.mark.parametrize(
    "text", ["", "- a", "just words", "a: [1", "checks: 3", "steps: [1, null, [a]]\nchecks: [a]"]
)
def test_what_is_no_guide_is_a_problem_with_a_line(text: str) -> None:
    assert all(line >= 1 for line, _, _ in wrong(text))


def test_an_unreadable_guide_is_a_problem(tmp_path: Path) -> None:
    guide, problems = load_guide(tmp_path / "guide.yaml", "a")
    assert guide is None
    assert [p.code for p in problems] == ["file.unreadable"]


def test_messages_hold_no_control_characters_of_the_file() -> None:
    found = wrong('checks: {}\n"\\e[31mred": 1\nsymptoms: []\ncauses: []')
    assert any("red" in message for _, _, message in found)
    assert all(message.isprintable() for _, _, message in found)
