"""How many OpenFlow flows a node has, and what memory that takes: computed from the southbound database.

A MAC_Binding row becomes flows on every node where its router is present: tables 66 and 67 up to OVN 23.06, table 79 as
well from 23.09, and twice for IPv4 from 24.03 (OVN controller/lflow.c; 20,000 rows made exactly 40,000 flows on 23.03).
"""

from __future__ import annotations

from collections.abc import Iterator

from checks.practice.sim.node import Node
from checks.practice.sim.tables import Database
from checks.practice.sim.types import version_key

VSWITCHD_KB = (52_000, 3.9)
"""Resident memory of ovs-vswitchd in kB: without flows, and per flow at its peak."""
CONTROLLER_KB = (38_000, 2.6)
PER_PORT = 24
"""Flows that one local port adds (H)."""
SPREAD = {
    0: 3,
    8: 9,
    9: 6,
    10: 4,
    11: 4,
    13: 5,
    15: 3,
    16: 4,
    17: 4,
    20: 3,
    21: 7,
    25: 3,
    32: 6,
    33: 5,
    37: 4,
    39: 4,
    40: 3,
    44: 5,
    47: 4,
    48: 4,
    51: 3,
    64: 3,
    65: 4,
}
"""Where the flows that are not from MAC_Binding rows stand, in parts of a hundred."""


def per_row(ovn: str) -> dict[int, int]:
    """Table to flows of one IPv4 MAC_Binding row, for an OVN version."""
    version = version_key(ovn)
    if version >= (24, 3):
        return {66: 1, 67: 1, 79: 2}
    return {66: 1, 67: 1, 79: 1} if version >= (23, 9) else {66: 1, 67: 1}


def base(node: Node) -> int:
    """Flows that do not come from MAC_Binding rows."""
    return (node.base_flows + PER_PORT * len(node.ports())) if node.programmed else 0


def in_table(node: Node, sb: Database, ovn: str, table: int) -> int:
    """Flows of one table of br-int."""
    if not node.programmed:
        return 0
    made = per_row(ovn).get(table)
    if made is not None:
        return made * len(sb["MAC_Binding"].rows)
    whole = base(node)
    if table == 0:
        return whole - sum(whole * share // 100 for number, share in SPREAD.items() if number)
    return whole * SPREAD.get(table, 0) // 100


def total(node: Node, sb: Database, ovn: str) -> int:
    """Flows of br-int."""
    if not node.programmed:
        return 0
    count = base(node) + sum(per_row(ovn).values()) * len(sb["MAC_Binding"].rows)
    node.peak_flows = max(node.peak_flows, count)
    return count


def rss_kb(node: Node, process: str) -> int:
    """Resident memory of ovs-vswitchd or ovn-controller: follows the most flows since they started."""
    fixed, each = VSWITCHD_KB if process == "ovs-vswitchd" else CONTROLLER_KB
    return int(fixed + each * node.peak_flows)


def dump(node: Node, sb: Database, ovn: str, table: int | None) -> Iterator[str]:
    """Flows as ``ovs-ofctl dump-flows`` prints them."""
    age = node.clock.now() + 3600
    for number in sorted({*SPREAD, *per_row(ovn)}) if table is None else [table]:
        if number in per_row(ovn):
            yield from _mac_flows(node, sb, number, per_row(ovn)[number], age)
            continue
        for at in range(in_table(node, sb, ovn, number)):
            yield (
                f" cookie=0x{(number << 20) + at * 2654435 & 0xFFFFFFFF:x}, duration={age:.3f}s, table={number}, "
                f"n_packets={at % 97}, n_bytes={at % 97 * 98}, idle_age={at % 300}, "
                f"priority={50 + at % 3 * 50},metadata=0x{1 + at % 9:x},reg14=0x{1 + at % 23:x} "
                f"actions=resubmit(,{number + 1})"
            )


def _mac_flows(node: Node, sb: Database, table: int, made: int, age: float) -> Iterator[str]:
    if not node.programmed:
        return
    for uuid, row in sb["MAC_Binding"].items():
        head = (
            f" cookie=0x{int(uuid[:8], 16):x}, duration={age:.3f}s, table={table}, "
            f"n_packets=0, n_bytes=0, idle_age={int(age)}"
        )
        for _ in range(made):
            mac = row.get("mac", "00:00:00:00:00:00")
            if table == 66:
                yield (
                    f"{head}, priority=100,reg0={_hex(row['ip'])},reg15=0x1,metadata=0x3 "
                    f"actions=mod_dl_dst:{mac},load:0x1->NXM_NX_REG10[6]"
                )
            else:
                yield (
                    f"{head}, priority=100,reg0={_hex(row['ip'])},reg14=0x1,metadata=0x3,dl_src={mac} "
                    "actions=load:0x1->NXM_NX_REG10[6]"
                )


def _hex(ip: str) -> str:
    if ":" in ip:
        return "0x0"
    a, b, c, d = (int(part) for part in ip.split("."))
    return hex(a << 24 | b << 16 | c << 8 | d)
