"""Rows of OVSDB databases as they are before a command writes to them, read by the same program in the same pod.

For the databases of nodes, and for those of OVN where no backup of the whole can be had.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from checks.cluster import Cluster, Target
from checks.errors import ClusterError
from checks.plans.plan import Plan, PlanError, PlannedWrite
from checks.writing.touchedrows import Touched, touched
from kb.messages import message
from kb.safe import one_line

PROGRAMS = ("ovs-vsctl", "ovn-nbctl", "ovn-sbctl")
MOST = 500
"""Rows that are read for one step; a step that writes to more has them in its evidence."""
AT_ONCE = 100
"""Records named in one command."""


def wanted(plan: Plan, backed_up: Sequence[str]) -> Iterator[tuple[PlannedWrite, tuple[Touched, ...]]]:
    """The writes whose rows are to be read, and what each touches; `backed_up` are programs whose database is."""
    left = MOST
    for write in plan.commands:
        program = write.argv[0].rpartition("/")[2] if write.kind == "exec" and write.argv else ""
        if program not in PROGRAMS or program in backed_up or write.target is None:
            continue
        what = tuple(dict.fromkeys(touched(write.argv)))
        records = len({(one.table, one.record) for one in what})
        if what and records <= left:
            left -= records
            yield write, what


def rows(
    cluster: Cluster, target: Target, program: str, what: Sequence[Touched]
) -> dict[str, dict[str, dict[str, Any]]]:
    """The rows by table and uuid, only the columns that are touched where those are known; PlanError, ClusterError."""
    found: dict[str, dict[str, dict[str, Any]]] = {}
    for table in dict.fromkeys(one.table for one in what):
        records = list(dict.fromkeys(one.record for one in what if one.table == table))
        columns = {one.column for one in what if one.table == table}
        kept = None if "" in columns else {*columns, "name"}
        for at in range(0, len(records), AT_ONCE):
            chosen = records[at : at + AT_ONCE]
            argv = (program, "--timeout=10", "--format=json", "--if-exists", "list", table, *chosen)
            answer = cluster.exec(target.namespace, target.pod, target.container, argv, timeout=20.0)
            if answer.code != 0:
                said = one_line(answer.stderr or answer.stdout, 300)
                raise PlanError(message("undo.rows-unread", table=table, pod=target.pod, said=said))
            found.setdefault(table, {}).update(_parsed(answer.stdout, kept, table))
    return found


def again(
    cluster: Cluster, target: Target, program: str, what: Sequence[Touched]
) -> Mapping[str, Mapping[str, Any]] | None:
    """The same rows as they are now; None where they cannot be read."""
    try:
        return rows(cluster, target, program, what)
    except (ClusterError, PlanError):
        return None


def _parsed(text: str, kept: set[str] | None, table: str) -> dict[str, dict[str, Any]]:
    try:
        body = json.loads(text)
        headings = [str(one) for one in body["headings"]]
        at = headings.index("_uuid")
        return {
            str(row[at][1]): {
                name: value
                for name, value in zip(headings, row, strict=True)
                if name != "_uuid" and (kept is None or name in kept)
            }
            for row in body["data"]
        }
    except (KeyError, IndexError, TypeError, ValueError, RecursionError) as error:
        said = one_line(f"{type(error).__name__}: {text}", 200)
        raise PlanError(message("undo.rows-unread", table=table, pod="", said=said)) from error
