"""The codes of findings: all of them known, documented in both languages, with one severity each."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from kb.findings import finding
from kb.lint import hint, severities
from kb.lint.codes import OF_LINT, lines_of, matching, sentence
from kb.lint.page import page
from kb.lint.report import choice, in_order, totals
from kb.problem import Problem

ROOT = Path(__file__).resolve().parents[3]


@cache
def literals() -> tuple[tuple[str, str, list[str]], ...]:
    """File, code and further literal arguments of every finding that the code makes by name."""
    return tuple(named())


def named() -> Iterator[tuple[str, str, list[str]]]:
    for room in ("kb", "checks"):
        for path in sorted((ROOT / room).rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if not isinstance(node, ast.Call):
                    continue
                name = ast.unparse(node.func).split(".")[-1]
                words = [
                    a.value for a in node.args if isinstance(a, ast.Constant) and isinstance(a.value, str)
                ]
                if name in ("finding", "found", "grouped", "_halt") or (
                    name == "stop" and "kb" in path.parts
                ):
                    yield from ((path.name, w, words) for w in words if "." in w)
                elif path.name == "guidelint.py" and name == "_say":
                    yield from (
                        (path.name, f"guide.{w}", words)
                        for w in words
                        if w not in ("error", "warning", "info")
                    )
                elif (
                    name == "say"
                    and path.name
                    in (
                        "spec.py",
                        "readspec.py",
                        "shape.py",
                        "checktests.py",
                        "applicability.py",
                        "checktestfiles.py",
                    )
                    and words
                ):
                    yield path.name, f"check.{words[0]}", words


def test_every_code_that_can_be_found_is_known() -> None:
    known = severities()
    assert {code for _, code, _ in literals()} <= set(known)


def test_a_code_has_the_severity_it_is_documented_with() -> None:
    known = severities()
    for where, code, words in literals():
        if code in OF_LINT or len(words) < 2 or words[-1] not in ("error", "warning", "info"):
            continue
        if code == "file.not-a-file":  # a folder named like an article is less than a device
            continue
        assert known[code] == words[-1], f"{where}: {code}"


def test_codes_of_lint_are_made_somewhere() -> None:
    made = {code for _, code, _ in literals()}
    indirectly = {"link.dead-image", "link.dead-article", "link.dead-file"}
    assert set(OF_LINT) - made == indirectly


def test_every_code_is_said_in_both_languages_and_lint_says_what_to_do() -> None:
    for code in severities():
        said = sentence(code)
        assert said.en, code
        assert said.zh, code
    for code in OF_LINT:
        assert hint(code).en, code
        assert hint(code).zh, code
    assert not hint("no.such-code")
    with pytest.raises(KeyError):
        sentence("no.such-code")


def test_the_page_is_that_of_the_catalogue() -> None:
    """Run: python -m kb.lint.page > docs/lint.md"""
    assert (ROOT / "docs" / "lint.md").read_text(encoding="utf-8") == page()


def test_codes_are_chosen_by_name_or_group() -> None:
    assert matching(["guide.no-undo"]) == {"guide.no-undo"}
    assert matching(["link.*"]) == matching(["link"]) == {c for c in severities() if c.startswith("link.")}
    with pytest.raises(KeyError, match="lnk"):
        matching(["link", "lnk"])


def test_findings_are_chosen_ordered_and_counted() -> None:
    error = finding("b", 2, "guide.no-undo")
    warning = Problem("a", 9, "link.dead-image", "x", "warning")
    info = Problem("a", 1, "command.prompt", "x", "info")
    every = [error, warning, info, error]
    assert in_order(every) == [info, warning, error]
    assert [p for p in every if p in choice("warning")] == [error, warning, error]
    assert [p for p in every if p in choice(only=["link", "command"], ignored=["command.prompt"])] == [
        warning
    ]
    assert totals(every) == {"error": 2, "warning": 1, "info": 1}


def test_places_are_named_shortly() -> None:
    assert lines_of([3]).en == "line 3"
    assert lines_of([3, 4]).en == "lines 3, 4"
    assert lines_of(range(1, 20)).en == "lines 1, 2, 3, 4, 5 and 14 more"
