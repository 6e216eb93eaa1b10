"""The risk of container, cluster and service tools from their verbs; unknown is destructive.

Sources: helm, crictl(1), ctr, docker(1), etcdctl, velero, istioctl, calicoctl, cilium, virtctl, argocd, rabbitmqctl(8),
redis-cli, ceph(8).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from checks.risk.options import words_of
from kb.model import Risk

Inner = Callable[[Sequence[str]], Risk]
Judge = Callable[[Sequence[str], Inner], Risk]
_EXEC_FLAGS = frozenset(("-i", "-t", "-it", "-ti", "--interactive", "--tty", "-s", "--sync"))


def _tool(
    read: str,
    low: str = "",
    disruptive: str = "",
    *,
    values: str = "",
    flags: str = "",
    never: str = "",
    runs: str = "",
    run_values: str = "",
    bare_reads: bool = False,
) -> Judge:
    """A tool whose first words (one or two, ``a_b`` for two) name what it does.

    `values` and `flags` are the options that may stand before them; `never` are options that make anything
    destructive; without any word it is destructive unless `bare_reads`; the verbs of `runs` run the
    command behind their first operand.
    """
    table: dict[str, Risk] = {
        **dict.fromkeys((w.replace("_", " ") for w in read.split()), "read"),
        **dict.fromkeys((w.replace("_", " ") for w in low.split()), "low"),
        **dict.fromkeys((w.replace("_", " ") for w in disruptive.split()), "disruptive"),
    }
    taking, known, banned = words_of(values), words_of(flags), words_of(never)
    alone: Risk = "read" if bare_reads else "destructive"
    running, running_values = words_of(runs), words_of(run_values)

    def judge(words: Sequence[str], inner: Inner) -> Risk:
        if any(word.partition("=")[0] in banned for word in words):
            return "destructive"
        at = 0
        while at < len(words) and words[at].startswith("-"):
            name, equals, _ = words[at].partition("=")
            if name in taking:
                at += 1 if equals else 2
            elif name in known:
                at += 1
            else:
                return "destructive"
        rest = words[at:]
        if not rest:
            return alone
        if rest[0] in running:
            return _run_inside(rest[1:], running_values, inner)
        return table.get(" ".join(rest[:2])) or table.get(rest[0], "destructive")

    return judge


def _run_inside(rest: Sequence[str], values: frozenset[str], inner: Inner) -> Risk:
    """``exec [options] CONTAINER command…``."""
    at = 0
    while at < len(rest) and rest[at].startswith("-"):
        if rest[at] in values:
            at += 2
        elif rest[at] in _EXEC_FLAGS:
            at += 1
        else:
            return "destructive"
    return inner(tuple(rest[at + 1 :]))


def _etcdctl(words: Sequence[str], inner: Inner) -> Risk:
    """Its options may stand anywhere, so those that are not known make it destructive wherever they stand."""
    values = words_of(
        "--endpoints --cacert --cert --key --user --command-timeout --dial-timeout -w --write-out --limit"
    )
    flags = frozenset(
        ["--cluster", "--prefix", "--keys-only", "--print-value-only", "--from-key", "--count-only", "--hex"]
    )
    plain: list[str] = []
    at = 0
    while at < len(words):
        name, equals, _ = words[at].partition("=")
        if not words[at].startswith("-"):
            plain.append(words[at])
        elif name in values:
            at += 0 if equals else 1
        elif name not in flags and name not in ("--insecure-skip-tls-verify", "--insecure-transport"):
            return "destructive"
        at += 1
    return _ETCD(plain, inner)


_ETCD = _tool(
    "get version member_list"
    " endpoint_status endpoint_health endpoint_hashkv alarm_list snapshot_status user_list role_list"
    " user_get role_get lease_list lease_timetolive auth_status",
    "snapshot_save",
    "defrag compaction move-leader alarm_disarm",
)


def _redis(words: Sequence[str], inner: Inner) -> Risk:
    taking = frozenset(("-h", "-p", "-a", "-n", "-u", "--user", "--pass"))
    flags = frozenset(("-c", "--no-auth-warning", "--raw", "--tls", "--insecure", "--bigkeys", "--latency"))
    at = 0
    while at < len(words) and words[at].startswith("-"):
        if words[at] in taking:
            at += 2
        elif words[at] in flags:
            at += 1
        else:
            return "destructive"
    rest = [word.casefold() for word in words[at:]]
    if any("\n" in word for word in rest):
        return "destructive"
    return _REDIS(rest, inner) if rest else "destructive"


_REDIS = _tool(
    "ping info dbsize"
    " role get ttl pttl type exists strlen llen hlen scard zcard cluster_info cluster_nodes cluster_slots"
    " cluster_shards cluster_myid client_list client_info slowlog_get slowlog_len config_get memory_stats memory_usage"
    " memory_doctor latency_doctor latency_latest sentinel_masters sentinel_master sentinel_replicas sentinel_slaves"
    " sentinel_sentinels sentinel_get-master-addr-by-name acl_list acl_whoami acl_users command_count lastsave",
    "slowlog_reset",
    "cluster_failover failover sentinel_failover config_set client_kill",
)


def _rabbitmqctl(words: Sequence[str], inner: Inner) -> Risk:
    # Its verbs have underscores of their own, which stand for blanks in the tables here.
    return _RABBIT([word.replace("_", "-") for word in words], inner)


_RABBIT = _tool(
    "status cluster-status report environment ping version list-queues list-connections list-channels list-exchanges"
    " list-bindings list-consumers list-users list-vhosts list-permissions list-policies list-parameters",
    "",
    "start-app stop-app",
    values="-n --node -p --vhost -t --timeout",
    flags="-q --quiet",
)

PROGRAMS: dict[str, Judge] = {
    "helm": _tool(
        "list ls status history get show search version env template lint repo_list dependency_list",
        "repo_add repo_update pull",
        "upgrade install rollback",
        values="-n --namespace --kube-context --kubeconfig",
        never="--post-renderer --post-renderer-args --output-dir",
    ),
    "crictl": _tool(
        "ps pods images img image inspect inspecti inspectp logs stats statsp info version imagefsinfo",
        "pull",
        "stop stopp start",
        values="-r --runtime-endpoint -i --image-endpoint -t --timeout",
        runs="exec",
    ),
    **dict.fromkeys(
        ("docker", "podman", "nerdctl"),
        _tool(
            "ps images inspect logs version info stats top port history diff search image_ls image_list network_ls"
            " network_inspect volume_ls volume_inspect system_df container_ls image_inspect",
            "pull",
            "restart stop start kill pause unpause",
            values="-n --namespace",
            runs="exec",
            run_values="-u --user -w --workdir",
        ),
    ),
    "ctr": _tool(
        "version images_ls"
        " images_list images_check i_ls containers_ls containers_list containers_info c_ls c_info tasks_ls"
        " tasks_list t_ls namespaces_ls ns_ls snapshots_ls",
        values="-n --namespace -a --address",
    ),
    "etcdctl": _etcdctl,
    "etcdutl": _tool("snapshot_status version hashkv"),
    "velero": _tool(
        "version backup_get backup_describe backup_logs restore_get restore_describe restore_logs schedule_get"
        " backup-location_get get describe",
        "",
        "backup_create restore_create",
        values="-n --namespace --kubeconfig",
    ),
    "istioctl": _tool(
        "version analyze proxy-status ps proxy-config pc describe validate",
        values="-n --namespace --context -i",
        never="--level --reset -r",
    ),
    "calicoctl": _tool("get version node_status ipam_show", values="-n --namespace --config -c"),
    **dict.fromkeys(
        ("cilium", "cilium-dbg"),
        _tool(
            "status version endpoint_list endpoint_get service_list identity_list node_list config_view"
            " monitor"
        ),
    ),
    "virtctl": _tool(
        "version guestosinfo fslist userlist",
        "",
        "start stop restart migrate migrate-cancel pause unpause soft-reboot",
        values="-n --namespace --context --kubeconfig",
    ),
    "argocd": _tool(
        "version app_get app_list app_diff app_history app_manifests app_logs cluster_list repo_list",
        "",
        "app_sync app_rollback",
    ),
    "rabbitmqctl": _rabbitmqctl,
    "redis-cli": _redis,
    "ceph": _tool(
        "status health df version versions osd_tree osd_df osd_status osd_dump osd_stat mon_stat mon_dump pg_stat"
        " pg_dump mds_stat fs_ls fs_status quorum_status health_detail mgr_services crash_ls crash_info",
        "health_mute health_unmute",
        flags="-f -s",
        bare_reads=True,
        never="-i -o --in-file --out-file",
    ),
}
"""Judges by program; each takes the words behind it, and how a command inside another is judged."""
