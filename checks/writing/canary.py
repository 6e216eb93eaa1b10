"""One target first, looked at, then batches: a step that reaches many stops where the first of them got no better.

What is looked at is the row of each target in the check that verifies the step, or the step's own condition over the
items of these targets alone. A verification that speaks of the whole only cannot tell, and says so instead of passing.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from checks.clock import Clock, Stop, stopping
from checks.model import Result, Row
from checks.plans.plan import PlannedWrite
from checks.writing.marks import Mark
from checks.writing.stepevents import CanaryLooked, StepEvent, Waiting
from checks.writing.verify import aliases, holds
from kb.messages import message
from kb.model import NOTHING, Guide, Verify
from kb.safe import one_line
from kb.text import Text

BATCH = 5
"""Targets after the first one that are worked on before they are looked at, where nobody chose."""
LOOKS = 6
Look = Callable[[tuple[str, ...]], Mapping[str, Result]]


def target_of(write: PlannedWrite) -> str:
    """What a write works on, as rows of checks are named: the node, else the pod, or the object."""
    if write.target is not None:
        return write.target.node or write.target.pod
    return write.name


def batches(writes: Sequence[PlannedWrite], size: int) -> tuple[tuple[int, tuple[str, ...]], ...]:
    """After which write (by index) which targets are looked at: after the first target, then after every `size` more.

    The last batch is left out: the verification of the whole step looks at it. One target that is written to many
    times (rows of a database) is looked at after the first write.
    """
    last: dict[str, int] = {}
    for index, write in enumerate(writes):
        if target_of(write):
            last[target_of(write)] = index
    ordered = sorted(last, key=last.__getitem__)
    if len(ordered) == 1 and len(writes) > 1:
        return ((0, (ordered[0],)),)
    found, at, many = [], 0, 1
    while at + many < len(ordered):
        chosen = tuple(ordered[at : at + many])
        found.append((last[chosen[-1]], chosen))
        at, many = at + many, max(1, size)
    return tuple(found)


@dataclass(frozen=True, slots=True)
class Question:
    """How to tell of some targets whether the step did for them what it is for."""

    guide: Guide
    verify: Verify
    targets: tuple[str, ...]
    inputs: Mapping[str, Any] = field(default_factory=lambda: NOTHING)
    """The step's values, with only the items of these targets in the list that it goes through."""
    each: str = ""
    """Name of that list."""

    def rows(self, results: Mapping[str, Result]) -> tuple[Row, ...]:
        """What the check says of these targets; none where it does not tell them apart."""
        return tuple(_rows(results.get(self.verify.check), self.targets) or ())

    def bad(self, results: Mapping[str, Result]) -> Text | None:
        """Why a target is not as the step wants it; an empty Text where all are, None where that cannot be told."""
        if self.verify.when:
            if not re.search(rf"\binputs\.{re.escape(self.each or '?')}\b", self.verify.when):
                return None  # it speaks of the whole, which the first target alone does not change
            good = holds(self.verify, results, self.inputs)
            return Text() if good else message("session.canary-not", targets=_names(self.targets))
        rows = _rows(results.get(self.verify.check), self.targets)
        if rows is None:
            return None
        bad = [row for row in rows if str(row.verdict) not in self.verify.expect]
        return (
            message("session.canary-row", target=one_line(bad[0].target, 100), said=bad[0].text)
            if bad
            else Text()
        )


def look_at(
    question: Question,
    look: Look,
    *,
    pace: float,
    clock: Clock,
    stop: Stop | None,
    marks: tuple[Mark, ...] = (),
) -> Generator[StepEvent, None, Text | None]:
    """Looks until these targets are as the step wants them; returns why they are not when the time is over.

    `marks` show that the writes took hold of them, and are told with the answer.
    """
    verify, targets = question.verify, question.targets
    began, every = clock.monotonic(), max(1.0, verify.within / LOOKS)
    while True:
        results = look(aliases(question.guide, verify))
        bad = question.bad(results)
        result = results.get(verify.check)
        seen = question.rows(results), result.summary if result else Text(), marks
        if bad is None or not bad:
            yield CanaryLooked(targets, None if bad is None else True, *seen)
            return None
        elapsed = (clock.monotonic() - began) / pace
        if elapsed >= verify.within or stopping(stop):
            yield CanaryLooked(targets, False, *seen)
            return message("session.canary-bad", why=bad)
        yield Waiting(message("session.canary-wait", targets=_names(targets)), elapsed, verify.within)
        clock.sleep(min(every, verify.within - elapsed) * pace, stop)


def _names(targets: Sequence[str]) -> str:
    shown = ", ".join(one_line(name, 60) for name in targets[:3])
    return f"{shown} …" if len(targets) > 3 else shown


def _rows(result: Result | None, targets: Sequence[str]) -> list[Row] | None:
    """The rows of these targets; None where the check does not tell them apart."""
    known = {row.target: row for row in result.judgement.rows} if result else {}
    found = [known.get(target) for target in targets]
    return [row for row in found if row is not None] if all(found) else None
