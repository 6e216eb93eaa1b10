"""What people read in Chinese is Chinese: bad input driven through the command line."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.english import english_in

ROOT = Path(__file__).resolve().parents[1]


def test_the_search_for_english_finds_it_and_leaves_names_alone() -> None:
    assert english_in("文件已损坏：it holds '../../evil', which does not belong there")
    assert english_in("错误：No such command 'x'.")
    assert not english_in(
        "文件已损坏：含有文件 '../../evil'，服务器返回“pods is forbidden”，见 klinik check --list"
    )


@pytest.fixture(scope="module")
def bad(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of files that are not what they are taken for."""
    folder = tmp_path_factory.mktemp("bad")
    texts = {
        "text.txt": "hello\n",
        "empty": "",
        "list.yaml": "- 1\n- 2\n",
        "torn.yaml": "a: [1, 2\nb: }\n",
        "tabs.yaml": "a:\n\t- 1\n",
        "settings.yaml": SETTINGS,
        "no-context.yaml": "clusters: []\ncontexts: []\nusers: []\n",
        "refused.yaml": json.dumps(
            {
                "current-context": "gone",
                "contexts": [
                    {"name": "gone", "context": {"cluster": "c", "user": "u"}},
                    {"name": "plugin", "context": {"cluster": "c", "user": "p"}},
                    {"name": "failing", "context": {"cluster": "c", "user": "f"}},
                    {"name": "half", "context": {"cluster": "nowhere", "user": "u"}},
                ],
                "clusters": [{"name": "c", "cluster": {"server": "https://127.0.0.1:9"}}],
                "users": [
                    {"name": "u", "user": {"token": "x"}},
                    {"name": "p", "user": {"exec": _plugin("no-such-plugin-anywhere")}},
                    {"name": "f", "user": {"exec": _plugin("false")}},
                ],
            }
        ),
        "journal.jsonl": "{}\n",
        "kb/articles/broken/zh.md": "---\nid: other\ncomponents: 5\n---\n没有标题\n\n```bash\n$ kubectl get pods\n",
        "kb/articles/broken/guide.yaml": "checks: [1]\nsymptoms: {a: b}\ncauses: 3\nwhat: 1\n",
        "kb/articles/guided/en.md": "# A title\n\n## Symptoms\n\nText.\n",
        "kb/articles/guided/guide.yaml": GUIDE,
        "kb/checks/wrong.yaml": CHECKS,
        "kb/glossary.yaml": "entries: 3\nclasses: []\n",
    }
    for name, text in texts.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    (folder / "binary").write_bytes(bytes(range(256)))
    _zip(folder / "foreign.zip", {"../../evil": "x"})
    _zip(folder / "other.zip", {"manifest.json": "{}"})
    _zip(folder / "torn.zip", {"manifest.json": "{"})
    _zip(
        folder / "fields.zip",
        {"manifest.json": json.dumps({"format": "klinik-bundle", "version": 1, "calls": "x"})},
    )
    _zip(folder / "none.zip", {"bodies/1.json": "{}"})
    return folder


def _plugin(command: str) -> dict[str, object]:
    return {"apiVersion": "client.authentication.k8s.io/v1", "command": command, "interactiveMode": "Never"}


def _zip(path: Path, members: dict[str, str]) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in members.items():
            archive.writestr(name, text)


GUIDE = """
checks: {a: no.such.check, b: {check: ovs.flow-count, params: {nope: 1}}}
symptoms: [{id: s, when: "a.verdict ==", text: {en: s, zh: s}}]
causes:
  - {id: c, when: "nope.value > b.verdict.size(", text: {en: c, zh: c}, fix: [x, missing]}
steps:
  - {id: x, text: {en: x, zh: x}, action: {exec: {on: nobody, command: [rm, -rf, "{slot}"]}}}
"""
CHECKS = """
wrong.one:
  title: {en: a, zh: b}
  reads:
    a: {list: {resource: pods}}
    b: {exec: {on: ovs, command: [rm, -rf, /]}, parse: {nope: 1}}
    c: {prometheus: {query: "rate(foo["}}
    d: {exec: {on: ovs, command: [ovs-vsctl, show], parse: {regex: "("}}}
  outcomes: [{when: "a.b.c(", verdict: nope}]
wrong.two: 7
"""


SETTINGS = """
layout: {preset: nope, roles: {x: 1}}
thresholds: {no.such: {a: 1}}
prometheus: {service: x}
who: me
"""
KUBECONFIGS = (
    "nowhere",
    "text.txt",
    "list.yaml",
    "torn.yaml",
    "tabs.yaml",
    "binary",
    "empty",
    "no-context.yaml",
)


def calls(bad: Path) -> list[list[str]]:
    """Wrong calls of every command, and calls with wrong files."""
    refused = ["--kubeconfig", str(bad / "refused.yaml"), "--request-timeout", "2s"]
    commands = [
        "search",
        "show",
        "check",
        "triage",
        "guide",
        "mute",
        "sessions",
        "bundle",
        "practice",
        "doctor",
        "kb",
    ]
    below = {
        "mute": ["add", "lift", "list"],
        "sessions": ["list", "show", "export", "import", "summary", "draft"],
        "bundle": ["collect", "show", "diff"],
        "practice": ["list", "serve"],
        "kb": ["lint", "new", "schema", "import", "index"],
    }
    paths = [[], *([one] for one in commands), *([one, two] for one, more in below.items() for two in more)]
    return [
        *([*path, "--help"] for path in paths),
        *([*path, "--no-such-option"] for path in paths[::3]),
        ["nope"], ["kb", "nope"], ["--lang", "xx"], ["--kb", "/nowhere"], ["--nodes", "0", "triage"],
        ["--request-timeout", "x", "check"], ["--practice", "nope", "check"], ["--nodes", "3", "check"],
        ["show"], ["show", "nope"], ["show", "a", "b"], ["search"], ["search", "x", "--limit", "y"],
        ["search", "zzzqqq"], ["search", "x", "--where", "a=b"], ["search", "--paste", str(bad / "nowhere")],
        ["check", "nope"], ["check", "--set", "x"], ["check", "ovs.flow-count", "--set", "ovs.flow-count.warn=x"],
        ["check", "--watch", "1h", "--answer", "x"], ["check", "ovs.flow-count", "--answer", "/nowhere"],
        ["check", "--fail-on", "x"], ["check", "--to", "x"], ["check", "--list", "-o", "junit"],
        ["check", "--watch", "soon"],
        ["guide", "nope"], ["guide"], ["mute", "add", "nope"], ["mute", "lift", "99"],
        ["mute", "add", "ovs.flow-count", "--reason", "x", "--for", "soon"],
        ["mute", "add", "ovs.flow-count", "--reason", "x", "--until", "yesterday"],
        ["sessions", "show", "99"], ["sessions", "export", "1", "--format", "x"], ["sessions", "draft", "99"],
        ["sessions", "import", str(bad / "text.txt")], ["sessions", "import", str(bad / "journal.jsonl")],
        ["sessions", "import", str(bad / "nowhere")], ["sessions", "import", str(bad / "binary")],
        ["doctor", "--rbac", "nope"], ["doctor", "--rbac", "--subject", "x"], ["doctor", "--subject", "user:x"],
        ["kb", "lint", "/nowhere"], ["kb", "lint", str(bad / "kb")], ["kb", "new", "Bad_Id", "--to", str(bad / "kb")],
        ["kb", "new", "x"], ["kb", "import", "/nowhere", "--to", str(bad / "new")], ["kb", "schema", "nope"],
        ["kb", "import", str(bad / "binary"), "--to", str(bad / "text.txt")],
        ["practice", "serve", "nope"], ["practice", "serve", "healthy", "--port", "x"],
        *(["--bundle", str(bad / f"{name}.zip"), "triage"] for name in ("foreign", "other", "torn", "fields", "none")),
        ["--bundle", str(bad / "text.txt"), "check"], ["bundle", "show", str(bad / "binary")],
        ["bundle", "diff", str(bad / "text.txt"), str(bad / "empty")],
        ["--bundle", str(bad / "other.zip"), "--context", "x", "check"],
        *(["--kubeconfig", str(bad / name), "check"] for name in KUBECONFIGS),
        ["--config", str(bad / "settings.yaml"), *refused, "check"], ["--config", str(bad / "torn.yaml"), "check"],
        [*refused, "check", "node.conditions"], [*refused, "guide", "ovn-mac-binding-leak"], [*refused, "doctor"],
        [*refused, "triage"], [*refused, "--context", "nope", "check"], [*refused, "--context", "half", "check"],
        *([*refused, "--context", name, "check", "node.conditions"] for name in ("plugin", "failing")),
        [*refused, "bundle", "collect", str(bad / "new.zip"), "--check", "node.conditions"],
    ]  # fmt: skip


def test_the_command_line_speaks_chinese_whatever_is_wrong(bad: Path, tmp_path: Path) -> None:
    """Help, usage errors, broken files and an unreachable cluster, all in Chinese but for what is quoted."""
    given = calls(bad)
    env = {
        **{name: value for name, value in os.environ.items() if name != "KUBECONFIG"},
        "KLINIK_LANG": "zh", "HOME": str(tmp_path), "KLINIK_CACHE_DIR": str(tmp_path / "cache"), "TERM": "dumb",
    }  # fmt: skip
    done = subprocess.run(
        [sys.executable, "-m", "tests.spoken"],
        input=json.dumps(given), capture_output=True, text=True, cwd=ROOT, env=env, timeout=240, check=True,
    )  # fmt: skip
    said = json.loads(done.stdout)
    wrong = {
        " ".join(call).replace(str(bad), ""): found
        for call, (_, text) in zip(given, said, strict=True)
        if (found := english_in(text.replace(str(bad), "")))
    }
    assert wrong == {}
    silent = [call for call, (code, text) in zip(given, said, strict=True) if code and not text.strip()]
    assert not silent, "an error without a word"
