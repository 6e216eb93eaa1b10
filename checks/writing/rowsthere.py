"""Rows that an undo would create and that are there already: after a try that broke off, or learned again as they were.

A database takes such a row only once, and refuses the whole command for it: the rest would never come back.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from checks.cluster import Cluster, Target
from checks.errors import ClusterError
from checks.plans.plan import PlanError
from checks.plans.template import SlotError, fill, fill_argv
from checks.plans.writes import Expander
from checks.writing.savedrows import PROGRAMS
from kb.model import Action, ExecAction

Row = tuple[tuple[str, str], ...]
"""Columns and their values as text, by column."""


def still_missing(
    cluster: Cluster, expander: Expander, action: Action, values: Mapping[str, Any]
) -> Mapping[str, Any]:
    """The values with only those items whose row is not there; unchanged where the action creates no rows of items.

    What cannot be read is taken as missing: the database itself refuses a second one. Raises nothing of the cluster.
    """
    items = values.get(action.each) if isinstance(action, ExecAction) and action.each else None
    if not isinstance(action, ExecAction) or not isinstance(items, (list, tuple)) or not action.argv:
        return values
    try:
        wanted = [created(fill_argv(action.tail, {**values, "item": item})) for item in items]
        tables = {table for table, _ in wanted}
        if len(tables) != 1 or "" in tables or action.argv[0].rpartition("/")[2] not in PROGRAMS:
            return values
        (target,) = expander.targets(fill(action.on, values))
        there = _rows(cluster, target, action.argv, tables.pop(), _columns(row for _, row in wanted))
    except (ClusterError, PlanError, SlotError, ValueError):
        return values
    left = [item for item, (_, row) in zip(items, wanted, strict=True) if row not in there]
    return {**values, action.each: left}


def created(words: Sequence[str]) -> tuple[str, Row]:
    """Table and columns of words that are ``-- create TABLE column=value …`` and nothing else; no table otherwise."""
    match list(words):
        case ["--", "create", table, *settings] if settings and not any(
            word.startswith("-") or "=" not in word or ":" in word.partition("=")[0] for word in settings
        ):
            pairs = (word.partition("=") for word in settings)
            return table, tuple(sorted((column, _plain(value)) for column, _, value in pairs))
    return "", ()


def _plain(value: str) -> str:
    """A value as it is typed for ovn-nbctl, without its quotes; ValueError for broken ones."""
    return str(json.loads(value)) if value.startswith('"') else value


def _columns(rows: Iterable[Row]) -> tuple[str, ...]:
    return tuple(sorted({column for row in rows for column, _ in row}))


def _rows(
    cluster: Cluster, target: Target, argv: Sequence[str], table: str, columns: Sequence[str]
) -> frozenset[Row]:
    """What these columns of the table hold; raises ClusterError, and ValueError for any other answer."""
    options = (word for word in argv[1:] if word.startswith(("--timeout=", "--db=", "--no-leader-only")))
    read = (argv[0], *options, "--format=json", f"--columns={','.join(columns)}", "list", table)
    answer = cluster.exec(target.namespace, target.pod, target.container, read, timeout=40.0)
    if answer.code != 0:
        raise ValueError(answer.stderr)
    try:
        body = json.loads(answer.stdout)
        at = [body["headings"].index(column) for column in columns]
        return frozenset(
            tuple((column, _cell(row[number])) for column, number in zip(columns, at, strict=True))
            for row in body["data"]
        )
    except (KeyError, IndexError, TypeError, AttributeError, RecursionError) as error:
        raise ValueError(str(error)) from error


def _cell(value: Any) -> str:
    """A scalar of OVSDB's JSON as text; a reference is its uuid, and a set or map is like no text."""
    if isinstance(value, list):
        return str(value[1]) if len(value) == 2 and value[0] == "uuid" else json.dumps(value)
    return str(value).lower() if isinstance(value, bool) else str(value)
