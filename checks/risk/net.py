"""The risk of network tools from their words: which options still only look; unknown is destructive.

Sources: the manual pages of iproute2, ethtool(8), iptables(8), nft(8), conntrack(8), tcpdump(1), curl(1), ncat(1).
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from checks.risk.options import Judge, always, anyhow, options, verbs
from kb.model import Risk

_IP_FLAGS = frozenset(
    [
        "-4",
        "-6",
        "-o",
        "-s",
        "-ss",
        "-d",
        "-br",
        "-brief",
        "-j",
        "-json",
        "-p",
        "-pretty",
        "-c",
        "-color",
        "-details",
        "-stats",
        "-statistics",
    ]
)
_IP_OBJECTS = frozenset(
    "a addr address l link r ro route n neigh neighbour rule ru netns tunnel maddr xfrm vrf nexthop monitor".split()  # noqa: SIM905
)
_IP_SHOWS = frozenset(("show", "sh", "list", "ls", "lst"))


def _ip(words: Sequence[str]) -> Risk:
    rest = list(words)
    while rest and rest[0].startswith("-"):
        if rest[0] in ("-n", "-netns"):
            rest = rest[2:]
        elif rest[0] in _IP_FLAGS:
            rest.pop(0)
        else:
            return "destructive"
    if not rest or rest[0] not in _IP_OBJECTS:
        return "destructive"
    name, more = rest[0], rest[1:]
    if name == "netns" and more and more[0] not in (*_IP_SHOWS, "identify", "pids"):
        return "destructive"
    if name == "xfrm":
        return (
            "read"
            if more and more[0] in ("state", "policy") and (not more[1:] or more[1] in _IP_SHOWS)
            else "destructive"
        )
    if name == "monitor" or not more or more[0] in (*_IP_SHOWS, "identify", "pids"):
        return "read"
    if more[0] == "get" and name in ("r", "ro", "route"):
        return "read"
    return "disruptive"


def _bridge(words: Sequence[str]) -> Risk:
    rest = [word for word in words if word not in _IP_FLAGS]
    if not rest or rest[0] not in ("fdb", "link", "vlan", "mdb", "monitor"):
        return "destructive"
    return "read" if len(rest) == 1 or rest[1] in ("show", "list") else "disruptive"


def _ethtool(words: Sequence[str]) -> Risk:
    first = words[0] if words else ""
    shows = (
        "-i",
        "-S",
        "-k",
        "-g",
        "-l",
        "-a",
        "-c",
        "-n",
        "-u",
        "-m",
        "-T",
        "-P",
        "-x",
        "-d",
        "--driver",
        "--statistics",
    )
    if not first.startswith("-"):
        return "read" if len(words) == 1 else "destructive"
    return "read" if (first in shows or first.startswith("--show-")) and len(words) == 2 else "disruptive"


def _iptables(words: Sequence[str]) -> Risk:
    listing = False
    at = 0
    while at < len(words):
        word = words[at]
        if word in ("-t", "--table", "-w", "-m"):
            at += 2 if word in ("-t", "--table") else 1
            continue
        if re.fullmatch(r"-[LSnvx]+", word) or word in (
            "--list",
            "--list-rules",
            "--line-numbers",
            "--numeric",
        ):
            listing |= "L" in word or "S" in word or word.startswith("--list")
        elif word.startswith("-"):
            return "disruptive"
        at += 1
    return "read" if listing else "destructive"


def _nc(words: Sequence[str]) -> Risk:
    probe = options("zvnu46", "wi", operands=2)(words)
    return probe if any(re.fullmatch(r"-[zvnu46]*z[zvnu46w]*\d*", word) for word in words) else "destructive"


def _curl(words: Sequence[str]) -> Risk:
    """A GET or HEAD to the screen; everything that sends, follows a file of options or writes one is not known."""
    taking = frozenset(
        [
            "-m",
            "--max-time",
            "--connect-timeout",
            "-H",
            "--header",
            "--cacert",
            "--cert",
            "--key",
            "-E",
            "-u",
            "--user",
            "-w",
            "--write-out",
            "--resolve",
            "-A",
            "--user-agent",
            "-x",
            "--proxy",
            "--interface",
            "--retry",
            "-e",
            "--referer",
            "--noproxy",
            "--ciphers",
            "--tls-max",
        ]
    )
    flags = frozenset(
        [
            "--silent",
            "--show-error",
            "--insecure",
            "--verbose",
            "--location",
            "--head",
            "--include",
            "--fail",
            "--ipv4",
            "--ipv6",
            "--http1.1",
            "--http2",
            "--compressed",
            "--globoff",
            "--get",
            "--no-buffer",
            "--no-keepalive",
            "--tlsv1.2",
            "--tlsv1.3",
            "-4",
            "-6",
            "--retry-connrefused",
        ]
    )
    if any("%output{" in word for word in words):
        return "destructive"  # -w writes a file with it
    at = 0
    while at < len(words):
        word = words[at]
        name, equals, _ = word.partition("=")
        if not word.startswith("-"):
            if "://" in word and not re.match(r"(?:https?|file)://|\{", word, re.IGNORECASE):
                return "destructive"  # gopher and dict send any bytes to any port
            at += 1
        elif word in ("-X", "--request"):
            if words[at + 1 : at + 2] not in (("GET",), ("HEAD",), ["GET"], ["HEAD"]):
                return "destructive"
            at += 2
        elif word in ("-XGET", "-XHEAD") or word in flags or re.fullmatch(r"-[skvLIifSgN46]+", word):
            at += 1
        elif word in ("-o", "--output") and words[at + 1 : at + 2] in (
            ("/dev/null",),
            ["/dev/null"],
            ("-",),
            ["-"],
        ):
            at += 2
        elif name in taking:
            at += 1 if equals else 2
        elif re.fullmatch(r"-[skvLIifSgN46]*[mwHuAxe]", word):
            at += 2
        else:
            return "destructive"
    return "read"


def _wget(words: Sequence[str]) -> Risk:
    if any(
        not re.fullmatch(
            r"-q|-qO-|-O-|-S|--spider|-T|\d+|--no-check-certificate|--timeout=\d+|https?://\S+", w
        )
        for w in words
    ):
        return "destructive"
    return "read" if any(w in ("-qO-", "-O-", "--spider") for w in words) else "destructive"


def _tcpdump(words: Sequence[str]) -> Risk:
    plain = options("nevxXAqtlUKpSDL#", "icsrByEM", "")(words)
    if plain == "read":
        return plain
    writing = options("nevxXAqtlUKpSDL#", "icsrByEMwWC", "")(words)
    return "low" if writing == "read" else "destructive"


PROGRAMS: dict[str, Judge] = {
    **dict.fromkeys(
        ("nslookup", "dig", "host", "ping", "ping6", "traceroute", "traceroute6", "tracepath", "mtr"), anyhow
    ),
    "ip": _ip,
    "ss": options(
        "ntulpaeimsor460wxzHOEbd",
        "fA",
        "tcp udp listening all numeric processes extended summary info",
        operands=50,
    ),
    "route": options("ne", operands=0),
    "arp": options("naev", "i", operands=1),
    "ifconfig": options("as", operands=1),
    "brctl": verbs("show showmacs showstp"),
    "bridge": _bridge,
    "ethtool": _ethtool,
    "iptables": _iptables,
    "ip6tables": _iptables,
    "iptables-save": options("c", "t", "counters table=", operands=0),
    "ip6tables-save": options("c", "t", "counters table=", operands=0),
    # legacy-save of a named table (-t) would load that table; without a name it shows those that are there
    **dict.fromkeys(
        ("iptables-legacy-save", "ip6tables-legacy-save"), options("c", "", "counters", operands=0)
    ),
    **dict.fromkeys(
        ("iptables-nft-save", "ip6tables-nft-save"), options("c", "t", "counters table=", operands=0)
    ),
    "nft": verbs("list", flags="-a -n -nn -s"),
    "ipset": verbs("list -L test", "", "add del flush destroy create"),
    "ipvsadm": options("Lln", "", "list numeric stats rate", operands=0, other="disruptive"),
    "conntrack": options(
        "LSCno",
        "psdf",
        "dump stats count src= dst= orig-port-dst= proto= output=",
        operands=2,
        other="disruptive",
    ),
    "tcpdump": _tcpdump,
    "arping": options("bDfqv", "cwIi", "", operands=1, other="disruptive"),
    "nc": _nc,
    "ncat": _nc,
    "telnet": options("46", operands=2),
    "curl": _curl,
    "wget": _wget,
    "resolvectl": verbs("status query statistics", bare="read"),
    "birdcl": verbs("show", bare="destructive"),
    "ovs-tcpdump": always("disruptive"),
}
"""Judges by program; each takes the words behind it."""
