"""Real-looking output becomes data; garbage says so and never becomes a number."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from checks.parse import KINDS, Unparsable, mistakes, parse

SAMPLES = Path(__file__).parents[2] / ".." / "shared" / "samples"

LEADER = """\
5067
Name: OVN_Northbound
Cluster ID: 9c41 (9c41d2b3-e369-47c5-a87e-e12770bc2ef5)
Server ID: 5067 (506794ac-7b72-420b-b157-fe0d84cca043)
Address: tcp:10.0.0.1:6643
Status: cluster member
Role: leader
Term: 4
Leader: self
Vote: self

Election timer: 5000
Log: [2, 12]
Entries not yet committed: 0
Entries not yet applied: 1
Connections: (->5f40) <-67bc ->67bc
Disconnections: 1
Servers:
    67bc (67bc at tcp:10.0.0.2:6643) next_index=12 match_index=11 last msg 330 ms ago
    5067 (5067 at tcp:10.0.0.1:6643) (self) next_index=2 match_index=11
    5f40 (5f40 at tcp:10.0.0.3:6643) next_index=12 match_index=11 last msg 12338 ms ago
"""
STAT = (
    "5 (ovs-vswitchd (x)) S 1 5 5 0 -1 4194304 100 0 3 0 700 300 0 0 10 -10 6 0 12345 100000 5948 18446744\n"
)
NETLINK = (
    "sk               Eth Pid        Groups   Rmem     Wmem     Dump  Locks    Drops    Inode\n"
    "0000000000000000 16  4094       00000000 0        0        0     2        0        21345\n"
    "0000000000000000 0   1          00000111 0        0        0     2        7        21346\n"
)
LOG = (
    "2026-11-20T15:19:16.245Z|00030|ofproto_dpif(handler5)|WARN|a | b\n"
    "continued\n"
    "2026-11-20T15:19:17Z|00031|bridge|INFO|added\n"
)


@pytest.mark.parametrize(
    ("how", "text", "expected"),
    [
        ({}, "connected\n", "connected"),
        (
            {"regex": r"flow_count=(?P<count>\d+)"},
            "NXST_AGGREGATE reply (xid=0x4): flow_count=6434\n",
            {"count": 6434},
        ),
        ({"regex": r"^(?P<a>\S+)(?: (?P<b>x))?$"}, "first\n", {"a": "first"}),
        (
            {"regex": r"(?P<id>\w+) (?P<share>[\d.]+) (?P<mac>\S+)"},
            "007 1.5 00:11",
            {"id": "007", "share": 1.5, "mac": "00:11"},
        ),
        ({"lines": r"-> (?P<to>.+)$"}, "1 -> a:[1]\nx\n2 -> /dev/null\n", [{"to": "a:[1]"}, {"to": "/dev/null"}]),
        ({"csv": ["vips"]}, "x" * 200_000 + "\n", [{"vips": "x" * 200_000}]),
        ({"count_lines": r"^\d+$"}, "0\n1\nx\n10\n", 3),
        ({"csv": ["name", "ofport", "error"]}, 'a,-1,"no, ""such"" device"\nb,2,\n', [
            {"name": "a", "ofport": "-1", "error": 'no, "such" device'},
            {"name": "b", "ofport": "2", "error": ""},
        ]),
        ({"csv": ["a"]}, "", []),
        (
            {"ovsdb": True},
            '{"data":[["r",["map",[["k","false"]]],["set",[1,2]],["uuid","u-1"],["set",[]]]],'
            '"headings":["name","options","ports","_uuid","none"]}',
            [{"name": "r", "options": {"k": "false"}, "ports": [1, 2], "_uuid": "u-1", "none": []}],
        ),
        ({"json": True}, '[{"rows": [{"connected": false}]}]', [{"rows": [{"connected": False}]}]),
        ({"keyvalue": ":"}, "atoms:99 cells:181\n", {"atoms": 99, "cells": 181}),
        ({"keyvalue": ":"}, "FDSize:\t256\nVmRSS:\t   23792 kB\n", {"FDSize": 256, "VmRSS": "23792 kB"}),
        ({"keyvalue": " "}, "nr_periods 10\nnr_throttled 3\n", {"nr_periods": 10, "nr_throttled": 3}),
        ({"keyvalue": "="}, "a=1\nb=x=y\n", {"a": 1, "b": "x=y"}),
    ],
)  # fmt: skip
def test_output_becomes_data(how: dict[str, Any], text: str, expected: Any) -> None:
    """Each parser reads the shape it is named for."""
    assert parse(how, text) == expected


def test_cluster_status_tells_members_and_lost_connections() -> None:
    """A dead peer is in `lost`, its last message in milliseconds."""
    raft = parse({"raft": True}, LEADER)
    assert (raft["sid"], raft["role"], raft["status"], raft["term"]) == (
        "5067",
        "leader",
        "cluster member",
        4,
    )
    assert (raft["election_timer"], raft["not_applied"], raft["log"]) == (5000, 1, [2, 12])
    assert (raft["connected"], raft["lost"]) == (["67bc"], ["5f40"])
    assert "election_won_ms" not in parse({"raft": True}, LEADER.replace("Last Election won", "x"))
    assert parse({"raft": True}, f"{LEADER}Last Election won: 9001 ms ago\n")["election_won_ms"] == 9001
    assert [s["self"] for s in raft["servers"]] == [False, True, False]
    assert [s.get("last_msg_ms") for s in raft["servers"]] == [330, None, 12338]


def test_process_stat_survives_a_name_with_spaces_and_brackets() -> None:
    """Fields are counted after the last bracket; several processes make a list."""
    one = parse({"proc_stat": True}, STAT)
    assert (one["pid"], one["comm"], one["utime"], one["stime"]) == (5, "ovs-vswitchd (x)", 700, 300)
    assert (one["num_threads"], one["rss"]) == (6, 5948)
    assert [s["pid"] for s in parse({"proc_stat": True}, STAT + STAT)] == [5, 5]


def test_cpu_line_and_netlink_sockets() -> None:
    """Steal is the eighth number; generic netlink is protocol 16."""
    cpu = parse(
        {"cpu_stat": True}, "cpu  30612 44918 17523 303026 1329 0 441 195 0 0\ncpu0 1 1 1 1 1 1 1 1 1 1\n"
    )
    assert cpu["steal"] == 195
    assert cpu["total"] == 398044
    rows = parse({"netlink": True}, NETLINK)
    assert [(r["eth"], r["drops"], r["groups"]) for r in rows] == [(16, 0, "00000000"), (0, 7, "00000111")]


def test_log_lines_have_times_and_keep_bars_in_their_text() -> None:
    """A continuation line is no line of its own."""
    lines = parse({"ovslog": True}, LOG)
    assert [(x["module"], x["level"], x["text"]) for x in lines] == [
        ("ofproto_dpif(handler5)", "WARN", "a | b"),
        ("bridge", "INFO", "added"),
    ]
    assert lines[1]["at"] == 1795187957.0
    assert parse({"ovslog": True}, "") == []


def test_colour_is_not_content() -> None:
    """Escape sequences of a coloured output do not hide the number."""
    assert parse({"regex": r"^flow_count=(?P<n>\d+)$"}, "\x1b[31mflow_count=\x1b[1m7\x1b[0m\r\n") == {"n": 7}


@pytest.mark.parametrize(
    ("how", "text"),
    [
        ({"regex": r"flow_count=(?P<count>\d+)"}, "ovs-ofctl: br-int is not a bridge"),
        ({"csv": ["a", "b"]}, "x,y\nz\n"),
        ({"csv": ["a", "b"]}, 'x,"y\n'),
        ({"ovsdb": True}, '{"data":[["x"'),
        ({"ovsdb": True}, '{"data":[["x"]],"headings":["a","b"]}'),
        ({"ovsdb": True}, "[]"),
        ({"ovsdb": True}, '{"data":[[["map",[1]]]],"headings":["a"]}'),
        ({"json": True}, "{"),
        ({"json": True}, "[" * 100_000),
        ({"keyvalue": ":"}, "no pair here"),
        ({"keyvalue": ":"}, ""),
        ({"proc_stat": True}, "5 (ovs) S 1"),
        ({"proc_stat": True}, ""),
        ({"cpu_stat": True}, "cpu 1 2 3"),
        ({"cpu_stat": True}, "intr 5"),
        ({"cpu_stat": True}, "\n\n"),
        ({"netlink": True}, "cat: /proc/net/netlink: No such file"),
        ({"netlink": True}, NETLINK + "truncated 16"),
        ({"raft": True}, "ovn-appctl: cannot connect"),
        ({"raft": True}, LEADER.replace("Term: 4", "Term: many")),
        ({"raft": True}, f"{LEADER}Last Election won: long ago\n"),
        ({"ovslog": True}, "tail: cannot open"),
        ({"count_lines": "x", "expect": "^head"}, "x\nx\n"),
        ({}, "\x00\x01\x02"),
    ],
)
def test_garbage_is_unparsable(how: dict[str, Any], text: str) -> None:
    """Truncated, foreign and binary output is refused, not read as something."""
    with pytest.raises(Unparsable):
        parse(how, text)


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(sorted(KINDS)), st.text(max_size=200))
def test_no_text_breaks_a_parser(kind: str, text: str) -> None:
    """Whatever stands there, a parser answers or says that it cannot."""
    columns = {"csv": ["a", "b"], "keyvalue": ":", "prometheus": ["up"]}
    pattern = kind in ("regex", "lines", "count_lines")
    how: dict[str, Any] = {kind: columns.get(kind, r"(?P<a>\d)" if pattern else True)}
    with contextlib.suppress(Unparsable):
        parse(how, text)


@pytest.mark.parametrize(
    ("how", "says"),
    [
        ({"jsonn": True}, "no parser jsonn"),
        ({"regex": "("}, "no regular expression"),
        ({"regex": "abc"}, "named groups"),
        ({"csv": "a,b"}, "column names"),
        ({"keyvalue": ";"}, "keyvalue"),
        ({"raft": "yes"}, "raft takes true"),
        ({"json": True, "raft": True}, "exactly one"),
        ({"lines": 5}, "regular expression"),
        ({"lines": "(?P<line>.*panic.*)"}, "begins with a repetition"),
        ({"regex": r"(?:[^,]+),(?P<n>\d)"}, "begins with a repetition"),
    ],
)
def test_mistakes_in_a_check_file_are_named(how: dict[str, Any], says: str) -> None:
    """What a check file says wrongly about parsing is found at load."""
    assert any(says in mistake for mistake in mistakes(how))


def test_right_uses_have_no_mistakes() -> None:
    """The forms of docs/formats.md are accepted."""
    for how in ({"regex": r"(?P<a>x)"}, {"csv": ["a"]}, {"count_lines": "x", "expect": "y"}, {"raft": True}):
        assert mistakes(how) == []


@pytest.mark.shared
@pytest.mark.parametrize(
    ("sample", "how", "probe"),
    [
        ("cluster_status.no_quorum.txt", {"raft": True}, lambda r: r["role"] == "candidate" and len(r["lost"]) == 2),
        ("cluster_status.one_down.txt", {"raft": True}, lambda r: r["lost"] == ["7d36"]),
        ("dump-aggregate.3000-macs.txt", {"regex": r"flow_count=(?P<n>\d+)"}, lambda r: r["n"] == 6434),
        ("mac_binding.csv", {"csv": ["uuid", "ip", "port", "at"]}, lambda r: r[0]["ip"] == "10.16.4.109"),
        ("nbctl_lr_options.json", {"ovsdb": True}, lambda r: r[0]["options"]["dynamic_neigh_routers"] == "true"),
        ("ovs-vsctl_open.json", {"ovsdb": True}, lambda r: r[0]["external_ids"]["hostname"] == "node-1"),
        ("ovs-vsctl_iface_error.csv", {"csv": ["name", "ofport", "error"]}, lambda r: "open network" in r[0]["error"]),
        ("ovs-vswitchd.log.tail", {"ovslog": True}, lambda r: r[0]["module"] == "ofproto_dpif"),
        ("ovsdb-server-nb.no_quorum.log", {"ovslog": True}, lambda r: any("election" in x["text"] for x in r)),
        ("server_db.no_quorum.json", {"json": True}, lambda r: r[0]["rows"][0]["connected"] is False),
        ("proc_vswitchd.txt", {"regex": r"VmRSS:\s+(?P<kb>\d+) kB"}, lambda r: r["kb"] == 23792),
    ],
)  # fmt: skip
def test_real_output_is_read(sample: str, how: dict[str, Any], probe: Any) -> None:
    """Output recorded from real daemons parses to what stands in it."""
    path = SAMPLES / sample
    if not path.exists():
        pytest.skip("the customer's samples are not here")
    assert probe(parse(how, path.read_text(encoding="utf-8")))
