"""Services: their EndpointSlices after the pods there are, and their VIPs in OVN's load balancers after both."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from checks.cluster import PODS, Object, Resource
from checks.practice.sim.clock import rfc3339
from checks.practice.sim.stage import Stage

SERVICES = Resource("", "v1", "services")
SLICES = Resource("discovery.k8s.io", "v1", "endpointslices")
SETTLE = 1.0
"""Cluster seconds after which a change of pods has reached the slices and OVN."""


class Services:
    """The Services of a scenario, kept in step with their pods."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self._due = False

    def create(self, given: list[Mapping[str, Any]]) -> None:
        """Makes the Services as they are written down; those that select nobody are left out."""
        created = rfc3339(self.stage.store.clock() - 86_400.0 * self.stage.settings["age_days"])
        for spec in given:
            selector = dict(spec.get("selector", {}))
            if selector and not self._pods(spec["namespace"], selector):
                continue
            ports = [
                {
                    "name": port["name"],
                    "port": port["port"],
                    "targetPort": port.get("target", port["port"]),
                    "protocol": port.get("protocol", "TCP"),
                }
                for port in spec["ports"]
            ]
            body: Object = {
                "metadata": {
                    "name": spec["name"],
                    "creationTimestamp": created,
                    "labels": {**selector, **spec.get("labels", {})},
                },
                "spec": {
                    "type": "ClusterIP",
                    "clusterIP": spec["cluster_ip"],
                    "clusterIPs": [spec["cluster_ip"]],
                    "ipFamilies": ["IPv4"],
                    "ports": ports,
                    **({"selector": selector} if selector else {}),
                },
                "status": {"loadBalancer": {}},
            }
            self.stage.store.create(SERVICES, body, namespace=spec["namespace"])
        self.sync()

    def notice(self, event: str, resource: Resource, obj: Object) -> None:
        """A callback of the store: pods that a Service selects came, went or changed."""
        if resource == PODS and not self._due and self._selected(obj):
            self._due = True
            self.stage.agenda.after(SETTLE, self.sync)

    def sync(self) -> None:
        """Writes every slice anew where its endpoints differ, and the VIPs of OVN."""
        self._due = False
        vips: dict[str, dict[str, str]] = {"tcp": {}, "udp": {}}
        for service in self.stage.store.all(SERVICES):
            endpoints = self._endpoints(service)
            self._write_slice(service, endpoints)
            ready = [e["addresses"][0] for e in endpoints if e["conditions"]["ready"]]
            for port in service["spec"]["ports"] if ready else ():
                vip = f"{service['spec']['clusterIP']}:{port['port']}"
                backends = ",".join(f"{address}:{port['targetPort']}" for address in ready)
                vips[port["protocol"].lower()][vip] = backends
        table = self.stage.nb["Load_Balancer"]
        for protocol, wanted in vips.items():
            for uuid in list(table.where(name=f"cluster-{protocol}-loadbalancer")):
                if table.value(uuid, "vips") != wanted:
                    self.stage.nb.set("Load_Balancer", uuid, vips=wanted)

    # --- inside

    def _pods(self, namespace: str, selector: Mapping[str, str]) -> list[Object]:
        labels = ",".join(f"{key}={value}" for key, value in selector.items())
        return list(self.stage.store.scan(PODS, namespace=namespace, labels=labels))

    def _selected(self, pod: Object) -> bool:
        meta = pod["metadata"]
        labels = meta.get("labels", {}).items()
        return any(
            service["spec"].get("selector", {}).items() <= labels
            for service in self.stage.store.scan(SERVICES, namespace=meta["namespace"])
            if service["spec"].get("selector")
        )

    def _endpoints(self, service: Object) -> list[Object]:
        selector = service["spec"].get("selector")
        if not selector:  # the API server writes its own
            masters = [node for node in self.stage.nodes.values() if node.central]
            return [{"addresses": [node.ip], "conditions": {"ready": True}} for node in masters]
        found = []
        for pod in self._pods(service["metadata"]["namespace"], selector):
            status = pod.get("status", {})
            if not status.get("podIP") or status.get("phase") in ("Succeeded", "Failed"):
                continue
            ready = any(c["type"] == "Ready" and c["status"] == "True" for c in status.get("conditions", ()))
            found.append(
                {
                    "addresses": [status["podIP"]],
                    "conditions": {"ready": ready and not pod["metadata"].get("deletionTimestamp")},
                    "nodeName": pod["spec"].get("nodeName", ""),
                    "targetRef": {"kind": "Pod", "name": pod["metadata"]["name"]},
                }
            )
        return found

    def _write_slice(self, service: Object, endpoints: list[Object]) -> None:
        meta = service["metadata"]
        name, store = f"{meta['name']}-{self._suffix(meta)}", self.stage.store
        ports = [
            {"name": p["name"], "port": p["targetPort"], "protocol": p["protocol"]}
            for p in service["spec"]["ports"]
        ]
        old = store.find(SLICES, name, meta["namespace"])
        if old is None:
            labels = {
                "kubernetes.io/service-name": meta["name"],
                "endpointslice.kubernetes.io/managed-by": "endpointslice-controller.k8s.io",
            }
            body: Object = {
                "metadata": {
                    "name": name,
                    "labels": labels,
                    "creationTimestamp": meta["creationTimestamp"],
                },
                "addressType": "IPv4",
                "endpoints": endpoints,
                "ports": ports,
            }
            store.create(SLICES, body, namespace=meta["namespace"])
        elif old.get("endpoints") != endpoints:

            def change(body: Object) -> None:
                body["endpoints"] = endpoints

            store.modify(SLICES, name, change, namespace=meta["namespace"])

    @staticmethod
    def _suffix(meta: Object) -> str:
        from checks.practice.sim.manifests import template_hash

        return template_hash(f"{meta['namespace']}/{meta['name']}")[:5]
