"""kb.yamlfile: YAML 1.2 values, lines of everything, bounds."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest

from kb import yamlfile


def codes(text: str) -> list[tuple[int, str]]:
    return [(p.line, p.code) for p in yamlfile.parse(text, "f.yaml").problems]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("on", "on"),
        ("yes", "yes"),
        ("No", "No"),
        ("true", True),
        ("false", False),
        ("True", "True"),
        ("null", None),
        ("~", None),
        ("12", 12),
        ("-3", -3),
        ("0x1F", 31),
        ("010", "010"),
        ("1_000", "1_000"),
        ("190:20:30", "190:20:30"),
        ("2024-01-01", "2024-01-01"),
        ("1.5", 1.5),
        ("1e3", 1000.0),
        ("1e999", "1e999"),
        (".inf", ".inf"),
        ("1.2.3", "1.2.3"),
        ("9" * 50, "9" * 50),
        ("'12'", "12"),
        ("!!str 12", "12"),
        ('"true"', "true"),
    ],
)
def test_plain_scalars_are_read_as_yaml_1_2_and_never_lose_digits(text: str, value: Any) -> None:
    document = yamlfile.parse(f"v: {text}", "f.yaml")
    assert document.problems == ()
    assert document.data == {"v": value}
    assert type(document.data["v"]) is type(value)


def test_every_key_and_item_has_its_line() -> None:
    document = yamlfile.parse("a:\n  - x\n  -\n    b: 1\n    c: [p,\n      q]\n", "f.yaml")
    assert document.data == {"a": ["x", {"b": 1, "c": ["p", "q"]}]}
    assert document.line(("a",)) == 1
    assert document.line(("a", 0)) == 2
    assert document.line(("a", 1, "b")) == 4
    assert document.line(("a", 1, "c", 1)) == 6
    assert document.line(("a", 1, "missing", "deeper")) == 3 or document.line(("a", 1, "missing")) in (3, 4)
    assert document.line(("nowhere",)) == 1


def test_keys_are_text_whatever_they_look_like() -> None:
    assert yamlfile.parse("1: a\ntrue: b\non: c", "f").data == {"1": "a", "true": "b", "on": "c"}


def test_an_alias_is_the_value_of_its_anchor() -> None:
    assert yamlfile.parse("a: &x {k: [1]}\nb: *x", "f").data == {"a": {"k": [1]}, "b": {"k": [1]}}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a: 1\nb: 2\na: 3", [(3, "yaml.duplicate-key")]),
        ("a:\n  b: 1\n  b: {c: 1}\n", [(3, "yaml.duplicate-key")]),
        ("a: &a [*a]", [(1, "yaml.cycle")]),
        ("x: 1\na: &a\n  b: *a", [(3, "yaml.cycle")]),
        ("a: *nope", [(1, "yaml.unknown-anchor")]),
        ("? [a]\n: b", [(1, "yaml.complex-key")]),
        ("a: 1\n---\nb: 2", [(2, "yaml.many-documents")]),
        ("a: [1\nb: 2", [(2, "yaml.syntax")]),
        ("ok: 1\nbad: \x01", [(2, "yaml.syntax")]),
        ("a: !!python/object:os.system x", [(1, "yaml.tag")]),
        ("a:\n\t- b", [(2, "yaml.syntax")]),
    ],
)
def test_what_is_wrong_is_said_with_its_line(text: str, expected: list[tuple[int, str]]) -> None:
    assert [(line, code) for line, code in codes(text)] == expected


def test_the_first_of_two_equal_keys_stays() -> None:
    document = yamlfile.parse("a: 1\na: {b: 2}\nc: 3", "f")
    assert document.data == {"a": 1, "c": 3}
    assert document.line(("a",)) == 1


@pytest.mark.parametrize("text", ["[" * 50_000, "- " * 50_000, "{a: " * 50_000, "a: " * 3])
def test_deep_nesting_is_refused_and_does_not_crash(text: str) -> None:
    document = yamlfile.parse(text, "f")
    assert document.data is None
    assert document.problems[0].code in ("yaml.too-deep", "yaml.syntax")


def test_an_alias_bomb_is_refused_quickly() -> None:
    lines = ["a: &a [x,x,x,x,x,x,x,x,x,x]"]
    for before, after in zip("abcdefghijk", "bcdefghijkl", strict=True):
        lines.append(f"{after}: &{after} [{','.join(['*' + before] * 10)}]")
    began = time.monotonic()
    assert codes("\n".join(lines))[0][1] == "yaml.too-many-nodes"
    assert time.monotonic() - began < 5


def test_a_document_of_too_many_values_is_refused() -> None:
    assert codes("[" + "1," * (yamlfile.MAX_NODES + 1) + "]")[0][1] == "yaml.too-many-nodes"


def test_files_that_cannot_be_read_are_problems(tmp_path: Path) -> None:
    huge = tmp_path / "huge.yaml"
    huge.write_bytes(b"a" * (yamlfile.MAX_BYTES + 1))
    latin = tmp_path / "latin.yaml"
    latin.write_bytes(b"ok: 1\nname: caf\xe9\n")
    bom = tmp_path / "bom.yaml"
    bom.write_bytes(b"\xef\xbb\xbfa: 1\r\nb: 2\r\n")
    assert [p.code for p in yamlfile.load(huge).problems] == ["yaml.too-large"]
    assert [(p.line, p.code) for p in yamlfile.load(latin).problems] == [(2, "yaml.not-utf8")]
    assert [p.code for p in yamlfile.load(tmp_path / "none.yaml").problems] == ["file.unreadable"]
    assert [p.code for p in yamlfile.load(tmp_path).problems] == ["file.unreadable"]
    assert yamlfile.load(bom).data == {"a": 1, "b": 2}


def test_an_empty_document_is_nothing_and_no_error() -> None:
    assert yamlfile.parse("", "f").data is None
    assert yamlfile.parse("# only a remark\n", "f").problems == ()
