"""After a pod is deleted: waiting for the one that its controller puts in its place."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass

from checks.clock import Clock, Stop, stopping
from checks.cluster import PODS, Cluster, Object
from checks.errors import ClusterError
from checks.layout import is_ready
from checks.plans.plan import PlannedWrite
from checks.plans.writes import controller_of
from checks.writing.floor import too_few
from checks.writing.stepevents import StepEvent, Waiting
from kb.messages import message
from kb.safe import one_line
from kb.text import Text

LOOK_EVERY = 1.0
"""Cluster seconds between two looks."""


@dataclass(frozen=True, slots=True)
class Siblings:
    """What is known before the deletion, to tell the successor from the others."""

    controller: str
    same_node: str
    """The node the successor must be on (a DaemonSet); empty where it may be anywhere."""
    known: frozenset[str]
    """uids of all pods of the controller."""
    too_few: Text | None = None
    """Why the pod may not be replaced now."""


def siblings(cluster: Cluster, write: PlannedWrite) -> Siblings:
    """Looks at the pod and its siblings before it is deleted; raises ClusterError."""
    return siblings_of(list(cluster.list(PODS, namespace=write.namespace)), write)


def siblings_of(pods: Sequence[Object], write: PlannedWrite) -> Siblings:
    """The same from the pods of its namespace."""
    own = next((pod for pod in pods if pod["metadata"].get("uid") == write.uid), {})
    controller = controller_of(own)
    mine = [pod for pod in pods if controller_of(pod).get("uid") == controller.get("uid")]
    node = str(own.get("spec", {}).get("nodeName", "")) if controller.get("kind") == "DaemonSet" else ""
    known = frozenset(str(pod["metadata"].get("uid", "")) for pod in mine) | {write.uid}
    few = too_few(own, mine, write.role) if own else None
    return Siblings(str(controller.get("uid", "")), node, known, few)


def wait_for_successor(
    cluster: Cluster, write: PlannedWrite, before: Siblings, *, clock: Clock, stop: Stop | None
) -> Generator[StepEvent, None, Text | None]:
    """Looks until a new pod of the same controller is Ready; returns what is missing when the time is over."""
    pace = cluster.info.pace
    began = clock.monotonic()
    seen = Text()
    while True:
        elapsed = (clock.monotonic() - began) / pace
        try:
            found = successor(list(cluster.list(PODS, namespace=write.namespace)), before)
            if found is not None and is_ready(found):
                return None
            seen = Text.of(str(found["metadata"]["name"]) if found else "")
        except ClusterError as error:
            seen = error.text.each(lambda said: one_line(said, 200))
        if elapsed >= write.timeout:
            return message(
                "session.no-successor", pod=write.name, seconds=f"{write.timeout:g}", seen=seen or "-"
            )
        if stopping(stop):
            return message("session.stopped-waiting", pod=write.name)
        yield Waiting(
            message("session.wait-successor", pod=write.name, seen=seen or "-"), elapsed, write.timeout
        )
        clock.sleep(LOOK_EVERY * pace, stop)


def successor(pods: list[Object], before: Siblings) -> Object | None:
    """The newest pod of the controller that was not there before, on the node where it has to be."""
    new = [
        pod
        for pod in pods
        if controller_of(pod).get("uid") == before.controller
        and pod["metadata"].get("uid") not in before.known
        and not pod["metadata"].get("deletionTimestamp")
        and (not before.same_node or pod.get("spec", {}).get("nodeName") == before.same_node)
    ]
    return max(new, key=lambda pod: str(pod["metadata"].get("creationTimestamp", "")), default=None)
