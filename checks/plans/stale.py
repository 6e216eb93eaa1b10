"""Looks at the cluster again right before a write: what runs is what was reviewed, or nothing runs."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from checks.cluster import Cluster, Resource
from checks.errors import ClusterError, NotFound
from checks.layout import Layout
from checks.model import Result, Verdict
from checks.plans.inputs import choices, matching, source_rows
from checks.plans.plan import Picked, Plan, PlanError, PlannedWrite, StalePlan, digest
from checks.plans.planner import twin_lines
from checks.plans.writes import Expander, content
from checks.say import reason_text
from kb.messages import message
from kb.model import ExecAction
from kb.safe import one_line
from kb.text import Text

_KEYS = ("uuid", "_uuid", "uid", "name", "target", "key")
"""What identifies a row that changed, the first that it has."""


def still_valid(
    cluster: Cluster,
    layout: Layout,
    plan: Plan,
    results: Mapping[str, Result] | None = None,
    twin: ExecAction | None = None,
) -> None:
    """Raises StalePlan with everything that changed since the plan was made.

    `results` are fresh results of the checks the plan's rows came from; `twin` the read-only twin of its step.
    """
    found = changes(cluster, layout, plan, results, twin)
    if found:
        raise StalePlan(found)


def changes(
    cluster: Cluster,
    layout: Layout,
    plan: Plan,
    results: Mapping[str, Result] | None = None,
    twin: ExecAction | None = None,
) -> tuple[Text, ...]:
    """What changed since the plan was made, in words; also what could not be looked at."""
    if (cluster.info.context, cluster.info.server) != (plan.context, plan.server):
        return (message("session.stale-cluster", planned=plan.context, now=cluster.info.context),)
    found: list[Text] = []
    expander = Expander(cluster, layout)
    for write in plan.commands:
        try:
            found += _write(cluster, expander, write)
        except ClusterError as error:
            found.append(message("session.stale-unseen", what=_shown(write), error=error.text.each(_short)))
        except PlanError as error:
            found.append(error.text)
    if results is not None:
        for picked in plan.picked:
            found += _rows(picked, results, plan.values)
    if twin is not None and plan.twin:
        found += _twin(cluster, expander, plan, twin)
    return tuple(dict.fromkeys(found))


def sources(plan: Plan) -> tuple[str, ...]:
    """The aliases of the checks to run again before `changes`."""
    return tuple(dict.fromkeys(picked.spec.source.partition(".")[0] for picked in plan.picked))


def rows_left(plan: Plan, results: Mapping[str, Result], each: str, rest: int) -> list[Text]:
    """What changed of the rows of the step's list from `rest` on; where that is 0, of all picked rows."""
    found: list[Text] = []
    for picked in plan.picked:
        if rest and picked.spec.name != each:
            continue  # the step's own writes have changed what is offered
        left = replace(picked, values=picked.values[rest:]) if picked.spec.name == each else picked
        found += _rows(left, results, plan.values)
    return found


def _write(cluster: Cluster, expander: Expander, write: PlannedWrite) -> list[Text]:
    if write.target is not None:
        same = {(one.namespace, one.pod, one.uid) for one in expander.targets(write.role)}
        if (write.target.namespace, write.target.pod, write.target.uid) not in same:
            return [message("session.stale-target", pod=str(write.target), role=write.role)]
        if write.kind != "restart":
            return []
    if write.kind not in ("patch", "delete", "restart", "create"):
        return []
    return _object(cluster, write)


def _object(cluster: Cluster, write: PlannedWrite) -> list[Text]:
    try:
        now = cluster.get(Resource.parse(write.resource), write.name, namespace=write.namespace)
    except NotFound:
        return [] if write.kind == "create" else [message("session.stale-gone", what=_shown(write))]
    if write.kind == "create":
        return [message("session.stale-exists", what=_shown(write))]
    meta = now["metadata"]
    if write.uid and meta.get("uid") != write.uid:
        return [message("session.stale-other", what=_shown(write))]
    if write.version and meta.get("resourceVersion") != write.version and content(now) != write.content:
        return [message("session.stale-changed", what=_shown(write))]
    return []


def _rows(picked: Picked, results: Mapping[str, Result], values: Mapping[str, Any]) -> list[Text]:
    spec = picked.spec
    alias, _, path = spec.source.partition(".")
    result = results.get(alias)
    if result is None or (result.verdict is Verdict.UNKNOWN and not source_rows(result, path)):
        reason = reason_text(result.judgement.reason if result else "not-run")
        return [message("session.stale-rows-unseen", name=spec.name, reason=reason)]
    if spec.type == "rows":
        missing = _changed_rows(picked, source_rows(result, path), values)
    else:
        offered = {_canonical(option.value) for option in choices(spec, results, values).options}
        missing = [value for value in picked.values if _canonical(value) not in offered]
    if not missing:
        return []
    first = one_line(str(identity(missing[0])), 80)
    return [
        message(
            "session.stale-rows", count=len(missing), total=len(picked.values), name=spec.name, first=first
        )
    ]


def _changed_rows(picked: Picked, rows: Sequence[Any], values: Mapping[str, Any]) -> list[Any]:
    """The picked rows that are still there and differ, or no longer fit; one that is gone cannot be hit any more."""
    there = {identity(row) for row in rows}
    fitting: dict[Any, list[Any]] = {}
    for row in matching(picked.spec, rows, values):
        fitting.setdefault(identity(row), []).append(row)
    return [
        row for row in picked.values if identity(row) in there and row not in fitting.get(identity(row), ())
    ]


def _twin(cluster: Cluster, expander: Expander, plan: Plan, twin: ExecAction) -> list[Text]:
    try:
        now = twin_lines(expander, cluster, twin, plan.values)
    except PlanError as error:
        return [error.text]
    except ClusterError as error:
        return [
            message("session.stale-unseen", what=message("session.preview"), error=error.text.each(_short))
        ]
    return [] if digest(now) == plan.twin else [message("session.stale-twin")]


def identity(row: Any) -> Any:
    """What makes a row the same one in another reading."""
    if isinstance(row, Mapping):
        named = (row[key] for key in _KEYS if isinstance(row.get(key), (str, int)) and row[key] != "")
        return next(named, _canonical(row))
    return row if isinstance(row, (str, int, float)) else _canonical(row)


def _canonical(value: Any) -> str:
    return json.dumps(value, sort_keys=True, ensure_ascii=False, default=str)


def _shown(write: PlannedWrite) -> str:
    return (
        f"{Resource.parse(write.resource).dotted}/{one_line(write.name, 100)}"
        if write.resource
        else write.role
    )


def _short(text: str) -> str:
    return one_line(text, 200)
