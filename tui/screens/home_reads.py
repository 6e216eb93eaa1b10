"""What home knows beside the answers: the library, how far its index is, what is wrong with it, unfinished sessions."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from threading import Event
from typing import TYPE_CHECKING, Any

from tui.messages import Answered, EventArrived, StreamEnded
from tui.work import Owner, ask, stream

if TYPE_CHECKING:
    from checks.sessions.session import SessionSummary
    from kb.indexing import Progress
    from kb.library import Library
    from kb.problem import Problem
    from tui.services import Services, Shelf


@dataclass(frozen=True, slots=True)
class Care:
    """What is wrong with the library's files, counted, and with its index."""

    errors: int = 0
    warnings: int = 0
    index: tuple[Problem, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.errors or self.warnings or self.index)


class Reads:
    """Each is read on a thread of its own."""

    def __init__(self, owner: Owner, services: Services) -> None:
        self._owner = owner
        self._services = services
        self.shelf: Shelf | None = None
        self.error = ""
        """Why the library cannot be opened."""
        self.progress: Progress | None = None
        """How far the index is, while it is being built."""
        self.care = Care()
        self.sessions: tuple[SessionSummary, ...] = ()

    def look_for_sessions(self) -> None:
        """Those that nobody has finished."""
        services = self._services

        def unfinished() -> tuple[SessionSummary, ...]:
            from checks.sessions.journal import list_sessions

            found = list_sessions(services.sessions_dir())
            return tuple(s for s in found if not s.finished and s.problem is None)

        ask(self._owner, "sessions", 0, unfinished)

    def opened(self, shelf: Shelf) -> None:
        """The library is there: its index is brought in step where it is not, and its problems are counted."""
        self.shelf, library = shelf, shelf.library

        def build(stop: Event) -> Iterator[Progress]:
            if library.stale():
                yield from library.build()

        stream(self._owner, "index", 0, build)

    def count(self) -> None:
        """Counts what is wrong with the library's files."""
        if self.shelf is not None:
            library = self.shelf.library
            ask(self._owner, "care", 0, lambda: _care(library))

    def take(self, message: Answered) -> bool:
        """An answer came; whether it says something new."""
        if message.error is not None:
            return False
        value: Any = message.value
        if message.tag == "sessions":
            self.sessions = value
        elif message.tag == "care":
            self.care = value
        return message.tag in ("sessions", "care")

    def event(self, message: EventArrived) -> bool:
        """The index went on."""
        self.progress = message.event if message.tag == "index" else self.progress
        return message.tag == "index"

    def ended(self, message: StreamEnded) -> bool:
        """The index is as far as it gets; why it is not on disk is one of the library's problems."""
        if message.tag == "index":
            self.progress = None
            self.count()
        return message.tag == "index"


def _care(library: Library) -> Care:
    found = library.problems
    errors, warnings = (sum(p.severity == severity for p in found) for severity in ("error", "warning"))
    return Care(errors, warnings, library.index_problems)
