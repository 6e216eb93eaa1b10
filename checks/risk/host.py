"""The risk of the tools of a Linux host from their words: which options still only read; unknown is destructive.

Sources: the manual pages of coreutils, util-linux, procps, sed(1), awk(1), openssl(1), systemctl(1), journalctl(1).
A tool is in here with the options that are known to change nothing.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from checks.risk.options import Judge, always, anyhow, options, verbs
from kb.model import Risk

_SED_SCRIPT = re.compile(
    r"(?:(?:\d+|\$|/[^/\n;{}]*/)(?:,(?:\d+|\$|/[^/\n;{}]*/))?)?[pdq]?"
    r"|s([/|#,@])(?:(?!\1)[^\n\\]|\\.)*\1(?:(?!\1)[^\n\\]|\\[^\n])*\1[gpiI0-9]{0,4}"
)
_AWK_DANGER = re.compile(r"system|getline|[|>]|close|@|ENVIRON|\binclude\b|\bload\b")


def _sed(words: Sequence[str]) -> Risk:
    """Only simple scripts that print: sed can write files (w), run commands (e) and edit in place (-i)."""
    scripts: list[str] = []
    at = 0
    while at < len(words):
        word = words[at]
        if word in ("-n", "-E", "-r", "-nE", "-nr", "-u", "--quiet", "--regexp-extended"):
            at += 1
        elif word in ("-e", "-ne", "--expression"):
            scripts += words[at + 1 : at + 2]
            at += 2
        elif word.startswith("-"):
            return "destructive"
        elif not scripts:
            scripts.append(word)
            at += 1
        else:
            at += 1
    return "read" if scripts and all(_SED_SCRIPT.fullmatch(one) for one in scripts) else "destructive"


def _awk(words: Sequence[str]) -> Risk:
    rest = list(words)
    while rest and rest[0].startswith("-"):
        if rest[0] in ("-F", "-v") and len(rest) > 1:
            rest = rest[2:]
        elif re.fullmatch(r"-F.{1,4}", rest[0]):
            rest.pop(0)
        else:
            return "destructive"
    return "read" if rest and not _AWK_DANGER.search(rest[0]) else "destructive"


def _find(words: Sequence[str]) -> Risk:
    acting = ("-delete", "-exec", "-execdir", "-ok", "-okdir", "-fprint", "-fprint0", "-fprintf", "-fls")
    return "destructive" if any(word in acting for word in words) else "read"


def _sort(words: Sequence[str]) -> Risk:
    return options(
        "bdfghinrRuVzMsc", "kt", "reverse unique numeric-sort human-numeric-sort key= field-separator="
    )(words)


def _date(words: Sequence[str]) -> Risk:
    return options("uR", "d", "utc date= rfc-3339= iso-8601 rfc-email", operand=r"\+.*")(words)


def _jq(words: Sequence[str]) -> Risk:
    return options(
        "rcMCSsnejaR",
        "",
        "raw-output compact-output arg= argjson= slurp exit-status sort-keys tab null-input",
    )(words)


def _yq(words: Sequence[str]) -> Risk:
    return (
        "destructive"
        if any(re.match(r"-[a-zA-Z]*[is]|--inplace|--split|--from-file", w) for w in words)
        else "read"
    )


def _sysctl(words: Sequence[str]) -> Risk:
    if any("=" in word or word.startswith(("-w", "-p", "--load", "--system", "--write")) for word in words):
        return "disruptive"
    return options("anNe", "", "all values names")(words) if words else "destructive"


def _openssl(words: Sequence[str]) -> Risk:
    name, rest = (words[0], words[1:]) if words else ("", ())
    flags = {
        "x509": "-noout -text -dates -enddate -startdate -subject -issuer -fingerprint -serial -sha256 -modulus"
        " -pubkey -purpose",
        "s_client": "-showcerts -brief -tls1_2 -tls1_3 -quiet -no_ign_eof -status",
        "verify": "-verbose -partial_chain",
        "crl": "-noout -text",
        "req": "-noout -text -verify",
    }
    values = {
        "x509": "-in -inform -ext -checkend -nameopt",
        "s_client": "-connect -servername -CAfile -alpn -cert -key -starttls",
        "verify": "-CAfile -untrusted -CApath",
        "crl": "-in -inform",
        "req": "-in -inform",
    }
    if name == "version":
        return "read"
    if name not in flags:
        return "destructive"
    known, taking = flags[name].split(), values[name].split()
    at = 0
    while at < len(rest):
        if rest[at] in taking:
            at += 2
        elif rest[at] in known or (name == "verify" and not rest[at].startswith("-")):
            at += 1
        else:
            return "destructive"
    return "read"


def _systemctl(words: Sequence[str]) -> Risk:
    rest = [
        w for w in words if w not in ("--no-pager", "-l", "--full", "-a", "--all", "-q", "--failed", "--now")
    ]
    options = [
        w
        for w in rest
        if w.startswith("-") and not re.fullmatch(r"--(?:type|state|property|lines)=[\w,-]+|-n\d+", w)
    ]
    if options:
        return "destructive"
    plain = [w for w in rest if not w.startswith("-")]
    if not plain:
        return "read"
    return _SYSTEMCTL.get(plain[0], "destructive")


_SYSTEMCTL: dict[str, Risk] = {
    **dict.fromkeys(
        ("status", "is-active", "is-enabled", "is-failed", "list-units", "list-unit-files"), "read"
    ),
    **dict.fromkeys(
        ("list-timers", "list-dependencies", "list-sockets", "show", "cat", "is-system-running"), "read"
    ),
    "daemon-reload": "low",
    "reset-failed": "low",
    **dict.fromkeys(
        ("restart", "start", "stop", "reload", "try-restart", "reload-or-restart", "kill"), "disruptive"
    ),
    **dict.fromkeys(("enable", "disable", "mask", "unmask"), "disruptive"),
}


def _service(words: Sequence[str]) -> Risk:
    if len(words) != 2:
        return "destructive"
    return (
        "read"
        if words[1] == "status"
        else "disruptive"
        if words[1] in ("restart", "start", "stop", "reload")
        else "destructive"
    )


def _printf(words: Sequence[str]) -> Risk:
    """That of a shell sets a variable with ``-v``, which may be one that other commands obey."""
    return "destructive" if words and words[0].startswith("-v") else "read"


def _rpm(words: Sequence[str]) -> Risk:
    asks = bool(words) and (words[0].startswith("-q") or words[0] == "--query")
    return options("qaliv", "", "query all list info last queryformat=")(words) if asks else "destructive"


PROGRAMS: dict[str, Judge] = {
    **dict.fromkeys(
        (
            "cat",
            "head",
            "tail",
            "ls",
            "stat",
            "df",
            "wc",
            "readlink",
            "grep",
            "egrep",
            "fgrep",
            "zgrep",
            "pidof",
        ),
        anyhow,
    ),
    **dict.fromkeys(
        (
            "uname",
            "id",
            "echo",
            "pwd",
            "whoami",
            "uptime",
            "free",
            "ps",
            "pgrep",
            "lscpu",
            "lsblk",
            "lspci",
        ),
        anyhow,
    ),
    **dict.fromkeys(
        (
            "lsmod",
            "modinfo",
            "lsof",
            "vmstat",
            "iostat",
            "mpstat",
            "which",
            "whereis",
            "md5sum",
            "sha256sum",
            "cut",
            "tr",
        ),
        anyhow,
    ),
    **dict.fromkeys(
        (
            "nl",
            "rev",
            "column",
            "test",
            "[",
            "true",
            "false",
            "sleep",
            "seq",
            "basename",
            "dirname",
            "realpath",
            "cmp",
        ),
        anyhow,
    ),
    **dict.fromkeys(
        (
            "comm",
            "strings",
            "od",
            "hexdump",
            "base64",
            "nproc",
            "getent",
            "printenv",
            "du",
            "tac",
            "paste",
            "fold",
        ),
        anyhow,
    ),
    **dict.fromkeys(
        (
            "lsusb",
            "lsns",
            "findmnt",
            "numactl-show",
            "getenforce",
            "arch",
            "tty",
            "groups",
            "who",
            "w",
            "zcat",
            "netstat",
        ),
        anyhow,
    ),
    "cd": anyhow,
    "printf": _printf,
    "uniq": options("cdiuw", "fs", "count repeated unique", operands=1),
    "diff": options("urNqyb", "U", "unified recursive brief color side-by-side"),
    "hostname": options("ifIsdA", operands=0),
    "date": _date,
    "dmesg": options("THkwxtued", "l", "ctime human level= follow since="),
    "top": options("bHci", "ndpuo"),
    "sar": options("Aqurdbw", "n", ""),
    "pidstat": options("udrwthl", "p", ""),
    "file": options("bLiksz", "", "brief mime"),
    "tree": options("adfCL", "LPI", "dirsfirst"),
    "sort": _sort,
    "jq": _jq,
    "yq": _yq,
    "awk": _awk,
    "gawk": _awk,
    "sed": _sed,
    "find": _find,
    "xxd": options("ps", "lsc", operands=1),
    "mount": options("l", "t", operands=0),
    "sysctl": _sysctl,
    "openssl": _openssl,
    "chronyc": verbs("sources tracking sourcestats activity ntpdata", flags="-n -a"),
    "ntpq": options("pn"),
    "timedatectl": verbs("status show timesync-status list-timezones", bare="read"),
    "hostnamectl": verbs("status", bare="read"),
    "journalctl": options(
        "xefkrabqlm",
        "unoptgSU",
        "since= until= unit= no-pager follow lines= output= grep= boot dmesg utc reverse",
        operands=5,
    ),
    "systemctl": _systemctl,
    "service": _service,
    "multipath": options("lv", "", "ll", operands=2),
    **dict.fromkeys(("lvs", "vgs", "pvs"), options("av", "o", "units= segments noheadings")),
    "showmount": options("ead"),
    "smartctl": options("aHixA", "dl", "all health info"),
    "nvidia-smi": options("Lq", "idl", "query-gpu= format= list-gpus query-compute-apps=", operands=0),
    "rpm": _rpm,
    "less": options("SNRFXniIe"),
    "more": options(),
    "dpkg": options("lLsS", "", "list status listfiles"),
    "bpftool": verbs("version", flags=""),
    "modprobe": always("disruptive"),
    "rmmod": always("disruptive"),
    "mkdir": always("low"),
}
"""Judges by program; each takes the words behind it."""
