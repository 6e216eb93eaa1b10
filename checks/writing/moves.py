"""The proof of transition in one run of a step: asked for until every write has taken hold, then written down."""

from __future__ import annotations

from collections.abc import Collection, Generator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from checks.clock import Stop, stopping
from checks.errors import ClusterError
from checks.parse import Unparsable, parse
from checks.plans.plan import Plan, PlanError
from checks.plans.planner import run_read
from checks.plans.writes import Expander
from checks.redact import redactor
from checks.writing import transition
from checks.writing.canary import target_of
from checks.writing.marks import Mark
from checks.writing.stepevents import Moved, StepEvent, Waiting
from kb.model import Step
from kb.text import Text

if TYPE_CHECKING:
    from checks.walking.walk import Walk

KEPT = 200
"""Targets whose change is told and written down; a step rests on all of them."""


class Moves:
    """Whether the writes of a run took hold of their targets: asked until they have, written down once."""

    def __init__(self, walk: Walk, plan: Plan, step: Step, before: transition.Before) -> None:
        self._walk, self._plan, self._step, self._before = walk, plan, step, before
        self._marks: tuple[Mark, ...] | None = None

    def of(self, targets: Collection[str], index: int) -> Moves:
        """The same for the writes to some of its targets, up to the one with this index."""
        mine = tuple(write for write in self._plan.commands[: index + 1] if target_of(write) in targets)
        before = transition.Before(self._before.siblings, generations=self._before.generations)
        return Moves(self._walk, replace(self._plan, commands=mine, saves=()), self._step, before)

    @property
    def marks(self) -> tuple[Mark, ...]:
        """What was seen last."""
        return self._marks or ()

    def taken_hold(self, within: float, stop: Stop | None) -> Generator[StepEvent, None, Text | None]:
        """Looks until every target is another one than before; says which one is not when the time is over."""
        clock, pace = self._walk.clock, self._walk.cluster.info.pace
        began = clock.monotonic()
        while (why := self.lacking()) is not None:
            elapsed = (clock.monotonic() - began) / pace
            if elapsed >= within or stopping(stop):
                return why
            yield Waiting(why, elapsed, within)
            clock.sleep(pace, stop)
        return None

    def lacking(self) -> Text | None:
        """The first target that is as it was; once none is, the cluster is not asked again."""
        if self._marks is None or transition.lacking(self._marks):
            self._marks = self._look()
        return transition.lacking(self._marks)

    def told(self) -> Moved:
        """What was seen last, in the journal too."""
        marks = self._look() if self._marks is None else self._marks
        if marks:
            redact = redactor(self._walk.session.id)
            ends = ({"before": redact(mark.before), "after": redact(mark.after)} for mark in marks[:KEPT])
            kept = [{**mark.plain(), **two} for mark, two in zip(marks, ends, strict=False)]
            self._walk.record("moved", step=self._plan.step_id, purpose=self._plan.purpose, marks=kept)
        return Moved(marks[:KEPT])

    def _look(self) -> tuple[Mark, ...]:
        walk, plan = self._walk, self._plan
        saved = walk.session.step(plan.step_id).saved if plan.saves else {}
        return transition.look_after(
            walk.cluster, plan, self._step, self._before, saved, self._reread, walk.layout
        )

    def _reread(self) -> dict[str, Any]:
        """What was saved before the write, read again; what cannot be read is left out."""
        expander, found = Expander(self._walk.cluster, self._walk.layout), {}
        for save in self._plan.saves:
            try:
                reads = expander.expand(save.read, self._plan.values)
                (found[save.name],) = (
                    parse(save.parse, run_read(self._walk.cluster, read)) for read in reads
                )
            except (ClusterError, PlanError, Unparsable, ValueError):
                continue
        return found
