"""What was asked of the practice API server: how many requests of which kind, and how many of them at once."""

from __future__ import annotations

import threading
from collections import Counter, deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

PATH = "/practice/counters"
"""Where the administrator reads them (GET) and sets them to nothing (DELETE)."""
_REMEMBERED = 50_000
COMMANDS = ("exec", "log", "proxy")


def group_of(verb: str) -> str:
    """Whether a verb burdens kubelets (commands and logs), is a watch, or burdens the API server itself."""
    return "commands" if verb in COMMANDS else "watches" if verb == "watch" else "api"


@dataclass(slots=True, eq=False)
class Asked:
    """One request on its way; `over` says that its answer has gone out."""

    method: str
    target: str
    accept: str
    verb: str = ""
    resource: str = ""
    more: bool = False
    """Whether it is a further page of a list."""
    over: bool = False


@dataclass(slots=True)
class _Numbers:
    verbs: Counter[str] = field(default_factory=Counter)
    lists: Counter[str] = field(default_factory=Counter)
    pages: Counter[str] = field(default_factory=Counter)
    most: Counter[str] = field(default_factory=Counter)
    requests: deque[Asked] = field(default_factory=lambda: deque(maxlen=_REMEMBERED))


class Counters:
    """Counts requests; thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._numbers = _Numbers()
        self._now: Counter[str] = Counter()

    def begin(self, asked: Asked) -> None:
        """A request has come and it is known what for."""
        group = group_of(asked.verb)
        with self._lock:
            numbers = self._numbers
            self._now[group] += 1
            numbers.most[group] = max(numbers.most[group], self._now[group])
            numbers.verbs[asked.verb] += 1
            if asked.verb == "list":
                numbers.pages[asked.resource] += 1
                numbers.lists[asked.resource] += not asked.more
            numbers.requests.append(asked)

    def end(self, asked: Asked) -> None:
        """Its answer has gone out, or it is known not to; may be called again."""
        with self._lock:
            if asked.verb and not asked.over:
                self._now[group_of(asked.verb)] -= 1
            asked.over = True

    def reset(self) -> None:
        """Begins anew; what is on its way still counts as such."""
        with self._lock:
            self._numbers = _Numbers()

    def read(self, *, requests: bool = False) -> Mapping[str, Any]:
        """The numbers, and on request the last requests themselves, in order."""
        with self._lock:
            numbers = self._numbers
            found: dict[str, Any] = {
                "verbs": dict(numbers.verbs),
                "lists": dict(numbers.lists),
                "pages": dict(numbers.pages),
                "most_at_once": dict(numbers.most),
            }
            asked = tuple(numbers.requests) if requests else ()
        if requests:
            found["requests"] = [
                {"method": a.method, "target": a.target, "accept": a.accept, "verb": a.verb} for a in asked
            ]
        return found
