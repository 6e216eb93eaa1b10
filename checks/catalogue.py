"""The catalogue: all checks of all roots by id, later roots win, and everything that is wrong with their files."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from checks.layout import Layout, load_layout
from checks.model import NOTHING, CheckSpec
from checks.spec import specs_of
from kb import yamlfile
from kb.messages import message
from kb.paths import ASSETS
from kb.problem import Problem


@dataclass(frozen=True, slots=True)
class Catalogue:
    """The usable checks by id."""

    checks: Mapping[str, CheckSpec] = field(default_factory=lambda: NOTHING)
    problems: tuple[Problem, ...] = ()

    def get(self, check_id: str) -> CheckSpec | None:
        """The check with this id, or None."""
        return self.checks.get(check_id)

    def ids(self) -> tuple[str, ...]:
        """All ids, sorted."""
        return tuple(sorted(self.checks))

    def __iter__(self) -> Iterator[CheckSpec]:
        return (self.checks[check_id] for check_id in self.ids())

    def __len__(self) -> int:
        return len(self.checks)


def load_catalogue(roots: Sequence[Path] | None = None, *, layout: Layout | None = None) -> Catalogue:
    """The checks of ``ROOT/checks/*.yaml`` of all roots (default: the shipped ones), later roots win by id."""
    roles = (layout or load_layout()).roles
    checks: dict[str, CheckSpec] = {}
    problems: list[Problem] = []
    for root in roots if roots is not None else [ASSETS]:
        mine: dict[str, CheckSpec] = {}
        for file in sorted((root / "checks").glob("*.y*ml")):
            found, wrong = specs_of(yamlfile.load(file), roles)
            problems += wrong
            problems += _add(mine, found)
        checks.update(mine)
    return Catalogue(checks, tuple(problems))


def _add(mine: dict[str, CheckSpec], found: Iterable[CheckSpec]) -> list[Problem]:
    problems = []
    for spec in found:
        if spec.id in mine:
            first = f"{mine[spec.id].path}:{mine[spec.id].line}"
            text = message("checks.duplicate-id", id=spec.id, first=first).en
            problems.append(Problem(spec.path, spec.line, "check.duplicate-id", text))
        mine.setdefault(spec.id, spec)
    return problems
