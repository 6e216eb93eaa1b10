"""What to show of many findings: by severity and by code."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from kb.lint.codes import matching
from kb.problem import SEVERITIES, Problem, Severity


@dataclass(frozen=True, slots=True)
class Choice:
    """Which findings are wanted: from a severity upwards, only some codes, and not others."""

    least: Severity = "info"
    only: frozenset[str] = frozenset()
    ignored: frozenset[str] = frozenset()

    def __contains__(self, problem: object) -> bool:
        if not isinstance(problem, Problem) or problem.code in self.ignored:
            return False
        if self.only and problem.code not in self.only:
            return False
        return SEVERITIES.index(problem.severity) <= SEVERITIES.index(self.least)


def choice(least: Severity = "info", only: Sequence[str] = (), ignored: Sequence[str] = ()) -> Choice:
    """A choice from patterns such as ``guide.*``; KeyError names a pattern that means no code."""
    return Choice(least, matching(only), matching(ignored))


def in_order(problems: Iterable[Problem]) -> list[Problem]:
    """Findings without repetition in the order of their files and lines."""
    return sorted(set(problems), key=lambda p: (p.path, p.line, p.code, p.message))


def totals(problems: Iterable[Problem]) -> dict[Severity, int]:
    """How many there are of each severity."""
    counted = Counter(problem.severity for problem in problems)
    return {severity: counted[severity] for severity in SEVERITIES}
