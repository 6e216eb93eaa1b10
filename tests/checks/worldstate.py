"""Everything a practice cluster holds, as plain values that can be compared: objects and the rows of every database.

What changes by itself or names an incarnation is left out: uids, versions, times, status, Leases and Events.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from checks.cluster import Object
from checks.plans.diff import without_noise
from checks.plans.writes import controller_of
from checks.practice.sim.tables import Database
from checks.practice.sim.world import SimWorld

State = dict[str, Counter[str]]
"""By object or table: the canonical forms of what is there, with how often."""
UNSTEADY = ("leases", "events", "endpointslices")
STAMPS = ("uid", "creationTimestamp", "deletionGracePeriodSeconds", "finalizers")
MOVING = {
    "MAC_Binding": ("timestamp",),
    "Interface": ("ofport", "statistics", "status", "ifindex", "error", "link_state", "admin_state"),
    "NB_Global": ("nb_cfg", "hv_cfg", "sb_cfg", "nb_cfg_timestamp", "hv_cfg_timestamp", "sb_cfg_timestamp"),
    "SB_Global": ("nb_cfg",),
    "Port_Binding": ("tunnel_key", "chassis", "up"),
}
"""Columns that the daemons write by themselves."""
REPORTED = ("ovn-installed", "ip")
"""Keys of an Interface's external_ids that are written while its pod comes up."""
_MADE_UP = ("cni-[0-9a-f-]{36}", "[0-9a-f]{12}_h")
"""Names of network namespaces and of interfaces, which come from a sandbox's id."""


def state_of(world: SimWorld) -> State:
    """The cluster as it is now."""
    world.stage.agenda.run_due()
    found: State = {}
    for key, one in _objects(world):
        found.setdefault(key, Counter())[one] += 1
    databases = {"nb": world.stage.nb, "sb": world.stage.sb}
    databases |= {name: node.ovs for name, node in world.stage.nodes.items()}
    for name, database in databases.items():
        for table, rows in _tables(database):
            found[f"{name}.{table}"] = rows
    return _without_incarnations(world, found)


def differences(before: State, after: State) -> dict[str, tuple[list[str], list[str]]]:
    """What is gone and what is new, by object or table."""
    found = {}
    for key in before.keys() | after.keys():
        was, now = before.get(key, Counter()), after.get(key, Counter())
        if was != now:
            found[key] = (list((was - now).elements()), list((now - was).elements()))
    return found


def _without_incarnations(world: SimWorld, state: State) -> State:
    """Pods that a controller makes again have another name, and so has what is named after them."""
    names = {
        str(pod["metadata"]["name"]): f"{controller_of(pod)['name']}-*"
        for (resource, _, _), pod in _stored(world)
        if resource == "v1/pods" and controller_of(pod)
    }
    pattern = re.compile("|".join((*map(re.escape, names), *_MADE_UP)))

    def plain(text: str) -> str:
        return pattern.sub(lambda match: names.get(match[0], "*"), text)

    found: State = {}
    for key, rows in state.items():
        for row, count in rows.items():
            found.setdefault(plain(key), Counter())[plain(row)] += count
    return found


def _objects(world: SimWorld) -> Iterator[tuple[str, str]]:
    for (resource, namespace, name), obj in _stored(world):
        if resource.rpartition("/")[2] in UNSTEADY:
            continue
        owner = controller_of(obj)
        if resource == "v1/pods" and owner:
            # Its name is its incarnation's; what counts is that its controller has as many of them, and where.
            yield f"pods of {namespace}/{owner.get('name')}", str(obj["spec"].get("nodeName", ""))
            continue
        plain = without_noise(obj, status=False)
        plain["metadata"] = {k: v for k, v in plain["metadata"].items() if k not in STAMPS}
        yield f"{resource} {namespace}/{name}", _canonical(plain)


def _stored(world: SimWorld) -> Iterator[tuple[tuple[str, str, str], Object]]:
    store = world.store
    for kind in store.kinds:
        for obj in store.scan(kind):
            meta = obj["metadata"]
            yield (str(kind), meta.get("namespace", ""), meta["name"]), obj


def _tables(database: Database) -> Iterator[tuple[str, Counter[str]]]:
    names = _names(database)
    for name, table in database.tables.items():
        left_out = MOVING.get(name, ())
        rows = (
            {column: _named(value, names) for column, value in row.items() if column not in left_out}
            for _, row in table.items()
        )
        yield name, Counter(_canonical(row) for row in rows)


def _names(database: Database) -> dict[str, str]:
    """Rows that have a name by their uuid: what refers to them refers to the name, whichever incarnation it is."""
    return {
        uuid: f"{table}/{row['name']}"
        for table, rows in database.tables.items()
        for uuid, row in rows.items()
        if row.get("name")
    }


def _named(value: Any, names: Mapping[str, str]) -> Any:
    if isinstance(value, str):
        return names.get(value, value)
    if isinstance(value, Mapping):
        return {key: inner for key, inner in value.items() if key not in REPORTED}
    if isinstance(value, (list, tuple, set, frozenset)):
        return sorted((_named(one, names) for one in value), key=str)
    return value


def _canonical(value: Any) -> str:
    return json.dumps(value, sort_keys=True, default=str)
