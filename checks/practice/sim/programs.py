"""Which program a container has and what it talks to: from a pod, a container and an argv to a result."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from checks.cluster import ExecResult, Object
from checks.errors import Unreachable
from checks.practice.sim import (
    appctl,
    controlplane,
    coreutils,
    daemons,
    hostnet,
    natgateway,
    ofctl,
    ovsdbclient,
)
from checks.practice.sim.ctl import Reach, Tool, run
from checks.practice.sim.files import Files
from checks.practice.sim.nbctl import nbctl
from checks.practice.sim.network import Network
from checks.practice.sim.node import Node
from checks.practice.sim.sbctl import sbctl
from checks.practice.sim.stage import Stage
from checks.practice.sim.tables import Database
from checks.practice.sim.types import version_key
from checks.practice.sim.vsctl import vsctl

IMAGE = ("ovn-central", "openvswitch", "cni-server", "kube-ovn-controller", "pinger", "kube-ovn-monitor")
"""Containers of the Kube-OVN image: they have the OVS and OVN programs."""
SOCKETS = ("ovn-central", "openvswitch", "cni-server", "pinger", "kube-ovn-monitor")
"""Those that mount /run/openvswitch and /run/ovn of the node."""
UNSTAGED = frozenset(
    [
        "ip",
        "openssl",
        "ethtool",
        "conntrack",
        "ipset",
        "iptables",
        "iptables-save",
        "iptables-legacy-save",
        "iptables-nft-save",
        "tcpdump",
        "arping",
        "nsenter",
        "sysctl",
        "ovs-dpctl",
        "ovsdb-tool",
        "ovn-trace",
        "awk",
        "sed",
        "find",
        "sort",
        "ps",
        "top",
        "kill",
        "ping",
        "dmesg",
    ]
)
"""Programs of the Kube-OVN image that the practice cluster does not have."""
SHELLS = ("sh", "bash", "ash")
FOLDERS = ("/bin/", "/usr/bin/", "/usr/sbin/", "/sbin/", "/usr/local/bin/")


class Programs:
    """Runs commands in the containers of a stage."""

    def __init__(self, stage: Stage, network: Network) -> None:
        self.stage, self.network = stage, network
        self._ctl: dict[str, Tool] = {tool.name: tool for tool in (nbctl(), sbctl(), vsctl())}

    def run(
        self, pod: Object, container: str, argv: Sequence[str], on_output: Callable[[str], None]
    ) -> ExecResult:
        """Runs one command; Unreachable with the runtime's words where the container has no such program."""
        if not argv:
            raise Unreachable("you must specify at least one command for the container")
        node = self.stage.node_of(pod)
        name = argv[0]
        for folder in FOLDERS:
            name = name.removeprefix(folder)
        if node is None:
            raise Unreachable(f"pod {pod['metadata']['name']} does not have a host assigned")
        kube_ovn = container in IMAGE
        if name in coreutils.PROGRAMS:
            result = coreutils.PROGRAMS[name](self.files(pod, container, node), [name, *argv[1:]])
        elif name in SHELLS:
            result = ExecResult(
                "", f"{name}: the practice cluster runs no shell; run the command itself\n", 127
            )
        elif kube_ovn and (found := self._host(pod, node, name, argv)) is not None:
            result = found
        elif kube_ovn and name in UNSTAGED:
            result = ExecResult(
                "", f"{name}: a real program, but the practice cluster does not stage it\n", 127
            )
        elif kube_ovn and name in self._ctl:
            result = run(self._ctl[name], argv[1:], self._reach(name, container, node))
        elif kube_ovn and name == "ovsdb-client":
            result = ovsdbclient.run([name, *argv[1:]], self._sockets(container, node))
        elif kube_ovn and name == "ovs-ofctl":
            result = self._ofctl(node, argv, container, on_output)
        elif kube_ovn and name in ("ovs-appctl", "ovn-appctl"):
            sockets = self._daemons(node) if container in SOCKETS else {}
            result = appctl.run(self.stage, node, name, argv[1:], sockets)
        elif kube_ovn and name == "/usr/share/ovn/scripts/ovn-ctl":
            result = self._ovn_ctl(node, argv[1:])
        elif container == natgateway.CONTAINER and name == "ip":
            unknown = ExecResult("", "ip: only `ip -4 addr show` is staged here\n", 127)
            result = natgateway.ip(self.stage, pod, argv) or unknown
        elif container == "etcd" and name == "etcdctl":
            result = controlplane.etcdctl(self.stage, node, argv)
        else:
            raise Unreachable(_no_binary(argv[0]))
        return ExecResult(result.stdout, result.stderr, result.code, tuple(argv))

    def files(self, pod: Object, container: str, node: Node) -> Files:
        """The file system as the container sees it."""
        version = version_key(self.stage.versions.kube_ovn)
        nobody = container == "openvswitch" and self.stage.settings["user"] == "nobody"
        host_network = bool(pod["spec"].get("hostNetwork"))
        return Files(
            self.stage,
            node,
            node.name if host_network else pod["metadata"]["name"],
            root=not nobody,
            host_pid=bool(pod["spec"].get("hostPID")) or container == "ovn-central",
            etc_ovn=container == "ovn-central" or (container == "openvswitch" and version < (1, 13)),
        )

    # --- inside

    def _host(self, pod: Object, node: Node, name: str, argv: Sequence[str]) -> ExecResult | None:
        """Programs that look at the host's network, in containers that see it; None for what is not staged."""
        if not pod["spec"].get("hostNetwork"):
            return None
        words = [name, *argv[1:]]
        if name == "ip":
            return hostnet.ip(self.stage, node, words)
        if name in ("iptables-legacy-save", "iptables-nft-save"):
            return hostnet.iptables_save(node, words)
        return hostnet.s_client(node, words) if name == "openssl" else None

    def _reach(self, tool: str, container: str, node: Node) -> Reach:
        versions = self.stage.versions
        if container not in SOCKETS:
            return Reach(None)
        if tool == "ovs-vsctl":
            alive = "ovsdb-server" in node.processes
            problem = "Connection refused"
            return Reach(
                node.ovs if alive else None, version=f"(Open vSwitch) {versions.ovs}", problem=problem
            )
        which = "nb" if tool == "ovn-nbctl" else "sb"
        if not node.central or f"ovsdb-server-{which}" not in node.processes:
            return Reach(None)
        db = self.stage.nb if which == "nb" else self.stage.sb
        library = f"Open vSwitch Library {versions.ovs}\n"
        return Reach(db, self.stage.rafts[which].leader == node.name, versions.ovn, library)

    def _sockets(self, container: str, node: Node) -> dict[str, Database]:
        """The databases whose sockets the container sees, by remote."""
        if container not in SOCKETS:
            return {}
        found: dict[str, Database] = {}
        if "ovsdb-server" in node.processes:
            found["unix:/var/run/openvswitch/db.sock"] = node.ovs
        for which, db in (("nb", self.stage.nb), ("sb", self.stage.sb)):
            if node.central and f"ovsdb-server-{which}" in node.processes:
                found[f"unix:/var/run/ovn/ovn{which}_db.sock"] = db
        return found

    def _ofctl(
        self, node: Node, argv: Sequence[str], container: str, on_output: Callable[[str], None]
    ) -> ExecResult:
        if container not in SOCKETS or "ovs-vswitchd" not in node.processes:
            problem = "ovs-ofctl: br-int is not a bridge or a socket\n"
            return ExecResult("", problem, 1)
        return ofctl.run(self.stage, node, argv[1:], on_output)

    def _daemons(self, node: Node) -> dict[str, appctl.Daemon]:
        found: dict[str, appctl.Daemon] = {}
        have = node.processes
        if "ovs-vswitchd" in have:
            found["ovs-vswitchd"] = appctl.vswitchd(
                self.stage, node, have["ovs-vswitchd"], lambda: self._vswitchd_exit(node)
            )
        if "ovn-controller" in have:
            found["ovn-controller"] = appctl.controller(
                self.stage,
                node,
                have["ovn-controller"],
                lambda: True,
                lambda: self._recompute(node),
                lambda: self._controller_exit(node),
            )
        for which in ("nb", "sb"):
            if f"ovsdb-server-{which}" in have:
                found[f"/var/run/ovn/ovn{which}_db.ctl"] = appctl.database(
                    self.stage, node, which, have[f"ovsdb-server-{which}"]
                )
        if "ovn-northd" in have:
            found["ovn-northd"] = appctl.northd(self.stage, node, have["ovn-northd"])
        return found

    def _recompute(self, node: Node) -> None:
        log = node.log("ovn/ovn-controller.log")
        log.add(self.stage.clock.now(), "main", "INFO", "User triggered force recompute.")
        self.network.claim_all(node)

    def _controller_exit(self, node: Node) -> None:
        """Without ``--restart`` ovn-controller takes its bindings with it; ovn-ctl's monitor does not bring it back."""
        node.processes.pop("ovn-controller", None)
        for uuid in list(self.stage.sb["Port_Binding"].where(chassis=(self.network.chassis[node.name],))):
            self.stage.sb.set("Port_Binding", uuid, chassis=(), up=(False,))

    def _vswitchd_exit(self, node: Node) -> None:
        node.processes.pop("ovs-vswitchd", None)
        node.programmed = False

    def _ovn_ctl(self, node: Node, words: Sequence[str]) -> ExecResult:
        commands = [word for word in words if not word.startswith("-")]
        if commands != ["restart_controller"]:
            return ExecResult(
                "",
                f'ovn-ctl: the practice cluster stages restart_controller only, not "{" ".join(commands)}"\n',
                1,
            )
        if "ovs-vswitchd" not in node.processes:
            return ExecResult("", "ovn-ctl: ovs-vswitchd is not running\n", 1)
        old = node.processes.pop("ovn-controller", None)
        daemons.start_controller(self.stage, node)
        self.stage.tell("controller-restarted", node=node)
        self.stage.agenda.after(2.0, lambda: self.network.claim_all(node))
        ended = f" * Exiting ovn-controller ({old.pid})\n" if old else ""
        return ExecResult(f"{ended} * Starting ovn-controller\n", "", 0)


def _no_binary(name: str) -> str:
    """What containerd and runc say, as the kubelet passes it on."""
    return (
        "Internal error occurred: error executing command in container: failed to exec in container: "
        f'failed to start exec "{"0" * 8}": OCI runtime exec failed: exec failed: unable to start container process: '
        f'exec: "{name}": executable file not found in $PATH: unknown'
    )
