"""The raft term and leader of the OVN databases, where a step may move them: another term is another election."""

from __future__ import annotations

from collections.abc import Sequence

from checks.cluster import Cluster
from checks.errors import ClusterError
from checks.layout import Layout
from checks.parse import Unparsable, parse
from checks.plans.plan import PlanError, PlannedWrite
from checks.plans.planner import run_read
from checks.plans.writes import Expander
from kb.model import ExecAction
from kb.safe import one_line

MEMBERS = "ovn-central"
"""The role of the layout in whose pods the databases run."""
DATABASES = {"OVN_Northbound": "/var/run/ovn/ovnnb_db.ctl", "OVN_Southbound": "/var/run/ovn/ovnsb_db.ctl"}


def concerned(writes: Sequence[PlannedWrite]) -> bool:
    """Whether one of these may bring about an election: a member restarted, or told to leave, kick or change."""
    return any(
        (write.kind == "restart" and write.role.startswith("ovn-"))
        or any(word.startswith("cluster/") and word != "cluster/status" for word in write.argv)
        for write in writes
    )


def terms(cluster: Cluster, layout: Layout) -> dict[str, str]:
    """``term 7, leader a1b2`` of each database, as the most advanced member says; without an answer left out."""
    expander, found = Expander(cluster, layout), {}
    for name, socket in DATABASES.items():
        argv = ("ovn-appctl", "-t", socket, "cluster/status", name)
        try:
            reads = expander.expand(ExecAction(MEMBERS, argv, timeout=10.0), {})
        except (ClusterError, PlanError):
            continue
        known = [one for read in reads if (one := _term(cluster, read))]
        if known:
            term, leader = max(known)
            found[name] = f"term {term}, leader {leader}"
    return found


def _term(cluster: Cluster, read: PlannedWrite) -> tuple[int, str] | None:
    try:
        status = parse({"raft": True}, run_read(cluster, read))
        leader = str(status.get("leader", ""))
        own = one_line(str(status.get("sid", "")), 40)
        return int(status["term"]), own if leader == "self" else one_line(leader, 40)
    except (ClusterError, PlanError, Unparsable, KeyError, TypeError, ValueError):
        return None
