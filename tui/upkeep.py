"""Keeping the library in step with its files while the app runs: looked at on one thread, paced by its cost."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tui.messages import Telling
from tui.work import Owner

if TYPE_CHECKING:
    from kb.library import Library
    from kb.problem import Problem
    from tui.services import Services, Shelf

SHARE = 0.04
"""How much of one core the looking may take in the long run."""
SHARE_WHEN_ASKED = 0.2
"""The same right after the operator came back to the terminal."""
MOST = 200
"""Changed articles whose problems are looked at one by one; after more there are the findings."""
LEAST = 2.0
"""Seconds between two looks at a library however small."""


@dataclass(frozen=True, slots=True)
class News:
    """What changed on disk since the last look, already taken in."""

    shelf: Shelf
    changed: tuple[str, ...] = ()
    """Ids of articles that are new or changed."""
    removed: tuple[str, ...] = ()
    errors: tuple[Problem, ...] = ()
    """What is wrong with the changed files."""
    guides: bool = False
    """Whether a written guide came, changed or went."""


class LibraryChanged(Telling, bubble=False):
    """The library was brought in step with its files, or could not be."""

    def __init__(self, news: News | None, error: Exception | None = None) -> None:
        super().__init__()
        self.news = news
        self.error = error


def pause_after(cost: float, least: float = LEAST, *, asked: bool = False) -> float:
    """Seconds to wait after a look that took `cost` seconds; shorter where the operator just came back."""
    if asked:
        return max(min(least, 0.5), cost / SHARE_WHEN_ASKED)
    return max(least, cost / SHARE)


class Upkeep:
    """One daemon thread; `look` asks it to look sooner."""

    def __init__(self, owner: Owner, services: Services, least: float = LEAST) -> None:
        self._owner = owner
        self._services = services
        self._least = least
        self._turn = threading.Condition()
        self._asked = False
        self._at_once = False
        self._closed = False
        self._failed = ""

    def start(self) -> None:
        """Begins, after the library is open."""
        threading.Thread(target=self._work, name="klinik-upkeep", daemon=True).start()

    def look(self, *, at_once: bool = False) -> None:
        """Looks soon, however long the pause would still be; `at_once` because the operator asked for just that."""
        with self._turn:
            self._asked = True
            self._at_once = self._at_once or at_once
            self._turn.notify()

    def close(self) -> None:
        """Lets the thread end after the look at hand."""
        with self._turn:
            self._closed = True
            self._turn.notify()

    def _work(self) -> None:
        try:
            library = self._services.shelf().library
        except Exception:  # home says why it cannot be opened; there is nothing to keep up
            return
        cost = 0.0
        while self._pause(cost):
            began = time.perf_counter()
            try:
                news = self._once(library)
            except Exception as error:  # a file system that fails is said once, and tried again later
                self._complain(error)
            else:
                self._failed = ""
                if news is not None:
                    self._owner.post_message(LibraryChanged(news))
            cost = time.perf_counter() - began

    def _pause(self, cost: float) -> bool:
        """Waits as long as the last look was dear; False where there is to be no other."""
        began = time.monotonic()
        with self._turn:
            while not self._closed:
                left = pause_after(cost, self._least, asked=self._asked) - (time.monotonic() - began)
                if left <= 0 or self._at_once:
                    break
                self._turn.wait(left)
            self._asked = self._at_once = False
            return not self._closed

    def _once(self, library: Library) -> News | None:
        if not library.stale():
            return None
        before = frozenset(library.guided)
        found = library.refresh()
        touched = (*found.changed, *found.removed)
        shelf = self._services.reread(touched)
        guides = not (before | frozenset(library.guided)).isdisjoint(touched)
        return News(shelf, found.changed, found.removed, _errors(library, found.changed), guides)

    def _complain(self, error: Exception) -> None:
        said = f"{type(error).__name__}: {error}"
        if said != self._failed:
            self._failed = said
            self._owner.post_message(LibraryChanged(None, error))


def _errors(library: Library, changed: tuple[str, ...]) -> tuple[Problem, ...]:
    """The errors in the files of these articles, and why the index is not in step with them."""
    found = [problem for name in changed[:MOST] for problem in library.problems_of(name)]
    return tuple(p for p in (*found, *library.index_problems) if p.severity == "error")
