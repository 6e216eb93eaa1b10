"""The risk of a command from its parsed argv: tables of programs and subcommands, unknown is destructive.

The tables stand in `checks.{ovs,kube,tool,net,host}risk`; this module knows which program a command line
really runs: behind a path, ``sudo``, ``timeout``, ``nsenter``, ``xargs`` and their like.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from pathlib import PurePosixPath

from checks.risk import host as hostrisk
from checks.risk import kube as kuberisk
from checks.risk import net as netrisk
from checks.risk import ovs as ovsrisk
from checks.risk import tools as toolrisk
from kb.model import Risk

DEEPEST = 6
"""How many commands may stand inside each other (``sudo kubectl exec … -- sudo …``)."""
_FOLDERS = frozenset(
    (
        *("", "/bin", "/sbin", "/usr/bin", "/usr/sbin", "/usr/local/bin", "/usr/local/sbin"),
        *("/usr/share/ovn/scripts", "/usr/share/openvswitch/scripts"),
    )
)
HARMLESS_VARIABLES = frozenset(
    (
        *(
            "LANG",
            "LC_ALL",
            "LC_TIME",
            "TZ",
            "KUBECONFIG",
            "ETCDCTL_API",
            "ETCDCTL_ENDPOINTS",
            "ETCDCTL_CACERT",
        ),
        *("ETCDCTL_CERT", "ETCDCTL_KEY", "OVN_NB_DB", "OVN_SB_DB", "CONTAINER_RUNTIME_ENDPOINT", "COLUMNS"),
    )
)
"""Variables that may stand before a command without making it another one."""
_UNKNOWN = "{…}"
"""Stands for words that only the run shows."""

_GLUED = re.compile(r"-[nPL]\d+|-I\S{1,4}|-i(?:\{\})?|--max-(?:args|procs)=\d+")
_SHELL_SIGNS = re.compile(r"[;|&`$<>()\n\\'\"]")
_INTERVAL = re.compile(r"-n ?[\d.]+|--interval=[\d.]+")
_NAMESPACES = re.compile(
    r"-[nmuipUCra]+|-t\d+|--(?:net|mount|uts|ipc|pid|all|user|cgroup)|--(?:net|mount)=[\w/.-]+|--target=\d+"
)

Inner = Callable[[Sequence[str]], Risk]


def risk_of_argv(argv: Sequence[str], depth: int = 0) -> Risk:
    """The risk of one command line, given as words; slots (``{x}``) count as unknown values."""
    if not argv or depth > DEEPEST:
        return "destructive"
    path = PurePosixPath(argv[0])
    folder = str(path.parent) if "/" in argv[0] else ""
    if folder not in _FOLDERS:
        return "destructive"
    program, rest = path.name, tuple(argv[1:])

    def inner(words: Sequence[str]) -> Risk:
        return risk_of_argv(words, depth + 1)

    wrapper = _WRAPPERS.get(program)
    if wrapper:
        return wrapper(rest, inner)
    judge = kuberisk.PROGRAMS.get(program) or toolrisk.PROGRAMS.get(program)
    if judge:
        return judge(rest, inner)
    simple = _SIMPLE.get(program)
    return simple(rest) if simple else "destructive"


def _after_options(
    words: Sequence[str], flags: frozenset[str], values: frozenset[str], skip: int = 0
) -> Sequence[str]:
    """The command behind a wrapper's own options and `skip` words of its own; nothing where an option is not known."""
    at = 0
    while at < len(words) and words[at].startswith("-"):
        name, equals, _ = words[at].partition("=")
        if words[at] == "--":
            at += 1
            break
        if name in flags and not equals:
            at += 1
        elif name in values:
            at += 1 if equals else 2
        else:
            return ()
    return words[at + skip :]


def _wrapped(
    flags: tuple[str, ...] = (), values: tuple[str, ...] = (), skip: int = 0
) -> Callable[[Sequence[str], Inner], Risk]:
    known, taking = frozenset(flags), frozenset(values)

    def judge(words: Sequence[str], inner: Inner) -> Risk:
        return inner(_after_options(words, known, taking, skip))

    return judge


def _env(words: Sequence[str], inner: Inner) -> Risk:
    at = 0
    while at < len(words) and "=" in words[at] and not words[at].startswith("-"):
        if words[at].partition("=")[0] not in HARMLESS_VARIABLES:
            return "destructive"
        at += 1
    return "read" if not words else inner(words[at:])


def _command(words: Sequence[str], inner: Inner) -> Risk:
    return "read" if words[:1] in (("-v",), ("-V",)) else inner(words)


def _xargs(words: Sequence[str], inner: Inner) -> Risk:
    """What is read becomes words of the command, perhaps its options, perhaps a second command behind ``--``."""
    at = 0
    while at < len(words) and words[at].startswith("-"):
        if words[at] in ("-r", "-0", "-t", "--no-run-if-empty", "--null", "-r0", "-0r"):
            at += 1
        elif words[at] in ("-n", "-P", "-L", "-I", "-d", "--max-args", "--max-procs"):
            at += 2
        elif _GLUED.fullmatch(words[at]):
            at += 1
        else:
            return "destructive"
    command = tuple(words[at:])
    if not command:
        return "read"
    # A tool that takes several commands in one line would take one from the input, too.
    both = (inner((*command, _UNKNOWN)), inner((*command, _UNKNOWN, "--", _UNKNOWN)))
    return max(both, key=ovsrisk.rank)


def _watch(words: Sequence[str], inner: Inner) -> Risk:
    """It gives its words, joined, to a shell."""
    if any(_SHELL_SIGNS.search(word) for word in words):
        return "destructive"
    flags = frozenset(("-d", "-t", "-b", "-e", "-c", "--differences", "--no-title"))
    words = [word for word in " ".join(words).split() if not _INTERVAL.fullmatch(word)]
    return inner(_after_options(words, flags, frozenset(("-n", "--interval"))))


def _nsenter(words: Sequence[str], inner: Inner) -> Risk:
    at = 0
    while at < len(words) and words[at].startswith("-"):
        if words[at] in ("-t", "--target"):
            at += 2
        elif _NAMESPACES.fullmatch(words[at]):
            at += 1
        elif words[at] == "--":
            at += 1
            break
        else:
            return "destructive"
    return inner(tuple(words[at:]))


_WRAPPERS: dict[str, Callable[[Sequence[str], Inner], Risk]] = {
    "sudo": _wrapped(("-n", "-E", "-H", "-S"), ("-u", "--user", "-g")),
    "time": _wrapped(("-p", "-v")),
    "nohup": _wrapped(),
    "nice": _wrapped((), ("-n", "--adjustment")),
    "ionice": _wrapped((), ("-c", "-n")),
    "timeout": _wrapped(
        ("--foreground", "--preserve-status", "-v"), ("-s", "-k", "--signal", "--kill-after"), 1
    ),
    "stdbuf": _wrapped(("-oL", "-o0", "-eL", "-i0"), ("-o", "-e", "-i")),
    "watch": _watch,
    "taskset": _wrapped((), ("-c",)),
    "chroot": _wrapped((), (), 1),
    "env": _env,
    "command": _command,
    "xargs": _xargs,
    "nsenter": _nsenter,
}
_SIMPLE = {**ovsrisk.PROGRAMS, **netrisk.PROGRAMS, **hostrisk.PROGRAMS}
