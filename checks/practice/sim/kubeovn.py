"""kube-ovn-controller: the leader's Lease, Subnet numbers, finalizers of IPs and Subnets, clean-up at start.

What it does and leaves undone follows the release (`settings`, see ``assets/practice/base.yaml``).
"""

from __future__ import annotations

import ipaddress

from checks.cluster import PODS, Object, Resource
from checks.errors import NotFound
from checks.practice.sim import manifests as m
from checks.practice.sim.clock import rfc3339
from checks.practice.sim.network import Network
from checks.practice.sim.stage import Stage

COUNTED = (m.IPS, m.VIPS, m.EIPS, m.OVN_EIPS)
ELECTION = 4.0
RECOUNT = 3.0


class Controller:
    """Reacts to objects as the leading kube-ovn-controller of the staged release does."""

    def __init__(self, stage: Stage, network: Network) -> None:
        self.stage, self.network = stage, network
        self.stale: set[str] = set()
        """Subnets whose numbers this process does not update until it starts again."""
        self.retrying: set[str] = set()

    # --- events

    def notice(self, event: str, resource: Resource, obj: Object) -> None:
        """A callback of the store."""
        name = obj["metadata"]["name"]
        if resource in COUNTED:
            self._counted(event, resource, obj)
        elif resource == m.SUBNETS:
            if event == "DELETED":
                self.stage.agenda.after(2.0, lambda: self._switch_gone(name))
            elif event == "ADDED":
                self.stage.agenda.after(RECOUNT, lambda: self.recount(name))
            elif obj["metadata"].get("deletionTimestamp"):
                self.stage.agenda.after(2.0, lambda: self.finish_subnet(name))
        elif resource == PODS and event == "DELETED" and _is_controller(obj):
            if name == self.leader():
                self.stage.agenda.after(ELECTION, self.elect)
        elif (
            resource == PODS
            and event == "MODIFIED"
            and _is_controller(obj)
            and not self._alive(self.leader())
        ):
            self.stage.agenda.after(ELECTION, self.elect)

    def _counted(self, event: str, resource: Resource, obj: Object) -> None:
        name = obj["metadata"]["name"]
        subnet = obj["spec"].get("subnet") or obj["metadata"].get("labels", {}).get(
            "ovn.kubernetes.io/subnet", ""
        )
        self.stage.agenda.after(RECOUNT, lambda: self.recount(subnet))
        if event == "MODIFIED" and obj["metadata"].get("deletionTimestamp"):
            self.stage.agenda.after(1.0, lambda: self.finish(resource, name))

    # --- leadership

    def leader(self) -> str:
        """Name of the pod that holds the Lease."""
        lease = self.stage.store.find(m.LEASES, "kube-ovn-controller", "kube-system")
        return str(lease["spec"]["holderIdentity"]) if lease else ""

    def _alive(self, name: str) -> bool:
        pod = self.stage.store.find(PODS, name, "kube-system")
        return (
            pod is not None
            and pod["status"].get("phase") == "Running"
            and not pod["metadata"].get("deletionTimestamp")
        )

    def elect(self) -> None:
        """Another replica takes the Lease, and starts its work."""
        if self._alive(self.leader()):
            return
        pods = self.stage.store.scan(PODS, namespace="kube-system", labels="app=kube-ovn-controller")
        able = [p["metadata"]["name"] for p in pods if self._alive(p["metadata"]["name"])]
        if not able:
            return  # the next pod that runs will try again
        at = rfc3339(self.stage.store.clock()).replace("Z", ".000000Z")

        def take(body: Object) -> None:
            spec = body["spec"]
            spec |= {
                "holderIdentity": able[0],
                "acquireTime": at,
                "renewTime": at,
                "leaseTransitions": spec.get("leaseTransitions", 0) + 1,
            }

        self.stage.store.modify(m.LEASES, "kube-ovn-controller", take, namespace="kube-system")
        self.started()

    def renew(self) -> None:
        """The leader renews its Lease."""
        if not self._alive(self.leader()):
            return
        at = rfc3339(self.stage.store.clock()).replace("Z", ".000000Z")
        self.stage.store.modify(
            m.LEASES,
            "kube-ovn-controller",
            lambda body: body["spec"].update(renewTime=at),
            namespace="kube-system",
        )

    def log(self, level: str, where: str, text: str) -> None:
        """A line in the leader's log."""
        pod = self.stage.store.find(PODS, self.leader(), "kube-system")
        node = self.stage.node_of(pod) if pod else None
        if node is not None:
            node.log("kube-ovn/kube-ovn-controller.log").add(self.stage.clock.now(), where, level, text)

    def started(self) -> None:
        """A controller became leader: memory is rebuilt from objects, orphans go where the release does that."""
        self.stale.clear()
        self.log(
            "INFO", "leaderelection.go:255", "successfully acquired lease kube-system/kube-ovn-controller"
        )
        self.log("INFO", "gc.go:55", "start gc")
        self._rebuild_memory()
        self._collect_orphans()
        self.log("INFO", "gc.go:312", "finish to gc ips")
        self.stage.tell("controller-started")
        self._collect_switches()
        for subnet in self.stage.store.all(m.SUBNETS):
            self.recount(subnet["metadata"]["name"])
            self.finish_subnet(subnet["metadata"]["name"])
        for resource in (r for r in COUNTED if r in self.stage.store.kinds):
            for obj in self.stage.store.all(resource):
                if obj["metadata"].get("deletionTimestamp"):
                    self.finish(resource, obj["metadata"]["name"])

    def _rebuild_memory(self) -> None:
        self.network.used.clear()
        for ip in self.stage.store.scan(m.IPS):
            self.network.used.setdefault(ip["spec"]["subnet"], set()).add(ip["spec"].get("v4IpAddress", ""))

    def _collect_orphans(self) -> None:
        mode = self.stage.settings["gc_ips"]
        if mode == "none":
            return
        subnets = {s["metadata"]["name"] for s in self.stage.store.scan(m.SUBNETS)}
        pods = {f"{p['metadata']['name']}.{p['metadata']['namespace']}" for p in self.stage.store.scan(PODS)}
        for ip in self.stage.store.all(m.IPS):
            spec, name = ip["spec"], ip["metadata"]["name"]
            gone = spec["subnet"] not in subnets
            orphan = (
                mode == "owner"
                and spec.get("namespace")
                and not spec.get("podType")
                and f"{spec['podName']}.{spec['namespace']}" not in pods
            )
            if gone or orphan:
                self.stage.store.modify(m.IPS, name, lambda body: body["metadata"].pop("finalizers", None))
                self.stage.store.delete(m.IPS, name)

    def _collect_switches(self) -> None:
        """Logical switches whose Subnet is gone are removed at start."""
        known = {s["metadata"]["name"] for s in self.stage.store.scan(m.SUBNETS)}
        for _, row in self.stage.nb["Logical_Switch"].items():
            if row["name"] not in known:
                self._switch_gone(row["name"])

    def watch_stuck(self) -> None:
        """Puts IPs that are stuck from the start into the work queue."""
        for ip in self.stage.store.scan(m.IPS):
            if ip["metadata"].get("deletionTimestamp"):
                self._retry(ip["metadata"]["name"])

    # --- numbers

    def recount(self, name: str) -> None:
        """Writes a Subnet's numbers from the objects, unless nobody leads or this one is forgotten."""
        subnet = self.stage.store.find(m.SUBNETS, name)
        if subnet is None or name in self.stale or not self._alive(self.leader()):
            return
        status = self.numbers(subnet)

        def write(body: Object) -> None:
            body["status"] = {**body.get("status", {}), **status}

        try:
            self.stage.store.modify(m.SUBNETS, name, write)
        except NotFound:
            return

    def numbers(self, subnet: Object) -> Object:
        """Used and available addresses: IP objects in 1.9, and from 1.12 on vips and EIPs as well."""
        name, spec, store = subnet["metadata"]["name"], subnet["spec"], self.stage.store
        addresses = [i["spec"].get("v4IpAddress", "") for i in store.scan(m.IPS, labels=f"{name}=")]
        using = len(addresses)
        if self.stage.settings["counts"] == "objects":
            excluded = expand(spec.get("excludeIps", ()))
            using -= sum(a in excluded for a in addresses)
            mine = f"ovn.kubernetes.io/subnet={name}"
            using += len(store.scan(m.VIPS, labels=f"{mine},ovn.kubernetes.io/ip_reserved="))
            using += len(store.scan(m.OVN_EIPS, labels=mine))
            if spec.get("provider", "ovn") != "ovn":
                using += len(store.scan(m.EIPS, labels=mine))
        network = ipaddress.ip_network(spec["cidrBlock"])
        capacity = network.num_addresses - 2 - len(expand(spec.get("excludeIps", ())))
        numbers: Object = {
            "v4usingIPs": using,
            "v4availableIPs": max(0, capacity - using),
            "v6usingIPs": 0,
            "v6availableIPs": 0,
        }
        if self.stage.settings["counts"] == "objects":
            numbers["v4usingIPrange"] = ranges(self.network.used.get(name, set()) | self._eip_addresses(name))
            numbers["v6usingIPrange"] = ""
        return numbers

    def _eip_addresses(self, name: str) -> set[str]:
        """The addresses of a Subnet's EIPs: the controller's memory holds them beside those of pods."""
        eips = self.stage.store.scan(m.EIPS, labels=f"ovn.kubernetes.io/subnet={name}")
        return {str(eip["spec"].get("v4ip", "")) for eip in eips} - {""}

    # --- finalizers

    def finish(self, resource: Resource, name: str) -> None:
        """Drops the finalizer of a terminating object, where the release gets that far."""
        obj = self.stage.store.find(resource, name)
        if obj is None or not obj["metadata"].get("deletionTimestamp") or not self._alive(self.leader()):
            return
        subnet = obj["spec"].get("subnet", "")
        held = resource == m.IPS and self.stage.settings["stuck_when_subnet_gone"]
        if held and self.stage.store.find(m.SUBNETS, subnet) is None:
            self.log(
                "ERR", "ip.go:297", f'failed to get subnet {subnet}: subnet.kubeovn.io "{subnet}" not found'
            )
            self.log(
                "ERR",
                "ip.go:160",
                f"error syncing '{name}': subnet.kubeovn.io \"{subnet}\" not found, requeuing",
            )
            self._retry(name)
            return
        if resource == m.IPS:
            # Only here: an IP whose finalizer somebody else takes away leaves its port and its place in memory behind.
            self.network.used.get(subnet, set()).discard(obj["spec"].get("v4IpAddress", ""))
            self.network.drop_port(name)
        self._drop_finalizer(resource, name)

    def _retry(self, name: str) -> None:
        """The work queue comes back to a failed item, ever more slowly; here every five minutes."""
        if name in self.retrying:
            return
        self.retrying.add(name)

        def again() -> None:
            self.retrying.discard(name)
            self.finish(m.IPS, name)

        self.stage.agenda.after(300.0, again)

    def finish_subnet(self, name: str) -> None:
        """A terminating Subnet goes when its status says that nothing is used."""
        subnet = self.stage.store.find(m.SUBNETS, name)
        if (
            subnet is None
            or not subnet["metadata"].get("deletionTimestamp")
            or not self._alive(self.leader())
        ):
            return
        if subnet.get("status", {}).get("v4usingIPs", 0) == 0:
            self._drop_finalizer(m.SUBNETS, name)

    def _drop_finalizer(self, resource: Resource, name: str) -> None:
        ours = self.stage.settings["finalizer"]

        def change(body: Object) -> None:
            rest = [f for f in body["metadata"].get("finalizers", ()) if f != ours]
            body["metadata"].pop("finalizers", None)
            if rest:
                body["metadata"]["finalizers"] = rest

        try:
            self.stage.store.modify(resource, name, change)
        except NotFound:
            return

    def _switch_gone(self, name: str) -> None:
        nb = self.stage.nb
        for uuid in list(nb["Logical_Switch"].where(name=name)):
            for port in nb["Logical_Switch"].value(uuid, "ports"):
                if port in nb["Logical_Switch_Port"].rows:
                    self.network.drop_port(nb["Logical_Switch_Port"].value(port, "name"))
            nb.delete_many("Logical_Switch", [uuid])


def _is_controller(pod: Object) -> bool:
    return bool(pod["metadata"].get("labels", {}).get("app") == "kube-ovn-controller")


def expand(exclude: list[str] | tuple[str, ...]) -> set[str]:
    """The addresses of ``excludeIps``: single ones and ``a..b``."""
    found: set[str] = set()
    for text in exclude:
        first, _, last = text.partition("..")
        low, high = ipaddress.ip_address(first), ipaddress.ip_address(last or first)
        found |= {str(ipaddress.ip_address(number)) for number in range(int(low), int(high) + 1)}
    return found


def ranges(addresses: set[str]) -> str:
    """Addresses as the status writes them: ``10.16.0.2-10.16.0.9,10.16.0.12``."""
    numbers = sorted(int(ipaddress.ip_address(a)) for a in addresses if a)
    parts: list[tuple[int, int]] = []
    for number in numbers:
        if parts and number == parts[-1][1] + 1:
            parts[-1] = (parts[-1][0], number)
        else:
            parts.append((number, number))
    show = [str(ipaddress.ip_address(n)) for pair in parts for n in pair]
    return ",".join(a if a == b else f"{a}-{b}" for a, b in zip(show[::2], show[1::2], strict=True))
