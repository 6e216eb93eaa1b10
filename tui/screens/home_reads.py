"""What home reads beside the answers: unfinished sessions, and whether something is wrong with the library."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tui.work import Owner, ask

if TYPE_CHECKING:
    from kb.library import Library
    from kb.problem import Problem
    from tui.services import Services


@dataclass(frozen=True, slots=True)
class Care:
    """What is wrong with the library's files, counted, and with its index."""

    errors: int = 0
    warnings: int = 0
    index: tuple[Problem, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.errors or self.warnings or self.index)


def sessions(owner: Owner, services: Services) -> None:
    """Looks for unfinished sessions; they come as ``sessions``."""

    def unfinished() -> tuple[Any, ...]:
        from checks.journal import list_sessions

        found = list_sessions(services.sessions_dir())
        return tuple(s for s in found if not s.finished and s.problem is None)

    ask(owner, "sessions", 0, unfinished)


def care(owner: Owner, library: Library) -> None:
    """Counts what is wrong with the library; it comes as ``care``."""

    def count() -> Care:
        found = library.problems
        return Care(
            sum(problem.severity == "error" for problem in found),
            sum(problem.severity == "warning" for problem in found),
            library.index_problems,
        )

    ask(owner, "care", 0, count)
