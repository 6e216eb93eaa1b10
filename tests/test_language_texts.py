"""Texts that are shipped, raised in the code, or said by checks and parsers are in the language they claim."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterable
from pathlib import Path

from tests.english import QUOTED, english_in

ROOT = Path(__file__).resolve().parents[1]


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
