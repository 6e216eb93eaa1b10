"""Which commands klinik runs in a pod for an article: tools that only read, files that tell of the system. Pure.

Stricter than the risk of a command (`checks.risk.command`): what only reads may still print a token or a password.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import PurePosixPath

from checks.local.options import NotLocal, part, table
from checks.risk import net as netrisk
from checks.risk import ovs as ovsrisk
from checks.risk.command import risk_of_argv
from kb.messages import message

_FOLDERS = ("", "/bin", "/sbin", "/usr/bin", "/usr/sbin", "/usr/local/bin", "/usr/local/sbin")
_NETWORK = frozenset(
    (
        *("ip", "ss", "netstat", "nslookup", "host", "arp", "route", "bridge", "ethtool"),
        *("iptables-save", "ip6tables-save", "ipset", "ipvsadm", "conntrack"),
    )
)
_PLAIN = frozenset(
    (
        *("ls", "df", "free", "uptime", "uname", "date", "hostname", "id", "lsmod", "nproc", "lscpu", "pwd"),
        *("whoami", "stat", "mount", "sysctl", "du", "lsblk", "dmesg", "pidof", "pgrep", "vmstat", "top"),
    )
)
_PS = re.compile(r"-?(?:aux|auxf|auxww|faux|ef|e|A|eF|efL|eLf|ax|axf)")
"""Forms of ps that show no environment."""
_READERS: Mapping[str, tuple[str, int]] = {
    "cat": ("-n -A", 0),
    "head": ("-q -v", 0),
    "tail": ("-q -v -f -F", 0),
    "wc": ("-l -w -c -m", 0),
    "grep": ("-i -v -w -x -E -F -c -n -o -h -H -a", 1),
}
_READER_VALUES: Mapping[str, str] = {
    "head": "-n -c",
    "tail": "-n -c",
    "grep": "-A -B -C -m",
}
_PING = table("-n -4 -6 -D", "-c -W -w -I -s -M")
_ETCD = table(
    "--cluster --hex", "--endpoints --cacert --cert --key --command-timeout --dial-timeout -w --write-out"
)
_ETCD_ASKS = frozenset(
    ("member list", "endpoint status", "endpoint health", "endpoint hashkv", "alarm list", "version")
)
"""Never ``get``: Secrets are in there."""
_CURL = table(
    "-s -k -S -f -i -v -4 -6 --silent --insecure --show-error --fail", "-m --max-time --connect-timeout"
)
_OWN_PAGES = re.compile(
    r"(?:https?://)?(?:localhost|127\.0\.0\.1|\[::1\])(?::\d+)?/(?:metrics|healthz|readyz|livez|version)"
)
"""Pages on which a daemon tells of itself."""
_FILES = re.compile(
    r"/proc/(?:\d+|self)/(?:limits|status|stat|statm|net/[\w/.-]+|mounts|mountinfo|sched|schedstat|io)"
    r"|/proc/(?:loadavg|meminfo|stat|uptime|version|cpuinfo|interrupts|softirqs|vmstat|modules|pressure/\w+|net/[\w/.-]+"
    r"|sys/[\w/.-]+)"
    r"|/sys/(?:class|devices|module|fs/cgroup)/[\w/.:@-]+"
    r"|/var/log/[\w/.@:-]+|/etc/(?:hosts|resolv\.conf|os-release|hostname|nsswitch\.conf|cni/net\.d/[\w.-]+)"
)
"""Files that tell of the system and hold no credentials."""


def may_run_inside(argv: Sequence[str]) -> None:
    """Raises NotLocal unless the command is known to only read, and to show no credentials."""
    program = PurePosixPath(argv[0]).name if argv else ""
    folder = str(PurePosixPath(argv[0]).parent) if argv and "/" in argv[0] else ""
    if not program or folder not in _FOLDERS or not _allowed(program, argv[1:]):
        raise NotLocal(message("localrun.inside", program=program or "–"))
    special = _SPECIAL.get(program)
    if special is not None:
        special(program, argv[1:])
        return
    if program in _READERS:
        _files(program, argv[1:])
        return
    if risk_of_argv(argv) != "read":
        raise NotLocal(message("localrun.inside-writes", program=program))


def _allowed(program: str, words: Sequence[str]) -> bool:
    if program == "ps":
        return all(_PS.fullmatch(word) for word in words)
    known: Mapping[str, Callable[..., object]] = {**ovsrisk.PROGRAMS, **netrisk.PROGRAMS}
    tools = program in _PLAIN or program in _READERS or program in _NETWORK or program in _SPECIAL
    return tools or (
        program in known and program.startswith(("ovs-", "ovn-", "ovsdb-")) and program != "ovs-tcpdump"
    )


def _files(program: str, words: Sequence[str]) -> None:
    """A reader of files may read those that are known to hold no credentials."""
    flags, patterns = _READERS[program]
    values = _READER_VALUES.get(program, "")
    plain = [word for word in words if not (program in ("head", "tail") and re.fullmatch(r"-\d+", word))]
    parted = part(program, plain, table(flags, values))
    files = (*parted.operands, *(parted.behind or ()))[patterns:]
    if parted.behind is not None and patterns and not parted.operands:
        raise NotLocal(message("localrun.inside", program=program))
    wrong = next((one for one in files if not _FILES.fullmatch(one) or ".." in one), None)
    if wrong is not None or not files:
        raise NotLocal(message("localrun.inside-file", file=wrong or "–"))


def _ping(program: str, words: Sequence[str]) -> None:
    part(program, words, _PING)


def _etcdctl(program: str, words: Sequence[str]) -> None:
    if " ".join(part(program, words, _ETCD).operands) not in _ETCD_ASKS:
        raise NotLocal(message("localrun.inside-writes", program=program))


def _curl(program: str, words: Sequence[str]) -> None:
    pages = part(program, words, _CURL).operands
    if len(pages) != 1 or not _OWN_PAGES.fullmatch(pages[0]):
        raise NotLocal(message("localrun.inside-writes", program=program))


_SPECIAL: Mapping[str, Callable[[str, Sequence[str]], None]] = {
    **dict.fromkeys(("ping", "ping6"), _ping),
    "etcdctl": _etcdctl,
    "curl": _curl,
}
