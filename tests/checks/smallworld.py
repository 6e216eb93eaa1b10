"""The staged incidents with as much trouble as their checks need to see it, and no more: walked many times over."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from checks.practice.scenario import load_scenario, merge
from checks.practice.sim.world import SimWorld

FEWER: Mapping[str, Any] = {
    "mac-binding-leak": {
        "mac_bindings": {"ovn-cluster-ovn-default": {"stale": 400}, "edge-edge-net": {"stale": 80}}
    }
}
"""Three batches of rows instead of 326: every boundary there is, and not the same one hundreds of times.

Too few for the evidence to call them the cause: who asserts that walks the scenario whole.
"""
ENOUGH: Mapping[str, Any] = {
    "mac-binding-leak": {
        "mac_bindings": {"ovn-cluster-ovn-default": {"stale": 5600}, "edge-edge-net": {"stale": 400}}
    }
}
"""As many rows as make the evidence call them the cause, and 39 batches: a ninth of the scenario."""
TIGHT = {"mac-binding-leak": "192Mi"}
"""Memory of ovs-ovn, so that the flows of fewer rows come as close to its limit."""
LEAKED = {"port-flapper": 3300, "descriptors-gone": 4200}
FILES = 4096
"""Descriptors of ovs-vswitchd instead of 65,535: what lists them is most of the work otherwise."""


def small_world(name: str, *, pace: float, fewer: Mapping[str, Any] = FEWER) -> SimWorld:
    """A world of the scenario with fewer rows and descriptors."""
    data = merge(load_scenario(name).data, fewer.get(name, {}))
    faults = [{**one, "leaked": LEAKED[one["kind"]]} if "leaked" in one else one for one in data["faults"]]
    loads = [_tight(one, TIGHT.get(name, "")) for one in data["workloads"]]
    world = SimWorld(name, {**data, "faults": faults, "workloads": loads}, pace=pace)
    for node in world.stage.nodes.values():
        node.processes["ovs-vswitchd"].limit = FILES
    return world


def _tight(workload: Mapping[str, Any], memory: str) -> Mapping[str, Any]:
    if not memory or workload["name"] != "ovs-ovn":
        return workload
    return {**workload, "limits": {**workload["limits"], "memory": memory}}
