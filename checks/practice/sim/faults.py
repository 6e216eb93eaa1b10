"""What is wrong in a staged cluster, and what makes it better: one class per kind of fault, chosen by data."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from checks.cluster import NODES, PODS, Object
from checks.practice.sim import manifests as m
from checks.practice.sim.kubeovn import Controller
from checks.practice.sim.logs import Line
from checks.practice.sim.network import Network, interface_name
from checks.practice.sim.node import Node
from checks.practice.sim.stage import Stage

MIGRATED = "practice.klinik/migrated"
"""Annotation of a Node with which a learner says, "true", that the platform moved the virtual machine."""
CALM_PROBE = 60_000
"""Probe interval in ms from which a slow ovn-controller is no longer disconnected (0: never probes)."""


@dataclass(frozen=True, slots=True)
class Tools:
    """What faults work with."""

    stage: Stage
    network: Network
    controller: Controller


class Fault:
    """Something wrong. `active` turns False when it is over; `notice` hears what happens in the cluster."""

    def __init__(self, tools: Tools, spec: Mapping[str, Any]) -> None:
        self.name, self.tools, self.stage = str(spec["kind"]), tools, tools.stage
        self.active = True

    def notice(self, what: str, about: Mapping[str, Any]) -> None:
        """Something happened: ``pod-ready``, ``pod-deleted``, ``controller-started``, ``node-changed`` …"""


class MacLearning(Fault):
    """Routers without always_learn_from_arp_request=false keep a row for every address that ever asked them."""

    def __init__(self, tools: Tools, spec: Mapping[str, Any]) -> None:
        super().__init__(tools, spec)
        self._next = {
            port: iter(ipaddress.ip_network(prefix).hosts()) for port, prefix in spec["churn"].items()
        }
        self.stage.agenda.every(float(spec["every"]), self.learn)

    def learns(self, port: str) -> bool:
        """Whether the router of this port keeps learning."""
        nb = self.stage.nb
        for uuid in nb["Logical_Router_Port"].where(name=port):
            for _, router in nb["Logical_Router"].items():
                if uuid in router.get("ports", ()):
                    return bool(
                        router.get("options", {}).get("always_learn_from_arp_request", "true") != "false"
                    )
        return False

    def learn(self) -> None:
        """One more row per learning port."""
        sb = self.stage.sb
        for port, addresses in self._next.items():
            if not self.learns(port):
                continue
            address = str(next(addresses))
            binding = next(sb["Port_Binding"].where(logical_port=port))
            with sb.lock:
                sb.insert(
                    "MAC_Binding",
                    {
                        "logical_port": port,
                        "ip": address,
                        "mac": self.tools.network.mac(address).lower(),
                        "datapath": sb["Port_Binding"].value(binding, "datapath"),
                    },
                )
        self.active = any(map(self.learns, self._next))


class SlowController(Fault):
    """Shared by the faults that keep ovn-controller from answering in time: what depends on the probe interval."""

    def __init__(self, tools: Tools, spec: Mapping[str, Any]) -> None:
        super().__init__(tools, spec)
        self.node: Node = self.stage.nodes[spec["node"]]
        self.node.stalled = True
        self.node.ovs.subscribe(self._settings_changed)
        self.unclaimed(spec.get("waiting", ()))

    def unclaimed(self, apps: Sequence[str]) -> None:
        """Pods of these workloads on the node wait for their ports."""
        for pod in self.stage.store.all(PODS):
            meta = pod["metadata"]
            if pod["spec"].get("nodeName") != self.node.name or meta["labels"].get("app") not in apps:
                continue
            for uuid in self.stage.sb["Port_Binding"].where(
                logical_port=f"{meta['name']}.{meta['namespace']}"
            ):
                self.stage.sb.set("Port_Binding", uuid, chassis=(), up=(False,))
            name = interface_name(pod)
            for uuid in self.node.ovs["Interface"].where(name=name):
                ids = dict(self.node.ovs["Interface"].value(uuid, "external_ids"))
                ids.pop("ovn-installed", None)
                self.node.ovs.set("Interface", uuid, external_ids=ids)

            def wait(body: Object) -> None:
                body["status"] |= {"phase": "Pending", "conditions": m.conditions(False, None)}
                body["status"].pop("podIP", None)
                body["status"]["containerStatuses"] = list(
                    m.container_statuses(body, ready=False, started="", waiting="ContainerCreating")
                )

            self.stage.store.modify(PODS, meta["name"], wait, namespace=meta["namespace"])
            text = f"ovs interface {name} is not ready after 30s"
            why = f'plugin type="kube-ovn" failed (add): RPC failed; request ip return 500 {text}'
            self.tools.network.event(
                pod, "FailedCreatePodSandBox", f"Failed to create pod sandbox: {why}", 18
            )

    def probe(self) -> int:
        """The node's probe interval in ms."""
        for _, row in self.node.ovs["Open_vSwitch"].items():
            text = row.get("external_ids", {}).get("ovn-remote-probe-interval", "5000")
            return int(text) if text.isdigit() else 5000
        return 5000

    def probing(self) -> bool:
        """Whether the node is disconnected again and again."""
        return self.active and self.probe() != 0 and self.probe() < CALM_PROBE

    def _settings_changed(self, table: str) -> None:
        if table == "Open_vSwitch" and self.active and not self.probing():
            self.stage.agenda.after(60.0, self.catch_up)

    def catch_up(self) -> None:
        """Undisturbed, ovn-controller gets to the end of its work: ports are claimed, waiting pods start."""
        if not self.probing():
            self.node.stalled = False
            self.tools.network.claim_all(self.node)
            self.start_waiting()

    def start_waiting(self) -> None:
        """The kubelet's next try succeeds for pods that waited for their port."""
        for pod in self.stage.store.scan(PODS):
            if pod["spec"].get("nodeName") == self.node.name and pod["status"].get("phase") == "Pending":
                self.stage.tell("retry-pod", pod=pod)

    def over(self) -> None:
        """The reason is gone."""
        self.active = False
        self.node.use_cpu({})
        self.node.stalled = False
        self.calm()
        self.tools.network.claim_all(self.node)
        self.start_waiting()

    def calm(self) -> None:
        """The daemons have little to do."""
        now = self.stage.clock.now()
        for name, (user, system) in {"ovn-controller": (2.5, 0.6), "ovs-vswitchd": (3.0, 2.0)}.items():
            if name in self.node.processes:
                self.node.processes[name].load(now, user=user, system=system)
        self.node.periods.set_rate(10.0, now)
        self.node.throttled.set_rate(0.05, now)


class StarvedCpu(SlowController):
    """The hypervisor does not give the virtual machine its CPU: steal, long polls with little CPU time, disconnects.

    It ends when the Node is annotated ``practice.klinik/migrated=true``, or `moved_after` cluster seconds after the
    node's probe interval was raised, when the platform team of the exercise has moved the machine.
    """

    def __init__(self, tools: Tools, spec: Mapping[str, Any]) -> None:
        super().__init__(tools, spec)
        self.steal = float(spec.get("steal", 38.0))
        self.moved_after = float(spec.get("moved_after", 300.0))
        self._moving = False
        self.press()

    def press(self) -> None:
        """Sets the counters of a machine that waits for its CPU."""
        now = self.stage.clock.now()
        self.node.use_cpu({"user": 21.0, "system": 14.0, "steal": self.steal})
        self.node.processes["ovn-controller"].load(now, user=27.0, system=13.0, involuntary=240.0)
        self.node.processes["ovs-vswitchd"].load(now, user=9.0, system=11.0, involuntary=130.0)

    def notice(self, what: str, about: Mapping[str, Any]) -> None:
        if not self.active:
            return
        if what == "node-changed" and about["node"]["metadata"]["name"] == self.node.name:
            if about["node"]["metadata"].get("annotations", {}).get(MIGRATED) == "true":
                self.over()
        elif what in ("ovs-started", "controller-restarted") and about["node"] is self.node:
            self.node.stalled = self.probing()
            self.press()

    def _settings_changed(self, table: str) -> None:
        super()._settings_changed(table)
        if table == "Open_vSwitch" and self.active and not self.probing() and not self._moving:
            self._moving = True
            self.stage.agenda.after(self.moved_after, self._moved)

    def _moved(self) -> None:
        def mark(body: Object) -> None:
            body["metadata"].setdefault("annotations", {})[MIGRATED] = "true"

        if self.active:
            self.stage.store.modify(NODES, self.node.name, mark)


class BusyController(SlowController):
    """ovn-controller really computes: user time of a core, in proportion to the rows it turns into flows."""

    def __init__(self, tools: Tools, spec: Mapping[str, Any]) -> None:
        super().__init__(tools, spec)
        self.rows_per_percent = float(spec.get("rows_per_percent", 400))
        self.stage.sb.subscribe(self._rows_changed)
        self.press()

    def share(self) -> float:
        """Percent of a core that the rows cost."""
        return min(98.0, 3.0 + len(self.stage.sb["MAC_Binding"].rows) / self.rows_per_percent)

    def press(self) -> None:
        """Sets the counters after the rows there are now."""
        now, share = self.stage.clock.now(), self.share()
        self.node.use_cpu({"user": 8.0 + share / self.node.cpus, "steal": 0.1})
        process = self.node.processes.get("ovn-controller")
        if process is not None:
            process.load(now, user=share * 0.97, system=share * 0.03, involuntary=share / 12)
        self.node.throttled.set_rate(max(0.05, share / 100 * 10 * (0.34 if self.limit() < 2 else 0.01)), now)

    def limit(self) -> float:
        """CPU limit of the node's ovs-ovn pod, in cores."""
        for pod in self.stage.store.scan(PODS, namespace="kube-system", labels="app=ovs"):
            if pod["spec"].get("nodeName") == self.node.name:
                text = str(pod["spec"]["containers"][0]["resources"].get("limits", {}).get("cpu", "8"))
                return float(text[:-1]) / 1000 if text.endswith("m") else float(text)
        return 8.0

    def _rows_changed(self, table: str) -> None:
        if table == "MAC_Binding" and self.active:
            self.press()
            if self.share() < 50:
                self.over()

    def notice(self, what: str, about: Mapping[str, Any]) -> None:
        if self.active and what in ("ovs-started", "controller-restarted") and about["node"] is self.node:
            self.node.stalled = self.probing()
            self.press()


class PortFlapper(Fault):
    """A pod's namespace is deleted before its port, again and again; per-vport dispatch loses a socket each time."""

    def __init__(self, tools: Tools, spec: Mapping[str, Any]) -> None:
        super().__init__(tools, spec)
        self.node: Node = self.stage.nodes[spec["node"]]
        self.app, self.namespace = spec["app"], spec["namespace"]
        self.every, self.port = float(spec["every"]), int(spec.get("port", 41))
        now = self.stage.clock.now()
        self.node.leaked.reset(float(spec["leaked"]), now)
        self.node.leaked.set_rate(1 / self.every, now)
        self.log = self.node.log("openvswitch/ovs-vswitchd.log")
        self.log.repeat(self.every, self.lines, self.alive, history=float(spec.get("history", 3000)))
        self.crash()

    def pods(self) -> list[Object]:
        """The flapping pods of the node."""
        found = self.stage.store.scan(PODS, namespace=self.namespace, labels=f"app={self.app}")
        return [
            p
            for p in found
            if p["spec"].get("nodeName") == self.node.name and not p["metadata"].get("deletionTimestamp")
        ]

    def alive(self) -> bool:
        """Whether there is still something that flaps."""
        return bool(self.pods())

    def lines(self, count: int) -> Sequence[Line]:
        """One round: added, gone, deleted."""
        pods = self.pods()
        name = interface_name(pods[0]) if pods else "unknown_h"
        return (
            (0.0, "bridge", "INFO", f"bridge br-int: added interface {name} on port {self.port}"),
            (0.6, "netdev_linux", "WARN", f"{name}: removing policing failed: No such device"),
            (0.8, "bridge", "INFO", f"bridge br-int: deleted interface {name} on port {self.port}"),
        )

    def crash(self) -> None:
        """The pods of the flapper crash and are started again."""
        for pod in self.pods():
            meta = pod["metadata"]

            def change(body: Object) -> None:
                before = body["status"].get("containerStatuses") or [{}]
                statuses = list(
                    m.container_statuses(
                        body,
                        ready=False,
                        started="",
                        restarts=max(214, before[0].get("restartCount", 0) + 1),
                        waiting="CrashLoopBackOff",
                    )
                )
                body["status"] |= {
                    "phase": "Running",
                    "conditions": m.conditions(False, None),
                    "containerStatuses": statuses,
                }

            self.stage.store.modify(PODS, meta["name"], change, namespace=meta["namespace"])
            name = pod["spec"]["containers"][0]["name"]
            self.tools.network.event(
                pod, "BackOff", f"Back-off restarting failed container {name} in pod {meta['name']}", 214
            )

    def notice(self, what: str, about: Mapping[str, Any]) -> None:
        if what == "pod-ready" and about["pod"]["metadata"]["labels"].get("app") == self.app:
            self.crash()
        if what in ("pod-ready", "pod-deleted", "ovs-started"):
            self.log.advance()
            self.active = self.alive()
            self.node.leaked.set_rate(1 / self.every if self.active else 0.0, self.stage.clock.now())


class DescriptorsGone(Fault):
    """ovs-vswitchd of a node is at its limit of open files from earlier flapping; only its restart frees them."""

    def __init__(self, tools: Tools, spec: Mapping[str, Any]) -> None:
        super().__init__(tools, spec)
        self.node: Node = self.stage.nodes[spec["node"]]
        self.node.leaked.reset(float(spec["leaked"]), self.stage.clock.now())

    def full(self) -> bool:
        """Whether there is no descriptor left."""
        process = self.node.processes.get("ovs-vswitchd")
        return process is not None and self.node.fds(process) >= process.limit

    def notice(self, what: str, about: Mapping[str, Any]) -> None:
        if what == "ovs-started" and about["node"] is self.node:
            self.active = False


class StaleStatus(Fault):
    """The controller's process forgot a Subnet: its numbers stay until another process leads."""

    def __init__(self, tools: Tools, spec: Mapping[str, Any]) -> None:
        super().__init__(tools, spec)
        tools.controller.stale.add(spec["subnet"])

    def notice(self, what: str, about: Mapping[str, Any]) -> None:
        if what == "controller-started":
            self.active = False


KINDS: Mapping[str, Callable[[Tools, Mapping[str, Any]], Fault]] = {
    "mac-learning": MacLearning,
    "starved-cpu": StarvedCpu,
    "busy-controller": BusyController,
    "port-flapper": PortFlapper,
    "descriptors-gone": DescriptorsGone,
    "stale-status": StaleStatus,
}
