"""Judges of Open vSwitch: memory, quota, descriptors, sockets, ports that flap or lost their device."""

from __future__ import annotations

from typing import Any

import pytest

from checks.judges.flappers import pod_of
from checks.judges.ovs import bytes_of, cores_of
from checks.model import Fact, Verdict
from tests.checks.nodeworld import both, log, raw, refused, run
from tests.checks.objects import Object, obj, pod, stamp

DAEMONSETS, PODS, REPLICASETS = "apps/v1/daemonsets", "v1/pods", "apps/v1/replicasets"


# --- flows, declared ------------------------------------------------------------------------------------------------


def aggregate(check: str, read: str, **counts: int) -> Fact:
    text = "NXST_AGGREGATE reply (xid=0x4): packet_count=0 byte_count=0 flow_count={}\n"
    return raw(check, read, {node: text.format(count) for node, count in counts.items()})


@pytest.mark.parametrize(
    ("count", "verdict"), [(49_999, Verdict.OK), (50_000, Verdict.WARN), (100_000, Verdict.FAIL)]
)
def test_the_flow_count_has_two_limits(count: int, verdict: Verdict) -> None:
    found = run("ovs.flow-count", {"flows": aggregate("ovs.flow-count", "flows", n1=count, n2=500)})
    assert (found.verdict, found.value) == (verdict, count)


def test_a_node_without_an_answer_is_unknown_next_to_healthy_ones() -> None:
    flows = both(aggregate("ovs.flow-count", "flows", n1=500), refused("n2", reason="unreachable"))
    found = run("ovs.flow-count", {"flows": flows})
    assert (found.verdict, found.reason) == (Verdict.UNKNOWN, "unreachable")


def test_a_node_whose_flows_are_gone_fails() -> None:
    found = run("ovs.flows-present", {"flows": aggregate("ovs.flows-present", "flows", n1=4000, n2=3)})
    assert (found.verdict, found.value) == (Verdict.FAIL, 3)


def share(total: int, each: int) -> Any:
    world = {"total": aggregate("ovs.flow-share", "total", n1=total)}
    world |= {f"t{n}": aggregate("ovs.flow-share", f"t{n}", n1=each) for n in (66, 67, 79)}
    return run("ovs.flow-share", world)


def test_the_share_counts_all_three_tables_and_only_in_large_ones() -> None:
    assert share(104_000, 40_000).verdict is Verdict.FAIL
    assert share(104_000, 1_000).verdict is Verdict.OK
    assert share(600, 190).verdict is Verdict.OK
    assert share(100_000, 20_000).value == pytest.approx(0.6)


def test_packets_lost_between_samples_warn() -> None:
    dump = "system@ovs-system:\n  lookups: hit:1 missed:1 lost:{}\n  flows: 2\n"
    still = raw("ovs.upcall-loss", "dp", {"n1": [dump.format(7), dump.format(7)]})
    assert run("ovs.upcall-loss", {"dp": still}).verdict is Verdict.OK
    lossy = raw("ovs.upcall-loss", "dp", {"n1": [dump.format(7), dump.format(9)]})
    assert run("ovs.upcall-loss", {"dp": lossy}).verdict is Verdict.WARN


def test_conjunctions_are_counted_by_flow() -> None:
    dump = (
        " cookie=0x1, table=44, priority=2001,ip actions=conjunction(2,1/2)\n" * 3 + " table=0 actions=drop\n"
    )
    found = run("ovs.conjunctions", {"conj": raw("ovs.conjunctions", "conj", {"n1": dump})}, warn=3, fail=9)
    assert (found.verdict, found.value) == (Verdict.WARN, 3)


def test_ports_without_installed_flows_are_counted() -> None:
    ports = "a_h,1,,iface-id=a.default ovn-installed=true\nb_h,2,,iface-id=b.default\n"
    found = run(
        "ovs.not-installed-ports", {"ifaces": raw("ovs.not-installed-ports", "ifaces", {"n1": ports})}
    )
    assert (found.verdict, found.value) == (Verdict.WARN, 1)


# --- memory and CPU -------------------------------------------------------------------------------------------------


def ovs_pod(node: str, memory: str = "800Mi", *, oom: float | None = None) -> Object:
    found = pod(f"pod-{node}", "kube-system", labels={"app": "ovs"}, container="openvswitch")
    found["spec"]["containers"][0]["resources"] = {"limits": {"memory": memory}}
    if oom is not None:
        ended = {"reason": "OOMKilled", "finishedAt": stamp(oom)}
        found["status"]["containerStatuses"] = [{"name": "openvswitch", "lastState": {"terminated": ended}}]
    return found


def memory(mib: int, *pods: Object, **params: Any) -> Any:
    status = f"Name:\tovs-vswitchd\nVmRSS:\t {mib * 512} kB\n"
    world: dict[str, Any] = {
        "vswitchd": raw("ovs.memory", "vswitchd", {"n1": status}),
        "controller": raw("ovs.memory", "controller", {"n1": status}),
    }
    return run("ovs.memory", {**world, PODS: list(pods)}, **params)


@pytest.mark.parametrize(("mib", "verdict"), [(600, Verdict.OK), (640, Verdict.WARN), (790, Verdict.FAIL)])
def test_both_daemons_together_are_held_against_the_limit(mib: int, verdict: Verdict) -> None:
    found = memory(mib, ovs_pod("n1"))
    assert found.verdict is verdict
    assert found.tables["nodes"][0]["limit_mib"] == 800


def test_a_recent_oom_kill_fails_and_an_old_one_does_not() -> None:
    assert memory(100, ovs_pod("n1", oom=3600)).verdict is Verdict.FAIL
    assert memory(100, ovs_pod("n1", oom=9 * 86400)).verdict is Verdict.OK


def test_no_limit_is_no_failure() -> None:
    assert memory(9000, ovs_pod("other")).verdict is Verdict.OK


def test_quantities_are_read_as_kubernetes_writes_them() -> None:
    assert (bytes_of("800Mi"), bytes_of("1G"), bytes_of("1.5Gi"), bytes_of("x")) == (
        800 * 2**20,
        1e9,
        1.5 * 2**30,
        None,
    )
    assert (cores_of("1500m"), cores_of("2"), cores_of("")) == (1.5, 2.0, 0.0)


def throttled(first: str, second: str, read: str = "v2") -> Any:
    other = {"v1": "v2", "v2": "v1"}[read]
    world = {
        read: raw("ovs.throttling", read, {"n1": [first, second]}),
        other: refused("n1", reason="absent"),
    }
    return run("ovs.throttling", world)


@pytest.mark.parametrize("read", ["v1", "v2"])
def test_throttling_is_the_share_of_periods_in_either_cgroup_version(read: str) -> None:
    found = throttled("nr_periods 100\nnr_throttled 5\n", "nr_periods 200\nnr_throttled 55\n", read)
    assert (found.verdict, found.data["max_share"]) == (Verdict.FAIL, 0.5)


def test_a_container_without_quota_is_not_throttled() -> None:
    assert throttled("usage_usec 1\n", "usage_usec 2\n").verdict is Verdict.OK


def test_throttling_nobody_could_read_is_unknown() -> None:
    world = {"v1": refused("n1", reason="forbidden"), "v2": refused("n1", reason="forbidden")}
    assert run("ovs.throttling", world).reason == "forbidden"


def daemonset(cpu: str = "1", ssl: str = "false", strategy: str = "OnDelete") -> Object:
    limits = {"limits": {"cpu": cpu}} if cpu else {}
    containers = [
        {"name": "sidecar"},
        {"name": "openvswitch", "env": [{"name": "ENABLE_SSL", "value": ssl}], "resources": limits},
    ]
    template = {"metadata": {"labels": {"app": "ovs"}}, "spec": {"containers": containers}}
    spec = {"template": template, "updateStrategy": {"type": strategy}}
    return obj("ovs-ovn", spec=spec, metadata={"namespace": "kube-system"})


def test_the_daemonset_tells_limit_place_and_ssl() -> None:
    found = run("ovs.daemonset", {DAEMONSETS: [obj("other", spec={}), daemonset(ssl="true")]})
    assert found.verdict is Verdict.WARN
    assert (found.data["ssl"], found.data["strategy"], found.data["limited"]) == (True, "OnDelete", True)
    assert found.tables["daemonsets"] == (
        {"name": "ovs-ovn", "namespace": "kube-system", "index": 1, "cpu_limit": "1"},
    )
    assert found.data["suggested"] == "2"
    large = run("ovs.daemonset", {DAEMONSETS: [daemonset(cpu="2500m")]})
    assert (large.verdict, large.data["suggested"]) == (Verdict.OK, "5")
    assert run("ovs.daemonset", {DAEMONSETS: []}).reason == "absent"


# --- descriptors ----------------------------------------------------------------------------------------------------

LIMITS = "Limit           Soft Limit   Hard Limit  Units\nMax open files  1000         1000        files\n"


def descriptors(fds: Fact, size: int = 64) -> Any:
    check = "ovs.fd-usage"
    world = {
        "vswitchd_pid": raw(check, "vswitchd_pid", {"n1": "812\n"}),
        "limits": raw(check, "limits", {"n1": LIMITS}),
        "status": raw(check, "status", {"n1": f"FDSize:\t{size}\n"}),
        "fds": fds,
    }
    return run(check, world)


@pytest.mark.parametrize(("count", "verdict"), [(599, Verdict.OK), (600, Verdict.WARN), (900, Verdict.FAIL)])
def test_open_files_are_held_against_the_soft_limit(count: int, verdict: Verdict) -> None:
    listing = "".join(f"{n}\n" for n in range(count))
    found = descriptors(raw("ovs.fd-usage", "fds", {"n1": listing}))
    assert (found.verdict, found.value) == (verdict, count)
    assert found.tables["nodes"][0]["bad"] is (verdict is not Verdict.OK)


def test_a_small_table_of_descriptors_proves_health_and_a_large_one_nothing() -> None:
    """FDSize is an upper bound: low means healthy, high may be memory of better times."""
    assert descriptors(refused("n1"), size=256).verdict is Verdict.OK
    found = descriptors(refused("n1"), size=1024)
    assert (found.verdict, found.reason) == (Verdict.UNKNOWN, "forbidden")


def kinds(*targets: str) -> Any:
    listing = "total 0\n" + "".join(
        f"lrwx------ 1 root root 64 Nov 21 09:07 {n} -> {t}\n" for n, t in enumerate(targets)
    )
    world = {
        "vswitchd_pid": raw("ovs.fd-kinds", "vswitchd_pid", {"n1": "812\n"}),
        "links": raw("ovs.fd-kinds", "links", {"n1": listing}),
    }
    return run("ovs.fd-kinds", world)


def test_held_logs_are_told_from_sockets() -> None:
    sockets = kinds(*["socket:[1]"] * 300, "/dev/null")
    assert (sockets.verdict, sockets.data["socket_share"] > 0.9) == (Verdict.OK, True)
    logs = kinds(*["/var/log/openvswitch/ovs-vswitchd.log.1 (deleted)"] * 200, "socket:[1]")
    assert (logs.verdict, logs.tables["nodes"][0]["held"]) == (Verdict.WARN, True)


def netlink(first: int, second: int, ports: tuple[int, int] = (20, 20), apart: float = 60) -> Any:
    def table(count: int) -> str:
        head = "sk               Eth Pid        Groups   Rmem     Wmem     Dump  Locks    Drops    Inode\n"
        row = "00000000dc0fe0fd {}  0          00000000 0        0        0     2        0        4\n"
        return head + row.format(16) * count + row.format(0) * 9

    check = "ovs.netlink-sockets"
    world = {
        "netlink": raw(check, "netlink", {"n1": [table(first), table(second)]}, apart=apart),
        "ports": raw(
            check, "ports", {"n1": [f"p{n}\n" * count for n, count in enumerate(ports)]}, apart=apart
        ),
    }
    return run(check, world)


def test_sockets_that_grow_without_new_ports_are_a_leak() -> None:
    found = netlink(100, 112)
    assert (found.verdict, found.data["growth"], found.data["leaking"]) == (Verdict.FAIL, 12.0, ["n1"])


def test_growth_is_per_minute_whatever_lies_between_the_samples() -> None:
    assert netlink(100, 112, apart=600).verdict is Verdict.OK


def test_sockets_of_new_ports_are_no_leak_and_far_too_many_warn() -> None:
    assert netlink(100, 112, ports=(20, 32)).verdict is Verdict.OK
    assert netlink(900, 900).verdict is Verdict.WARN


@pytest.mark.parametrize(
    ("said", "mode"),
    [
        ("dispatch-mode: per-cpu dispatch mode", "per-cpu"),
        ("per-vport dispatch mode", "per-vport"),
        ("", "none"),
    ],
)
def test_the_dispatch_mode_is_named(said: str, mode: str) -> None:
    found = run("ovs.dispatch-mode", {"mode": raw("ovs.dispatch-mode", "mode", {"n1": said})})
    assert found.data["mode"] == mode


# --- ports ----------------------------------------------------------------------------------------------------------


def flap_log(adds: int, *, every: float = 30, ago: float = 0, name: str = "0123456789ab_h") -> str:
    lines = [(ago + 5000.0, "vlog|INFO", "opened log file /var/log/openvswitch/ovs-vswitchd.log")]
    for n in range(adds, 0, -1):
        at = ago + n * every
        lines.append((at, "bridge|INFO", f"bridge br-int: added interface {name} on port {n}"))
        lines.append((at - 9, "bridge|INFO", f"bridge br-int: deleted interface {name} on port {n}"))
    return log(*lines)


def crashing(name: str = "api-7d9f-x2x", restarts: int = 41) -> Object:
    state = {"waiting": {"reason": "CrashLoopBackOff"}}
    found = pod(name, "shop", statuses=[{"name": "app", "restartCount": restarts, "state": state}])
    found["metadata"]["ownerReferences"] = [{"kind": "ReplicaSet", "name": "api-7d9f", "controller": True}]
    return found


def replicaset() -> Object:
    owner = [{"kind": "Deployment", "name": "api", "controller": True}]
    return obj("api-7d9f", spec={"replicas": 2}, metadata={"namespace": "shop", "ownerReferences": owner})


def flaps(text: str, ifaces: str = "br-int,65534,,\n", *pods: Object, **params: Any) -> Any:
    check = "ovs.port-flaps"
    world: dict[str, Any] = {
        "log": raw(check, "log", {"node-1": text}),
        "ifaces": raw(check, "ifaces", {"node-1": ifaces}),
        PODS: list(pods),
        REPLICASETS: [replicaset()],
    }
    return run(check, world, **params)


def test_a_name_added_five_times_in_ten_minutes_flaps() -> None:
    assert flaps(flap_log(5)).data["flapping"] == ["0123456789ab_h"]
    assert flaps(flap_log(4)).verdict is Verdict.OK
    assert flaps(flap_log(9, ago=4000)).verdict is Verdict.OK


def test_the_workload_behind_a_port_is_named_by_its_external_ids() -> None:
    ids = "0123456789ab_h,7,,iface-id=api-7d9f-x2x.shop pod_name=api-7d9f-x2x pod_namespace=shop\n"
    found = flaps(flap_log(9), ids, crashing(restarts=0), crashing("other-1"))
    assert found.tables["workloads"] == (
        {
            "kind": "Deployment",
            "namespace": "shop",
            "name": "api",
            "pod": "api-7d9f-x2x",
            "node": "node-1",
            "restarts": 0,
            "replicas": 2,
        },
    )
    assert (found.data["deployments"], found.data["statefulsets"]) == (1, 0)


def test_without_the_port_the_pod_that_keeps_restarting_is_suspected() -> None:
    found = flaps(flap_log(9), "br-int,65534,,\n", pod("calm", "shop"), crashing())
    assert [row["pod"] for row in found.tables["workloads"]] == ["api-7d9f-x2x"]


def test_external_ids_name_a_pod_in_both_spellings() -> None:
    assert pod_of("iface-id=web-0.default") == ("default", "web-0")
    assert pod_of("iface-id=x pod_namespace=b pod_name=a") == ("b", "a")
    assert pod_of("iface-id=node1") == ("", "")


def lost(error: str, *pods: Object | Fact) -> Any:
    line = f'dead_h,-1,"{error}",pod_name=web pod_namespace=shop\nlive_h,3,,pod_name=b pod_namespace=shop\n'
    ifaces = raw("ovs.lost-interfaces", "ifaces", {"node-1": line})
    listing = pods[0] if pods and isinstance(pods[0], Fact) else list(pods)
    return run("ovs.lost-interfaces", {"ifaces": ifaces, PODS: listing})


NO_DEVICE = "could not open network device dead_h (No such device)"


def test_only_ports_without_device_and_without_pod_are_removable() -> None:
    gone = lost(NO_DEVICE)
    assert (gone.verdict, gone.data["count"], gone.data["removable"]) == (Verdict.WARN, 1, 1)
    assert lost(NO_DEVICE, pod("web", "shop")).data["removable"] == 0
    assert lost("could not add dead_h (Permission denied)").verdict is Verdict.OK


@pytest.mark.parametrize(("name", "removable"), [("eth1", 0), ("ha-d489f511-9f", 1), ("0123456789ab_h", 1)])
def test_a_pulled_network_card_is_never_offered_for_removal(name: str, removable: int) -> None:
    """Ports without a pod are removed only where their name says that an agent or the CNI made them."""
    line = f'{name},-1,"could not open network device {name} (No such device)",\n'
    ifaces = raw("ovs.lost-interfaces", "ifaces", {"node-1": line})
    found = run("ovs.lost-interfaces", {"ifaces": ifaces, PODS: []})
    assert (found.data["count"], found.data["removable"]) == (1, removable)


def test_without_the_pods_nothing_is_removable() -> None:
    assert lost(NO_DEVICE, refused("x")).data["removable"] == 0


def test_exhausted_descriptors_in_the_log_count_since_the_last_start() -> None:
    line = (60.0, "netlink_socket|ERR", "fcntl: Too many open files")
    opened = (30.0, "vlog|INFO", "opened log file /var/log/openvswitch/ovs-vswitchd.log")
    assert (
        run("ovs.emfile-log", {"log": raw("ovs.emfile-log", "log", {"n1": log(line)})}).verdict
        is Verdict.FAIL
    )
    restarted = {"log": raw("ovs.emfile-log", "log", {"n1": log(line, opened)})}
    assert run("ovs.emfile-log", restarted).verdict is Verdict.OK
    assert run("ovs.emfile-log", {"log": refused("n1", reason="timeout")}).reason == "timeout"
