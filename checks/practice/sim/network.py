"""Pods on the network: addresses, logical ports, OVS interfaces, bindings, as Kube-OVN makes them."""

from __future__ import annotations

import hashlib
import ipaddress
from collections.abc import Iterable
from typing import Any

from checks.cluster import PODS, Object
from checks.errors import ClusterError
from checks.practice.sim import daemons
from checks.practice.sim import manifests as m
from checks.practice.sim.clock import rfc3339
from checks.practice.sim.node import Node
from checks.practice.sim.stage import Stage

NOTE = "ovn.kubernetes.io/"


def port_name(pod: Object) -> str:
    """The logical switch port and IP object of a pod: ``<pod>.<namespace>``."""
    return f"{pod['metadata']['name']}.{pod['metadata']['namespace']}"


def interface_name(pod: Object) -> str:
    """The host side of a pod's veth pair: 12 digits of the sandbox id and ``_h``."""
    return hashlib.sha256(pod["metadata"]["uid"].encode()).hexdigest()[:12] + "_h"


def notes(subnet: Object, address: str, mac: str) -> dict[str, str]:
    """What Kube-OVN writes on a pod that it gave an address."""
    spec = subnet["spec"]
    return {
        f"{NOTE}allocated": "true", f"{NOTE}routed": "true", f"{NOTE}ip_address": address,
        f"{NOTE}mac_address": mac, f"{NOTE}cidr": spec["cidrBlock"], f"{NOTE}gateway": spec["gateway"],
        f"{NOTE}logical_switch": subnet["metadata"]["name"], f"{NOTE}logical_router": spec.get("vpc", ""),
        f"{NOTE}pod_nic_type": "veth-pair",
    }  # fmt: skip


def kept_for(pod: Object) -> str:
    """The ``podType`` of a pod's IP: only those of StatefulSets keep theirs."""
    parent = (pod["metadata"].get("ownerReferences") or [{"kind": ""}])[0]["kind"]
    return "StatefulSet" if parent == "StatefulSet" else ""


class Network:
    """Connects and disconnects pods."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.used: dict[str, set[str]] = {}
        """Addresses in use by subnet: the memory of the controller's IPAM."""
        self._next: dict[str, int] = {}
        """Where in each subnet staging goes on."""
        self._keys: dict[str, int] = {}
        """The last tunnel key given out in each datapath."""
        self.chassis: dict[str, str] = {}
        """Node to the UUID of its Chassis row."""

    # --- addresses

    def subnet_of(self, pod: Object) -> Object | None:
        """The Subnet a pod belongs to: by annotation, by namespace, or the default one."""
        wanted = pod["metadata"].get("annotations", {}).get(f"{NOTE}logical_switch")
        subnets = self.stage.store.scan(m.SUBNETS)
        by_name = {s["metadata"]["name"]: s for s in subnets}
        if wanted:
            return by_name.get(wanted)
        for subnet in subnets:
            if pod["metadata"]["namespace"] in subnet["spec"].get("namespaces", ()):
                return subnet
        return by_name.get("ovn-default")

    def allocate(self, subnet: Object) -> str:
        """The next free address of a subnet."""
        name = subnet["metadata"]["name"]
        network = ipaddress.ip_network(subnet["spec"]["cidrBlock"])
        used = self.used.setdefault(name, set())
        for number in range(2, network.num_addresses - 1):
            address = str(network[number])
            if address not in used:
                used.add(address)
                return address
        raise LookupError(f"NoAvailableAddress in {name}")

    def allocate_many(self, subnet: Object, count: int) -> list[str]:
        """The next free addresses of a subnet; for staging, when none becomes free again."""
        name = subnet["metadata"]["name"]
        network = ipaddress.ip_network(subnet["spec"]["cidrBlock"])
        used = self.used.setdefault(name, set())
        found: list[str] = []
        for number in range(self._next.get(name, 2), network.num_addresses - 1):
            if len(found) == count:
                break
            self._next[name] = number + 1
            if (address := str(network[number])) not in used:
                found.append(address)
        if len(found) < count:
            raise LookupError(f"NoAvailableAddress in {name}")
        used.update(found)
        return found

    def mac(self, address: str) -> str:
        """A MAC address for an IP address, always the same, and no other address of these networks has it."""
        # An odd factor only reorders 24 bits; a hash of that length gives two of 20,000 pods the same one.
        number = int(ipaddress.ip_address(address)) * 0x9E3779B1 & 0xFFFFFF
        return "00:00:00:" + ":".join(f"{byte:02X}" for byte in number.to_bytes(3))

    # --- pods

    def attach(self, pod: Object) -> None:
        """Gives a pod an address, an IP object, a logical port and an OVS interface, where it has none yet."""
        stage, name = self.stage, port_name(pod)
        subnet = self.subnet_of(pod)
        node = stage.node_of(pod)
        if subnet is None or node is None:
            return
        kept = stage.store.find(m.IPS, name)
        address = kept["spec"]["v4IpAddress"] if kept else self.allocate(subnet)
        mac = self.mac(address)
        if kept is None:
            self.create_ip(pod, subnet, address, mac)

        def annotate(body: Object) -> None:
            body["metadata"].setdefault("annotations", {}).update(notes(subnet, address, mac))

        try:
            stage.store.modify(
                PODS, pod["metadata"]["name"], annotate, namespace=pod["metadata"]["namespace"]
            )
        except ClusterError:
            return
        self.add_port(name, subnet["metadata"]["name"], address, mac)
        self.add_interface(node, interface_name(pod), name, pod)
        self.claim(node, name)

    def create_ip(
        self, pod: Object, subnet: Object, address: str, mac: str, created: str | None = None
    ) -> None:
        """The IP object of a pod."""
        self.put_ip(
            port_name(pod),
            subnet["metadata"]["name"],
            address,
            mac,
            node=pod["spec"].get("nodeName", ""),
            pod=pod["metadata"]["name"],
            namespace=pod["metadata"]["namespace"],
            kind=kept_for(pod),
            created=created,
        )

    def put_ip(
        self, name: str, subnet: str, address: str, mac: str, *, node: str = "", pod: str = "", namespace: str = "",
        kind: str = "", created: str | None = None,
    ) -> None:  # fmt: skip
        """Any IP object, with the labels and the finalizer of the release."""
        self.used.setdefault(subnet, set()).add(address)
        body = self.ip_of(
            name, subnet, address, mac, node=node, pod=pod, namespace=namespace, kind=kind, created=created
        )
        self.stage.store.create(m.IPS, body)

    def ip_of(
        self, name: str, subnet: str, address: str, mac: str, *, node: str = "", pod: str = "", namespace: str = "",
        kind: str = "", created: str | None = None,
    ) -> Object:  # fmt: skip
        """What an IP object holds."""
        meta: Object = {"name": name, "labels": {f"{NOTE}subnet": subnet, subnet: ""}}
        if created:
            meta["creationTimestamp"] = created
        if self.stage.settings["ip_finalizer"]:
            meta["labels"][f"{NOTE}node-name"] = node
            meta["finalizers"] = [self.stage.settings["finalizer"]]
        spec = {
            "podName": pod, "namespace": namespace, "subnet": subnet, "attachSubnets": [], "nodeName": node,
            "ipAddress": address, "v4IpAddress": address, "v6IpAddress": "", "macAddress": mac, "attachIps": [],
            "attachMacs": [], "containerID": "", "podType": kind,
        }  # fmt: skip
        return {"apiVersion": "kubeovn.io/v1", "kind": "IP", "metadata": meta, "spec": spec}

    def usable(self, pod: Object) -> bool:
        """Whether the pod's port is bound on its node."""
        bindings = self.stage.sb["Port_Binding"]
        return any(bindings.value(u, "chassis") for u in bindings.where(logical_port=port_name(pod)))

    def detach(self, pod: Object) -> None:
        """What goes when a pod is gone; a StatefulSet's pod keeps its address."""
        node = self.stage.node_of(pod)
        self._host_pod_gone(pod, node)
        if pod["spec"].get("hostNetwork") or node is None:
            return
        self.drop_interface(node, interface_name(pod))
        owners = pod["metadata"].get("ownerReferences") or [{"kind": ""}]
        if owners[0]["kind"] == "StatefulSet":
            self.unbind(port_name(pod))
            return
        self.drop_port(port_name(pod))
        address = pod["metadata"].get("annotations", {}).get(f"{NOTE}ip_address", "")
        self.stage.tell("address-freed", address=address, pod=pod)
        ip = self.stage.store.find(m.IPS, port_name(pod))
        if ip is not None:
            self.used.get(ip["spec"]["subnet"], set()).discard(ip["spec"]["v4IpAddress"])
            self.stage.store.delete(m.IPS, port_name(pod))

    def started(self, pod: Object) -> None:
        """A container runs: the daemons of ovs-ovn and ovn-central start."""
        node, app = self.stage.node_of(pod), pod["metadata"].get("labels", {}).get("app")
        if node is None:
            return
        if app == "ovs":
            daemons.start_ovs(self.stage, node)
            self.restore_settings(node)
            self.stage.tell("ovs-started", node=node)
            self.stage.agenda.after(2.0, lambda: self.program(node))
        elif app == "ovn-central":
            daemons.start_central(self.stage, node)

    def ready(self, pod: Object) -> None:
        """A pod is Ready; nothing on the network waits for it."""

    def program(self, node: Node) -> None:
        """ovn-controller installed its flows and claims the ports of its node."""
        node.programmed = True
        self.claim_all(node)

    def restore_settings(self, node: Node) -> None:
        """start-ovs.sh writes the probe interval anew at every start."""
        for uuid, row in node.ovs["Open_vSwitch"].items():
            ids = {**row.get("external_ids", {}), "ovn-remote-probe-interval": "10000"}
            node.ovs.set("Open_vSwitch", uuid, external_ids=ids)

    def _host_pod_gone(self, pod: Object, node: Node | None) -> None:
        app = pod["metadata"].get("labels", {}).get("app")
        if node is not None and app == "ovs":
            daemons.stop_ovs(node)
        elif node is not None and app == "ovn-central":
            daemons.stop_central(node)

    # --- OVN and OVS

    def add_port(self, name: str, switch: str, address: str, mac: str) -> None:
        """A logical switch port and its binding, where there is none."""
        self.add_ports(switch, [(name, address, mac)])

    def add_ports(self, switch: str, ports: Iterable[tuple[str, str, str]]) -> None:
        """Logical ports (name, address, MAC) of one switch and their bindings, where there are none."""
        nb, sb = self.stage.nb, self.stage.sb
        datapath, made = self.datapath(switch), []
        for name, address, mac in ports:
            if next(nb["Logical_Switch_Port"].where(name=name), ""):
                continue
            text = f"{mac} {address}"
            row = {"name": name, "addresses": (text,), "external_ids": self._port_ids(name, switch)}
            made.append(nb.insert("Logical_Switch_Port", row))
            key = self.tunnel_key(datapath)
            binding = {"logical_port": name, "mac": (text,), "datapath": datapath, "tunnel_key": key}
            sb.insert("Port_Binding", binding | {"up": (False,)})
        for uuid in nb["Logical_Switch"].where(name=switch) if made else ():
            nb.set("Logical_Switch", uuid, ports=(*nb["Logical_Switch"].value(uuid, "ports"), *made))

    def _port_ids(self, name: str, switch: str) -> dict[str, str]:
        """What Kube-OVN writes to a port: its switch, and the pod it is made for (not for nodes)."""
        ip = self.stage.store.find(m.IPS, name)
        spec = ip["spec"] if ip else {}
        pod = {"pod": f"{spec['namespace']}/{spec['podName']}"} if spec.get("namespace") else {}
        return {"ls": switch, "vendor": "kube-ovn", **pod}

    def datapath(self, switch: str) -> str:
        """The UUID of a switch's or router's datapath, made where it is missing."""
        table = self.stage.sb["Datapath_Binding"]
        for uuid, row in table.items():
            if row.get("external_ids", {}).get("name") == switch:
                return uuid
        return self.stage.sb.insert(
            "Datapath_Binding",
            {
                "tunnel_key": max((r["tunnel_key"] for r in table.rows.values()), default=0) + 1,
                "external_ids": {"name": switch},
            },
        )

    def tunnel_key(self, datapath: str) -> int:
        """A key that no port of the datapath has."""
        self._keys[datapath] = self._keys.get(datapath, 0) + 1
        return self._keys[datapath]

    def drop_port(self, name: str) -> None:
        """Takes a logical port and its binding away."""
        nb, sb = self.stage.nb, self.stage.sb
        doomed = list(nb["Logical_Switch_Port"].where(name=name))
        for uuid, row in nb["Logical_Switch"].items():
            if set(doomed) & set(row.get("ports", ())):
                nb.set("Logical_Switch", uuid, ports=tuple(p for p in row["ports"] if p not in doomed))
        nb.delete_many("Logical_Switch_Port", doomed)
        sb.delete_many("Port_Binding", list(sb["Port_Binding"].where(logical_port=name)))

    def unbind(self, name: str) -> None:
        """The port stays, its chassis goes."""
        for uuid in self.stage.sb["Port_Binding"].where(logical_port=name):
            self.stage.sb.set("Port_Binding", uuid, chassis=(), up=(False,))

    def add_interface(self, node: Node, name: str, lsp: str, pod: Object | None = None, **more: Any) -> None:
        """A port with one interface on br-int."""
        ovs = node.ovs
        if next(ovs["Interface"].where(name=name), ""):
            return
        ids = {"iface-id": lsp, "vendor": "kube-ovn"}
        if pod is not None:
            meta = pod["metadata"]
            ids |= {
                "pod_name": meta["name"],
                "pod_namespace": meta["namespace"],
                "pod_netns": f"/var/run/netns/cni-{meta['uid']}",
                "ip": meta.get("annotations", {}).get(f"{NOTE}ip_address", ""),
            }
        interface = ovs.insert(
            "Interface",
            {
                "name": name,
                "ofport": (len(ovs["Interface"].rows) + 1,),
                "external_ids": ids,
                "admin_state": ("up",),
                "link_state": ("up",),
                "mtu": (1400,),
                "statistics": daemons.STATISTICS,
                **more,
            },
        )
        port = ovs.insert("Port", {"name": name, "interfaces": (interface,)})
        for bridge in ovs["Bridge"].where(name="br-int"):
            ovs.set("Bridge", bridge, ports=(*ovs["Bridge"].value(bridge, "ports"), port))

    def drop_interface(self, node: Node, name: str) -> None:
        """Takes a port of br-int away."""
        ovs = node.ovs
        ports = list(ovs["Port"].where(name=name))
        for bridge, row in ovs["Bridge"].items():
            if set(ports) & set(row.get("ports", ())):
                ovs.set("Bridge", bridge, ports=tuple(p for p in row["ports"] if p not in ports))
        ovs.delete_many("Port", ports)
        ovs.delete_many("Interface", list(ovs["Interface"].where(name=name)))

    def claim(self, node: Node, lsp: str) -> None:
        """ovn-controller binds a port, unless it does not get to its work."""
        if node.stalled or "ovn-controller" not in node.processes:
            return
        bindings, interfaces = self.stage.sb["Port_Binding"], node.ovs["Interface"]
        for uuid in bindings.where(logical_port=lsp):
            if bindings.value(uuid, "chassis") != (self.chassis[node.name],):
                self.stage.sb.set("Port_Binding", uuid, chassis=(self.chassis[node.name],), up=(True,))
                log, now = node.log("ovn/ovn-controller.log"), self.stage.clock.now()
                log.add(now, "binding", "INFO", f"Claiming lport {lsp} for this chassis.")
                log.add(
                    now,
                    "binding",
                    "INFO",
                    f"{lsp}: Claiming {(bindings.value(uuid, 'mac') or ('unknown',))[0]}",
                )
        for uuid, row in interfaces.items():
            ids = row.get("external_ids", {})
            if ids.get("iface-id") == lsp and ids.get("ovn-installed") != "true":
                node.ovs.set("Interface", uuid, external_ids={**ids, "ovn-installed": "true"})

    def claim_all(self, node: Node) -> None:
        """Binds every port that has an interface on the node."""
        for _, row in node.ovs["Interface"].items():
            lsp = row.get("external_ids", {}).get("iface-id")
            if lsp:
                self.claim(node, lsp)

    def event(self, pod: Object, reason: str, message: str, count: int = 1) -> None:
        """A warning of the kubelet about a pod."""
        meta = pod["metadata"]
        about = {
            "kind": "Pod",
            "apiVersion": "v1",
            "name": meta["name"],
            "namespace": meta["namespace"],
            "uid": meta["uid"],
        }
        body: Object = {
            "metadata": {"name": f"{meta['name']}.{self.stage.uuid()[:13].replace('-', '')}"},
            "involvedObject": about,
            "type": "Warning",
            "reason": reason,
            "message": message,
            "count": count,
            "source": {"component": "kubelet", "host": pod["spec"].get("nodeName", "")},
            "firstTimestamp": self.now_text(3600),
            "lastTimestamp": self.now_text(20),
        }
        self.stage.store.create(m.EVENTS, body, namespace=meta["namespace"])

    def now_text(self, ago: float = 0.0) -> str:
        """The wall clock, or so many seconds before, as objects hold it."""
        return rfc3339(self.stage.store.clock() - ago)
