"""Looks again right before every command of a step: time went by since its rows were shown, above all after a hold.

Patches and deletions are bound to versions and uids, which the API server holds; a command is bound to nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from checks.errors import ClusterError
from checks.plans import gate, stale
from checks.plans.plan import Plan, PlanError, digest
from checks.plans.planner import twin_lines
from checks.plans.writes import Expander
from kb.messages import message
from kb.model import ExecAction, Step
from kb.safe import one_line
from kb.text import Text

if TYPE_CHECKING:
    from checks.walking.walk import Walk

OLD = 30.0
"""Cluster seconds after which the evidence behind the rows is read again, and not only the read-only twin."""


class LookAgain:
    """What the commands of one run rest on; the plan was found to be valid right before it is made."""

    def __init__(self, walk: Walk, plan: Plan, step: Step):
        self._walk = walk
        self._plan = plan
        self._step = step
        self._twin = step.preview if plan.twin else None
        self._each = getattr(step.action, "each", "")
        self._whole = plan.twin
        """Digest of the twin's whole answer, as it was shown or as the step's own writes left it."""
        self._looked = walk.clock.monotonic()
        self._seen: set[tuple[int, int]] = set()

    def before(self, index: int, held: bool = False) -> Text | None:
        """Why this write may not go out: what it rests on is not what was shown; None where it still is."""
        try:
            return self._twin_differs(index) or self._evidence_differs(index, held)
        except PlanError as error:
            return error.text
        except ClusterError as error:
            said = error.text.each(lambda text: one_line(text, 200))
            return message("session.stale-unseen", what="preview", error=said)

    def after(self, index: int) -> None:
        """A write was answered: what the twin says now is the step's own doing. Never raises for the cluster."""
        more = index + 1 < len(self._plan.commands)
        if self._twin is None or self._plan.twins or not more:
            return
        try:
            self._whole = self._read(self._twin, self._plan.values)
        except (ClusterError, PlanError):
            return  # the next look says so

    def _read(self, twin: ExecAction, values: Mapping[str, Any]) -> str:
        expander = Expander(self._walk.cluster, self._walk.layout)
        return digest(twin_lines(expander, self._walk.cluster, twin, values))

    def _twin_differs(self, index: int) -> Text | None:
        write, plan, twin = self._plan.commands[index], self._plan, self._twin
        if twin is None:
            return None
        if not plan.twins:
            return None if self._read(twin, plan.values) == self._whole else message("session.stale-twin")
        mine = (write.first, write.items)
        if mine in self._seen:
            return None  # the same items in another pod: the first one has changed them
        self._seen.add(mine)
        for at in range(write.first, write.first + write.items):
            item = plan.values[self._each][at]
            if self._read(twin, {**plan.values, self._each: [item]}) != plan.twins[at]:
                return message("session.stale-twin")
        return None

    def _evidence_differs(self, index: int, held: bool) -> Text | None:
        """What the step requires, and the rows that are left to be written to: read again after a hold, or when old."""
        walk, plan = self._walk, self._plan
        fresh = walk.clock.monotonic() - self._looked < OLD * walk.cluster.info.pace
        if plan.purpose == "undo" or (not held and (fresh or not plan.picked)):
            return None
        needed = gate.needs(self._step, walk.guide.checks) if held else ()
        results = walk.look(tuple(dict.fromkeys((*stale.sources(plan), *needed))))
        self._looked = walk.clock.monotonic()
        blocked = gate.blocked(self._step, walk.results) if held else None
        if blocked is not None:
            return blocked
        rest = plan.commands[index].first
        found = stale.rows_left(plan, results, self._each, rest)
        return found[0] if found else None
