"""The risk of kubectl, of its twin oc, and of Kube-OVN's plugin ko from their words; unknown is destructive."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from kb.model import Risk

Inner = Callable[[Sequence[str]], Risk]
Judge = Callable[[Sequence[str], Inner], Risk]

_VALUES = frozenset(
    (
        *(
            "-n",
            "--namespace",
            "--context",
            "--kubeconfig",
            "-l",
            "-c",
            "--container",
            "-o",
            "--as",
            "--as-group",
        ),
        *("--cluster", "--user", "--request-timeout", "--selector", "--output", "--field-selector"),
    )
)
"""Options of kubectl that take the next word; a verb behind any other may not be the verb."""
_VERBS: dict[str, Risk] = {
    **dict.fromkeys(
        ("get", "describe", "logs", "top", "version", "api-resources", "api-versions", "explain"), "read"
    ),
    **dict.fromkeys(("cluster-info", "wait", "diff", "events", "options", "completion"), "read"),
    **dict.fromkeys(("annotate", "label", "cordon", "uncordon", "port-forward", "proxy"), "low"),
    **dict.fromkeys(
        ("create", "patch", "edit", "apply", "set", "scale", "replace", "drain", "taint", "cp"), "disruptive"
    ),
    **dict.fromkeys(("run", "expose", "autoscale", "debug"), "disruptive"),
}
_SUBVERBS: dict[str, dict[str, Risk]] = {
    "rollout": {
        **dict.fromkeys(("status", "history"), "read"),
        **dict.fromkeys(("restart", "undo", "pause", "resume"), "disruptive"),
    },
    "auth": {"can-i": "read", "whoami": "read"},
    "config": {
        **dict.fromkeys(("view", "get-contexts", "current-context", "get-clusters", "get-users"), "read"),
        **dict.fromkeys(("use-context", "set-context"), "low"),
    },
    "certificate": {"approve": "disruptive", "deny": "disruptive"},
    "plugin": {"list": "read"},
}
_EXEC_FLAGS = frozenset(("-i", "-t", "-it", "-ti", "--stdin", "--tty", "-q", "--quiet"))
_DELETE_FLAGS = frozenset(("--now", "--ignore-not-found", "--wait=false", "--wait=true", "--wait"))
_DELETE_VALUES = _VALUES | {"--grace-period", "--timeout"}
_DRY = frozenset(("--dry-run=client", "--dry-run=server"))
_DRY_VERBS = frozenset(
    ("create", "apply", "run", "expose", "patch", "scale", "label", "annotate", "set", "taint", "delete")
)
_FLAGS = frozenset(
    ("--overwrite", "--all", "-w", "--watch", "-A", "--all-namespaces", "--show-labels", "--server-side")
)
_WRITING = ("--profile", "--log-", "--cache-dir", "--alsologtostderr")
"""Options of any verb that write files."""
_LOSING = ("--delete-emptydir-data", "--delete-local-data", "--force", "--disable-eviction")


def _kubectl(words: Sequence[str], inner: Inner) -> Risk:
    at = _verb_at(words)
    if at < 0:
        return "destructive"
    name, rest = words[at], words[at + 1 :]
    if any(word.startswith(_WRITING) for word in words):
        return "destructive"
    if name in _JUDGES:
        return _JUDGES[name](rest, inner)
    if name in _SUBVERBS:
        return _SUBVERBS[name].get(rest[0], "destructive") if rest else "destructive"
    if name in ("replace", "apply") and any(word.startswith(("--force", "--prune")) for word in rest):
        return "destructive"
    if name == "drain" and any(word.startswith(_LOSING) for word in rest):
        return "destructive"
    if name == "cluster-info" and rest and rest[0] != "dump":
        return "destructive"
    if name in ("cluster-info", "diff") and any(word.startswith("--output-directory") for word in rest):
        return "low"
    risk = _VERBS.get(name, "destructive")
    if risk != "read" and any("finalizers" in word for word in rest):
        return "destructive"
    return "read" if name in _DRY_VERBS and _is_dry(rest) else risk


def _verb_at(words: Sequence[str]) -> int:
    """Where the verb is; -1 where an option before it might take it as its value."""
    at = 0
    while at < len(words):
        word = words[at]
        if not word.startswith("-"):
            return at
        glued = len(word) > 2 and word[:2] in ("-n", "-s", "-v") and not word.startswith("--")
        if word in _VALUES:
            at += 2
        elif "=" in word or glued:
            at += 1
        else:
            return -1
    return -1


def _is_dry(rest: Sequence[str]) -> bool:
    """Whether nothing is sent to be kept: one plain ``--dry-run``, that no option before it can take as its value."""
    if sum(word.startswith("--dry-run") for word in rest) != 1 or "--" in rest:
        return False
    for number, word in enumerate(rest):
        if word in _DRY:
            before = rest[number - 1] if number else ""
            return not before.startswith("-") or "=" in before or before in _FLAGS
    return False


def _exec(rest: Sequence[str], inner: Inner) -> Risk:
    """What runs inside the pod; without ``--`` or with an option that is not known it cannot be told."""
    at = 0
    while at < len(rest) and rest[at] != "--":
        word = rest[at]
        if not word.startswith("-") or word in _EXEC_FLAGS or (word.startswith("--") and "=" in word):
            at += 1
        elif word in _VALUES:
            at += 2
        else:
            return "destructive"
    return inner(tuple(rest[at + 1 :]))


def _ko(rest: Sequence[str], inner: Inner) -> Risk:
    """The plugin of Kube-OVN: database and switch tools in its pods, and a few words of its own."""
    tools = {
        "nbctl": "ovn-nbctl",
        "sbctl": "ovn-sbctl",
        "icnbctl": "ovn-ic-nbctl",
        "icsbctl": "ovn-ic-sbctl",
        "vsctl": "ovs-vsctl",
        "ofctl": "ovs-ofctl",
        "dpctl": "ovs-dpctl",
        "appctl": "ovs-appctl",
    }
    name = rest[0] if rest else ""
    if name in tools:
        on_node = tools[name].startswith("ovs")
        return inner((tools[name], *rest[2 if on_node else 1 :]))
    if name in ("nb", "sb"):
        return "read" if rest[1:2] in (("status",), ["status"]) else "destructive"
    if name == "diagnose":
        return "read" if rest[1:2] and rest[1] in ("all", "node", "subnet", "IPPorts") else "destructive"
    own: dict[str, Risk] = {
        **dict.fromkeys(("trace", "ovn-trace", "env-check"), "read"),
        "log": "low",
        **dict.fromkeys(("reload", "perf"), "disruptive"),
    }
    if name == "tcpdump":
        return inner(("tcpdump", *rest[2:]))
    return own.get(name, "destructive")


def _delete(rest: Sequence[str], _: Inner) -> Risk:
    """Named pods come back from their controllers; anything else, by force, and all at once, is lost."""
    if _is_dry(rest):
        return "read"
    plain: list[str] = []
    at = 0
    while at < len(rest):
        word = rest[at]
        if not word.startswith("-"):
            plain.append(word)
        elif word in _DELETE_VALUES:
            at += 1
        elif word not in _DELETE_FLAGS and word.partition("=")[0] not in _DELETE_VALUES:
            return "destructive"
        at += 1
    kinds = {word.partition("/")[0] for word in plain if "/" in word} or set(plain[:1])
    return "disruptive" if kinds and kinds <= {"pod", "pods", "po"} else "destructive"


_JUDGES: Mapping[str, Judge] = {"exec": _exec, "ko": _ko, "delete": _delete}


def _oc(words: Sequence[str], inner: Inner) -> Risk:
    if words and words[0] in ("whoami", "status"):
        return "read"
    return _kubectl(words, inner)


PROGRAMS: dict[str, Judge] = {"kubectl": _kubectl, "kubectl-ko": _ko, "oc": _oc}
"""Judges by program; each takes the words behind it, and how a command inside another is judged."""
