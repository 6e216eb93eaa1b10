"""The risk of the tools of OVN and Open vSwitch from their words: tables of subcommands, unknown is destructive.

Sources: ovn-nbctl(8), ovn-sbctl(8), ovs-vsctl(8) with "Database Commands"; ovs-ofctl(8), ovs-dpctl(8),
ovs-appctl(8), ovn-controller(8), ovn-northd(8), ovsdb-server(1), ovsdb-client(1), ovn-ctl(8).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from kb.model import RISKS, Risk

_TAKES_VALUE = frozenset(("-t", "--timeout", "-d", "--db", "-T", "--target", "-O", "-F", "--id"))

_WITH_VALUE = frozenset(
    (
        *("--timeout", "--db", "--target", "--id", "--columns", "--format", "--data", "--type", "--policy"),
        *("--protocols", "--sort", "--rsort", "--ct", "--lb-dst", "--strict", "--name"),
    )
)
"""Options written ``--x=value`` that write nothing by themselves; ``--log-file=`` and ``--pidfile=`` do."""

_GLOBAL = frozenset(
    ("--timeout", "-t", "--db", "-d", "--no-leader-only", "--leader-only", "--no-wait", "--format")
)
_FLAGS = frozenset(
    (
        *(
            "--if-exists",
            "--may-exist",
            "--all",
            "--bare",
            "--no-heading",
            "--no-headings",
            "--pretty",
            "--oneline",
        ),
        *(
            "--no-leader-only",
            "--leader-only",
            "--with-iface",
            "--no-wait",
            "--names",
            "--no-names",
            "--more",
            "-m",
        ),
        *("--rsort", "--sort", "--stats", "--no-stats", "--force", "--add-duplicate", "--must-exist"),
    )
)

_LOW_COLUMNS = frozenset(("options", "external_ids"))
_NOTES = frozenset(("logical_router", "logical_switch", "nb_global", "sb_global"))
"""Tables, by their full names (the tools take abbreviations too), whose external_ids wire nothing."""
_LOW_OPTIONS = frozenset(
    (
        *("always_learn_from_arp_request", "dynamic_neigh_routers"),
        *("mac_binding_age_threshold", "mac_binding_removal_limit"),
    )
)
"""Options of routers and NB_Global that change what is learned or how often is looked, and no path of traffic."""
_NODE = frozenset(("open_vswitch", "open", "."))
_NODE_WIRING = (
    "ovn-remote",
    "ovn-encap",
    "ovn-bridge",
    "ovn-cms",
    "ovn-chassis",
    "ovn-set-local",
    "system-id",
    "hostname",
)
_DB_READ = frozenset(("list", "find", "get", "show", "wait-until", "comment"))

_VSCTL: dict[str, Risk] = {
    **dict.fromkeys(
        ("show", "list-br", "list-ports", "list-ifaces", "port-to-br", "iface-to-br", "br-exists"), "read"
    ),
    **dict.fromkeys(
        ("br-to-vlan", "br-to-parent", "br-get-external-id", "get-controller", "get-manager"), "read"
    ),
    **dict.fromkeys(("get-fail-mode", "get-ssl", "get-aa-mapping"), "read"),
    "br-set-external-id": "low",
    **dict.fromkeys(
        ("add-port", "del-port", "add-br", "add-bond", "add-bond-iface", "del-bond-iface"), "disruptive"
    ),
    **dict.fromkeys(
        ("set-controller", "del-controller", "set-manager", "del-manager", "set-fail-mode"), "disruptive"
    ),
    "del-fail-mode": "disruptive",
    "del-br": "destructive",
    "emer-reset": "destructive",
}
_SBCTL: dict[str, Risk] = {
    **dict.fromkeys(("show", "lflow-list", "dump-flows", "count-flows", "get-connection", "get-ssl"), "read"),
    **dict.fromkeys(("lsp-bind", "lsp-unbind", "chassis-add", "set-connection"), "disruptive"),
    "chassis-del": "destructive",
}
_NBCTL: dict[str, Risk] = {"show": "read", "sync": "low", "get-connection": "read", "get-ssl": "read"}
_OFCTL: dict[str, Risk] = {
    "show": "read",
    **dict.fromkeys(
        ("add-flow", "add-flows", "mod-flows", "replace-flows", "add-group", "mod-group"), "disruptive"
    ),
    **dict.fromkeys(
        ("mod-port", "mod-table", "add-meter", "mod-meter", "ct-flush", "packet-out"), "disruptive"
    ),
    **dict.fromkeys(("del-flows", "del-groups", "del-meter", "del-meters"), "destructive"),
}
_DPCTL: dict[str, Risk] = {
    **dict.fromkeys(
        ("show", "get-flow", "ct-stats-show", "ct-bkts", "ct-get-maxconns", "ct-get-nconns"), "read"
    ),
    **dict.fromkeys(
        ("add-if", "set-if", "del-if", "add-flow", "add-flows", "mod-flow", "mod-flows"), "disruptive"
    ),
    **dict.fromkeys(
        ("del-flow", "del-flows", "flush-conntrack", "ct-set-maxconns", "ct-set-limits"), "disruptive"
    ),
    **dict.fromkeys(("add-dp", "ct-del-limits"), "disruptive"),
    "del-dp": "destructive",
}
_APPCTL: dict[str, Risk] = {
    **dict.fromkeys(("version", "list-commands", "connection-status", "status", "cluster/status"), "read"),
    **dict.fromkeys(("nb-connection-status", "sb-connection-status", "dpif-netlink/dispatch-mode"), "read"),
    **dict.fromkeys(("ovsdb-server/get-db-storage-status", "ovsdb-server/list-dbs", "ofproto/list"), "read"),
    **dict.fromkeys(("ovsdb-server/sync-status", "ovsdb-server/list-remotes", "ct-zone-list"), "read"),
    **dict.fromkeys(("group-table-list", "meter-table-list", "debug/chassis-features-list"), "read"),
    # A trace injects nothing, but holds the main loop of a busy switch.
    **dict.fromkeys(("ofproto/trace", "vlog/set", "vlog/reopen", "stopwatch/reset", "memory-trim"), "low"),
    **dict.fromkeys(("inc-engine/clear-stats", "ovsdb-server/memory-trim-on-compaction"), "low"),
    "upcall/set-flow-limit": "disruptive",
    **dict.fromkeys(
        ("recompute", "inc-engine/recompute", "lflow-cache/flush", "lflow-cache/disable"), "disruptive"
    ),
    **dict.fromkeys(("lflow-cache/enable", "ovsdb-server/compact", "fdb/flush", "mdb/flush"), "disruptive"),
    **dict.fromkeys(("sb-cluster-state-reset", "nb-cluster-state-reset", "pause", "resume"), "disruptive"),
    **dict.fromkeys(("ovsdb-server/reconnect", "revalidator/purge", "dpctl/flush-conntrack"), "disruptive"),
    **dict.fromkeys(("cluster/change-election-timer", "dpctl/del-flows", "dpctl/del-flow"), "disruptive"),
}


def rank(risk: Risk) -> int:
    """How bad a risk is, for the worst of several."""
    return RISKS.index(risk)


def _worst(risks: Sequence[Risk]) -> Risk:
    return max(risks, key=rank, default="read")


def _split(words: Sequence[str]) -> list[list[str]]:
    """The commands of a database tool: ``--`` begins the next one."""
    commands: list[list[str]] = [[]]
    for word in words:
        if word == "--":
            commands.append([])
        else:
            commands[-1].append(word)
    return commands


def _without_options(words: Sequence[str]) -> tuple[list[str], set[str]]:
    """The words of a command without its leading options, and those options; no words where one is not known.

    An unknown option might take the next word as its value, and then the command is not the word it seems to be.
    """
    options: set[str] = set()
    at = 0
    while at < len(words) and words[at].startswith("-"):
        name, equals, _ = words[at].partition("=")
        if name not in (_WITH_VALUE if equals else _FLAGS | _TAKES_VALUE):
            return [], {name}
        options.add(name)
        at += 2 if not equals and name in _TAKES_VALUE else 1
    return list(words[at:]), options


def _database_tool(table: dict[str, Risk], guess: Callable[[str], Risk]) -> Callable[[Sequence[str]], Risk]:
    def judge(words: Sequence[str]) -> Risk:
        parsed = [_without_options(command) for command in _split(words)]
        # Only the first part may be empty: global options, with every command behind a `--`.
        if len(parsed) > 1 and not parsed[0][0] and not parsed[0][1] - _GLOBAL:
            parsed = parsed[1:]
        risks: list[Risk] = [
            _database(one, options, table, guess) if one else "destructive" for one, options in parsed
        ]
        return _worst(risks)

    return judge


def _database(
    words: list[str], options: set[str], table: dict[str, Risk], guess: Callable[[str], Risk]
) -> Risk:
    name, args = words[0], words[1:]
    if name in _DB_READ:
        return "read"
    if name in ("set", "add", "remove", "clear"):
        return _column_write(name, args)
    if name in ("create", "destroy"):
        cache = bool(args) and _plain(args[0]) == "mac_binding"
        if name == "create":
            return "low" if cache else "disruptive"
        # Learned again by ARP one by one; the whole table at once is felt.
        return ("disruptive" if "--all" in options else "low") if cache else "destructive"
    return table.get(name) or guess(name)


def _plain(name: str) -> str:
    return name.lower().replace("-", "_")


def _column_write(command: str, args: list[str]) -> Risk:
    if len(args) < 3:
        return "destructive"
    table = _plain(args[0])
    if command == "set":
        pairs = [tuple(part.partition("=")[0].partition(":")[::2]) for part in args[2:]]
    elif command == "clear":
        pairs = [(column, "") for column in args[2:]]
    else:
        pairs = [(args[2], key.partition("=")[0]) for key in args[3:]] or [(args[2], "")]
    return "low" if all(_harmless(table, _plain(column), key) for column, key in pairs) else "disruptive"


def _harmless(table: str, column: str, key: str) -> bool:
    """Whether a key may be changed without anything that carries traffic noticing; what is not known may not."""
    if column not in _LOW_COLUMNS or not key or "{" in key:
        return False
    if table in _NODE:
        return column == "external_ids" and ("interval" in key or not key.startswith(_NODE_WIRING))
    if column == "external_ids":
        return table in _NOTES
    probe = table == "nb_global" and key.endswith(("_probe_interval", "_interval"))
    return table in ("logical_router", "nb_global") and (key in _LOW_OPTIONS or probe)


def _nb_guess(name: str) -> Risk:
    if name.endswith(("-list", "-get")) or "-get-" in name:
        return "read"
    if name.endswith(("-add", "-set")) or "-set-" in name or name.startswith("set-"):
        return "disruptive"
    return "destructive"


def _unknown(_: str) -> Risk:
    return "destructive"


def _by_table(table: dict[str, Risk], reading: tuple[str, ...]) -> Callable[[Sequence[str]], Risk]:
    def judge(words: Sequence[str]) -> Risk:
        command, _ = _without_options(words)
        if not command:
            return "destructive"
        return table.get(command[0]) or ("read" if command[0].startswith(reading) else "destructive")

    return judge


def _appctl(words: Sequence[str]) -> Risk:
    command, _ = _without_options(words)
    if not command:
        return "destructive"
    last = command[0].rpartition("/")[2]
    reading = "/" in command[0] and last.startswith(("show", "list", "dump", "get-"))
    return _APPCTL.get(command[0]) or ("read" if reading else "destructive")


def _ctl_script(words: Sequence[str]) -> Risk:
    command, _ = _without_options(words)
    name = command[0] if command else ""
    if name.startswith("status_") or name in ("status", "version"):
        return "read"
    return "disruptive" if name in ("restart_controller", "start_controller") else "destructive"


def _ovsdb_client(words: Sequence[str]) -> Risk:
    command, _ = _without_options(words)
    name = command[0] if command else ""
    if name in (
        "list-dbs",
        "get-schema",
        "get-schema-version",
        "list-tables",
        "list-columns",
        "dump",
        "query",
        "backup",
    ):
        return "read"
    return "disruptive" if name == "compact" else "destructive"


def _reads(_: Sequence[str]) -> Risk:
    return "read"


def _without_files(judge: Callable[[Sequence[str]], Risk]) -> Callable[[Sequence[str]], Risk]:
    """Options may stand behind the command too, and some write files or go on as a daemon wherever they stand."""
    return lambda words: "destructive" if any(w.startswith(_WRITING) for w in words) else judge(words)


_WRITING = ("--log-file", "--pidfile", "--detach", "--overwrite-pidfile", "--unixctl")
_JUDGES: dict[str, Callable[[Sequence[str]], Risk]] = {
    "ovn-nbctl": _database_tool(_NBCTL, _nb_guess),
    "ovn-sbctl": _database_tool(_SBCTL, _unknown),
    "ovn-ic-nbctl": _database_tool(_NBCTL, _unknown),
    "ovn-ic-sbctl": _database_tool(_SBCTL, _unknown),
    "ovs-vsctl": _database_tool(_VSCTL, _unknown),
    "ovs-ofctl": _by_table(_OFCTL, ("dump-", "ofp-", "queue-get", "queue-stats")),
    "ovs-dpctl": _by_table(_DPCTL, ("dump-", "ct-get-")),
    "ovs-appctl": _appctl,
    "ovn-appctl": _appctl,
    "ovn-ctl": _ctl_script,
    "ovs-ctl": _ctl_script,
    "ovn-trace": _reads,
    "ovn-detrace": _reads,
    "ovsdb-client": _ovsdb_client,
}
PROGRAMS = {name: _without_files(judge) for name, judge in _JUDGES.items()}
"""Judges by program; each takes the words behind it."""
