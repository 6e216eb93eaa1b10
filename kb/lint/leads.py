"""What causes bring about in other articles: what they name has to be there."""

from __future__ import annotations

from collections.abc import Iterator, Set
from dataclasses import dataclass, field, replace

from kb.lint.view import found
from kb.model import Guide
from kb.problem import Problem


@dataclass(slots=True)
class Leads:
    """The guides seen so far: their parts, and what they say of other articles."""

    parts: dict[str, frozenset[str]] = field(default_factory=dict)
    said: list[tuple[str, str, int, str, str]] = field(default_factory=list)
    """Article, file, line, cause, and what it leads to."""

    def add(self, guide: Guide) -> None:
        """One more guide."""
        causes, symptoms = (part.id for part in guide.causes), (part.id for part in guide.symptoms)
        self.parts[guide.article] = frozenset((*causes, *symptoms))
        for cause in guide.causes:
            line = guide.lines.get(f"causes.{cause.id}", 0)
            self.said += [(guide.article, guide.path, line, cause.id, target) for target in cause.leads_to]

    def check(self, unread: Set[str]) -> Iterator[Problem]:
        """What leads nowhere; `unread` are articles that exist and were not looked at."""
        for article, path, line, cause, target in self.said:
            name, sign, part = target.partition("/")
            known = self.parts.get(name)
            there = name in unread or (known is not None and (part in known if sign else True))
            if name == article or not there:
                problem = found(path, line, "guide.leads-nowhere", cause=cause, target=target)
                yield replace(problem, article=article)
