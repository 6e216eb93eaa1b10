"""Real OVN and Open vSwitch daemons in user space, in folders of their own, on loopback and unix sockets only.

Three ovn-central members (ovsdb-server NB and SB in a raft cluster, ovn-northd) and one node (ovsdb-server,
ovs-vswitchd with a dummy datapath, ovn-controller), laid out as the pods of Kube-OVN see them: ``run/ovn``,
``run/openvswitch``, ``log/ovn``, ``log/openvswitch``, ``etc/ovn``.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

SCHEMAS = Path("/usr/share/ovn"), Path("/usr/share/openvswitch")
TOOLS = (
    "ovsdb-server",
    "ovsdb-tool",
    "ovs-vswitchd",
    "ovs-vsctl",
    "ovn-northd",
    "ovn-controller",
    "ovn-nbctl",
    "ovn-sbctl",
)
SYSTEM_ID = "bed-node-1"
ELECTION = 16000
"""Milliseconds: nobody refreshes the leader labels of the bed, so a busy machine must not change the leader."""
SYSTEM_ID_2 = "bed-node-2"


def missing_tools() -> list[str]:
    """The programs the bed needs and this machine lacks."""
    return [tool for tool in TOOLS if shutil.which(tool) is None]


def wait_until(condition: Callable[[], bool], what: str, deadline: float = 30.0) -> None:
    """Polls a condition of another process until it holds; a TimeoutError names what did not come."""
    end = time.monotonic() + deadline
    while not condition():
        if time.monotonic() > end:
            raise TimeoutError(f"{what} did not happen in {deadline} s")
        time.sleep(0.02)


def free_ports(count: int) -> list[int]:
    """TCP ports of loopback that were free a moment ago."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [s.getsockname()[1] for s in sockets]
    for held in sockets:
        held.close()
    return ports


@dataclass(frozen=True)
class Place:
    """The folders of one pod, and the environment in which the tools find them."""

    root: Path

    @property
    def env(self) -> dict[str, str]:
        """Environment for programs that run "in" this pod."""
        ovs, ovn = self.root / "run/openvswitch", self.root / "run/ovn"
        return {
            "PATH": os.environ["PATH"],
            "LC_ALL": "C.UTF-8",
            "HOME": str(self.root),
            "OVS_RUNDIR": str(ovs),
            "OVN_RUNDIR": str(ovn),
            "OVS_LOGDIR": str(self.root / "log/openvswitch"),
            "OVN_LOGDIR": str(self.root / "log/ovn"),
            "OVS_DBDIR": str(self.root / "etc/openvswitch"),
            "OVN_DBDIR": str(self.root / "etc/ovn"),
            "OVS_SYSCONFDIR": str(self.root / "etc"),
            "OVN_SYSCONFDIR": str(self.root / "etc"),
        }

    def make(self) -> None:
        """Creates the folders."""
        for part in (
            "run/openvswitch",
            "run/ovn",
            "log/openvswitch",
            "log/ovn",
            "etc/ovn",
            "etc/openvswitch",
        ):
            (self.root / part).mkdir(parents=True)

    def here(self, argument: str) -> str:
        """An argument as it reads inside the pod, with its paths put into these folders."""
        for inside, outside in (
            ("/var/run/", "run/"), ("/run/openvswitch", "run/openvswitch"), ("/run/ovn", "run/ovn"),
            ("/var/log/", "log/"), ("/etc/ovn", "etc/ovn"), ("/etc/openvswitch", "etc/openvswitch"),
        ):  # fmt: skip
            if argument.startswith(inside):
                return (
                    str(self.root / outside)
                    + ("/" if outside.endswith("/") else "")
                    + argument[len(inside) :]
                )
        return argument

    def run(
        self, *argv: str, check: bool = True, timeout: float = 60.0
    ) -> subprocess.CompletedProcess[bytes]:
        """Runs a program in this pod's environment."""
        return subprocess.run(argv, env=self.env, capture_output=True, check=check, timeout=timeout)


class Daemons:
    """All processes of the bed; `start` and `stop` may each be called once."""

    def __init__(self, root: Path, election: int = ELECTION):
        self.root = root
        self.election = election
        self.centrals = [Place(root / f"central-{n}") for n in (1, 2, 3)]
        self.node = Place(root / "node-1")
        ports = free_ports(12)
        self._client = {"nb": ports[0:3], "sb": ports[3:6]}
        self._raft = {"nb": ports[6:9], "sb": ports[9:12]}

    def remote(self, db: str) -> str:
        """The connection string of a database, ``nb`` or ``sb``, naming all members."""
        return ",".join(f"tcp:127.0.0.1:{port}" for port in self._client[db])

    def start(self) -> None:
        """Starts everything and waits until a node is registered and its bridge has flows."""
        for number, place in enumerate(self.centrals):
            place.make()
            for db, schema in (("nb", "OVN_Northbound"), ("sb", "OVN_Southbound")):
                self._start_database(number, place, db, schema)
        for place in self.centrals:
            self.start_northd(place)
        self.node.make()
        self._start_node_database(self.node)
        self.start_vswitchd()
        self._configure_node()
        self.start_controller()
        self.centrals[0].run("ovn-nbctl", f"--db={self.remote('nb')}", *_topology())
        self._add_ports()
        wait_until(lambda: self.flows() > 100, "flows on br-int", 60)

    def _start_database(self, number: int, place: Place, db: str, schema: str) -> None:
        file = f"{place.root}/etc/ovn/ovn{db}_db.db"
        local = f"tcp:127.0.0.1:{self._raft[db][number]}"
        if number == 0:
            schema_file = str(SCHEMAS[0] / f"ovn-{db}.ovsschema")
            timer = f"--election-timer={self.election}"
            place.run("ovsdb-tool", timer, "create-cluster", file, schema_file, local)
        else:
            place.run("ovsdb-tool", "join-cluster", file, schema, local, f"tcp:127.0.0.1:{self._raft[db][0]}")
        self.start_server(number, db)
        wait_until(lambda: b"cluster member" in self.status(place, db), f"{schema} on member {number + 1}")

    def start_server(self, number: int, db: str) -> None:
        """Starts the database server of a member over the file it has."""
        place = self.centrals[number]
        run, file = f"{place.root}/run/ovn", f"{place.root}/etc/ovn/ovn{db}_db.db"
        place.run(
            "ovsdb-server", "-vconsole:off", f"--log-file={place.root}/log/ovn/ovsdb-server-{db}.log",
            f"--pidfile={run}/ovn{db}_db.pid", f"--unixctl={run}/ovn{db}_db.ctl",
            f"--remote=punix:{run}/ovn{db}_db.sock", f"--remote=ptcp:{self._client[db][number]}:127.0.0.1",
            "--detach", file,
        )  # fmt: skip

    def kill_server(self, number: int, db: str) -> None:
        """Kills the database server of a member, as a lost machine does."""
        self._kill(self.centrals[number].root / "run/ovn" / f"ovn{db}_db.pid")

    def start_northd(self, place: Place) -> None:
        """Starts ovn-northd of a member."""
        place.run(
            "ovn-northd", "-vconsole:off", f"--log-file={place.root}/log/ovn/ovn-northd.log",
            f"--pidfile={place.root}/run/ovn/ovn-northd.pid", f"--ovnnb-db={self.remote('nb')}",
            f"--ovnsb-db={self.remote('sb')}", "--detach",
        )  # fmt: skip

    def kill_northd(self, place: Place) -> None:
        """Kills ovn-northd of a member."""
        self._kill(place.root / "run/ovn/ovn-northd.pid")

    def appctl(self, number: int, target: str, *words: str) -> str:
        """ovn-appctl in a member's pod; ``nb`` and ``sb`` are its database servers."""
        place = self.centrals[number]
        known = {db: f"{place.root}/run/ovn/ovn{db}_db.ctl" for db in ("nb", "sb")}
        return place.run("ovn-appctl", "-t", known.get(target, target), *words, check=False).stdout.decode()

    def client(self, number: int, db: str) -> str:
        """The remote on which a member's server listens."""
        return f"ptcp:{self._client[db][number]}:127.0.0.1"

    def status(self, place: Place, db: str) -> bytes:
        """The raft status of a member's database."""
        schema = "OVN_Northbound" if db == "nb" else "OVN_Southbound"
        return place.run(
            "ovn-appctl", "-t", f"{place.root}/run/ovn/ovn{db}_db.ctl", "cluster/status", schema, check=False
        ).stdout

    def leads(self, number: int, what: str) -> bool:
        """Whether a member leads a database (``nb``, ``sb``) or runs the active ``northd``."""
        if what == "northd":
            return "active" in self.appctl(number, "ovn-northd", "status")
        return b"Role: leader" in self.status(self.centrals[number], what)

    def leader(self, db: str) -> int:
        """Index of the member that leads a database."""
        for number, place in enumerate(self.centrals):
            if b"Role: leader" in self.status(place, db):
                return number
        raise RuntimeError(f"no leader of {db}")

    def _start_node_database(self, node: Place) -> None:
        run, file = f"{node.root}/run/openvswitch", f"{node.root}/etc/openvswitch/conf.db"
        node.run("ovsdb-tool", "create", file, str(SCHEMAS[1] / "vswitch.ovsschema"))
        node.run(
            "ovsdb-server", "-vconsole:off", f"--log-file={node.root}/log/openvswitch/ovsdb-server.log",
            f"--pidfile={run}/ovsdb-server.pid", f"--unixctl={run}/ovsdb-server.ctl",
            f"--remote=punix:{run}/db.sock", "--detach", file,
        )  # fmt: skip
        node.run("ovs-vsctl", "--no-wait", "init")

    def start_second_node(self) -> Place:
        """A node with a chassis of its own and nothing else: no ovs-vswitchd, so no bridge and no flows."""
        node = Place(self.root / "node-2")
        node.make()
        self._start_node_database(node)
        node.run(
            "ovs-vsctl", "--no-wait", "set", "Open_vSwitch", ".", f"external-ids:system-id={SYSTEM_ID_2}",
            "external-ids:hostname=node-2", f'external-ids:ovn-remote="{self.remote("sb")}"',
            "external-ids:ovn-encap-type=geneve", "external-ids:ovn-encap-ip=127.0.0.2",
        )  # fmt: skip
        self.start_controller(node)
        return node

    def start_vswitchd(self) -> None:
        """Starts ovs-vswitchd on the node."""
        run = f"{self.node.root}/run/openvswitch"
        self.node.run(
            "ovs-vswitchd", "-vconsole:off", "--enable-dummy", "--disable-system",
            f"--log-file={self.node.root}/log/openvswitch/ovs-vswitchd.log", f"--pidfile={run}/ovs-vswitchd.pid",
            f"unix:{run}/db.sock", "--detach",
        )  # fmt: skip

    def start_controller(self, node: Place | None = None) -> None:
        """Starts ovn-controller on a node, the first one where none is named."""
        node = node or self.node
        node.run(
            "ovn-controller", "-vconsole:off", f"--log-file={node.root}/log/ovn/ovn-controller.log",
            f"--pidfile={node.root}/run/ovn/ovn-controller.pid",
            f"unix:{node.root}/run/openvswitch/db.sock", "--detach",
        )  # fmt: skip

    def pid(self, node: Place, path: str) -> int:
        """A process id from a pid file below ``run``."""
        return int((node.root / "run" / path).read_text())

    def restart_node(self) -> None:
        """What a new ovs-ovn pod amounts to: new vswitchd and ovn-controller processes over the old database."""
        for folder, name in (("ovn", "ovn-controller"), ("openvswitch", "ovs-vswitchd")):
            self._kill(self.node.root / "run" / folder / f"{name}.pid")
        self.start_vswitchd()
        self.start_controller()

    def _configure_node(self) -> None:
        self.node.run(
            "ovs-vsctl", "--timeout=10", "set", "Open_vSwitch", ".", f"external-ids:system-id={SYSTEM_ID}",
            "external-ids:hostname=node-1", f'external-ids:ovn-remote="{self.remote("sb")}"',
            "external-ids:ovn-encap-type=geneve", "external-ids:ovn-encap-ip=127.0.0.1",
            "external-ids:ovn-remote-probe-interval=10000", "--", "add-br", "br-int",
            "--", "set", "bridge", "br-int", "datapath_type=dummy", "fail_mode=secure",
        )  # fmt: skip

    def _add_ports(self) -> None:
        self.node.run(
            "ovs-vsctl", "--timeout=10",
            "add-port", "br-int", "ovn0", "--", "set", "interface", "ovn0", "type=dummy",
            "external_ids:iface-id=node-node-1",
            "--", "add-port", "br-int", "aabbccddeeff_h",
            "--", "set", "interface", "aabbccddeeff_h", "type=dummy",
            "external_ids:iface-id=web-0.default",
        )  # fmt: skip

    def flows(self) -> int:
        """OpenFlow flows of br-int, as ovs-ofctl counts them."""
        done = self.node.run("ovs-ofctl", "dump-aggregate", "br-int", check=False)
        return int(done.stdout.rpartition(b"flow_count=")[2] or 0)

    def sbctl(self, *words: str) -> str:
        """ovn-sbctl against the whole cluster."""
        return (
            self.centrals[0]
            .run("ovn-sbctl", f"--db={self.remote('sb')}", "--timeout=60", *words)
            .stdout.decode()
        )

    def nbctl(self, *words: str) -> str:
        """ovn-nbctl against the whole cluster."""
        return (
            self.centrals[0]
            .run("ovn-nbctl", f"--db={self.remote('nb')}", "--timeout=60", *words)
            .stdout.decode()
        )

    def fill_mac_bindings(self, count: int, network: str) -> None:
        """Makes `count` MAC_Binding rows on the router port of ovn-default, inside ``a.b.`` of `network`."""
        port = "ovn-cluster-ovn-default"
        datapath = self.sbctl(
            "--bare", "--columns=datapath", "find", "Port_Binding", f"logical_port={port}"
        ).strip()
        rows = [
            ("--", "create", "MAC_Binding", f"logical_port={port}", f"ip={network}{1 + n // 250}.{n % 250 + 1}",
             f'mac="02:00:00:{n >> 16 & 255:02x}:{n >> 8 & 255:02x}:{n & 255:02x}"', f"datapath={datapath}")
            for n in range(count)
        ]  # fmt: skip
        for start in range(0, count, 1000):
            self.sbctl(*[word for row in rows[start : start + 1000] for word in row])

    @staticmethod
    def _kill(pidfile: Path) -> None:
        try:
            pid = int(pidfile.read_text())
            os.kill(pid, signal.SIGKILL)
        except (FileNotFoundError, ProcessLookupError, ValueError):
            return
        wait_until(lambda: not _alive(pid), f"the end of {pidfile.name}")
        pidfile.unlink(missing_ok=True)

    def stop(self) -> None:
        """Ends every process of the bed."""
        for pidfile in sorted(self.root.rglob("*.pid")):
            self._kill(pidfile)


def _alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state != "Z"


def _topology() -> list[str]:
    """The default VPC of Kube-OVN as nbctl words: router ovn-cluster, switches ovn-default and join."""
    words = ["--timeout=30", "lr-add", "ovn-cluster", "--", "ls-add", "ovn-default", "--", "ls-add", "join"]
    for switch, mac, network in (
        ("ovn-default", "00:00:00:A3:F8:18", "10.16.0.1/16"), ("join", "00:00:00:F8:18:5A", "100.64.0.1/16"),
    ):  # fmt: skip
        router_port, switch_port = f"ovn-cluster-{switch}", f"{switch}-ovn-cluster"
        words += ["--", "lrp-add", "ovn-cluster", router_port, mac, network]
        words += ["--", "lsp-add", switch, switch_port, "--", "lsp-set-type", switch_port, "router"]
        words += ["--", "lsp-set-addresses", switch_port, "router"]
        words += ["--", "lsp-set-options", switch_port, f"router-port={router_port}"]
    words += [
        "--",
        "lsp-add",
        "join",
        "node-node-1",
        "--",
        "lsp-set-addresses",
        "node-node-1",
        "00:00:00:AF:98:62 100.64.0.2",
    ]
    words += ["--", "lsp-add", "ovn-default", "web-0.default"]
    return [*words, "--", "lsp-set-addresses", "web-0.default", "00:00:00:11:22:33 10.16.0.10"]
