"""A scenario made large: nodes and workloads added to its data until it has as many nodes and pods as asked for."""

from __future__ import annotations

import ipaddress
import itertools
from collections.abc import Iterator, Mapping
from typing import Any

Data = Mapping[str, Any]
_FIRST = ipaddress.ip_address("172.16.0.1")
"""Addresses of added nodes; those of a scenario are in 192.168.0.0/16."""
_TEAMS = ("orders", "search", "media", "risk", "mobile", "data", "billing-eu", "crm", "edge", "reports")
_APPS = ("api", "worker", "cache", "web", "sync", "queue", "report", "gateway", "cron", "export")
_REPLICAS = 40
_LEARNED = 500
"""Living addresses that a router has learned: those that were asked for lately, not all there are."""


class TooFew(ValueError):
    """Fewer nodes or pods are asked for than the scenario has; `least` is how many it has."""

    def __init__(self, what: str, least: int) -> None:
        super().__init__(f"at least {least} {what}")
        self.what, self.least = what, least


def enlarge(data: Data, nodes: int = 0, pods: int = 0) -> Data:
    """The data of a scenario with this many nodes and pods (0: as it is); raises TooFew."""
    larger = dict(data)
    have = [dict(node) for node in data["nodes"]]
    if nodes:
        if nodes < len(have):
            raise TooFew("nodes", len(have))
        larger["nodes"] = [*have, *_nodes(len(have), nodes)]
    if pods:
        least = _pods_of(larger)
        if pods < least:
            raise TooFew("pods", least)
        larger["apps"] = [*data["apps"], *_apps(pods - least, _workers(larger))]
        larger["mac_bindings"] = {
            port: {"most": _LEARNED, **spec} for port, spec in data["mac_bindings"].items()
        }
    return larger


def _nodes(have: int, wanted: int) -> Iterator[dict[str, str]]:
    for number in range(have + 1, wanted + 1):
        yield {"name": f"node-{number}", "ip": str(_FIRST + number)}


def _pods_of(data: Data) -> int:
    """How many pods the workloads of a scenario and its control plane have."""
    from checks.practice.sim.controlplane import STATIC

    central = sum(bool(node.get("central")) for node in data["nodes"])
    total = central * len(STATIC)
    for spec in (*data["workloads"], *data["apps"]):
        if spec.get("kind") == "DaemonSet":
            total += len(data["nodes"])
        else:
            of_central = bool(spec.get("central")) and spec.get("kind") == "Deployment"
            total += int(spec.get("replicas", central if of_central else 1))
    return total


def _workers(data: Data) -> list[str]:
    """The nodes that ordinary pods run on."""
    names = [str(node["name"]) for node in data["nodes"] if not node.get("central")]
    return names or [str(node["name"]) for node in data["nodes"]]


def _apps(pods: int, nodes: list[str]) -> Iterator[dict[str, Any]]:
    """Deployments of forty replicas with so many pods in all, ten of them in each namespace, spread over the nodes."""
    number, following = 0, itertools.cycle(nodes)
    while pods > 0:
        replicas = min(pods, _REPLICAS)
        team, turn = divmod(number, len(_APPS))
        round_, at = divmod(team, len(_TEAMS))
        namespace = f"{_TEAMS[at]}-{round_ + 1}"
        placed = list(itertools.islice(following, replicas))
        yield {
            "name": _APPS[turn], "namespace": namespace, "replicas": replicas, "nodes": placed, "image": "nginx:1.25"
        }  # fmt: skip
        number, pods = number + 1, pods - replicas
