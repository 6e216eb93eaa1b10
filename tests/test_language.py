"""What people read in Chinese is Chinese: bad input driven through the command line and the core.

Words of others (a cluster, a library, the input itself) may stay where they are marked as quotations; names, ids,
paths, options and technical words may stay anywhere.
"""

from __future__ import annotations

import ast
import json
import os
import re
import subprocess
import sys
import zipfile
from collections.abc import Iterable
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
QUOTED = re.compile(r"“[^“”]*”|「[^「」]*」|\"[^\"\n]*\"|(?<![A-Za-z])'[^'\n]*'|`[^`\n]*`")
NAMED = re.compile(
    r"""https?://\S+ | [./~]*[\w.-]*/[\w./-]* | -{1,2}[\w-]+(?:=\S+)?
    | \b\w*[\d_.:=|<>*@{}$\[\]-]\w[\w.:=|<>*@{}$\[\]-]*
    | \b\w+\(\) | \bklinik(?:\ (?:kb|bundle|sessions|mute|practice))?(?:\ [a-z]+)?""",
    re.VERBOSE,
)
_WORDS = (
    r"\b(?:the|is|are|was|were|not|no|of|and|or|to|in|on|it|its|that|which|there|has|have|must|cannot|does|with|for|from"
    r"|none|nothing|unknown|expected|missing|found|broken|wrong|bad|invalid|already|only|more|than)\b"
)
ENGLISH = re.compile(f"{_WORDS}(?= [a-z])|(?<=[a-z] ){_WORDS}", re.IGNORECASE)
"""Words that stand in nearly every English sentence, beside another word: alone they may be a name or a verdict."""
RUN = re.compile(r"\b[A-Za-z]?[a-z]+(?: [a-z]{2,}){2,}\b")
"""Three plain words in a row are a sentence, whatever they are."""


def english_in(text: str) -> list[str]:
    """The English that stands in a Chinese text outside of quotations, names and technical words."""
    left = NAMED.sub("·", QUOTED.sub("…", text))
    found = [*ENGLISH.finditer(left), *RUN.finditer(left)]
    return [left[max(0, one.start() - 30) : one.end() + 30].replace("\n", " ") for one in found]


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


# --- the catalogue and the checks -----------------------------------------------------------------------------------

HAN = "\u4e00-\u9fff"
CODE = re.compile(r"\{\{?[^{}]*: [^{}]*\}?\}")
TECHNICAL = ("generic netlink socket", "How To")
HALF = re.compile(rf"[{HAN}”」）}}] ?[,;:?!](?![\w/=|.-])|[,;:?!] ?[{HAN}]|\([{HAN}]|[{HAN}]\)")
"""Half-width punctuation beside Chinese characters or behind a value; in code and patterns it stays."""


def spoken() -> dict[str, tuple[str, str]]:
    """Everything in both languages that is shipped as data, by where it stands: English and Chinese."""
    import yaml

    found: dict[str, tuple[str, str]] = {}

    def take(where: str, value: object) -> None:
        if isinstance(value, dict) and set(value) == {"en", "zh"} and isinstance(value["zh"], str):
            found[where] = (str(value["en"]), value["zh"])
        elif isinstance(value, dict):
            for key, inner in value.items():
                take(f"{where}.{key}", inner)
        elif isinstance(value, list):
            for number, inner in enumerate(value):
                take(f"{where}[{number}]", inner)

    for path in sorted((ROOT / "assets" / "i18n").glob("*.json")):
        take(path.stem, json.loads(path.read_text(encoding="utf-8")))
    for path in sorted(
        [*(ROOT / "assets" / "checks").glob("*.yaml"), *(ROOT / "assets").rglob("guide.yaml")]
    ):
        text = path.read_text(encoding="utf-8")
        take(
            str(path.relative_to(ROOT)), yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
        )
    return found


def _plain(zh: str) -> str:
    for words in TECHNICAL:
        zh = zh.replace(words, "·")
    return zh.replace("{{", "{")


def test_every_chinese_text_is_chinese_and_every_english_one_english() -> None:
    """No text was copied from the other language, or left half translated."""
    texts = spoken()
    assert len(texts) > 2500
    wrong = {where: found for where, (_, zh) in texts.items() if (found := english_in(_plain(zh)))}
    assert wrong == {}
    assert [
        where
        for where, (en, _) in texts.items()
        if re.search(f"[{HAN}]", QUOTED.sub("", en).replace("中文", ""))
    ] == []


def test_chinese_texts_have_chinese_punctuation() -> None:
    wrong = {
        where: zh for where, (_, zh) in spoken().items() if HALF.search(CODE.sub("", QUOTED.sub("", zh)))
    }
    assert wrong == {}


# --- the code -------------------------------------------------------------------------------------------------------

SAID = {
    "Said", "ClusterError", "ConfigError", "PlanError", "WalkError", "InputError", "SlotError", "JournalError",
    "MuteError", "PasteError", "NotConfirmed", "NotArmed", "TurnLost", "NoSession", "NotLocal", "ScenarioError", "Stop",
}  # fmt: skip
"""Exceptions whose words people read; those derived from them count too."""


def test_errors_that_people_read_are_not_raised_with_english_literals() -> None:
    """They take a message of the catalogue, or what somebody else said, never a sentence of the code."""
    texts = {
        path: path.read_text(encoding="utf-8")
        for room in ("kb", "checks", "tui")
        for path in (ROOT / room).rglob("*.py")
        if "practice" not in path.parts
        or path.name == "scenario.py"  # the practice cluster speaks as a cluster does
    }
    family = _family(texts.values())
    literal = re.compile(rf"\b(?:{'|'.join(family)})\(\s*(?:[rf]?[\"']|str\()")
    trees = {path: ast.parse(text) for path, text in texts.items() if literal.search(text)}
    wrong = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path, tree in trees.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and _name(node.func) in family and node.args and _bare(node.args[0])
    ]
    assert wrong == []


def _family(texts: Iterable[str]) -> set[str]:
    bases = {
        found[1]: set(re.findall(r"\w+", found[2]))
        for text in texts
        for found in re.finditer(r"^class (\w+)\(([^)]*)\):", text, re.MULTILINE)
    }
    found = set(SAID)
    while more := {name for name, of in bases.items() if of & found} - found:
        found |= more
    return found


def _name(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def _bare(node: ast.expr) -> bool:
    """A sentence of one language: a literal of several words, or the string of another error."""
    if isinstance(node, ast.Constant):
        return isinstance(node.value, str) and " " in node.value
    if isinstance(node, ast.JoinedStr):
        return any(
            isinstance(part, ast.Constant) and re.search("[a-z]{2} ", part.value) for part in node.values
        )
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "str":
        return True
    return isinstance(node, ast.BinOp) and (_bare(node.left) or _bare(node.right))


def test_the_rule_about_literals_finds_them() -> None:
    text = 'raise NotFound(f"no pod {x} here")\nraise Mine("so it is")\nclass Mine(ConfigError): ...'
    calls = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Call)]
    assert "Mine" in _family([text])
    assert all(_bare(call.args[0]) for call in calls)
    assert not _bare(ast.parse("message('cluster.gone')", mode="eval").body)


def test_why_nothing_is_known_is_said_in_chinese() -> None:
    """Every shipped check, refused or without an answer, says why in Chinese; what the server said is quoted."""
    from checks.catalogue import load_catalogue
    from checks.errors import Forbidden
    from checks.facts.answers import Raw, Sample, answer, reason_of
    from checks.judge import judge
    from checks.model import Answer, Fact
    from kb.said import quoted

    reason, said = reason_of(Forbidden(quoted("pods is forbidden: User bob cannot list it")))
    wrong: dict[str, list[str]] = {}
    for spec in load_catalogue():
        garbled = {
            name: answer(
                Raw("n1", samples=(Sample(1.0, "what is\x00this?"),)), getattr(read, "parse", {}), 100, False
            )
            for name, read in spec.reads.items()
        }
        refused = {name: Answer("n1", None, "", 1.0, error=reason, message=said) for name in spec.reads}
        for answers in (refused, garbled):
            judged = judge(spec, {name: Fact((one,)) for name, one in answers.items()}, spec.params, 1.0)
            rows = [row.text.zh for row in judged.rows]
            if found := [
                e for text in (judged.summary.zh, judged.remedy.zh, *rows) for e in english_in(text)
            ]:
                wrong[spec.id] = found
    assert wrong == {}


def test_parsers_and_expressions_say_in_chinese_what_they_cannot_read() -> None:
    from checks.cel.expr import ExpressionError, Unknown
    from checks.cel.expr import compile as compiled
    from checks.parse import KINDS, Unparsable, parse
    from checks.prom.query import NotPromQL
    from checks.prom.selecting import selectors

    said = []
    for kind in KINDS:
        how = {
            kind: {"keyvalue": ":", "csv": ["a"], "prometheus": ["up"], "regex": "(?P<a>x)"}.get(kind, True)
        }
        for text in (
            "",
            "what is this",
            "{",
            "[1]",
            '{"headings": 1}',
            "a,b\n",
            "up 1 2 3\n",
            "cpu x\n",
            "Name: x\n",
        ):
            try:
                parse(how if kind not in ("lines", "count_lines") else {kind: "(?P<a>y)"}, text)
            except Unparsable as error:
                said.append(error.text)
    for text in (
        "a +",
        "nope(1)",
        "x.y(1)",
        "has(1)",
        "b'x'",
        "size(1, 2)",
        "[1].map(2, 3)",
        "1 / 0",
        "a.b",
        "min([])",
    ):
        try:
            compiled(text).value({})
        except (ExpressionError, Unknown) as error:
            said.append(error.text)
    for text in ("", "rate(", "{a=}", "up)", "1"):
        try:
            selectors(text)
        except NotPromQL as error:
            said.append(error.text)
    assert len(said) > 40
    assert [text.zh for text in said if english_in(text.zh) or not re.search(f"[{HAN}]", text.zh)] == []
