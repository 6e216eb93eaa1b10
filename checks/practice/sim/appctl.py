"""``ovs-appctl`` and ``ovn-appctl``: what the daemons of a node and of ovn-central answer on their control sockets."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from checks.cluster import ExecResult
from checks.practice.sim import flows
from checks.practice.sim.clock import stamp
from checks.practice.sim.ctlargs import UsageError, split_options
from checks.practice.sim.node import Node
from checks.practice.sim.processes import Process
from checks.practice.sim.raft import cluster_status
from checks.practice.sim.stage import Stage

OPTIONS = ("--target=", "--timeout=", "--execute", "--help", "--version", "--verbose")
SHORT = {"t": "--target=", "T": "--timeout=", "h": "--help", "V": "--version", "v": "--verbose"}
LEVELS = ("off", "emer", "err", "warn", "info", "dbg")
DESTINATIONS = ("console", "syslog", "file")
MODULES = {
    "ovs-vswitchd": (
        "bridge",
        "coverage",
        "dpif",
        "dpif_netlink",
        "memory",
        "netdev_linux",
        "netlink_socket",
        "ofproto",
        "ofproto_dpif_upcall",
        "rconn",
        "reconnect",
        "timeval",
        "unixctl",
    ),
    "ovn-controller": (
        "acl_log",
        "actions",
        "binding",
        "chassis",
        "lflow",
        "main",
        "memory",
        "ofctrl",
        "ovsdb_idl",
        "physical",
        "pinctrl",
        "rconn",
        "reconnect",
        "timeval",
        "unixctl",
    ),
    "ovn-northd": ("memory", "northd", "ovn_northd", "ovsdb_idl", "reconnect", "timeval", "unixctl"),
    "ovsdb-server": ("memory", "ovsdb_jsonrpc_server", "raft", "reconnect", "timeval", "unixctl"),
}

Answer = tuple[str, bool]
"""Text, and whether it is an answer rather than an error."""


class Daemon:
    """One control socket: the daemon's process and its commands, each from its arguments to an answer."""

    def __init__(
        self, name: str, process: Process, commands: Mapping[str, Callable[[list[str]], Answer]]
    ) -> None:
        self.name, self.process = name, process
        own: dict[str, Callable[[list[str]], Answer]] = {
            "vlog/set": lambda args: _vlog_set(self, args),
            "vlog/list": lambda args: (_vlog_list(self), True),
            "vlog/reopen": lambda args: ("", True),
            "list-commands": lambda args: (
                "The available commands are:\n" + "".join(f"  {c}\n" for c in sorted(self.commands)),
                True,
            ),
        }
        self.commands = {**own, **commands}


def run(
    stage: Stage, node: Node, program: str, argv: Sequence[str], daemons: Mapping[str, Daemon]
) -> ExecResult:
    """Runs ``ovs-appctl`` or ``ovn-appctl``; `daemons` by target name or socket path."""
    full = (program, *argv)
    try:
        options, words = split_options(argv, OPTIONS, SHORT)
    except UsageError as problem:
        return ExecResult("", f"{program}: {problem}\n", 1, full)
    if not words:
        return ExecResult(
            "", f"{program}: at least one non-option argument is required (use --help for help)\n", 1, full
        )
    target = options.get("--target", "ovs-vswitchd")
    daemon = daemons.get(target) or daemons.get(
        target.replace("/run/", "/var/run/", 1) if target.startswith("/run/") else ""
    )
    if daemon is None:
        return _absent(program, target, full)
    handler = daemon.commands.get(words[0])
    if handler is None:
        text, good = (
            f'"{words[0]}" is not a valid command (use "list-commands" to see a list of valid commands)\n',
            False,
        )
    else:
        text, good = handler(words[1:])
    if good:
        return ExecResult(text, "", 0, full)
    return ExecResult("", f"{text}{program}: {target}: server returned an error\n", 2, full)


def _absent(program: str, target: str, full: tuple[str, ...]) -> ExecResult:
    if target.startswith("/"):
        warning = f"{stamp()}|00001|unixctl|WARN|failed to connect to {target}\n"
        problem = f'cannot connect to "{target}" (No such file or directory)'
    else:
        folder = "/var/run/openvswitch" if program == "ovs-appctl" else "/var/run/ovn"
        warning = f"{stamp()}|00001|daemon_unix|WARN|{folder}/{target}.pid: open: No such file or directory\n"
        problem = f'cannot read pidfile "{folder}/{target}.pid" (No such file or directory)'
    return ExecResult("", f"{warning}{program}: {problem}\n", 1, full)


def vswitchd(stage: Stage, node: Node, process: Process, on_exit: Callable[[], None]) -> Daemon:
    """The control socket of ovs-vswitchd."""
    commands: dict[str, Callable[[list[str]], Answer]] = {
        "version": lambda args: (f"ovs-vswitchd (Open vSwitch) {stage.versions.ovs}\n", True),
        "memory/show": lambda args: (_vswitchd_memory(stage, node), True),
        "coverage/show": lambda args: (_coverage(stage, node), True),
        "dpctl/show": lambda args: (_dpctl(stage, node), True),
        "upcall/show": lambda args: (_upcall(node), True),
        "exit": lambda args: _exit(on_exit),
    }
    if node.dispatch:
        commands["dpif-netlink/dispatch-mode"] = lambda args: (
            f"ovs-system: {node.dispatch} dispatch mode\n",
            True,
        )
    return Daemon("ovs-vswitchd", process, commands)


def controller(
    stage: Stage,
    node: Node,
    process: Process,
    connected: Callable[[], bool],
    on_recompute: Callable[[], None],
    on_exit: Callable[[], None],
) -> Daemon:
    """The control socket of ovn-controller."""

    def recompute(args: list[str]) -> Answer:
        on_recompute()
        return "", True

    def version(args: list[str]) -> Answer:
        return f"ovn-controller {stage.versions.ovn}\nOpen vSwitch Library {stage.versions.ovs}\n", True

    return Daemon(
        "ovn-controller",
        process,
        {
            "version": version,
            "connection-status": lambda args: ("connected\n" if connected() else "not connected\n", True),
            "inc-engine/recompute": recompute,
            "recompute": recompute,
            "memory/show": lambda args: (_controller_memory(stage, node), True),
            "coverage/show": lambda args: (_coverage(stage, node), True),
            "exit": lambda args: _exit(on_exit),
        },
    )


def database(stage: Stage, node: Node, which: str, process: Process) -> Daemon:
    """The control socket of an ovsdb-server of ovn-central; `which` is nb or sb."""
    raft = stage.rafts[which]
    db = stage.nb if which == "nb" else stage.sb

    def status(args: list[str]) -> Answer:
        if not args:
            return '"cluster/status" command requires at least 1 arguments\n', False
        if args[0] != raft.database:
            return "unknown cluster\n", False
        return cluster_status(stage, raft, node.name, db.log_index), True

    def storage(args: list[str]) -> Answer:
        if args != [raft.database]:
            return "Failed to find the database.\n", False
        return "status: ok\n", True

    def memory(args: list[str]) -> Answer:
        rows = sum(len(table.rows) for table in db.tables.values())
        log = min(db.log_index, 400)
        text = (
            f"atoms:{rows * 7 + 17} cells:{rows * 7 + 20} monitors:{len(stage.nodes) + 2} "
            f"n-weak-refs:{rows // 900} raft-connections:4 raft-log:{log} sessions:{len(stage.nodes) + 1}"
        )
        return f"{text} txn-history:{min(log, 100)} txn-history-atoms:{rows // 2}\n", True

    def compact(args: list[str]) -> Answer:
        return "", True

    def remotes(args: list[str]) -> Answer:
        # From Kube-OVN 1.12 the servers of a raft cluster listen as a database of their own says (kube-ovn #2299).
        schema = f"{raft.database},{which.upper()}_Global" if stage.before_1_12 else "Local_Config,Config"
        return f"db:{schema},connections\npunix:/var/run/ovn/ovn{which}_db.sock\n", True

    return Daemon(
        "ovsdb-server",
        process,
        {
            "cluster/status": status,
            "ovsdb-server/get-db-storage-status": storage,
            "ovsdb-server/list-dbs": lambda args: (f"{raft.database}\n_Server\n", True),
            "ovsdb-server/compact": compact,
            "ovsdb-server/list-remotes": remotes,
            "memory/show": memory,
            "version": lambda args: (f"ovsdb-server (Open vSwitch) {stage.versions.ovs}\n", True),
            "coverage/show": lambda args: (_coverage(stage, node), True),
        },
    )


def northd(stage: Stage, node: Node, process: Process) -> Daemon:
    """The control socket of ovn-northd."""
    return Daemon(
        "ovn-northd",
        process,
        {
            "status": lambda args: (
                f"Status: {'active' if stage.northd_leader == node.name else 'standby'}\n",
                True,
            ),
            "version": lambda args: (
                f"ovn-northd {stage.versions.ovn}\nOpen vSwitch Library {stage.versions.ovs}\n",
                True,
            ),
            "nb-connection-status": lambda args: ("connected\n", True),
            "sb-connection-status": lambda args: ("connected\n", True),
        },
    )


def _exit(on_exit: Callable[[], None]) -> Answer:
    on_exit()
    return "", True


# --- answers


def _vlog_set(daemon: Daemon, args: list[str]) -> Answer:
    """``vlog/set [MODULE:]DESTINATION:LEVEL`` with any of the words left out."""
    modules = MODULES[daemon.name]
    for spec in args or ["dbg"]:
        where: tuple[str, ...] = DESTINATIONS
        level, module = "dbg", "ANY"
        for word in spec.replace(",", ":").split(":"):
            low = word.lower()
            if low in LEVELS:
                level = low
            elif low in DESTINATIONS:
                where = (low,)
            elif low in modules or low == "any":
                module = low if low in modules else "ANY"
            else:
                return f'no destination, level, or module "{word}"\n', False
        for name in modules if module == "ANY" else (module,):
            daemon.process.vlog.setdefault(name, {}).update(dict.fromkeys(where, level))
    return "", True


def _vlog_list(daemon: Daemon) -> str:
    lines = ["                 console    syslog    file", "                 -------    ------    ------"]
    for name in MODULES[daemon.name]:
        levels = {"console": "off", "syslog": "info", "file": "info"} | daemon.process.vlog.get(name, {})
        lines.append(
            f"{name:<16}  {levels['console'].upper():>4}       {levels['syslog'].upper():>4} "
            f"      {levels['file'].upper():>4}"
        )
    return "\n".join(lines) + "\n"


def _vswitchd_memory(stage: Stage, node: Node) -> str:
    rules = flows.total(node, stage.sb, stage.versions.ovn) + 4
    cells = 90 + 40 * len(node.ports())
    return (
        f"handlers:{node.cpus} idl-cells-Open_vSwitch:{cells} ofconns:3 "
        f"ports:{len(node.ports()) + 1} revalidators:3 rules:{rules} udpif "
        f"keys:{140 + len(node.ports()) * 9}\n"
    )


def _controller_memory(stage: Stage, node: Node) -> str:
    count = flows.total(node, stage.sb, stage.versions.ovn)
    rows = sum(len(table.rows) for table in stage.sb.tables.values())
    return (
        f"idl-cells-OVN_Southbound:{rows * 5 + 2200} idl-cells-Open_vSwitch:{90 + 40 * len(node.ports())} "
        f"lflow-cache-entries-cache-expr:{120 + len(node.ports())} "
        f"lflow-cache-entries-cache-matches:{900 + 4 * len(node.ports())} "
        ""
        f"lflow-cache-size-KB:{1182 + len(node.ports())} local_datapath_usage-KB:2 "
        f"ofctrl_desired_flow_usage-KB:{count * 211 // 1000} "
        f"ofctrl_installed_flow_usage-KB:{count * 149 // 1000} ofctrl_sb_flow_ref_usage-KB:{count * 101 // 1000}\n"
    )


def _coverage(stage: Stage, node: Node) -> str:
    passed = int(stage.clock.now()) + 90_000
    rows = (
        ("lflow_run", 0.02),
        ("physical_run", 0.03),
        ("poll_create_node", 26.9),
        ("poll_zero_timeout", 0.4),
        ("txn_success", 0.1),
        ("util_xalloc", 812.0),
    )
    lines = ["Event coverage, avg rate over last: 5 seconds, last minute, last hour,  hash=7fdffb41:"]
    lines += [
        f"{name:<22}{rate:>8.1f}/sec {rate:>9.3f}/sec {rate:>13.4f}/sec   total: {int(rate * passed)}"
        for name, rate in rows
    ]
    return "\n".join([*lines, "104 events never hit"]) + "\n"


def _dpctl(stage: Stage, node: Node) -> str:
    now = stage.clock.now()
    hits, missed = 1_970_748_791 + int(now * 8_000), 12_345_678 + int(now * 40)
    lines = [
        "system@ovs-system:",
        f"  lookups: hit:{hits} missed:{missed} lost:{int(stage.settings.get('lost', 12))}",
        f"  flows: {180 + len(node.ports()) * 11}",
        f"  masks: hit:{hits * 5} total:22 hit/pkt:5.29",
        "  caches:",
        f"    masks-cache: hit:{hits // 2}",
        "  port 0: ovs-system (internal)",
        "  port 1: br-int (internal)",
        "  port 2: genev_sys_6081 (geneve: packet_type=ptap)",
    ]
    lines += [
        f"  port {at}: {name}" + (" (internal)" if name == "ovn0" else "")
        for at, name in enumerate(node.ports(), 3)
    ]
    return "\n".join(lines) + "\n"


def _upcall(node: Node) -> str:
    current = 180 + len(node.ports()) * 11
    keys = "".join(f"  {9 + at}: (keys {current // 3})\n" for at in range(3))
    return (
        f"system@ovs-system:\n  flows         : (current {current}) (avg "
        f"{current - 7}) (max {current * 4}) (limit 200000)\n  dump duration "
        f": 2ms\n  ufid enabled : true\n\n{keys}"
    )
