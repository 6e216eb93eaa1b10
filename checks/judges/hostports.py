"""Judges over the interfaces of the nodes: ovn0, the tunnel's address and the chain of MTUs."""

from __future__ import annotations

import ipaddress
import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from checks.judges.lists import annotations_of, failure, name
from checks.judges.pernode import NodeAnswers, bad, folded, leading, nobody, nodes_of, unread
from checks.model import JSON, Fact, Judgement, Row, Verdict
from kb.messages import message

NOTE = "ovn.kubernetes.io/"
OVERHEAD = {"geneve": 100, "vxlan": 50, "stt": 72}
"""Bytes a tunnel takes of the MTU (Kube-OVN, pkg/util/const.go)."""
_PAIR = re.compile(r'([\w.-]{1,128})=("(?:[^"\\]|\\.)*"|[^,}\s]*)')


@dataclass(frozen=True, slots=True)
class Device:
    """One network device of a node."""

    name: str
    mtu: int
    up: bool


def settings(text: object) -> dict[str, str]:
    """``ovs-vsctl get open . external_ids`` as a mapping; empty for anything else."""
    line = str(text).strip()
    if not (line.startswith("{") and line.endswith("}")):
        return {}
    return {key: value.strip('"') for key, value in _PAIR.findall(line)}


def devices(rows: Sequence[Mapping[str, JSON]]) -> dict[str, Device]:
    """``ip -o link show`` by device."""
    found = {}
    for row in rows:
        if isinstance(row.get("mtu"), int):
            flags = str(row.get("flags", "")).split(",")
            found[str(row["dev"])] = Device(str(row["dev"]), int(row["mtu"]), "UP" in flags)
    return found


def addresses(rows: Sequence[Mapping[str, JSON]]) -> dict[str, set[str]]:
    """``ip -o addr show`` by device, IPv6 in its shortest form."""
    found: dict[str, set[str]] = defaultdict(set)
    for row in rows:
        found[str(row["dev"])].add(plain(str(row["address"])))
    return found


def plain(address: str) -> str:
    """An address in one spelling; the text where it is none."""
    try:
        return str(ipaddress.ip_address(address.strip()))
    except ValueError:
        return address.strip()


def several(text: str) -> list[str]:
    """``10.0.0.1,fd00::1`` as addresses."""
    return [plain(part) for part in text.split(",") if part.strip()]


# --- ovn0 -----------------------------------------------------------------------------------------------------------


def judge_node_ovn0(facts: Mapping[str, Fact], params: Mapping[str, JSON], now: float) -> Judgement:
    """ovn0 is there, up, and has the addresses that the Node's annotation names."""
    if lost := failure(facts, "nodes") or nobody(facts, "addresses", "links"):
        return lost
    wanted = {name(n): several(annotations_of(n).get(f"{NOTE}ip_address", "")) for n in facts["nodes"].items}
    rows = []
    for at in nodes_of(facts, "addresses", "links"):
        answer = at.failed("addresses", "links")
        rows.append(unread(at.target, answer) if answer else _ovn0_row(at, wanted.get(at.node, [])))
    data: dict[str, JSON] = {"total": len(rows), "bad": len(bad(rows)), "worst": leading(rows)}
    which = "ovn0-bad" if bad(rows) else "ovn0-ok"
    return folded(rows, message(f"hostports.{which}", **data), value=len(bad(rows)), data=data)


def _ovn0_row(at: NodeAnswers, wanted: list[str]) -> Row:
    device = devices(at.value("links")).get("ovn0")
    have = addresses(at.value("addresses")).get("ovn0", set())
    data: dict[str, JSON] = {
        "there": device is not None,
        "up": bool(device and device.up),
        "wanted": ",".join(wanted),
        "have": ",".join(sorted(a for a in have if not a.startswith("fe80:"))),
    }
    if device is None:
        return Row(at.target, Verdict.FAIL, message("hostports.no-ovn0"), data=data)
    if not device.up:
        return Row(at.target, Verdict.FAIL, message("hostports.ovn0-down"), data=data)
    if not wanted:
        text = message("hostports.no-annotation")
        return Row(at.target, Verdict.UNKNOWN, text, data={**data, "reason": "absent"})
    if set(wanted) - have:
        text = message("hostports.ovn0-other", have=data["have"] or "-", wanted=data["wanted"])
        return Row(at.target, Verdict.FAIL, text, data=data)
    return Row(at.target, Verdict.OK, message("hostports.ovn0-row", have=data["have"]), data=data)


# --- the tunnel's address -------------------------------------------------------------------------------------------


def judge_tunnel_endpoint(facts: Mapping[str, Fact], params: Mapping[str, JSON], now: float) -> Judgement:
    """The tunnel address that OVS announces is on an interface of the node, and on no other node."""
    if lost := nobody(facts, "ids", "addresses"):
        return lost
    found = list(nodes_of(facts, "ids", "addresses"))
    ids = {at.target: settings(at.value("ids")) for at in found if not at.failed("ids")}
    users: dict[str, list[str]] = defaultdict(list)
    for target, known in ids.items():
        for address in several(known.get("ovn-encap-ip", "")):
            users[address].append(target)
    types = [known.get("ovn-encap-type", "") for known in ids.values() if known.get("ovn-encap-type")]
    common = max(sorted(set(types)), key=types.count, default="")
    rows = []
    for at in found:
        answer = at.failed("ids", "addresses")
        rows.append(unread(at.target, answer) if answer else _endpoint_row(at, ids[at.target], users, common))
    data: dict[str, JSON] = {
        "total": len(rows),
        "bad": len(bad(rows)),
        "worst": leading(rows),
        "type": common,
        "elsewhere": sum(row.data.get("why") == "elsewhere" for row in rows),
        "shared": sum(row.data.get("why") == "shared" for row in rows),
    }
    which = "tunnel-bad" if bad(rows) else "tunnel-ok"
    return folded(rows, message(f"hostports.{which}", **data), value=len(bad(rows)), data=data)


def _endpoint_row(
    at: NodeAnswers, ids: Mapping[str, str], users: Mapping[str, list[str]], common: str
) -> Row:
    mine = several(ids.get("ovn-encap-ip", ""))
    if not mine:
        text = message("hostports.no-encap")
        return Row(at.target, Verdict.UNKNOWN, text, data={"reason": "unparsable"})
    have = addresses(at.value("addresses"))
    device = next((dev for dev, all_ in have.items() if mine[0] in all_), "")
    kind = ids.get("ovn-encap-type", "")
    shared = sorted({other for a in mine for other in users[a] if other != at.target})
    data: dict[str, JSON] = {"address": ",".join(mine), "device": device, "type": kind, "why": ""}
    if not all(any(a in all_ for all_ in have.values()) for a in mine):
        text = message("hostports.elsewhere", address=data["address"])
        return Row(at.target, Verdict.FAIL, text, data={**data, "why": "elsewhere"})
    if shared:
        text = message("hostports.shared", address=data["address"], others=", ".join(shared[:3]))
        return Row(at.target, Verdict.FAIL, text, data={**data, "why": "shared"})
    if not set(kind.split(",")) & set(common.split(",")):
        text = message("hostports.type", type=kind or "?", common=common)
        return Row(at.target, Verdict.WARN, text, data={**data, "why": "type"})
    text = message("hostports.tunnel-row", address=data["address"], device=device, type=kind)
    return Row(at.target, Verdict.OK, text, data=data)


# --- MTU ------------------------------------------------------------------------------------------------------------


def judge_mtu_chain(facts: Mapping[str, Fact], params: Mapping[str, JSON], now: float) -> Judgement:
    """ovn0 and pod interfaces fit through the tunnel of their node, and through that of every other node.

    A pod interface larger than ovn0 may belong to an underlay Subnet, where that is right: it warns only.
    """
    if lost := nobody(facts, "links", "addresses", "ids"):
        return lost
    found = list(nodes_of(facts, "links", "addresses", "ids"))
    rooms = {at.target: _room(at) for at in found if not at.failed("links", "addresses", "ids")}
    known = {target: room for target, (_, room) in rooms.items() if room is not None}
    least = min(known.values(), default=0)
    narrow = next((target for target, room in known.items() if room == least), "")
    rows = []
    for at in found:
        answer = at.failed("links", "addresses", "ids")
        if answer:
            rows.append(unread(at.target, answer))
        else:
            rows.append(_mtu_row(at, *rooms[at.target], least, narrow))
    largest = [int(row.value) for row in rows if isinstance(row.value, int)]
    data: dict[str, JSON] = {
        "total": len(rows),
        "bad": len(bad(rows)),
        "worst": leading(rows),
        "room": least,
        "largest": max(largest, default=None),
    }
    which = "mtu-bad" if bad(rows) else "mtu-ok"
    return folded(rows, message(f"hostports.{which}", **data), value=data["largest"], data=data)


def _room(at: NodeAnswers) -> tuple[str, int | None]:
    """The tunnel's device and what it leaves for a pod's packet; None where either is not known."""
    ids, links = settings(at.value("ids")), devices(at.value("links"))
    mine = several(ids.get("ovn-encap-ip", ""))
    have = addresses(at.value("addresses"))
    device = next((dev for dev, all_ in have.items() if mine and mine[0] in all_), "")
    overheads = [OVERHEAD.get(kind) for kind in ids.get("ovn-encap-type", "").split(",")]
    known = [o for o in overheads if o is not None]
    if device not in links or not known:
        return device, None
    return device, links[device].mtu - max(known)


def _mtu_row(at: NodeAnswers, device: str, room: int | None, least: int, narrow: str) -> Row:
    links = devices(at.value("links"))
    ovn0 = links.get("ovn0")
    if room is None or ovn0 is None:
        text = message("hostports.no-tunnel" if room is None else "hostports.no-ovn0")
        return Row(at.target, Verdict.UNKNOWN, text, data={"reason": "absent"})
    pods = [d for d in links.values() if d.name.endswith("_h")]
    over = [d for d in pods if d.mtu > room]
    nic = links[device].mtu
    data: dict[str, JSON] = {
        "device": device, "nic": nic, "room": room, "ovn0": ovn0.mtu, "pods": len(pods), "over": len(over),
        "pod": max((d.mtu for d in pods), default=ovn0.mtu),
    }  # fmt: skip
    value = max(ovn0.mtu, *(d.mtu for d in pods if d not in over), 0)
    if ovn0.mtu > room:
        text = message("hostports.mtu-over", **data)
        return Row(at.target, Verdict.FAIL, text, value=value, data=data)
    if over:
        text = message("hostports.mtu-pods", **data)
        return Row(at.target, Verdict.WARN, text, value=value, data=data)
    if value > least:
        text = message("hostports.mtu-path", value=value, least=least, node=narrow)
        return Row(at.target, Verdict.WARN, text, value=value, data=data)
    return Row(at.target, Verdict.OK, message("hostports.mtu-row", **data), value=value, data=data)
