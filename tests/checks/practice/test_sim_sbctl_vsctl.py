"""ovn-sbctl and ovs-vsctl of the staged cluster say what the real ones, 23.03.1 and 3.1.0, said on the same rows."""

# ruff: noqa: E501 - what tools print stands here as they print it

from __future__ import annotations

import pytest

from checks.practice.sim.sbctl import sbctl
from checks.practice.sim.tables import Database
from checks.practice.sim.types import load_schema
from checks.practice.sim.vsctl import vsctl
from tests.checks.practice.commandline import call, masked


@pytest.fixture
def sb() -> Database:
    """The southbound rows of the sandbox, as OVN 23.03 has them."""
    db = Database(load_schema("sb", "23.03.1"))
    datapath = db.insert("Datapath_Binding", {"tunnel_key": 3, "external_ids": {"name": "ovn-cluster"}})
    encap = db.insert(
        "Encap",
        {"chassis_name": "sbx-node-1", "ip": "127.0.0.1", "type": "geneve", "options": {"csum": "true"}},
    )
    chassis = db.insert(
        "Chassis",
        {
            "name": "sbx-node-1",
            "hostname": "node-1",
            "encaps": (encap,),
            "other_config": {"mac-binding-timestamp": "true", "iface-types": "geneve,vxlan"},
        },
    )
    for key, (name, kind, at) in enumerate(
        (
            ("web-0.default", "", (chassis,)),
            ("late-0.default", "", ()),
            ("ovn-cluster-ovn-default", "patch", ()),
        )
    ):
        db.insert(
            "Port_Binding",
            {
                "logical_port": name,
                "type": kind,
                "chassis": at,
                "up": (bool(at),),
                "datapath": datapath,
                "tunnel_key": key + 1,
            },
        )
    for number in (1, 2, 3):
        db.insert(
            "MAC_Binding",
            {
                "logical_port": "ovn-cluster-ovn-default",
                "ip": f"10.16.1.{number}",
                "mac": f"02:00:00:00:00:0{number}",
                "datapath": datapath,
            },
        )
    return db


@pytest.fixture
def ovs() -> Database:
    """The switch's rows of the sandbox, with one port whose device is gone."""
    db = Database(load_schema("vswitch", "3.1.0"))
    ports = []
    for name, number, error in (
        ("br-int", 65534, ""),
        ("ovn0", 1, ""),
        ("gone1_h", -1, "could not open network device gone1_h (No such device)"),
    ):
        row = {
            "name": name,
            "ofport": (number,),
            "external_ids": {"iface-id": f"node-{name}"} if name == "ovn0" else {},
        }
        if error:
            row["error"] = (error,)
        if name == "br-int":
            row["type"] = "internal"
        ports.append(db.insert("Port", {"name": name, "interfaces": (db.insert("Interface", row),)}))
    bridge = db.insert(
        "Bridge",
        {"name": "br-int", "ports": tuple(ports), "fail_mode": ("secure",), "datapath_type": "system"},
    )
    db.insert(
        "Open_vSwitch",
        {
            "bridges": (bridge,),
            "external_ids": {
                "hostname": "node-1",
                "ovn-encap-ip": "127.0.0.1",
                "ovn-remote-probe-interval": "10000",
                "system-id": "sbx-node-1",
            },
        },
    )
    return db


@pytest.mark.parametrize(
    ("argv", "stdout"),
    [
        (("--format=csv", "--data=bare", "--no-headings", "--columns=logical_port,up", "find", "Port_Binding", "chassis=[]", 'type=""'), "late-0.default,false\n"),
        (("--format=csv", "--data=bare", "--no-headings", "--columns=ip,mac", "list", "MAC_Binding"), "10.16.1.1,02:00:00:00:00:01\n10.16.1.2,02:00:00:00:00:02\n10.16.1.3,02:00:00:00:00:03\n"),
        (("--format=csv", "--columns=ip,mac", "find", "MAC_Binding", "ip=10.16.1.2"), 'ip,mac\n"""10.16.1.2""","""02:00:00:00:00:02"""\n'),
        (("--columns=ip,timestamp", "find", "MAC_Binding", "ip=10.16.1.2"), 'ip                  : "10.16.1.2"\ntimestamp           : 0\n'),
        (("--format=csv", "--data=bare", "--no-headings", "--columns=hostname,other_config", "list", "Chassis"), 'node-1,"iface-types=geneve,vxlan mac-binding-timestamp=true"\n'),
        (("get", "Chassis", "sbx-node-1", "other_config:mac-binding-timestamp"), '"true"\n'),
        (("--if-exists", "destroy", "MAC_Binding", "3c653000-b1f6-4bcf-93ee-19d56efc5f50"), ""),
        (("--if-exists", "chassis-del", "zz"), ""),
        (("show",), 'Chassis sbx-node-1\n    hostname: node-1\n    Encap geneve\n        ip: "127.0.0.1"\n        options: {csum="true"}\n    Port_Binding web-0.default\n'),
        (("--format=html", "--columns=ip", "find", "MAC_Binding", "ip=10.16.1.2"), "<table border=1>\n  <tr>\n    <th>ip</th>\n  </tr>\n  <tr>\n    <td>&quot;10.16.1.2&quot;</td>\n  </tr>\n</table>\n"),
        (("--format=table", "--columns=name,hostname", "list", "Chassis"), "name       hostname\n---------- --------\nsbx-node-1 node-1\n"),
    ],
)  # fmt: skip
def test_southbound_reads(sb: Database, argv: tuple[str, ...], stdout: str) -> None:
    """Readings print what the real tool prints, and end with 0."""
    result = call(sbctl(), sb, *argv)
    assert (masked(result.stdout), result.stderr, result.code) == (stdout, "", 0)


def test_before_22_09_there_is_no_timestamp_column() -> None:
    """OVN 21.06 has no ageing, and says so by the missing column."""
    result = call(
        sbctl(), Database(load_schema("sb", "21.06.1")), "--columns=timestamp", "list", "MAC_Binding"
    )
    assert (
        result.stderr == 'ovn-sbctl: MAC_Binding does not contain a column whose name matches "timestamp"\n'
    )


def test_destroy_and_create_bring_a_row_back(sb: Database) -> None:
    """The purge takes exactly the rows it names; the undo creates them again."""
    tool = sbctl()
    columns = "--columns=_uuid,ip,logical_port,mac,datapath"
    listing = ("--format=csv", "--data=bare", "--no-headings", columns, "list", "MAC_Binding")
    rows = [line.split(",") for line in call(tool, sb, *listing).stdout.splitlines()]
    assert call(tool, sb, "--if-exists", "destroy", "MAC_Binding", rows[0][0], rows[2][0]).code == 0
    assert [r.split(",")[1] for r in call(tool, sb, *listing).stdout.splitlines()] == ["10.16.1.2"]
    _, ip, port, mac, datapath = rows[0]
    back = (
        "--",
        "create",
        "MAC_Binding",
        f"ip={ip}",
        f"logical_port={port}",
        f'mac="{mac}"',
        f"datapath={datapath}",
    )
    assert masked(call(tool, sb, *back).stdout) == "UUID\n"
    again = call(tool, sb, *back)
    assert again.code == 1
    assert "Transaction causes multiple rows in \\\"MAC_Binding\\\" table to have identical values (ovn-cluster-ovn-default and \\\"10.16.1.1\\\")" in again.stderr  # fmt: skip


@pytest.mark.parametrize(
    ("argv", "stderr"),
    [
        (("destroy", "MAC_Binding", "a", "b"), 'ovn-sbctl: no row "a" in table MAC_Binding\n'),
        (("chassis-del", "zz"), "ovn-sbctl: no chassis named zz\n"),
        (("--", "create", "MAC_Binding", "ip=1.2.3.4", "datapath=zzz"), 'ovn-sbctl: "zzz" is not a valid UUID\n'),
        (("create", "MAC_Binding", "mac=02:00:00:00:00:aa"), 'ovn-sbctl: 02:00:00:00:00:aa: unexpected ":" parsing string\n'),
        (
            ("find", "Port_Binding", "up"),
            'ovn-sbctl: up: argument does not end in "=", "!=", "<", ">", "<=", ">=", "{=}", "{!=}", "{<}", "{>}", "{<=}", "{>=}", "{in}", or "{not-in}" followed by a value.\n',
        ),
    ],
)  # fmt: skip
def test_southbound_errors(sb: Database, argv: tuple[str, ...], stderr: str) -> None:
    """Mistakes are refused in the real tool's words."""
    result = call(sbctl(), sb, *argv)
    assert (masked(result.stderr), result.code) == (stderr, 1)


def test_destroy_without_records_only_warns(sb: Database) -> None:
    """The real tool warns and ends with 0."""
    result = call(sbctl(), sb, "destroy", "MAC_Binding")
    assert (
        masked(result.stderr)
        == "TIME|00002|db_ctl_base|WARN|either --all or records argument should be specified\n"
    )
    assert result.code == 0


@pytest.mark.parametrize(
    ("argv", "stdout", "stderr", "code"),
    [
        (("--timeout=5", "get", "open", ".", "external_ids:system-id"), "sbx-node-1\n", "", 0),
        (("get", "open", ".", "external_ids"), '{hostname=node-1, ovn-encap-ip="127.0.0.1", ovn-remote-probe-interval="10000", system-id=sbx-node-1}\n', "", 0),
        (("get", "open", ".", "external_ids:zz"), "", 'ovs-vsctl: no key "zz" in Open_vSwitch record "." column external_ids\n', 1),
        (("list-ports", "br-int"), "gone1_h\novn0\n", "", 0),
        (("list-ports", "nope"), "", "ovs-vsctl: no bridge named nope\n", 1),
        (("--if-exists", "--with-iface", "del-port", "br-int", "nope"), "", "", 0),
        (("del-port", "br-int", "nope"), "", "ovs-vsctl: no port named nope\n", 1),
        (("br-exists", "nope"), "", "", 2),
        (("port-to-br", "ovn0"), "br-int\n", "", 0),
        (("--format=csv", "--data=bare", "--no-heading", "--columns=name,ofport,error", "list", "interface"), "br-int,65534,\novn0,1,\ngone1_h,-1,could not open network device gone1_h (No such device)\n", "", 0),
        (("--columns=name", "find", "interface", "error!=[]"), "name                : gone1_h\n", "", 0),
        (("--columns=name", "find", "interface", 'external_ids:iface-id!=""'), "name                : ovn0\n", "", 0),
        (("set", "interface", "ovn0", "mtu=x"), "", 'ovs-vsctl: "x" is not a valid integer or range\n', 1),
        (("set", "open", ".", "external-ids"), "", 'ovs-vsctl: external-ids: argument does not end in "=" followed by a value.\n', 1),
    ],
)  # fmt: skip
def test_switch_commands(ovs: Database, argv: tuple[str, ...], stdout: str, stderr: str, code: int) -> None:
    """ovs-vsctl prints and refuses as the real one does."""
    result = call(vsctl(), ovs, *argv)
    assert (result.stdout, result.stderr, result.code) == (stdout, stderr, code)


def test_a_lost_port_is_removed(ovs: Database) -> None:
    """The fix for ports without a device."""
    assert (
        call(
            vsctl(), ovs, "--timeout=10", "--if-exists", "--with-iface", "del-port", "br-int", "gone1_h"
        ).code
        == 0
    )
    assert call(vsctl(), ovs, "list-ports", "br-int").stdout == "ovn0\n"


def test_show_marks_the_broken_interface(ovs: Database) -> None:
    """``show`` quotes the error below its interface."""
    text = call(vsctl(), ovs, "show").stdout
    assert (
        '            Interface gone1_h\n                error: "could not open network device gone1_h (No such device)"\n'
        in text
    )


def test_many_rows_are_quick() -> None:
    """52,000 rows list within the second and 500 go within a few milliseconds, so that a purge does not wait."""
    import time

    db = Database(load_schema("sb", "21.06.1"))
    datapath = db.insert("Datapath_Binding", {"tunnel_key": 1})
    db.insert_many(
        "MAC_Binding",
        ({"logical_port": "p", "ip": f"10.{n >> 16}.{n >> 8 & 255}.{n & 255}", "mac": "x", "datapath": datapath} for n in range(52_000)),
    )  # fmt: skip
    start = time.perf_counter()
    text = call(sbctl(), db, "--format=csv", "--data=bare", "--no-headings", "--columns=_uuid,ip,logical_port,mac", "list", "MAC_Binding").stdout  # fmt: skip
    listed = time.perf_counter() - start
    uuids = [line.split(",")[0] for line in text.splitlines()]
    start = time.perf_counter()
    call(sbctl(), db, "--if-exists", "destroy", "MAC_Binding", *uuids[:500])
    destroyed = time.perf_counter() - start
    assert len(db["MAC_Binding"].rows) == 51_500
    # Generous against a machine that others use too; alone it is 0.3 s and 2 ms.
    assert listed < 3.0
    assert destroyed < 0.5
