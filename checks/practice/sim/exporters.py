"""The metrics of Kube-OVN's containers, made as the real ones make them: from what the node's daemons answer.

Names and labels are those of Kube-OVN's pkg/{pinger,ovnmonitor,controller,daemon}; what a daemon does not answer is
left out, as there. The number of OpenFlow flows is not among them: Kube-OVN does not export it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import pairwise

from checks.cluster import PODS, ExecResult, Object
from checks.practice.sim import manifests as m
from checks.practice.sim.clock import TICKS
from checks.practice.sim.node import BOOT, CPU_FIELDS, Node
from checks.practice.sim.stage import Stage

Run = Callable[[Object, str, Sequence[str]], ExecResult]
"""Runs a command in a container of a pod."""
Line = tuple[str, Mapping[str, str], float]
PORTS = {
    "pinger": 8080,
    "cni-server": 10665,
    "kube-ovn-controller": 10660,
    "kube-ovn-monitor": 10661,
    "node-exporter": 9100,
}
"""Container to the port it serves its metrics at (Kube-OVN's pkg/util/const.go)."""
MOST_PEERS = 100
"""Nodes above which pings are not told of: a thousand pages of four thousand lines each are no practice."""
_DATAPATH = re.compile(r"^\s*(?P<key>lookups|masks|flows):\s*(?P<rest>.*)$", re.M)
_PAIR = re.compile(r"([a-z/]+):\s*([0-9.]+)")
_SYSCTLS = {
    "tcp_mtu_probing": "/proc/sys/net/ipv4/tcp_mtu_probing",
    "bridge_nf_call_iptables": "/proc/sys/net/bridge/bridge-nf-call-iptables",
    "nf_conntrack_tcp_be_liberal": "/proc/sys/net/netfilter/nf_conntrack_tcp_be_liberal",
}


class Exporters:
    """The metrics pages of a stage."""

    def __init__(self, stage: Stage, run: Run) -> None:
        self.stage, self._run = stage, run
        self._places: dict[str, tuple[int, dict[str, Object]]] = {}
        """By labels: when pods were written last, and the pods by node."""
        self._claims: tuple[int, Mapping[str, list[str]]] = (-1, {})
        """The version of the port bindings, and these by chassis."""

    def page(self, pod: Object) -> str | None:
        """The page of a pod's exporter; None where the container is none."""
        found = container_of(pod)
        node = self.stage.node_of(pod)
        if found not in PORTS or node is None:
            return None
        lines = {
            "pinger": self._pinger,
            "cni-server": self._cni,
            "kube-ovn-controller": self._controller,
            "kube-ovn-monitor": self._monitor,
            "node-exporter": self._node,
        }[found](pod, node)
        return page([*lines, ("process_start_time_seconds", {}, 1_700_000_000.0)])

    def _said(self, pod: Object, *argv: str) -> str:
        result = self._run(pod, container_of(pod), argv)
        return result.stdout if result.code == 0 else ""

    # --- pinger: Open vSwitch and reachability, of its node

    def _pinger(self, pod: Object, node: Node) -> Iterator[Line]:
        host, name = {"hostname": node.name}, {"nodeName": node.name}
        for component in ("ovsdb-server", "ovs-vswitchd"):
            yield "kube_ovn_ovs_status", {**host, "component": component}, float(component in node.processes)
        for metric, up in (
            ("pinger_ovs", {"ovsdb-server", "ovs-vswitchd"} <= set(node.processes)),
            ("pinger_ovn_controller", "ovn-controller" in node.processes),
        ):
            yield f"{metric}_up", name, float(up)
            yield f"{metric}_down", name, float(not up)
        yield from self._datapath(pod, host)
        yield from self._interfaces(node, host)
        yield "pinger_inconsistent_port_binding", name, float(len(self._inconsistent(node)))
        yield from self._pings(node, name)

    def _pings(self, node: Node, name: Mapping[str, str]) -> Iterator[Line]:
        """Three pings each to every pinger and every node, once in five seconds; lost where there are no flows."""
        rounds = 3.0 * int((self.stage.clock.now() + BOOT) / 5)
        source = {"src_node_name": node.name, "src_node_ip": node.ip}
        peers = list(self.stage.nodes.values())
        for peer in peers if len(peers) <= MOST_PEERS else ():
            target = {**source, "target_node_name": peer.name, "target_node_ip": peer.ip}
            lost = rounds if not node.programmed else 0.0
            yield "pinger_node_ping_count_total", target, rounds
            yield "pinger_node_ping_lost_total", target, lost
            yield "pinger_pod_ping_count_total", target, rounds
            yield "pinger_pod_ping_lost_total", target, lost if peer.programmed else rounds
        for what, healthy in (("apiserver", True), ("internal_dns", node.programmed)):
            yield f"pinger_{what}_healthy", name, float(healthy)
            yield f"pinger_{what}_unhealthy", name, float(not healthy)
            yield f"pinger_{what}_latency_ms_count", name, rounds / 3
            yield f"pinger_{what}_latency_ms_sum", name, rounds * (1.9 if what == "apiserver" else 0.3)

    def _datapath(self, pod: Object, host: Mapping[str, str]) -> Iterator[Line]:
        labels = {**host, "datapath": "ovs-system"}
        for match in _DATAPATH.finditer(self._said(pod, "ovs-appctl", "dpctl/show")):
            key, rest = match["key"], match["rest"]
            if key == "flows" and rest.strip().isdigit():
                yield "kube_ovn_dp_flows_total", labels, float(rest)
            names = {
                ("lookups", "hit"): "dp_flows_lookup_hit",
                ("lookups", "missed"): "dp_flows_lookup_missed",
                ("lookups", "lost"): "dp_flows_lookup_lost",
                ("masks", "hit"): "dp_masks_hit",
                ("masks", "total"): "dp_masks_total",
                ("masks", "hit/pkt"): "dp_masks_hit_ratio",
            }
            for part, value in _PAIR.findall(rest):
                if (key, part) in names:
                    yield f"kube_ovn_{names[key, part]}", labels, float(value)

    def _interfaces(self, node: Node, host: Mapping[str, str]) -> Iterator[Line]:
        table = node.ovs["Interface"]
        for uuid in node.interfaces():
            labels = {**host, "interfaceName": str(table.value(uuid, "name"))}
            ofport = table.value(uuid, "ofport")
            yield "kube_ovn_interface_of_port", labels, float(ofport[0] if ofport else -1)
            for metric, column in (("admin_state", "admin_state"), ("link_state", "link_state")):
                state = table.value(uuid, column)
                value = {"down": 0.0, "up": 1.0}.get(state[0] if state else "", 2.0)
                yield f"kube_ovn_interface_{metric}", labels, value

    def _inconsistent(self, node: Node) -> set[str]:
        """Ports that Open vSwitch has and the southbound database binds elsewhere, or the other way round."""
        table, sb = node.ovs["Interface"], self.stage.sb
        local = {str(table.value(uuid, "external_ids").get("iface-id", "")) for uuid in node.interfaces()} - {
            ""
        }
        bound = {
            port for row in sb["Chassis"].where(hostname=node.name) for port in self._bound_to().get(row, ())
        }
        return local ^ bound

    def _bound_to(self) -> Mapping[str, list[str]]:
        """The pods' logical ports by the chassis that claimed them."""
        table = self.stage.sb["Port_Binding"]
        if self._claims[0] != table.version:
            found: dict[str, list[str]] = {}
            for _, row in table.items():
                for chassis in () if row.get("type") else row.get("chassis", ()):
                    found.setdefault(str(chassis), []).append(str(row.get("logical_port", "")))
            self._claims = (table.version, found)
        return self._claims[1]

    # --- cni-server: the kernel of its node

    def _cni(self, pod: Object, node: Node) -> Iterator[Line]:
        host = {"hostname": node.name}
        for metric, path in _SYSCTLS.items():
            text = self._said(pod, "cat", path).strip()
            if text.isdigit():
                yield metric, host, float(text)
        rows = [line.split() for line in self._said(pod, "cat", "/proc/net/snmp").splitlines()]
        for names, values in pairwise(rows):
            if names[:1] == values[:1] == ["Udp:"] and "InCsumErrors" in names:
                yield "checksum_err_count", host, float(values[names.index("InCsumErrors")])
                break

    # --- node-exporter, and what the kubelet tells of containers: not Kube-OVN's, but beside it in most clusters

    def _node(self, _: Object, node: Node) -> Iterator[Line]:
        host = self._on("app=ovs", node)
        loads = self._said(host, "cat", "/proc/loadavg").split() if host else []
        for metric, text in zip(("node_load1", "node_load5", "node_load15"), loads, strict=False):
            yield metric, {}, float(text)
        words = self._said(host, "head", "-1", "/proc/stat").split()[1:] if host else []
        for mode, ticks in zip(CPU_FIELDS, words, strict=False):
            yield "node_cpu_seconds_total", {"cpu": "0", "mode": mode}, float(ticks) / TICKS
        cni = self._on("app=kube-ovn-cni", node)
        for metric, name in (("entries", "count"), ("entries_limit", "max")):
            path = f"/proc/sys/net/netfilter/nf_conntrack_{name}"
            text = self._said(cni, "cat", path).strip() if cni else ""
            if text.isdigit():
                yield f"node_nf_conntrack_{metric}", {}, float(text)

    def containers(self) -> Iterator[Line]:
        """The scheduling periods of the ovs-ovn containers, as cAdvisor counts them."""
        for pod in self.stage.store.scan(PODS, namespace="kube-system", labels="app=ovs"):
            node = self.stage.node_of(pod)
            if node is None or pod["status"].get("phase") != "Running":
                continue
            now = self.stage.clock.now()
            labels = {"pod": pod["metadata"]["name"], "container": "openvswitch", "node": node.name}
            yield "container_cpu_cfs_periods_total", labels, float(int(node.periods.at(now)))
            yield "container_cpu_cfs_throttled_periods_total", labels, float(int(node.throttled.at(now)))

    # --- kube-ovn-controller: Subnets

    def _controller(self, _: Object, __: Node) -> Iterator[Line]:
        for subnet in self.stage.store.scan(m.SUBNETS):
            spec, status = subnet["spec"], subnet.get("status", {})
            labels = {
                "subnet_name": subnet["metadata"]["name"],
                "protocol": spec.get("protocol", "IPv4"),
                "subnet_cidr": spec["cidrBlock"],
            }
            yield "subnet_available_ip_count", labels, float(status.get("v4availableIPs", 0))
            yield "subnet_used_ip_count", labels, float(status.get("v4usingIPs", 0))

    # --- kube-ovn-monitor: the databases of its node, and no other's

    def _monitor(self, pod: Object, node: Node) -> Iterator[Line]:
        host = {"hostname": node.name}
        central = self._on("app=ovn-central", node)
        for which, component, database in (
            ("nb", "ovsdb-server-northbound", "OVN_Northbound"),
            ("sb", "ovsdb-server-southbound", "OVN_Southbound"),
        ):
            target = f"/var/run/ovn/ovn{which}_db.ctl"
            said = (
                self._said(central, "ovn-appctl", "-t", target, "cluster/status", database) if central else ""
            )
            status = dict(re.findall(r"^([A-Z][A-Za-z ]+):\s*(.*)$", said, re.M))
            role = {"leader": 1.0, "follower": 2.0}.get(status.get("Role", ""), 0.0)
            yield "kube_ovn_ovn_status", {**host, "component": component}, role
            if status and central:
                yield from _cluster(host, database, status)
                yield from self._storage(central, host, which, database)
        northd = "ovn-northd" in node.processes
        active = 1.0 if self.stage.northd_leader == node.name else 2.0
        yield "kube_ovn_ovn_status", {**host, "component": "ovn-northd"}, active if northd else 0.0
        chassis = self.stage.sb["Chassis"]
        encaps = self.stage.sb["Encap"]
        for uuid, row in chassis.items():
            ips = [str(encaps.value(e, "ip")) for e in row.get("encaps", ()) if e in encaps.rows]
            labels = {"hostname": str(row["hostname"]), "uuid": uuid, "name": str(row["name"])}
            yield "kube_ovn_chassis_info", {**labels, "ip": ips[0] if ips else ""}, 1.0
        for uuid, row in self.stage.nb["Logical_Switch"].items():
            labels = {**host, "uuid": uuid, "logical_switch_name": str(row["name"])}
            yield "kube_ovn_logical_switch_ports_num", labels, float(len(row.get("ports", ())))

    def _storage(self, pod: Object, host: Mapping[str, str], which: str, database: str) -> Iterator[Line]:
        labels = {**host, "db_name": database}
        target = f"/var/run/ovn/ovn{which}_db.ctl"
        said = self._said(pod, "ovn-appctl", "-t", target, "ovsdb-server/get-db-storage-status", database)
        if said:
            yield "kube_ovn_db_status", labels, float("status: ok" in said)
        size = self._said(pod, "stat", "-c", "%s", f"/etc/ovn/ovn{which}_db.db").strip()
        if size.isdigit():
            yield "kube_ovn_db_file_size_bytes", labels, float(size)

    def _on(self, labels: str, node: Node) -> Object | None:
        """The pod with these labels on a node; looked up anew where any pod has changed."""
        written = self.stage.store.written(PODS)
        if self._places.get(labels, (-1, {}))[0] != written:
            pods = self.stage.store.scan(PODS, namespace="kube-system", labels=labels)
            self._places[labels] = (written, {pod["spec"].get("nodeName", ""): pod for pod in pods})
        return self._places[labels][1].get(node.name)


def _cluster(host: Mapping[str, str], database: str, status: Mapping[str, str]) -> Iterator[Line]:
    """One member's ``cluster/status`` as Kube-OVN exports it."""
    ids = {key: re.sub(r"^.*\((.*)\)$", r"\1", status.get(text, "")) for key, text in
           (("server_id", "Server ID"), ("cluster_id", "Cluster ID"))}  # fmt: skip
    labels = {**host, "db_name": database, **ids}
    yield "kube_ovn_cluster_role", {**labels, "server_role": status.get("Role", "")}, 1.0
    yield "kube_ovn_cluster_status", {**labels, "server_status": status.get("Status", "")}, 1.0
    yield "kube_ovn_cluster_leader_self", labels, float(status.get("Leader") == "self")
    yield "kube_ovn_cluster_vote_self", labels, float(status.get("Vote") == "self")
    numbers = {
        "term": "Term",
        "election_timer": "Election timer",
        "log_not_committed": "Entries not yet committed",
        "log_not_applied": "Entries not yet applied",
    }
    for metric, text in numbers.items():
        if status.get(text, "").strip().isdigit():
            yield f"kube_ovn_cluster_{metric}", labels, float(status[text])
    words = status.get("Connections", "").split()
    for metric, sign in (
        ("inbound_connections_total", "<-"),
        ("outbound_connections_total", "->"),
        ("inbound_connections_error_total", "(<-"),
        ("outbound_connections_error_total", "(->"),
    ):
        yield f"kube_ovn_cluster_{metric}", labels, float(sum(word.startswith(sign) for word in words))


def container_of(pod: Object) -> str:
    """Name of a pod's first container."""
    containers = pod["spec"].get("containers") or [{}]
    return str(containers[0].get("name", ""))


def page(lines: Sequence[Line]) -> str:
    """Prometheus text, families together."""
    text, last = [], ""
    for name, labels, value in sorted(lines, key=lambda line: line[0]):
        if name != last:
            text.append(f"# TYPE {name} {'counter' if name.endswith('_total') else 'gauge'}")
            last = name
        inner = ",".join(f'{key}="{_escaped(label)}"' for key, label in labels.items())
        text.append(f"{name}{{{inner}}} {_shown(value)}" if inner else f"{name} {_shown(value)}")
    return "\n".join(text) + "\n"


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def _shown(value: float) -> str:
    return str(int(value)) if value.is_integer() else repr(value)
