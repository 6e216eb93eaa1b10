"""Judges of nodes: CPU of the daemons, disconnects at both ends, long polls told apart, stolen time."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checks.judges import vswitchlog
from checks.model import Verdict
from tests.checks.nodeworld import both, log, raw, refused, run
from tests.checks.objects import Object, obj

NODES = "v1/nodes"


def stat(ticks: int) -> str:
    fields = ["0"] * 49
    fields[10], fields[11] = str(ticks), "0"
    return f"812 (ovn controller) S {' '.join(fields)}\n"


def cpu(*ticks: int, vswitchd: tuple[int, ...] = (0, 0, 0)) -> Any:
    check = "ovn-controller.cpu"
    world = {
        "controller": raw(check, "controller", {"n1": [stat(t) for t in ticks]}),
        "vswitchd": raw(check, "vswitchd", {"n1": [stat(t) for t in vswitchd]}),
    }
    return run(check, world)


def test_busy_is_busy_in_every_interval() -> None:
    assert cpu(0, 990, 1980).verdict is Verdict.FAIL
    assert cpu(0, 850, 1700).verdict is Verdict.WARN
    assert cpu(0, 990, 1000).verdict is Verdict.OK, "one spike is the recompute of every ten minutes"


def test_a_busy_switch_daemon_counts_too() -> None:
    found = cpu(0, 1, 2, vswitchd=(0, 1000, 2000))
    assert (found.verdict, found.data["max"], found.data["max_vswitchd"]) == (Verdict.FAIL, 0, 100)


def test_one_sample_says_nothing() -> None:
    assert cpu(5).reason == "unparsable"


# --- disconnects ----------------------------------------------------------------------------------------------------

LOST = "{}: no response to inactivity probe after 10 seconds, disconnecting"


def probes(*peers: str, ago: float = 60) -> str:
    started = (7200.0, "vlog|INFO", "opened log file /var/log/ovn/ovn-controller.log")
    return log(started, *[(ago, "reconnect|ERR", LOST.format(peer)) for peer in peers])


def node(name: str, address: str) -> Object:
    return obj(name, status={"addresses": [{"type": "InternalIP", "address": address}]})


def disconnects(check: str, at_node: str, at_sb: str, **more: Any) -> Any:
    world = {
        "node_log": raw(check, "node_log", {"node-1": at_node}),
        "sb_log": raw(check, "sb_log", {"central-1": at_sb}),
        NODES: [node("node-1", "10.0.0.1")],
    }
    return run(check, {**world, **more})


@pytest.mark.parametrize(("count", "verdict"), [(0, Verdict.OK), (1, Verdict.WARN), (3, Verdict.FAIL)])
def test_disconnects_of_the_last_hour_are_counted(count: int, verdict: Verdict) -> None:
    text = probes(*["tcp:10.0.0.9:6642"] * count)
    assert disconnects("ovn-controller.probe-log", text, probes()).verdict is verdict
    old = probes(*["tcp:10.0.0.9:6642"] * count, ago=5000)
    assert disconnects("ovn-controller.probe-log", old, probes()).verdict is Verdict.OK


def test_the_database_names_the_node_that_did_not_answer() -> None:
    found = disconnects(
        "ovn-controller.probe-log", probes(), probes(*["tcp:10.0.0.1:41012"] * 3, "tcp:10.0.0.7:9")
    )
    assert (found.verdict, found.data["sb_side"], found.data["affected"]) == (Verdict.FAIL, 3, ["node-1"])


def test_one_lost_connection_written_at_both_ends_counts_once() -> None:
    found = disconnects("ovn-controller.probe-log", probes("tcp:10.0.0.9:6642"), probes("tcp:10.0.0.1:41012"))
    assert found.value == 1


def test_a_silent_switch_daemon_is_told_apart() -> None:
    found = disconnects("ovn-controller.probe-log", probes("unix:/run/openvswitch/br-int.mgmt"), probes())
    assert (found.data["mgmt"], found.data["node_side"]) == (1, 0)


def test_an_unread_database_log_is_not_health() -> None:
    found = disconnects("ovn-controller.probe-log", probes(), probes(), sb_log=refused("central-1"))
    assert (found.verdict, found.reason) == (Verdict.UNKNOWN, "forbidden")


@pytest.mark.parametrize(
    ("said", "count", "short"),
    [('"10000"', 1, True), ('"180000"', 1, False), ('"0"', 1, False), ("", 1, True), ('"10000"', 0, False)],
)
def test_a_short_interval_matters_where_it_disconnects(said: str, count: int, short: bool) -> None:
    """Unset means 5 seconds in ovn-controller(8); 0 switches probes off."""
    check = "ovn-controller.probe-interval"
    interval = raw(check, "interval", {"node-1": said + "\n"})
    found = disconnects(check, probes(*["tcp:10.0.0.9:6642"] * count), probes(), interval=interval)
    assert found.data["short"] == (["node-1"] if short else [])
    assert found.verdict is (Verdict.WARN if short else Verdict.OK)


@pytest.mark.parametrize(
    ("peer", "host"),
    [("tcp:10.0.0.1:6642", "10.0.0.1"), ("ssl:[fd00::1]:6642", "fd00::1"), ("unix:/a/b.mgmt", "")],
)
def test_peers_are_read_as_addresses(peer: str, host: str) -> None:
    assert vswitchlog.host_of(peer) == host


# --- polls ----------------------------------------------------------------------------------------------------------


def poll(ms: int, user: int, system: int, involuntary: int, ago: float = 60) -> list[tuple[float, str, str]]:
    head = f"Unreasonably long {ms}ms poll interval ({user}ms user, {system}ms system)"
    return [
        (ago, "timeval|WARN", head),
        (ago, "timeval|WARN", f"context switches: 3 voluntary, {involuntary} involuntary"),
    ]


def polls(*lines: tuple[float, str, str], switch: str = "") -> Any:
    check = "ovn-controller.long-polls"
    calm = log((9000, "vlog|INFO", "opened log file x"))
    world = {
        "controller_log": raw(check, "controller_log", {"n1": calm + log(*lines) if lines else calm}),
        "vswitchd_log": raw(check, "vswitchd_log", {"n1": switch or calm}),
    }
    return run(check, world)


def test_the_two_published_patterns_are_told_apart() -> None:
    """The figures of kube-ovn issues 3196 (computing) and 3530 (not given a CPU)."""
    assert polls(*poll(12031, 11587, 120, 76)).data["kind"] == "compute"
    starved = polls(*poll(16306, 6568, 258, 2576))
    assert (starved.verdict, starved.data["kind"], starved.data["worst_ms"]) == (
        Verdict.FAIL,
        "starved",
        16306,
    )


def test_little_cpu_without_involuntary_switches_is_neither() -> None:
    assert polls(*poll(16306, 200, 100, 3)).data["kind"] == "mixed"


def test_the_kind_is_that_of_the_majority() -> None:
    starved, compute = poll(9000, 900, 90, 2000), poll(9000, 8800, 90, 2)
    assert polls(*starved, *starved, *compute).data["kind"] == "starved"
    assert polls(*starved, *compute).data["kind"] == "mixed"


def test_short_and_old_polls_are_no_finding() -> None:
    assert polls().data["kind"] == "none"
    assert polls(*poll(1834, 1512, 286, 31)).verdict is Verdict.OK
    assert polls(*poll(16306, 6568, 258, 2576, ago=5000)).verdict is Verdict.OK


def test_polls_of_the_switch_daemon_count() -> None:
    assert polls(switch=log(*poll(16306, 6568, 258, 2576))).data["starved"] == 1


@given(st.text(max_size=200), st.text(max_size=40))
def test_no_line_breaks_the_reading_of_logs(text: str, peer: str) -> None:
    entries = [
        {"at": 1.0, "text": text},
        {"at": 2.0, "text": f"{peer}: no response to inactivity probe after 5 seconds"},
    ]
    vswitchlog.added_ports(entries)
    vswitchlog.polls(entries)
    for found in vswitchlog.probe_peers(entries):
        vswitchlog.host_of(found)


# --- steal and clock ------------------------------------------------------------------------------------------------


def steal(first: int, last: int, busy: int = 1000) -> Any:
    text = "cpu  {} 0 0 0 0 0 0 {} 0 0\n"
    return run(
        "node.steal",
        {"stat": raw("node.steal", "stat", {"n1": [text.format(0, first), text.format(busy, last)]})},
    )


@pytest.mark.parametrize(("stolen", "verdict"), [(40, Verdict.OK), (60, Verdict.WARN), (400, Verdict.FAIL)])
def test_steal_is_a_share_of_all_time(stolen: int, verdict: Verdict) -> None:
    found = steal(500, 500 + stolen)
    assert found.verdict is verdict
    assert found.data["nodes_bad"] == ([] if verdict is Verdict.OK else ["n1"])


def test_a_node_that_does_not_answer_leaves_steal_unknown() -> None:
    text = ["cpu  0 0 0 0 0 0 0 0 0 0\n", "cpu  9 0 0 900 0 0 0 0 0 0\n"]
    world = {"stat": both(raw("node.steal", "stat", {"n1": text}), refused("n2", reason="timeout"))}
    assert run("node.steal", world).reason == "timeout"


@pytest.mark.parametrize(
    ("source", "verdict"), [("tsc", Verdict.OK), ("kvm-clock", Verdict.OK), ("hpet", Verdict.WARN)]
)
def test_slow_clock_sources_warn(source: str, verdict: Verdict) -> None:
    world = {"clock": raw("node.clocksource", "clock", {"n1": source + "\n"})}
    assert run("node.clocksource", world).verdict is verdict


@pytest.mark.parametrize(("state", "verdict"), [("connected", Verdict.OK), ("not connected", Verdict.FAIL)])
def test_the_connection_is_as_ovn_controller_says(state: str, verdict: Verdict) -> None:
    check = "ovn-controller.connection"
    assert run(check, {"status": raw(check, "status", {"n1": state + "\n"})}).verdict is verdict
