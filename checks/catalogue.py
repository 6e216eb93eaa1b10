"""The catalogue: all checks of all roots by id, later roots win, and everything that is wrong with their files."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from checks.layout import Layout, known_roles, load_layout
from checks.model import JSON, NOTHING, CheckSpec
from checks.prom.at import PrometheusAt
from checks.specs.guidelint import lint
from checks.specs.spec import specs_of
from kb import yamlfile
from kb.findings import problem_of
from kb.model import Guide
from kb.paths import ASSETS
from kb.problem import Problem


@dataclass(frozen=True, slots=True)
class Catalogue:
    """The usable checks by id."""

    checks: Mapping[str, CheckSpec] = field(default_factory=lambda: NOTHING)
    problems: tuple[Problem, ...] = ()
    layout: Layout | None = None
    """Where the roles run, as the settings say; None: as shipped."""
    thresholds: Mapping[str, Mapping[str, JSON]] = field(default_factory=lambda: NOTHING)
    """Params by check whose defaults are those of the settings."""
    prometheus: PrometheusAt | None = None
    """Where Prometheus is, as the settings say; None: it is looked for."""
    limits: Mapping[str, int] = field(default_factory=lambda: NOTHING)
    """Calls in flight at most by kind, where the settings say so."""
    watch: float = 0.0
    """Seconds between two looks of a watch, as the settings say; 0: as usual."""

    def get(self, check_id: str) -> CheckSpec:
        """The check with this id; raises KeyError."""
        return self.checks[check_id]

    def __contains__(self, check_id: object) -> bool:
        return check_id in self.checks

    def ids(self) -> tuple[str, ...]:
        """All ids, sorted."""
        return tuple(sorted(self.checks))

    def __iter__(self) -> Iterator[CheckSpec]:
        return (self.checks[check_id] for check_id in self.ids())

    def __len__(self) -> int:
        return len(self.checks)


def load_catalogue(
    roots: Sequence[Path] | None = None, *, layout: Layout | None = None, thorough: bool = False
) -> Catalogue:
    """The checks of ``ROOT/checks/*.yaml`` of all roots (default: the shipped ones), later roots win by id.

    The expressions of the shipped checks are compiled only where `thorough` (lint, tests) or when they are needed.

    A role is known that some shipped layout has, or this one: a check whose role is not here does not apply here.
    """
    roles = known_roles() | frozenset(layout.roles if layout else ())
    checks: dict[str, CheckSpec] = {}
    problems: list[Problem] = []
    for root in roots if roots is not None else [ASSETS]:
        mine: dict[str, CheckSpec] = {}
        for file in sorted((root / "checks").glob("*.y*ml")):
            shipped = root == ASSETS and not thorough
            found, wrong = specs_of(yamlfile.load(file), roles, shipped=shipped)
            problems += wrong
            problems += _add(mine, found)
        checks.update(mine)
    return Catalogue(checks, tuple(problems))


def lint_guide(guide: Guide, catalogue: Catalogue, *, layout: Layout | None = None) -> list[Problem]:
    """What a guide says about checks that this catalogue does not bear out (file-wide problems, line 0)."""
    return lint(guide, catalogue, layout or load_layout())


def _add(mine: dict[str, CheckSpec], found: Iterable[CheckSpec]) -> list[Problem]:
    problems = []
    for spec in found:
        if spec.id in mine:
            first = f"{mine[spec.id].path}:{mine[spec.id].line}"
            problems.append(
                problem_of(
                    spec.path, spec.line, "check.duplicate-id", "checks.duplicate-id", id=spec.id, first=first
                )
            )
        mine.setdefault(spec.id, spec)
    return problems
