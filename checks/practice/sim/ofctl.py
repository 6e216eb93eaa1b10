"""``ovs-ofctl`` for the commands that diagnosis uses."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from checks.cluster import ExecResult
from checks.practice.sim import flows
from checks.practice.sim.ctlargs import UsageError, split_options
from checks.practice.sim.node import Node
from checks.practice.sim.stage import Stage

OPTIONS = (
    "--protocols=",
    "--timeout=",
    "--verbose",
    "--names",
    "--no-names",
    "--no-stats",
    "--sort",
    "--rsort",
    "--strict",
    "--read-only",
    "--bundle",
    "--version",
    "--help",
)
SHORT = {"O": "--protocols=", "t": "--timeout=", "v": "--verbose", "V": "--version", "h": "--help"}
COMMANDS = ("dump-aggregate", "dump-flows", "show")
MATCHES = (
    "table",
    "cookie",
    "out_port",
    "priority",
    "ip",
    "arp",
    "icmp",
    "tcp",
    "udp",
    "nw_src",
    "nw_dst",
    "reg0",
    "metadata",
)


def run(stage: Stage, node: Node, argv: Sequence[str], on_output: Callable[[str], None]) -> ExecResult:
    """Runs one ovs-ofctl command line on a node."""
    full = ("ovs-ofctl", *argv)

    def failed(text: str) -> ExecResult:
        return ExecResult("", f"ovs-ofctl: {text}\n", 1, full)

    try:
        options, words = split_options(argv, OPTIONS, SHORT)
    except UsageError as problem:
        return failed(str(problem))
    if "--version" in options:
        return ExecResult(
            f"ovs-ofctl (Open vSwitch) {stage.versions.ovs}\nOpenFlow versions 0x1:0x6\n", "", 0, full
        )
    if not words:
        return failed("missing command name (use --help for help)")
    command, *args = words
    if command not in COMMANDS:
        return failed(f"unknown command '{command}'; use --help for help")
    if not args:
        return failed(f"'{command}' command requires at least 1 arguments")
    if args[0] != "br-int":
        return failed(f"{args[0]} is not a bridge or a socket")
    try:
        table = _table(args[1] if len(args) > 1 else "")
    except UsageError as problem:
        return failed(str(problem))
    modern = options.get("--protocols", "").endswith(("13", "14", "15"))
    if command == "show":
        return ExecResult(_show(node), "", 0, full)
    if command == "dump-aggregate":
        ovn = stage.versions.ovn
        count = (
            flows.total(node, stage.sb, ovn) if table is None else flows.in_table(node, stage.sb, ovn, table)
        )
        head = (
            "OFPST_AGGREGATE reply (OF1.3) (xid=0x2)"
            if modern
            else f"NXST_AGGREGATE reply (xid={'0x4' if table is None else '0x8'})"
        )
        packets = int(stage.clock.now() * 900) + 812_345_678
        text = f"{head}: packet_count={packets} byte_count={packets * 412} flow_count={count}\n"
        return ExecResult(text, "", 0, full)
    on_output("NXST_FLOW reply (xid=0x8):\n")
    part: list[str] = []
    for line in flows.dump(node, stage.sb, stage.versions.ovn, table):
        part.append(line)
        if len(part) >= 2000:
            on_output("\n".join(part) + "\n")
            part.clear()
    return ExecResult("".join(f"{line}\n" for line in part), "", 0, full)


def _table(match: str) -> int | None:
    """The table of a match like ``table=66``; None: all of them."""
    if not match:
        return None
    found: int | None = None
    for part in match.split(","):
        key, _, value = part.partition("=")
        if key not in MATCHES:
            raise UsageError(f"unknown keyword {key}")
        if key != "table":
            raise UsageError(f"the practice cluster filters flows by table only, not by {key}")
        if not value.isdigit() or int(value) > 254:
            raise UsageError(f'unknown table "{value}"')
        found = int(value)
    return found


def _show(node: Node) -> str:
    lines = [
        f"OFPT_FEATURES_REPLY (xid=0x2): dpid:{int(node.chassis[:8], 16):016x}",
        "n_tables:254, n_buffers:0",
        "capabilities: FLOW_STATS TABLE_STATS PORT_STATS QUEUE_STATS ARP_MATCH_IP",
        (
            "actions: output enqueue set_vlan_vid set_vlan_pcp strip_vlan mod_dl_src "
            "mod_dl_dst mod_nw_src mod_nw_dst mod_nw_tos mod_tp_src mod_tp_dst"
        ),
    ]
    for uuid in node.interfaces():
        name, number = node.ovs["Interface"].value(uuid, "name"), node.ovs["Interface"].value(uuid, "ofport")
        if number and number[0] > 0:
            shown = "LOCAL" if name == "br-int" else str(number[0])
            lines += [
                f" {shown}({name}): addr:00:00:00:00:00:00",
                "     config:     0",
                "     state:      0",
                "     speed: 10000 Mbps now, 0 Mbps max",
            ]
    return "\n".join([*lines, "OFPT_GET_CONFIG_REPLY (xid=0x4): frags=normal miss_send_len=0"]) + "\n"
