"""Restarting pods through evictions: as their PodDisruptionBudgets allow, and no earlier."""

from __future__ import annotations

from collections.abc import Generator, Sequence

from checks.clock import Clock, Stop, stopping
from checks.cluster import Cluster
from checks.errors import ClusterError, Disruption
from checks.plans.plan import PlannedWrite
from checks.writing.stepevents import StepEvent, Waiting
from kb.messages import message
from kb.safe import one_line
from kb.text import Text

ASK_EVERY = 2.0
"""Cluster seconds between two questions whether the budgets let a pod go."""
ASKED = 20
"""Restarts of one plan that are asked about beforehand."""


def wait_for_budget(
    cluster: Cluster, write: PlannedWrite, *, clock: Clock, stop: Stop | None
) -> Generator[StepEvent, None, Text | None]:
    """Waits until the budgets would let the pod go; returns why it may not go when the time is over, and None else."""
    pace, began = cluster.info.pace, clock.monotonic()
    while (why := _over(cluster, write)) is not None:
        elapsed = (clock.monotonic() - began) / pace
        if elapsed >= write.timeout or stopping(stop):
            return message("session.over-budget", pod=one_line(write.name, 100), why=why)
        yield Waiting(message("session.wait-budget", pod=one_line(write.name, 100)), elapsed, write.timeout)
        clock.sleep(ASK_EVERY * pace, stop)
    return None


def warnings(cluster: Cluster, writes: Sequence[PlannedWrite]) -> list[Text]:
    """Which of these restarts would have to wait for a budget now."""
    found = []
    for write in writes[:ASKED]:
        why = _over(cluster, write)
        if why is not None:
            found.append(message("session.budget-now", pod=one_line(write.name, 100), why=why))
    return found


def _over(cluster: Cluster, write: PlannedWrite) -> Text | None:
    """What the budgets say against it, by a dry run; whatever else is wrong the eviction itself will say."""
    try:
        cluster.evict(write.namespace, write.name, uid=write.uid, dry_run=True)
    except Disruption as over:
        return over.text
    except ClusterError:
        return None
    return None
