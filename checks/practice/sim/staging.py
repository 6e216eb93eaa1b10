"""Building a stage from the merged data of a scenario."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from functools import partial
from typing import Any

from checks.cluster import NODES, PODS, Object, Resource
from checks.practice.kinds import builtin_kinds, metrics_kinds, named
from checks.practice.ovnkinds import KUBE_OVN_1_9, kube_ovn_kinds
from checks.practice.rbac import stage_roles
from checks.practice.sim import daemons
from checks.practice.sim import manifests as m
from checks.practice.sim.clock import SimClock, rfc3339
from checks.practice.sim.controlplane import stage_control_plane
from checks.practice.sim.kubelet import Kubelets, count_status
from checks.practice.sim.kubeovn import Controller
from checks.practice.sim.network import Network
from checks.practice.sim.node import Node
from checks.practice.sim.ovnstage import stage_ovn, stage_ovs, stage_rafts
from checks.practice.sim.particulars import stage_addresses, stage_interfaces, stage_macs
from checks.practice.sim.population import stage_pods
from checks.practice.sim.services import Services
from checks.practice.sim.stage import Agenda, Stage, Versions
from checks.practice.sim.tables import Database
from checks.practice.sim.types import load_schema
from checks.practice.store import Store

Data = Mapping[str, Any]
DAY = 86_400.0


class Builder:
    """One stage in the making."""

    def __init__(self, data: Data, pace: float) -> None:
        self.data = data
        settings = dict(data["cluster"])
        versions = Versions(settings["kubernetes"], settings["kube_ovn"], settings["ovn"], settings["ovs"])
        clock = SimClock(pace)
        custom = kube_ovn_kinds()
        kinds = (
            *builtin_kinds(),
            *(named(custom, KUBE_OVN_1_9) if str(settings["kinds"]) == "1.9" else custom),
            *(named(metrics_kinds(), ["nodes"]) if settings["metrics"] else ()),
        )
        extra = [
            k for k in custom if k.resource.plural in ("vips", "iptables-eips", "ovn-eips") and k not in kinds
        ]
        self.missing = {k.resource for k in extra}
        self.stage = Stage(
            clock,
            Store(kinds, graceful=True),
            versions,
            Database(load_schema("nb", versions.ovn)),
            Database(load_schema("sb", versions.ovn)),
            Agenda(clock),
            settings=settings,
        )
        self.network = Network(self.stage)
        self.controller = Controller(self.stage, self.network)
        self.kubelets = Kubelets(self.stage, self.network)
        self.services = Services(self.stage)

    def ago(self, seconds: float) -> str:
        """A time before now, as objects hold it."""
        return rfc3339(self.stage.store.clock() - seconds)

    def build(self) -> None:
        """Everything, in the order in which a real cluster comes up."""
        self._nodes()
        stage_rafts(self.stage)
        self._namespaces()
        stage_roles(self.stage.store)
        self._vpcs_and_subnets()
        stage_ovn(self.stage, self.network, self.data)
        self._nodes_join()
        self._workloads()
        stage_control_plane(self.stage)
        self._leaders()
        self.services.create(self.data["services"])
        self._long_ago()
        stage_addresses(self.stage, self.network, self.data)
        stage_interfaces(self.stage, self.network, self.data)
        self._objects()
        stage_macs(self.stage, self.network, self.data)
        self._numbers()

    # --- nodes

    def _nodes(self) -> None:
        common = dict(self.data["node"])
        for number, given in enumerate(self.data["nodes"]):
            spec = {**common, **given}
            chassis = self.stage.uuid()
            ovs = Database(load_schema("vswitch", self.stage.versions.ovs), seed=spec["name"])
            node = Node(
                spec["name"], spec["ip"], chassis, self.stage.clock, ovs, spec["cpus"], spec["clocksource"],
                spec["kernel"], spec["cgroup"], spec["dispatch"], spec["base_flows"], bool(spec.get("central")),
            )  # fmt: skip
            node.start_counters()
            self.stage.nodes[node.name] = node
            join_ip = _join_address(number)
            body = m.node(
                spec, version=self.stage.versions.kubernetes, join_ip=join_ip, mac=self.network.mac(join_ip),
                chassis=chassis, created=self.ago(self.stage.settings["age_days"] * DAY),
            )  # fmt: skip
            self.stage.store.create(NODES, body)

    def _nodes_join(self) -> None:
        """Every node's port in the join switch."""
        for number, node in enumerate(self.stage.nodes.values()):
            address, name = _join_address(number), f"node-{node.name}"
            mac = self.network.mac(address)
            stage_ovs(self.stage, node)
            daemons.start_ovs(self.stage, node)
            if node.central:
                daemons.start_central(self.stage, node)
            self.network.put_ip(
                name,
                "join",
                address,
                mac,
                node=node.name,
                pod=node.name,
                created=self.ago(self.stage.settings["age_days"] * DAY),
            )
            self.network.add_port(name, "join", address, mac)
            self.network.add_interface(node, "ovn0", name, type="internal")
            self.network.claim(node, name)

    # --- objects

    def _namespaces(self) -> None:
        names = {"default", "kube-system", "kube-public", "kube-node-lease"} | {
            app["namespace"] for app in self.data["apps"]
        }
        names |= {item["namespace"] for item in self.data["objects"] if item.get("namespace")}
        for name in sorted(names):
            body = {
                "metadata": {
                    "name": name,
                    "labels": {"kubernetes.io/metadata.name": name},
                    "creationTimestamp": self.ago(90 * DAY),
                }
            }
            self.stage.store.create(m.NAMESPACES, {**body, "status": {"phase": "Active"}})

    def _vpcs_and_subnets(self) -> None:
        for name, spec in self.data["vpcs"].items():
            mine = [s for s, one in self.data["subnets"].items() if one.get("vpc") == name]
            status = {
                "standby": True,
                "default": bool(spec.get("default")),
                "router": name,
                "subnets": mine,
                "enableExternal": bool(spec.get("external")),
            }
            body = {
                "metadata": {"name": name, "creationTimestamp": self.ago(spec.get("age", 200 * DAY))},
                "spec": {"namespaces": spec.get("namespaces", []), **spec.get("spec", {})},
                "status": status,
            }
            self.stage.store.create(m.VPCS, body)
        for name, spec in self.data["subnets"].items():
            if spec.get("object", True):
                self.stage.store.create(m.SUBNETS, self._subnet(name, spec))

    def _subnet(self, name: str, spec: Data) -> Object:
        network = ipaddress.ip_network(spec["cidr"])
        gateway = spec.get("gateway", str(network[1]))
        meta: Object = {
            "name": name,
            "creationTimestamp": self.ago(spec.get("age", 200 * DAY)),
            "finalizers": [self.stage.settings["finalizer"]],
        }
        if spec.get("deleted"):
            meta["deletionTimestamp"] = self.ago(spec["deleted"])
            meta["deletionGracePeriodSeconds"] = 0
        overlay = spec.get("provider", "ovn") == "ovn"
        body: Object = {
            "cidrBlock": spec["cidr"],
            "gateway": gateway,
            "excludeIps": [gateway, *spec.get("exclude", [])],
            "protocol": "IPv4",
            "provider": spec.get("provider", "ovn"),
            "gatewayType": "distributed",
            "natOutgoing": overlay and spec.get("vpc") == "ovn-cluster",
            "private": False,
            "default": bool(spec.get("default")),
            "namespaces": list(spec.get("namespaces", [])),
            **spec.get("spec", {}),
        }
        if spec.get("vpc"):
            body["vpc"] = spec["vpc"]
        ready = [
            {
                "type": t,
                "status": "True",
                "reason": r,
                "message": "",
                "lastUpdateTime": meta["creationTimestamp"],
            }
            for t, r in (
                ("Validated", "ValidateLogicalSwitchSuccess"),
                ("Ready", "ResetLogicalSwitchAclSuccess"),
            )
        ]
        return {"metadata": meta, "spec": body, "status": {"activateGateway": "", "conditions": ready}}

    def _workloads(self) -> None:
        image = f"docker.io/kubeovn/kube-ovn:{self.stage.versions.kube_ovn}"
        for spec in self.data["workloads"]:
            self._workload({"namespace": "kube-system", "image": image, "age": 40 * DAY, **spec})
        for spec in self.data["apps"]:
            self._workload({"kind": "Deployment", "age": 9 * DAY, **spec})

    def _workload(self, spec: dict[str, Any]) -> None:
        created = self.ago(spec["age"])
        if spec.get("subnet"):
            named = {"ovn.kubernetes.io/logical_switch": spec["subnet"]}
            spec["annotations"] = {**named, **spec.get("annotations", {})}
        if spec.get("central") and spec["kind"] == "Deployment":
            spec.setdefault("replicas", sum(node.central for node in self.stage.nodes.values()))
        resource, namespace = m.KINDS[spec["kind"]], spec["namespace"]
        parent = self.stage.store.create(resource, m.workload(spec, created), namespace=namespace)
        labels: dict[str, str] = {}
        if spec["kind"] == "Deployment":
            labels = {"pod-template-hash": m.template_hash(spec["name"])}
            parent = self._replicaset(parent, labels, created)
        placed = spec.get("nodes") or ([spec["node"]] if spec.get("node") else [])
        count = spec.get("replicas", 1)
        if spec["kind"] == "DaemonSet":
            placed, count = list(self.stage.nodes), len(self.stage.nodes)
        elif not placed:
            placed = self.kubelets.places(parent, count)
        pods, taken = [], set()
        for number in range(count):
            suffix = str(number) if spec["kind"] == "StatefulSet" else self.stage.suffix()
            while suffix in taken:
                suffix = self.stage.suffix()
            taken.add(suffix)
            name, node = f"{parent['metadata']['name']}-{suffix}", placed[number % len(placed)]
            pods.append(m.pod(name, parent, node, created=created, labels=labels))
        stage_pods(self.stage, self.network, pods)
        self._count(resource, spec)

    def _replicaset(self, deployment: Object, labels: dict[str, str], created: str) -> Object:
        meta = deployment["metadata"]
        body: Object = {
            "metadata": {
                "name": f"{meta['name']}-{labels['pod-template-hash']}",
                "namespace": meta["namespace"],
                "labels": {**meta["labels"], **labels},
                "ownerReferences": [m.owner(deployment)],
                "creationTimestamp": created,
            },
            "spec": {
                "replicas": deployment["spec"]["replicas"],
                "selector": deployment["spec"]["selector"],
                "template": deployment["spec"]["template"],
            },
        }
        return self.stage.store.create(m.REPLICASETS, body, namespace=meta["namespace"])

    def _count(self, resource: Resource, spec: Data) -> None:
        if resource == m.DEPLOYMENTS:
            name = f"{spec['name']}-{m.template_hash(spec['name'])}"
            count_status(
                self.stage, m.REPLICASETS, self.stage.store.get(m.REPLICASETS, name, spec["namespace"])
            )
        count_status(self.stage, resource, self.stage.store.get(resource, spec["name"], spec["namespace"]))

    def _leaders(self) -> None:
        """Leader labels of ovn-central, and the Lease of kube-ovn-controller."""
        leaders = {
            "ovn-nb-leader": self.stage.rafts["nb"].leader,
            "ovn-sb-leader": self.stage.rafts["sb"].leader,
            "ovn-northd-leader": self.stage.northd_leader,
        }
        for pod in self.stage.store.all(PODS, namespace="kube-system", labels="app=ovn-central"):
            mine = {label: "true" for label, node in leaders.items() if node == pod["spec"]["nodeName"]}
            self.stage.store.modify(
                PODS,
                pod["metadata"]["name"],
                partial(_label, mine),
                namespace="kube-system",
            )
        holder = self.stage.store.scan(PODS, namespace="kube-system", labels="app=kube-ovn-controller")[0][
            "metadata"
        ]["name"]
        now = self.ago(4).replace("Z", ".000000Z")
        spec = {
            "holderIdentity": holder,
            "leaseDurationSeconds": 15,
            "acquireTime": self.ago(40 * DAY).replace("Z", ".000000Z"),
            "renewTime": now,
            "leaseTransitions": 3,
        }
        self.stage.store.create(
            m.LEASES,
            {
                "metadata": {"name": "kube-ovn-controller", "creationTimestamp": self.ago(200 * DAY)},
                "spec": spec,
            },
            namespace="kube-system",
        )
        self.controller.log("INFO", "controller.go:842", "started workers")

    def _long_ago(self) -> None:
        """What was logged while staging happened days ago."""
        for node in self.stage.nodes.values():
            for log in node.logs.values():
                log.entries = [
                    type(e)(e.at - 3 * DAY, e.number, e.module, e.level, e.text) for e in log.entries
                ]
            for process in node.processes.values():
                process.started -= 3 * DAY
                for counter in (process.user, process.system, process.voluntary, process.involuntary):
                    counter.reset(counter.rate * 3 * DAY, self.stage.clock.now())

    def _objects(self) -> None:
        for item in self.data["objects"]:
            resource = Resource.parse(item["resource"])
            if resource in self.missing:
                continue
            body: Object = dict(item["object"])
            body["metadata"] = {**body["metadata"], "creationTimestamp": self.ago(item.get("age", DAY))}
            if item.get("deleted"):
                body["metadata"] |= {
                    "deletionTimestamp": self.ago(item["deleted"]),
                    "deletionGracePeriodSeconds": 0,
                }
            self.stage.store.create(resource, body, namespace=item.get("namespace", ""))

    def _numbers(self) -> None:
        for name, spec in self.data["subnets"].items():
            subnet = self.stage.store.find(m.SUBNETS, name)
            if subnet is not None:
                numbers = {**self.controller.numbers(subnet), **spec.get("status", {})}
                self.stage.store.modify(m.SUBNETS, name, partial(_put_numbers, numbers))


def _join_address(number: int) -> str:
    """The address of a node, counted from 0, in the join network."""
    return str(ipaddress.ip_address("100.64.0.2") + number)


def _label(labels: dict[str, str], body: Object) -> None:
    body["metadata"]["labels"].update(labels)


def _put_numbers(numbers: Object, body: Object) -> None:
    body["status"].update(numbers)
