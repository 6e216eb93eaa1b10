"""What goes wrong between klinik and a cluster: every call ends by its deadline with an error that says what it was."""

from __future__ import annotations

import json
import socket
import threading
from pathlib import Path

import pytest

from checks.cluster import PODS
from checks.errors import (
    ClusterError,
    Forbidden,
    InDoubt,
    NotFound,
    Timeout,
    Unreachable,
)
from checks.live import LiveCluster, connect
from checks.practice.server import PracticeServer
from tests.checks.conftest import Connect
from tests.checks.livebed import config_for, within
from tests.checks.memory_cluster import until
from tests.checks.practice.scripted import IPS, SUBNETS, ScriptedWorld


def test_forbidden_names_verb_and_resource(cluster: LiveCluster, server: PracticeServer) -> None:
    server.faults.forbid("list", "pods")
    said = r'pods is forbidden: User "practice-admin" cannot list resource "pods" in API group "" at the cluster scope'
    with pytest.raises(Forbidden, match=said) as caught:
        list(cluster.list(PODS))
    assert (caught.value.verb, caught.value.resource) == ("list", "pods")
    assert cluster.get(PODS, "ovs-ovn-1", namespace="kube-system")


def test_can_asks_the_server(cluster: LiveCluster, server: PracticeServer) -> None:
    assert cluster.can("delete", SUBNETS)
    server.faults.forbid("delete", "subnets")
    server.faults.forbid("create", "pods", subresource="exec", namespace="kube-system")
    assert not cluster.can("delete", SUBNETS)
    assert cluster.can("get", SUBNETS)
    assert not cluster.can("create", PODS, namespace="kube-system", subresource="exec")
    assert cluster.can("create", PODS, namespace="kube-system")


def test_a_forbidden_exec_is_forbidden(cluster: LiveCluster, server: PracticeServer) -> None:
    server.faults.forbid("create", "pods", subresource="exec")
    with pytest.raises(Forbidden, match='cannot create resource "pods/exec"'):
        cluster.exec("kube-system", "ovs-ovn-1", "openvswitch", ("true",))


def test_impersonation_reaches_requests_and_commands(connected: Connect, server: PracticeServer) -> None:
    server.faults.forbid("*", "pods", subresource="*", user="jane")
    jane = connected(as_user="jane", as_groups=("dev", "ops"))
    assert jane.info.user == "jane"
    with pytest.raises(Forbidden, match='User "jane" cannot list'):
        list(jane.list(PODS))
    with pytest.raises(Forbidden, match='User "jane" cannot create resource "pods/exec"'):
        jane.exec("kube-system", "ovs-ovn-1", "openvswitch", ("true",))
    assert list(connected().list(PODS))


def test_a_hanging_server_ends_in_timeout(cluster: LiveCluster, server: PracticeServer) -> None:
    server.faults.hang("/subnets")
    with within(1.2), pytest.raises(Timeout, match=r"no answer from https://127.0.0.1:\d+ within 0\.4 s"):
        list(cluster.list(SUBNETS, timeout=0.4))
    assert list(cluster.list(PODS)), "other calls go on"


def test_a_trickling_body_ends_in_timeout(cluster: LiveCluster, server: PracticeServer) -> None:
    server.faults.trickle("/subnets")
    with within(1.2), pytest.raises(Timeout):
        cluster.get(SUBNETS, "ovn-default", timeout=0.4)


def test_pages_share_the_deadline_of_their_list(cluster: LiveCluster, server: PracticeServer) -> None:
    for number in range(20):
        server.world.store.create(IPS, {"metadata": {"name": f"ip-{number}"}})
    server.faults.delay("/ips", 0.15)
    with within(1.4), pytest.raises(Timeout):
        list(cluster.list(IPS, page=1, timeout=0.6))


def test_a_hanging_handshake_ends(tmp_path: Path) -> None:
    """A server that accepts connections and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        path = tmp_path / "config"
        path.write_text(json.dumps(config_for(f"https://127.0.0.1:{silent.getsockname()[1]}")))
        cluster = connect(kubeconfig=str(path))
        with within(1.2), pytest.raises((Unreachable, Timeout)):
            cluster.version(timeout=0.4)
        with within(1.2), pytest.raises((Unreachable, Timeout)):
            cluster.exec("a", "b", "c", ("true",), timeout=0.4)
        cluster.close()


def test_reads_are_tried_again_where_the_connection_broke(
    cluster: LiveCluster, server: PracticeServer
) -> None:
    server.faults.drop("/subnets", times=3)
    assert list(cluster.list(SUBNETS))
    server.faults.drop("/subnets")
    with pytest.raises(Unreachable, match="broke before the answer was there"):
        list(cluster.list(SUBNETS))


@pytest.mark.parametrize("code", [429, 500, 502, 503, 504])
def test_reads_are_tried_again_where_the_server_stumbled(
    cluster: LiveCluster, server: PracticeServer, code: int
) -> None:
    server.faults.status("GET .*/subnets", code, "not now", times=3)
    assert list(cluster.list(SUBNETS))


def test_trying_again_ends_with_the_deadline(cluster: LiveCluster, server: PracticeServer) -> None:
    server.faults.status("/subnets", 503, "not now")
    with within(1), pytest.raises(Unreachable, match="not now"):
        list(cluster.list(SUBNETS, timeout=0.3))


@pytest.mark.parametrize("code", [500, 503, 504])
def test_a_write_is_sent_once_where_the_server_stumbled(
    cluster: LiveCluster, server: PracticeServer, code: int
) -> None:
    server.faults.status("PATCH", code, "not now", times=1)
    with pytest.raises(ClusterError):
        cluster.patch(SUBNETS, "ovn-default", {"spec": {"mtu": 1}})


def test_a_write_whose_answer_is_lost_is_in_doubt(
    cluster: LiveCluster, server: PracticeServer, world: ScriptedWorld
) -> None:
    server.faults.drop("PATCH", after=True, times=1)
    with pytest.raises(InDoubt, match="may or may not have happened") as caught:
        cluster.patch(SUBNETS, "ovn-default", {"spec": {"mtu": 1400}})
    assert caught.value.sent
    assert world.store.get(SUBNETS, "ovn-default")["spec"]["mtu"] == 1400
    server.faults.hang("POST", times=1)
    with within(1.2), pytest.raises(InDoubt):
        cluster.create(SUBNETS, {"metadata": {"name": "s"}}, timeout=0.4)
    server.faults.garbage("DELETE", times=1)
    with pytest.raises(InDoubt):
        cluster.delete(SUBNETS, "ovn-default")


def test_a_dry_run_is_never_in_doubt(cluster: LiveCluster, server: PracticeServer) -> None:
    server.faults.hang("PATCH", times=1)
    with pytest.raises(Timeout):
        cluster.patch(SUBNETS, "ovn-default", {"spec": {"mtu": 1}}, dry_run=True, timeout=0.4)


def test_a_write_that_never_left_is_not_in_doubt(connected: Connect, server: PracticeServer) -> None:
    cluster = connected()
    cluster.version()
    server.stop()
    with pytest.raises(Unreachable, match="Connection refused") as caught:
        cluster.delete(SUBNETS, "ovn-default")
    assert not caught.value.sent


def test_garbage_is_an_error(cluster: LiveCluster, server: PracticeServer) -> None:
    server.faults.garbage("/subnets")
    with pytest.raises(ClusterError, match="is not JSON"):
        cluster.get(SUBNETS, "ovn-default")


def test_too_many_requests_wait_as_told(cluster: LiveCluster, server: PracticeServer) -> None:
    server.faults.status("PATCH", 429, times=2, retry_after=0.1)
    assert cluster.patch(SUBNETS, "ovn-default", {"spec": {"mtu": 1}})["spec"]["mtu"] == 1
    server.faults.status("/subnets", 429, "slow down", retry_after=60)
    with within(1), pytest.raises(ClusterError, match="slow down"):
        cluster.get(SUBNETS, "ovn-default")


def test_a_list_starts_anew_where_the_server_forgot_the_rest(
    cluster: LiveCluster, server: PracticeServer
) -> None:
    for number in range(9):
        server.world.store.create(IPS, {"metadata": {"name": f"ip-{number}"}})
    server.faults.status("continue=", 410, "too old", times=1)
    found = [o["metadata"]["name"] for o in cluster.list(IPS, page=3)]
    assert len(found) == len(set(found)) == 10
    server.faults.status("continue=", 410, "too old")
    with pytest.raises(ClusterError, match="changed faster"):
        list(cluster.list(IPS, page=3))


def test_a_kubelet_that_is_away_is_unreachable(cluster: LiveCluster, server: PracticeServer) -> None:
    away = "error dialing backend: dial tcp 10.0.0.2:10250: connect: no route to host"
    server.faults.status("/log", 500, away)
    with pytest.raises(Unreachable, match="no route to host"):
        cluster.logs("kube-system", "ovs-ovn-1")
    server.faults.status("/exec", 500, away)
    with pytest.raises(Unreachable, match="no route to host"):
        cluster.exec("kube-system", "ovs-ovn-1", "openvswitch", ("true",))


@pytest.mark.parametrize(
    ("message", "kind"),
    [
        ('exec: "x": executable file not found in $PATH', Unreachable),
        ("container not found (openvswitch)", NotFound),
        ("something else broke", ClusterError),
    ],
)
def test_a_command_without_an_exit_code(
    cluster: LiveCluster, server: PracticeServer, message: str, kind: type[ClusterError]
) -> None:
    server.faults.exec_without_code("EXEC kube-system/ovs-ovn-1", message)
    with pytest.raises(kind) as caught:
        cluster.exec("kube-system", "ovs-ovn-1", "openvswitch", ("x",))
    assert type(caught.value) is kind
    assert message in caught.value.message


def test_a_command_whose_connection_breaks(cluster: LiveCluster, server: PracticeServer) -> None:
    server.faults.drop("EXEC", times=1)
    with pytest.raises(Unreachable, match="before ovs-vsctl gave its exit code"):
        cluster.exec("kube-system", "ovs-ovn-1", "openvswitch", ("ovs-vsctl",))
    server.faults.garbage("EXEC", times=1)
    with pytest.raises(ClusterError):
        cluster.exec("kube-system", "ovs-ovn-1", "openvswitch", ("ovs-vsctl",))
    server.faults.hang("EXEC", times=1)
    with within(1.2), pytest.raises(Timeout):
        cluster.exec("kube-system", "ovs-ovn-1", "openvswitch", ("ovs-vsctl",), timeout=0.4)


def test_one_hanging_command_delays_nobody(cluster: LiveCluster, server: PracticeServer) -> None:
    server.faults.hang("ovs-ovn-1/exec")
    ended: list[type[BaseException]] = []

    def hang() -> None:
        try:
            cluster.exec("kube-system", "ovs-ovn-1", "openvswitch", ("x",), timeout=1.5)
        except ClusterError as error:
            ended.append(type(error))

    threads = [threading.Thread(target=hang) for _ in range(8)]
    for thread in threads:
        thread.start()
    with within(1.0):
        assert list(cluster.list(PODS))
    for thread in threads:
        thread.join(5)
    assert set(ended) <= {Timeout, Unreachable}
    assert len(ended) == 8


@pytest.mark.parametrize("kind", ["answer", "body", "command"])
def test_closing_ends_the_calls_in_flight(connected: Connect, server: PracticeServer, kind: str) -> None:
    """They end long before their deadline, with an error, on the thread that waits; none is tried again."""
    cluster = connected()
    caught: list[BaseException] = []
    trouble = server.faults.trickle if kind == "body" else server.faults.hang
    match = "^EXEC" if kind == "command" else "/subnets"
    first, again = trouble(match, times=1), trouble(match, times=9)

    def call() -> None:
        try:
            if kind == "command":
                cluster.exec("kube-system", "ovs-ovn-1", "openvswitch", ("true",), timeout=60)
            else:
                list(cluster.list(SUBNETS, timeout=60))
        except ClusterError as error:
            caught.append(error)

    waiting = threading.Thread(target=call)
    waiting.start()
    assert until(lambda: first.times == 0)
    with within(2):
        cluster.close()
        waiting.join(2)
    assert not waiting.is_alive()
    assert len(caught) == 1
    assert again.times == 9
    with pytest.raises(ClusterError):
        list(cluster.list(SUBNETS))


# --- answers that are not whole, not for us, or have no end


@pytest.mark.parametrize("kind", ["cut", "html", "garbage"])
def test_an_answer_that_is_no_json_is_an_error_that_says_so(
    cluster: LiveCluster, server: PracticeServer, kind: str
) -> None:
    getattr(server.faults, kind)("/subnets")
    with pytest.raises(ClusterError, match="is not JSON"):
        list(cluster.list(SUBNETS))
    with pytest.raises(ClusterError, match="is not JSON"):
        cluster.get(SUBNETS, "ovn-default")


def test_half_an_answer_is_asked_for_again_and_never_taken_for_whole(
    cluster: LiveCluster, server: PracticeServer
) -> None:
    server.faults.short("/subnets", times=1)
    assert len(list(cluster.list(SUBNETS))) == 1
    server.faults.short("/subnets")
    with pytest.raises(Unreachable, match="broke before the answer was there"):
        list(cluster.list(SUBNETS))


def test_half_of_a_second_page_is_no_list(cluster: LiveCluster, server: PracticeServer) -> None:
    for number in range(9):
        server.world.store.create(IPS, {"metadata": {"name": f"ip-{number}"}})
    server.faults.cut("/ips.*continue=", skip=1)
    with pytest.raises(ClusterError, match="is not JSON"):
        list(cluster.list(IPS, page=3))


def test_an_answer_without_an_end_ends(cluster: LiveCluster, server: PracticeServer) -> None:
    """By the deadline, or by what is held of it at most: whichever comes first."""
    server.faults.flood("/subnets")
    with within(5), pytest.raises(ClusterError):
        cluster.get(SUBNETS, "ovn-default", timeout=0.4)
    server.faults.flood("^EXEC")
    with within(5), pytest.raises(ClusterError):
        cluster.exec("kube-system", "ovs-ovn-1", "openvswitch", ("yes",), timeout=0.4)
    server.faults.clear()
    assert list(cluster.list(PODS)), "other calls go on"


@pytest.mark.parametrize("code", [200, 301, 400, 401, 403, 404, 429, 500, 502, 503])
def test_an_upgrade_that_is_refused_is_an_error_by_the_deadline(
    cluster: LiveCluster, server: PracticeServer, code: int
) -> None:
    """A proxy that does not let WebSockets through answers anything but 101."""
    server.faults.status("/exec", code, "no upgrade here", retry_after=0 if code == 429 else None)
    with within(2), pytest.raises(ClusterError) as caught:
        cluster.exec("kube-system", "ovs-ovn-1", "openvswitch", ("true",), timeout=0.8)
    assert code == 502 or not caught.value.sent, "the command has not run"
    assert caught.value.message


def test_an_upgrade_answered_with_a_page_is_an_error(cluster: LiveCluster, server: PracticeServer) -> None:
    server.faults.html("/exec")
    with within(2), pytest.raises(ClusterError):
        cluster.exec("kube-system", "ovs-ovn-1", "openvswitch", ("true",), timeout=0.8)


def test_a_server_that_dies_in_the_middle_of_a_list_is_unreachable(
    cluster: LiveCluster, server: PracticeServer
) -> None:
    for number in range(9):
        server.world.store.create(IPS, {"metadata": {"name": f"ip-{number}"}})
    server.faults.die("/ips", skip=2)
    with within(5), pytest.raises(Unreachable):
        list(cluster.list(IPS, page=3, timeout=4))
    with within(5), pytest.raises(Unreachable):
        cluster.exec("kube-system", "ovs-ovn-1", "openvswitch", ("true",), timeout=4)
