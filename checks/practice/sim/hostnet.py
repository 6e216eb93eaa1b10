"""The host's network of a staged node: ``ip``, ``iptables-*-save``, ``openssl s_client``, and its files of /proc."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from functools import lru_cache

from checks.cluster import NODES, ExecResult
from checks.practice.sim.manifests import SUBNETS
from checks.practice.sim.node import Node
from checks.practice.sim.stage import Stage

SHOWS = ("show", "list", "ls", "sh")
ENDPOINTS = {"10250": "kubelet", "6443": "kube-apiserver", "2379": "etcd"}
"""Ports of a node behind which a TLS server is staged; 6443 and 2379 on the control plane's nodes only."""


def joined(stage: Stage, node: Node) -> str:
    """The node's address in the join Subnet, as its annotation says."""
    body = stage.store.find(NODES, node.name)
    notes = body["metadata"].get("annotations", {}) if body else {}
    return str(notes.get("ovn.kubernetes.io/ip_address", ""))


def mac(text: str) -> str:
    """A hardware address, always the same for a text."""
    return "52:54:00:" + ":".join(f"{byte:02x}" for byte in hashlib.sha256(text.encode()).digest()[:3])


# --- ip -------------------------------------------------------------------------------------------------------------


def ip(stage: Stage, node: Node, argv: Sequence[str]) -> ExecResult | None:
    """``ip [-o] [-4|-6] addr|link show [dev NAME]`` and ``ip route show dev ovn0``; None for everything else."""
    words = [word for word in argv[1:] if not word.startswith("-")]
    options = {word for word in argv[1:] if word.startswith("-")}
    if not words or not options <= {"-o", "-4", "-6"} or words[1:2] not in ([], *([s] for s in SHOWS)):
        return None
    if words == ["route", "show", "dev", "ovn0"]:
        return _routes(stage, node)
    kind, chosen = words[0], [word for word in words[2:] if word != "dev"]
    made = (
        links(node) if kind in ("link", "l") else _addresses(stage, node) if kind in ("addr", "a") else None
    )
    if made is None or "-o" not in options:
        return None
    if "-6" in options:
        made = {}
    lines = [line for device, line in made.items() if not chosen or device == chosen[0]]
    if chosen and chosen[0] not in links(node):
        return ExecResult("", f'Device "{chosen[0]}" does not exist.\n', 1)
    return ExecResult("".join(lines), "", 0)


def links(node: Node) -> dict[str, str]:
    """``ip -o link show`` by device."""
    fixed = [("lo", "LOOPBACK,UP,LOWER_UP", 65536), ("eth0", "BROADCAST,MULTICAST,UP,LOWER_UP", node.mtu)]
    if "ovs-vswitchd" in node.processes or node.ports():
        fixed += [
            ("ovs-system", "BROADCAST,MULTICAST", 1500),
            ("br-int", "BROADCAST,MULTICAST", node.mtu - 100),
            ("genev_sys_6081", "BROADCAST,MULTICAST,UP,LOWER_UP", 65000),
        ]
    found = {}
    for number, (device, flags, mtu) in enumerate([*fixed, *_ports(node)], 1):
        peer = "@if3" if device.endswith("_h") else ""
        state = "UP" if "UP" in flags.split(",") else "DOWN"
        kind = "loopback 00:00:00:00:00:00" if device == "lo" else f"ether {mac(node.name + device)}"
        found[device] = (
            f"{number}: {device}{peer}: <{flags}> mtu {mtu} qdisc noqueue state {state} mode DEFAULT group default "
            f"qlen 1000\\    link/{kind} brd ff:ff:ff:ff:ff:ff\n"
        )
    return found


def _ports(node: Node) -> list[tuple[str, str, int]]:
    found = []
    table = node.ovs["Interface"]
    for uuid in node.interfaces():
        name, mtu = str(table.value(uuid, "name")), table.value(uuid, "mtu")
        if (name.endswith("_h") or name == "ovn0") and not table.value(uuid, "error"):
            found.append((name, "BROADCAST,MULTICAST,UP,LOWER_UP", int(mtu[0]) if mtu else 1500))
    return sorted(found)


def _addresses(stage: Stage, node: Node) -> dict[str, str]:
    def line(number: int, device: str, address: str) -> str:
        return (
            f"{number}: {device}    inet {address} scope global {device}\\       "
            "valid_lft forever preferred_lft forever\n"
        )

    numbers = {device: number for number, device in enumerate(links(node), 1)}
    found = {"lo": line(1, "lo", "127.0.0.1/8"), "eth0": line(2, "eth0", f"{node.ip}/24 brd {node.ip}")}
    if "ovn0" in numbers:
        found["ovn0"] = line(numbers["ovn0"], "ovn0", f"{joined(stage, node)}/16 brd 100.64.255.255")
    return found


def _routes(stage: Stage, node: Node) -> ExecResult:
    """The routes over ovn0: that of the join Subnet, and one for each overlay Subnet of the default VPC."""
    if "ovn0" not in links(node):
        return ExecResult("", 'Cannot find device "ovn0"\n', 1)
    blocks = [
        subnet["spec"]["cidrBlock"]
        for subnet in stage.store.scan(SUBNETS)
        if subnet["spec"].get("vpc") == "ovn-cluster"
        and subnet["spec"].get("provider", "ovn") == "ovn"
        and not subnet["spec"].get("vlan")
        and subnet["metadata"]["name"] != "join"
    ]
    lines = [f"{block} via 100.64.0.1 \n" for block in blocks]
    return ExecResult(
        "".join([*lines, f"100.64.0.0/16 proto kernel scope link src {joined(stage, node)} \n"]), "", 0
    )


# --- iptables -------------------------------------------------------------------------------------------------------


def iptables_save(node: Node, argv: Sequence[str]) -> ExecResult | None:
    """What kube-proxy and Kube-OVN have written, all of it in one flavour; None for options that are not staged."""
    if len(argv) > 1:
        return None
    if not argv[0].endswith("-nft-save"):
        return ExecResult("", "", 0)
    rules = [
        "*nat",
        ":KUBE-SERVICES - [0:0]",
        ":OVN-POSTROUTING - [0:0]",
        '-A PREROUTING -m comment --comment "kubernetes service portals" -j KUBE-SERVICES',
        "-A POSTROUTING -j OVN-POSTROUTING",
        "-A KUBE-SERVICES -m addrtype --dst-type LOCAL -j KUBE-NODEPORTS",
        "-A OVN-POSTROUTING -m set --match-set ovn40subnets-nat src -j OVN-MASQUERADE",
        "-A OVN-MASQUERADE -j MASQUERADE --random-fully",
        "COMMIT",
    ]
    return ExecResult("".join(f"{rule}\n" for rule in rules), "", 0)


# --- TLS ------------------------------------------------------------------------------------------------------------


def s_client(node: Node, argv: Sequence[str]) -> ExecResult | None:
    """``openssl s_client -connect HOST:PORT`` towards the node itself; None for everything else."""
    if list(argv[1:3]) != ["s_client", "-connect"] or len(argv) != 4:
        return None
    port = argv[3].rpartition(":")[2]
    served = ENDPOINTS.get(port, "")
    if not served or (served != "kubelet" and not node.central):
        return ExecResult("", "connect:errno=111\n40E7:error:8000006F: Connection refused\n", 1)
    pem = certificate(served)
    text = (
        f"CONNECTED(00000003)\n---\nCertificate chain\n 0 s:CN = {served}\n   i:CN = klinik practice CA\n"
        "   a:PKEY: id-ecPublicKey, 256 (bit); sigalg: ecdsa-with-SHA256\n---\n"
        f"Server certificate\n{pem}subject=CN = {served}\nissuer=CN = klinik practice CA\n---\n"
        "SSL handshake has read 1511 bytes and written 373 bytes\nVerification error: self-signed certificate in "
        "certificate chain\n---\nDONE\n"
    )
    return ExecResult(text, "", 0)


@lru_cache(maxsize=1)
def _authority() -> tuple[str, Callable[[], str]]:
    from checks.practice.certs import Authority

    authority = Authority()
    return authority.pem.decode(), lambda: authority.server("127.0.0.1").certificate.decode()


def authority() -> str:
    """The certificate of the staged cluster's own authority, as PEM."""
    return _authority()[0]


@lru_cache(maxsize=8)
def certificate(served: str) -> str:
    """The serving certificate of a component, as PEM."""
    return _authority()[1]()


# --- /proc ----------------------------------------------------------------------------------------------------------


def proc(node: Node) -> dict[str, Callable[[], str]]:
    """Files of /proc and /run about the network, by path."""
    sysctls = {
        "net/ipv4/ip_forward": "1",
        "net/bridge/bridge-nf-call-iptables": "1",
        "net/ipv4/tcp_mtu_probing": "0",
        "net/netfilter/nf_conntrack_count": str(4_100 + 37 * len(node.ports()) + int(node.clock.now()) % 90),
        "net/netfilter/nf_conntrack_max": "1048576",
    }
    found: dict[str, Callable[[], str]] = {
        f"/proc/sys/{name}": (lambda value=value: f"{value}\n")  # type: ignore[misc]
        for name, value in sysctls.items()
    }
    found["/etc/resolv.conf"] = lambda: (
        "search example.internal\nnameserver 192.168.137.1\noptions timeout:2\n"
    )
    found |= {
        "/proc/net/snmp": lambda: _snmp(node),
        "/proc/net/dev": lambda: _dev(node),
        "/proc/net/stat/nf_conntrack": lambda: _conntrack(node),
        "/run/openvswitch/kube-ovn-daemon.sock": str,
    }
    if "ovsdb-server" in node.processes:
        found["/run/openvswitch/db.sock"] = str
    if "ovs-vswitchd" in node.processes:
        found["/run/openvswitch/br-int.mgmt"] = str
    return found


def _snmp(node: Node) -> str:
    now = int(node.clock.now()) + 1_500_000
    return (
        "Ip: Forwarding DefaultTTL InReceives InHdrErrors\n"
        f"Ip: 1 64 {now * 900} 0\n"
        "Icmp: InMsgs InErrors InCsumErrors InDestUnreachs\n"
        f"Icmp: {now * 2} 12 0 {now // 9}\n"
        "Tcp: RtoAlgorithm RtoMin RtoMax MaxConn ActiveOpens PassiveOpens InSegs OutSegs RetransSegs InErrs OutRsts "
        "InCsumErrors\n"
        f"Tcp: 1 200 120000 -1 {now * 7} {now * 5} {now * 820} {now * 790} {now // 3} 17 {now // 5} 0\n"
        "Udp: InDatagrams NoPorts InErrors OutDatagrams RcvbufErrors SndbufErrors InCsumErrors IgnoredMulti\n"
        f"Udp: {now * 60} {now // 50} 0 {now * 61} 0 0 0 0\n"
        "UdpLite: InDatagrams NoPorts InErrors OutDatagrams RcvbufErrors SndbufErrors InCsumErrors IgnoredMulti\n"
        "UdpLite: 0 0 0 0 0 0 0 0\n"
    )


def _dev(node: Node) -> str:
    now = int(node.clock.now()) + 1_500_000
    lines = [
        "Inter-|   Receive                                                |  Transmit",
        " face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls "
        "carrier compressed",
    ]
    for device, rate in (("lo", 300), ("eth0", 9_000), ("genev_sys_6081", 4_000), ("ovn0", 900)):
        packets = now * rate
        lines.append(
            f"{device:>6}: {packets * 640} {packets}    0    {3 if device == 'eth0' else 0}    0     0          0"
            f"         0 {packets * 610} {packets - 40}    0    0    0     0       0          0"
        )
    return "\n".join(lines) + "\n"


def _conntrack(node: Node) -> str:
    names = (
        "entries  clashres found new invalid ignore delete chainlength insert insert_failed drop early_drop "
        "icmp_error  expect_new expect_create expect_delete search_restart"
    )
    entries = 4_100 + 37 * len(node.ports())
    rows = [
        f"{entries:08x}  00000000 0000a1f2 00000000 000003e1 00000000 00000000 00000004 00000000 "
        f"{3 + cpu:08x} 00000000 00000000 00000000  00000000 00000000 00000000 000001c4"
        for cpu in range(node.cpus)
    ]
    return "\n".join([names, *rows]) + "\n"
