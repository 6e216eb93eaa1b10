"""What ovn-northd does with changes of the northbound database: bindings of removed ports go, MAC_Binding rows age."""

from __future__ import annotations

import itertools

from checks.practice.sim import manifests as m
from checks.practice.sim.stage import Stage
from checks.practice.sim.types import version_key

PASS = 5.0
"""Cluster seconds between two rounds of ageing (OVN northd/mac-binding-aging.c)."""


class Northd:
    """The active northd. Ageing needs OVN 22.09; before that the options are stored and nothing happens."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        stage.nb.subscribe(self._changed)
        if version_key(stage.versions.ovn) >= (22, 9):
            stage.agenda.every(PASS, self.age)

    def _changed(self, table: str) -> None:
        if table == "Logical_Switch_Port":
            self.stage.agenda.after(1.0, self.prune)

    def prune(self) -> None:
        """Removes bindings of ports that are no longer in the northbound database."""
        ports = {row["name"] for row in self.stage.nb["Logical_Switch_Port"].rows.copy().values()}
        bindings = self.stage.sb["Port_Binding"]
        gone = [u for u, row in bindings.items() if not row.get("type") and row["logical_port"] not in ports]
        self.stage.sb.delete_many("Port_Binding", gone)

    def age(self) -> None:
        """One round: rows that nobody refreshed go, at most ``mac_binding_removal_limit`` of them."""
        ageing = self._ageing_ports()
        if not ageing:
            return
        living = {ip["spec"].get("v4IpAddress") for ip in self.stage.store.scan(m.IPS)}
        rows = self.stage.sb["MAC_Binding"].items()
        # Rows written before the switch carry no time and go at once; traffic keeps those of living addresses fresh.
        old = (u for u, row in rows if row["logical_port"] in ageing and row["ip"] not in living)
        limit = self._limit()
        self.stage.sb.delete_many("MAC_Binding", list(itertools.islice(old, limit or None)))

    def _ageing_ports(self) -> set[str]:
        nb, ports = self.stage.nb, set()
        for _, router in nb["Logical_Router"].items():
            threshold = str(router.get("options", {}).get("mac_binding_age_threshold", "0"))
            if threshold not in ("", "0"):
                ports |= {nb["Logical_Router_Port"].rows[u]["name"] for u in router.get("ports", ())}
        return ports

    def _limit(self) -> int:
        for _, row in self.stage.nb["NB_Global"].items():
            text = str(row.get("options", {}).get("mac_binding_removal_limit", "0"))
            return int(text) if text.isdigit() else 0
        return 0
