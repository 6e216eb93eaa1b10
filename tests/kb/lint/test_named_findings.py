"""What `klinik kb lint` has to find, with the real catalogue of checks: each finding at its file and line."""

from __future__ import annotations

from pathlib import Path

import pytest

from kb.paths import ASSETS
from kb.problem import Problem
from tests.kb.lint.conftest import GOOD, GUT
from tui.cli.kblint import findings

T = "{en: e, zh: z}"
GUIDE = f"""signatures: ["lease renewal failed in ipam.go"]
checks:
  fds: {{use: ovs.fd-usage}}
symptoms:
  - {{id: vanish, text: {T}, checks: [fds]}}
causes:
  - id: leak
    text: {T}
    evidence: [fds]
    supported_when: 'fds.verdict == "fail"'
    refuted_when: 'fds.verdict == "ok"'
    fix: [renew]
steps:
  - id: renew
    text: {T}
    impact: {T}
    action: {{exec: {{on: ovs, argv: [ovs-vsctl, del-port, eth7]}}}}
    verify: {{check: fds}}
    undo: {{text: {T}}}
"""


def linted(root: Path, guide: str) -> list[Problem]:
    folder = root / "articles" / "leases"
    folder.mkdir(parents=True)
    (folder / "en.md").write_text(GOOD, encoding="utf-8")
    (folder / "zh.md").write_text(GUT, encoding="utf-8")
    (folder / "guide.yaml").write_text(guide, encoding="utf-8")
    return list(findings([ASSETS, root], [root]))


def test_a_guide_in_order_has_no_findings(tmp_path: Path) -> None:
    assert [str(problem) for problem in linted(tmp_path, GUIDE)] == []


@pytest.mark.parametrize(
    ("before", "after", "code", "severity", "marked"),
    [
        ("signatures:", "signaturs:", "guide.unknown-key", "error", "signaturs"),
        ("symptoms:", "symptoms: 7\nsymptom:", "guide.type", "error", "symptoms: 7"),
        ("ovs.fd-usage", "ovs.fd-usge", "guide.unknown-check", "error", "fds:"),
        ("use: ovs.fd-usage", "use: ovs.fd-usage, with: {no: 1}", "guide.unknown-param", "error", "fds:"),
        ("supported_when: 'fds.verdict", "supported_when: 'gone.verdict", "guide.unknown-alias", "error", "- id: leak"),
        ("""supported_when: 'fds.verdict == "fail"'""", "supported_when: 'true'", "guide.cause-unreachable", "error",
         "- id: leak"),
        ("fix: [renew]", "fix: []", "guide.step-unreachable", "warning", "- id: renew"),
        ("fix: [renew]", "fix: [renew, gone]", "guide.unknown-step", "error", "fix: [renew"),
        ("{en: e, zh: z}", "{en: e}", "guide.missing-language", "error", "- {id: vanish"),
        ("eth7", "<port>", "guide.placeholder", "warning", "- id: renew"),
        ("    verify: {check: fds}\n", "", "guide.no-verify", "warning", "- id: renew"),
        ("    undo: {text: {en: e, zh: z}}\n", "", "guide.no-undo", "error", "- id: renew"),
        ("    impact: {en: e, zh: z}\n", "", "guide.no-impact", "error", "- id: renew"),
        ("on: ovs,", "on: ovss,", "guide.unknown-role", "error", "- id: renew"),
    ],
)  # fmt: skip
def test_a_guide_out_of_order_says_what_and_where(
    tmp_path: Path, before: str, after: str, code: str, severity: str, marked: str
) -> None:
    assert before in GUIDE
    text = GUIDE.replace(before, after, 1)
    line = text[: text.index(marked)].count("\n") + 1
    found = linted(tmp_path, text)
    assert (code, severity, line) in [(p.code, p.severity, p.line) for p in found], found
    assert all(Path(p.path).is_relative_to(tmp_path) for p in found)
    assert all(p.zh and p.zh != p.message for p in found)
