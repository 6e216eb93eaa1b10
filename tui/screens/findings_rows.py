"""The lines of the findings: grouped by severity, each with its code, its place and what to do. Values to options."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from textual.content import Content
from textual.widgets.option_list import Option

from kb.problem import SEVERITIES, Problem, Severity
from kb.safe import one_line
from tui.i18n import translate
from tui.theme import Signs
from tui.widgets.rows import Row, Rule
from tui.widgets.say import dim, foreign

DRAWN = 200
"""Findings of one severity that are drawn; the filter reaches all."""
MOST = 100_000
"""Findings that are kept; a library with more has one problem."""
STYLES = {"error": "bold $text-error", "warning": "$text-warning", "info": "$quiet"}
SIGNS = {"error": "fail", "warning": "warn", "info": "skipped"}

Key = tuple[str, int, str, str]


def key_of(problem: Problem) -> Key:
    """What makes two findings the same, whoever found them."""
    return (problem.path, problem.line, problem.code, problem.message)


@dataclass(slots=True)
class Found:
    """All findings so far, each once."""

    by_key: dict[Key, Problem] = field(default_factory=dict)
    counts: Counter[str] = field(default_factory=Counter)
    dropped: int = 0
    """How many were too many to keep."""

    def add(self, problems: Iterable[Problem]) -> None:
        """Takes more; whoever knows the article speaks for both."""
        for problem in problems:
            key = key_of(problem)
            known = self.by_key.get(key)
            if known is None and len(self.by_key) >= MOST:
                self.dropped += 1
            elif known is None or problem.article:
                self.by_key[key] = problem
                self.counts[problem.severity] += known is None

    def count(self, severity: Severity) -> int:
        """How many there are of a severity."""
        return self.counts[severity]

    def chosen(self, severity: str, words: str) -> list[Problem]:
        """Those of a severity (empty: all) that have all words, the worst first, then by file and line."""
        wanted = words.casefold().split()
        found = [
            problem
            for problem in self.by_key.values()
            if (not severity or problem.severity == severity) and _has(problem, wanted)
        ]
        return sorted(found, key=lambda p: (SEVERITIES.index(p.severity), *key_of(p)))


def _has(problem: Problem, words: Sequence[str]) -> bool:
    text = f"{problem.code} {problem.path} {problem.message} {problem.zh} {problem.article}".casefold()
    return all(word in text for word in words)


def place(problem: Problem) -> str:
    """``path:line``, as editors take it."""
    return f"{problem.path}:{problem.line}" if problem.line else problem.path


def short_place(problem: Problem, roots: Sequence[Path]) -> str:
    """The same below its root."""
    path = problem.path
    for root in roots:
        start = str(root).rstrip(os.sep) + os.sep
        if path.startswith(start):
            path = path[len(start) :]
            break
    return f"{path}:{problem.line}" if problem.line else path


def options(
    problems: Sequence[Problem], roots: Sequence[Path], lang: str, signs: Signs
) -> tuple[list[Option], dict[str, Problem]]:
    """The lines, and the finding behind each by its option's id."""
    lines: list[Option] = []
    behind: dict[str, Problem] = {}
    for severity in SEVERITIES:
        group = [problem for problem in problems if problem.severity == severity]
        if not group:
            continue
        title = Content.styled(translate(lang, f"findings.{severity}"), STYLES[severity])
        lines.append(
            Option(Rule(title, dim(f"{len(group):,}"), signs.rule), id=f"rule:{severity}", disabled=True)
        )
        for problem in group[:DRAWN]:
            name = f"{severity}:{problem.path}:{problem.line}:{problem.code}:{problem.message}"
            if name not in behind:
                behind[name] = problem
                lines.append(Option(_row(problem, roots, lang, signs), id=name))
        if len(group) > DRAWN:
            more = translate(lang, "findings.more", n=f"{len(group) - DRAWN:,}")
            lines.append(Option(dim(more), id=f"more:{severity}", disabled=True))
    return lines, behind


def _row(problem: Problem, roots: Sequence[Path], lang: str, signs: Signs) -> Row:
    sign = Content.styled(signs.verdicts[SIGNS[problem.severity]], STYLES[problem.severity])
    left = Content.assemble(
        sign, " ", (one_line(problem.code, 60), "bold"), "  ", foreign(problem.said(lang))
    )
    below = (dim(one_line(short_place(problem, roots), 200)),)
    return Row(left, below=below, indent=2, wrap=True)


def advice(problem: Problem | None, lang: str) -> str:
    """What to do about a finding; empty where its own words say it."""
    from kb.lint import hint

    return one_line(hint(problem.code).get(lang), 300) if problem is not None else ""
