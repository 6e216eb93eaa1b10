"""What writes of objects would change, as a diff: the API server's own dry run, or reckoned here where it is not asked.

A stock API server takes a dry run as the write it stands for: permissions, admission and the audit log do not tell them
apart. So klinik sends none where it was told to read only, and says whose answer the preview is.
"""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from typing import Any

from checks.cluster import Cluster, Resource
from checks.errors import ReadOnly
from checks.plans.diff import merged, unified
from checks.plans.plan import LINES, PlannedWrite, Preview
from checks.plans.writes import Expander
from kb.messages import message
from kb.safe import one_line


def preview_of(cluster: Cluster, expander: Expander, writes: Sequence[PlannedWrite]) -> Preview | None:
    """All writes as one diff, and who says so; None where one is none of an object. Raises ClusterError."""
    if any(write.kind not in ("patch", "delete", "create") for write in writes):
        return None
    lines: list[str] = []
    asked = cluster.info.recorded <= 0
    for write in writes:
        if asked:
            try:
                lines += _asked(cluster, expander, write)
                continue
            except ReadOnly:
                asked = False  # the gate in front of the server is the same for all of them
        lines += _reckoned(expander, write)
    note = message("preview.dry-run" if asked else "preview.reckoned")
    return Preview("diff", tuple(lines[:LINES]), len(lines), note)


def _asked(cluster: Cluster, expander: Expander, write: PlannedWrite) -> Sequence[str]:
    resource = Resource.parse(write.resource)
    where: dict[str, Any] = {"namespace": write.namespace, "dry_run": True}
    if write.kind == "create":
        return unified(None, cluster.create(resource, write.body, **where), _shown(write))
    now = expander.object(write.resource, write.namespace, write.name)
    if write.kind == "delete":
        cluster.delete(resource, write.name, uid=write.uid, **where)
        return unified(now, None, _shown(write))
    then = cluster.patch(resource, write.name, write.body, type=write.patch_type, **where)
    return unified(now, then, _shown(write)) or _no_change(write)


def _reckoned(expander: Expander, write: PlannedWrite) -> Sequence[str]:
    """What the write says by itself: no admission, no defaults, no conversion; a JSON patch is shown as it is."""
    if write.kind == "create":
        return unified(None, write.body, _shown(write))
    now = expander.object(write.resource, write.namespace, write.name)
    if write.kind == "delete":
        return unified(now, None, _shown(write))
    if write.patch_type == "json":
        return (one_line(shlex.join(write.kubectl), 2000),)
    return unified(now, merged(now, write.body), _shown(write)) or _no_change(write)


def _no_change(write: PlannedWrite) -> Sequence[str]:
    return (one_line(f"  {_shown(write)}: " + message("session.no-change").en),)


def _shown(write: PlannedWrite) -> str:
    return f"{Resource.parse(write.resource).dotted}/{write.name}"
