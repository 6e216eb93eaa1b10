"""A process that takes a whole session back on the small incident, and may be killed at any moment of it.

What the cluster and its databases hold is in a file, written whole after every change: it outlives the process, as a
cluster does. Started again it resumes, settles what is in doubt by what the cluster shows, and goes on undoing.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from checks.plans.plan import PlanError
from checks.walking.access import Access
from checks.walking.rewind import Rewind, RewindEnded, plan_rewind, run_rewind
from checks.walking.walk import Walk
from tests.checks.dictcluster import DictCluster
from tests.checks.incident import ARTICLE, CATALOGUE, Ovn, checked, cluster_with, run, walk_on
from tests.checks.killing import dying

STEPS = ("stop", "purge", "label", "drop")
ROUNDS = 12
"""How often the way back is planned: it comes in parts, and every try that failed is planned anew."""
WORLD = "world.json"


@dataclass
class Outliving:
    """The incident's cluster and databases, kept in a file."""

    path: Path
    ovn: Ovn = field(default_factory=Ovn)
    cluster: DictCluster = field(init=False)

    def __post_init__(self) -> None:
        self.cluster = cluster_with(self.ovn)
        self.cluster.on_change = self.keep
        if self.path.exists():
            self._load(json.loads(self.path.read_text()))

    def _load(self, held: dict[str, Any]) -> None:
        self.ovn.rows, self.ovn.learn = held["rows"], held["learn"]
        cluster = self.cluster
        cluster.writes = [tuple(one) for one in held["writes"]]
        cluster.objects = {tuple(key): obj for key, obj in held["objects"]}
        for _ in range(held["ids"]):
            next(cluster._ids)

    def keep(self) -> None:
        """Writes the file anew, whole or not at all."""
        held = {
            "rows": self.ovn.rows,
            "learn": self.ovn.learn,
            "writes": self.cluster.writes,
            "objects": [[list(key), obj] for key, obj in self.cluster.objects.items()],
            "ids": 1000 + len(self.cluster.writes) * 10,
        }
        fresh = self.path.with_suffix(".new")
        fresh.write_text(json.dumps(held))
        os.replace(fresh, self.path)

    @property
    def undone(self) -> list[tuple[str, ...]]:
        """The writes since the session's steps were done."""
        return self.cluster.writes


def walked(folder: Path) -> Path:
    """Does the steps of the incident in this process; the journal, beside which the world is kept."""
    world = Outliving(folder / WORLD)
    walk = walk_on(world.cluster, folder)
    for step in STEPS:
        assert run(walk, step).state == "done"
        checked(walk)
    walk.close()
    world.cluster.writes.clear()
    world.keep()
    assert walk.path is not None
    return walk.path


def take_back(journal: str, when: str, number: int) -> None:
    """Resumes and undoes everything, dying at this boundary of the journal, counted from the resuming on."""
    path = Path(journal)
    world = Outliving(path.parent / WORLD)
    access = Access()
    access.arm(world.cluster.info, "KILL-2")
    with dying(when, number):
        walk = Walk.resume(path, world.cluster, ARTICLE, CATALOGUE, access=access, operator="li")
        for _ in range(ROUNDS):
            checked(walk)
            for step in walk.in_doubt():
                walk.settle(step.id, happened(world, step.id), "looked at the cluster after the crash")
            if not once(walk):
                break
    walk.close()


def happened(world: Outliving, step_id: str) -> bool:
    """What an operator sees of an undo that was cut off: whether its last write took effect."""
    if step_id == "purge":
        return len(world.ovn.rows) == 5
    if step_id == "stop":
        return world.ovn.learn == ""
    there = world.cluster.objects.get(("kubeovn.io/v1/subnets", "", "net-a"))
    if step_id == "drop":
        return there is not None
    return there is not None and "touched" not in there["metadata"].get("annotations", {})


def once(walk: Walk) -> bool:
    """One try at what can be undone now; whether there was something."""
    try:
        shown: Rewind = plan_rewind(walk)
        if not shown.plans:
            return False
        *_, last = run_rewind(walk, shown, typed=shown.confirm.expected)
    except PlanError:
        return False
    assert isinstance(last, RewindEnded)
    return True
