"""Judges over counters of the kernel, read twice: checksum errors, conntrack drops, drops of network devices."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from checks.judges.pernode import NodeAnswers, bad, folded, graded, nobody, nodes_of, samples, unread
from checks.model import JSON, Fact, Judgement, Row, Verdict
from kb.messages import message
from kb.text import Text

Counters = Mapping[str, int]
PROTOCOLS = ("Icmp", "Tcp", "Udp", "UdpLite")
_QUIET = re.compile(r"(?:lo|ovs-system|br-.*|docker.*|kube-ipvs\d+|nodelocaldns|dummy\d*|tunl\d+|virbr.*)")
_PODS = re.compile(r".*_[hc]|veth.*|cali.*|vnet.*|tap.*")
RECEIVED = ("bytes", "packets", "errs", "drop", "fifo", "frame", "compressed", "multicast")
SENT = ("bytes", "packets", "errs", "drop", "fifo", "colls", "carrier", "compressed")


class Unread(ValueError):
    """A sample without the counters that are looked for."""


def growth(value: Any, counters: Callable[[Any], Counters]) -> dict[str, int]:
    """By how much each counter grew between the first and the last sample; raises Unread.

    A counter that fell (the device is new, the kernel started) has not grown.
    """
    taken = [counters(one) for _, one in samples(value)]
    if len(taken) < 2:
        raise Unread("two samples are needed")
    first, last = taken[0], taken[-1]
    return {key: max(0, last[key] - first[key]) for key in last if key in first}


def _judged(facts: Mapping[str, Fact], read: str, row: Callable[[NodeAnswers], Row], texts: str) -> Judgement:
    """Rows of all nodes folded; the texts are ``kernel.<texts>-ok`` and ``-bad``."""
    if lost := nobody(facts, read):
        return lost
    rows = []
    for at in nodes_of(facts, read):
        if answer := at.failed(read):
            rows.append(unread(at.target, answer))
            continue
        try:
            rows.append(row(at))
        except (Unread, KeyError, TypeError, ValueError):
            text = message("kernel.unread")
            rows.append(Row(at.target, Verdict.UNKNOWN, text, data={"reason": "unparsable"}))
    known = [r for r in rows if isinstance(r.value, int | float)]
    top = max(known, key=lambda r: float(r.value or 0), default=None)
    data: dict[str, JSON] = {
        "total": len(rows),
        "bad": len(bad(rows)),
        "top": top.value if top else None,
        "worst": top.target if top else "",
    }
    which = "bad" if bad(rows) else "ok"
    return folded(rows, message(f"kernel.{texts}-{which}", **data), value=data["top"], data=data)


# --- checksums ------------------------------------------------------------------------------------------------------


def judge_checksum_errors(facts: Mapping[str, Fact], params: Mapping[str, JSON], now: float) -> Judgement:
    """InCsumErrors of /proc/net/snmp between two samples; they grow where an offload sends wrong checksums."""

    def row(at: NodeAnswers) -> Row:
        value = at.value("snmp")
        # kube-ovn-cni's own metric counts UDP only; Prometheus has made the difference already
        counted = isinstance(value, Mapping)
        grown = {"Udp": round(float(value["udp"]))} if counted else growth(value, _checksums)
        total = sum(grown.values())
        text = _listed("csum-row", grown, total)
        return Row(at.target, graded(total, params), text, value=total, data={"grown": total, **grown})

    return _judged(facts, "snmp", row, "csum")


def _checksums(rows: Any) -> Counters:
    """Two lines for each protocol: names, then numbers."""
    lines: dict[str, list[list[str]]] = {}
    for entry in rows:
        lines.setdefault(str(entry["proto"]), []).append(str(entry["rest"]).split())
    found = {}
    for proto in PROTOCOLS:
        names, *numbers = lines.get(proto, [[]])
        if numbers and "InCsumErrors" in names and len(numbers[0]) == len(names):
            found[proto] = int(numbers[0][names.index("InCsumErrors")])
    if not {"Tcp", "Udp"} <= set(found):
        raise Unread("no InCsumErrors of TCP and UDP")
    return found


def _listed(key: str, grown: Counters, total: int) -> Text:
    parts = ", ".join(f"{name} {count}" for name, count in sorted(grown.items()) if count)
    return message(f"kernel.{key}", total=total, parts=parts or "-")


# --- conntrack ------------------------------------------------------------------------------------------------------


def judge_conntrack_drops(facts: Mapping[str, Fact], params: Mapping[str, JSON], now: float) -> Judgement:
    """Packets dropped because the conntrack table was full; insert_failed alone warns only from `races` on.

    insert_failed counts two packets of one new connection that race (DNS over UDP), which single ones do everywhere.
    """

    def row(at: NodeAnswers) -> Row:
        grown = growth(at.value("stat"), _conntrack)
        lost = grown["drop"] + grown["early_drop"]
        verdict = graded(lost, params)
        if verdict is Verdict.OK and grown["insert_failed"] >= float(params["races"]):
            verdict = Verdict.WARN
        text = message("kernel.conntrack-row", **grown)
        return Row(at.target, verdict, text, value=lost, data=dict(grown))

    return _judged(facts, "stat", row, "conntrack")


def _conntrack(text: Any) -> Counters:
    """/proc/net/stat/nf_conntrack: names, then one line of hexadecimal numbers for each CPU."""
    lines = [line.split() for line in str(text).splitlines() if line.strip()]
    names = lines[0] if lines else []
    wanted = ("drop", "early_drop", "insert_failed")
    if not set(wanted) <= set(names) or len(lines) < 2:
        raise Unread("no counters of conntrack")
    if any(len(line) != len(names) for line in lines[1:]):
        raise Unread("cut off")
    return {key: sum(int(line[names.index(key)], 16) for line in lines[1:]) for key in wanted}


# --- devices --------------------------------------------------------------------------------------------------------


def judge_device_drops(facts: Mapping[str, Fact], params: Mapping[str, JSON], now: float) -> Judgement:
    """Errors and drops of the node's own devices as a share of their packets, in percent, of the worst device.

    Bridges and interfaces of pods are left out: they drop what nobody listens to. Below `least` packets nothing is
    judged: a few unknown frames (LLDP, spanning tree) are dropped on every network card.
    """

    return _judged(
        facts, "dev", lambda at: _lossy_row(at, growth(at.value("dev"), _device_counters), params), "device"
    )


def judge_interface_drops(facts: Mapping[str, Fact], params: Mapping[str, JSON], now: float) -> Judgement:
    """The same of the interfaces of Open vSwitch that belong to OVN, by their statistics: pods and ovn0.

    A pod that does not read its packets drops them here, too; the row names the interface.
    """
    return _judged(
        facts,
        "ifaces",
        lambda at: _lossy_row(at, growth(at.value("ifaces"), _interface_counters), params),
        "device",
    )


def _lossy_row(at: NodeAnswers, grown: Counters, params: Mapping[str, JSON]) -> Row:
    """The device that lost the largest share of its packets; too few lost packets are not judged."""
    shares = {dev: _lost(grown, dev) for dev in {key.rpartition(":")[0] for key in grown}}
    losses = [(lost, share, dev) for dev, (lost, share) in sorted(shares.items())]
    judged = [one for one in losses if one[0] >= float(params["least"])]
    count, share, device = max(judged or losses, key=lambda one: (one[1], one[0]))
    data: dict[str, JSON] = {
        "device": device,
        "lost": count,
        "share": round(share, 3),
        "devices": len(losses),
    }
    value = round(share, 3) if judged else 0.0
    return Row(at.target, graded(value, params), message("kernel.device-row", **data), value=value, data=data)


def _device_counters(rows: Any) -> Counters:
    found = {}
    for entry in rows:
        device, numbers = str(entry["dev"]), str(entry["fields"]).split()
        if _QUIET.fullmatch(device) or _PODS.fullmatch(device) or len(numbers) != 16:
            continue
        received = dict(zip(RECEIVED, map(int, numbers[:8]), strict=True))
        sent = dict(zip(SENT, map(int, numbers[8:]), strict=True))
        found[f"{device}:packets"] = received["packets"] + sent["packets"]
        found[f"{device}:lost"] = sum(way[key] for way in (received, sent) for key in ("errs", "drop"))
    if not found:
        raise Unread("no device of the node itself")
    return found


def _interface_counters(rows: Any) -> Counters:
    found = {}
    for entry in rows:
        known = entry.get("statistics")
        if (
            not isinstance(known, Mapping)
            or "iface-id" not in entry["external_ids"]
            or "rx_packets" not in known
        ):
            continue
        lost = ("rx_errors", "tx_errors", "rx_dropped", "tx_dropped", "rx_crc_err", "rx_frame_err")
        found[f"{entry['name']}:packets"] = int(known["rx_packets"]) + int(known.get("tx_packets", 0))
        found[f"{entry['name']}:lost"] = sum(int(known.get(key, 0)) for key in lost)
    if not found:
        raise Unread("no interface of OVN with statistics")
    return found


def _lost(grown: Counters, device: str) -> tuple[int, float]:
    lost, packets = grown[f"{device}:lost"], grown[f"{device}:packets"]
    return lost, 100 * lost / (packets + lost) if lost else 0.0
