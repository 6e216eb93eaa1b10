"""ovn-nbctl of the staged cluster says what the real one, of OVN 23.03.1, said on the same rows."""

# ruff: noqa: E501 - what tools print stands here as they print it

from __future__ import annotations

import pytest

from checks.practice.sim.ctl import Reach, run
from checks.practice.sim.nbctl import nbctl
from checks.practice.sim.tables import Database
from checks.practice.sim.types import load_schema
from tests.checks.practice.commandline import call, masked

ROUTER_COLUMNS = (
    "copp",
    "enabled",
    "external_ids",
    "load_balancer",
    "load_balancer_group",
    "name",
    "nat",
    "options",
    "policies",
    "ports",
    "static_routes",
)


@pytest.fixture
def nb() -> Database:
    """The northbound rows of the sandbox."""
    db = Database(load_schema("nb", "23.03.1"))
    router_port = db.insert(
        "Logical_Router_Port",
        {"name": "ovn-cluster-ovn-default", "mac": "00:00:00:A3:F8:18", "networks": ("10.16.0.1/16",)},
    )
    db.insert(
        "Logical_Router",
        {
            "name": "ovn-cluster",
            "options": {"dynamic_neigh_routers": "true", "always_learn_from_arp_request": "false"},
            "ports": (router_port,),
        },
    )
    port = db.insert(
        "Logical_Switch_Port",
        {"name": "web-0.default", "addresses": ("00:00:00:11:22:33 10.16.0.10",), "up": (True,)},
    )
    peer = db.insert(
        "Logical_Switch_Port",
        {
            "name": "ovn-default-ovn-cluster",
            "type": "router",
            "addresses": ("router",),
            "options": {"router-port": "ovn-cluster-ovn-default"},
        },
    )
    db.insert("Logical_Switch", {"name": "ovn-default", "ports": (port, peer)})
    db.insert("NB_Global", {"options": {"mac_prefix": "0a:a9:4a"}})
    return db


@pytest.mark.parametrize(
    ("argv", "stdout"),
    [
        (
            ("--format=json", "--columns=name,options", "list", "Logical_Router"),
            '{"data":[["ovn-cluster",["map",[["always_learn_from_arp_request","false"],["dynamic_neigh_routers","true"]]]]],"headings":["name","options"]}\n',
        ),
        (
            ("get", "Logical_Router", "ovn-cluster", "options"),
            '{always_learn_from_arp_request="false", dynamic_neigh_routers="true"}\n',
        ),
        (("--if-exists", "get", "Logical_Router", "ovn-cluster", "options:foo"), "\n"),
        (("--if-exists", "get", "Logical_Router", "nope", "options"), ""),
        (("--bare", "--columns=name", "find", "Logical_Switch_Port", "name=web-0.default"), "web-0.default\n"),
        (("find", "Logical_Router", "options:a=b"), ""),
        (("--columns=name", "find", "Logical_Router", "name=ovn-cluster", "enabled=[]"), "name                : ovn-cluster\n"),
        (("--columns=name", "find", "Logical_Switch_Port", "addresses>=router"), "name                : ovn-default-ovn-cluster\n"),
        (("--if-exists", "lsp-del", "nope"), ""),
        (("lsp-get-addresses", "web-0.default"), "00:00:00:11:22:33 10.16.0.10\n"),
        (("lr-list",), "UUID (ovn-cluster)\n"),
        (("-fcsv", "-dbare", "--columns=name", "list", "Logical_Switch"), "name\novn-default\n"),
        (("--format=csv", "--columns=name,options", "list", "Logical_Router"), 'name,options\novn-cluster,"{always_learn_from_arp_request=""false"", dynamic_neigh_routers=""true""}"\n'),
        (("--data=bare", "--columns=options", "list", "Logical_Router"), "options             : always_learn_from_arp_request=false dynamic_neigh_routers=true\n"),
        (("--", "--if-exists", "get", "Logical_Router", "zz", "options", "--", "--columns=name", "list", "Logical_Switch"), "name                : ovn-default\n"),
    ],
)  # fmt: skip
def test_northbound_reads(nb: Database, argv: tuple[str, ...], stdout: str) -> None:
    """Readings print what the real tool prints, and end with 0."""
    result = call(nbctl(), nb, *argv)
    assert (masked(result.stdout), result.stderr, result.code) == (stdout, "", 0)


@pytest.mark.parametrize(
    ("argv", "stderr"),
    [
        (("get", "Logical_Router", "ovn-cluster", "options:foo"), 'no key "foo" in Logical_Router record "ovn-cluster" column options'),
        (("get", "Logical_Router", "nope", "options"), 'no row "nope" in table Logical_Router'),
        (("get", "Logical_Router", "ovn-cluster", "nope"), 'Logical_Router does not contain a column whose name matches "nope"'),
        (("list", "Foo"), 'unknown table "Foo"'),
        (("list", "Logical_S"), '"Logical_S" matches multiple table names: Logical_Switch, Logical_Switch_Port'),
        (("list",), "'list' command requires at least 1 arguments"),
        (("foo",), "unknown command 'foo'; use --help for help"),
        (("--foo", "list", "NB_Global"), "unrecognized option '--foo'"),
        (("-x",), "unrecognized option 'x'"),
        (("-t",), "option '-t' requires an argument"),
        (("--timeout=x", "list", "NB_Global"), "value x on -t or --timeout is invalid"),
        ((), "missing command name (use --help for help)"),
        (("get", "Logical_Router", "ovn-cluster", "options", "--", "--bare", "list", "Logical_Switch"), "'list' command has no '--bare' option"),
        (("lsp-del", "nope"), "nope: port name not found"),
        (("lsp-del", "a", "b", "c"), "'lsp-del' command takes at most 1 arguments"),
        (("ls-del", "nope"), "nope: switch name not found"),
        (("set", "Logical_Router", "ovn-cluster", "name="), 'name=: argument does not end in "=" followed by a value.'),
        (("set", "Logical_Router", "ovn-cluster", "enabled=maybe"), '"maybe" is not a valid boolean (use "true" or "false")'),
        (("set", "Logical_Switch_Port", "web-0.default", "tag=1,2"), "1,2: 2 value(s) specified but the maximum number is 1"),
        (("set", "Logical_Switch_Port", "web-0.default", "addresses=00:11"), '00:11: unexpected ":" parsing set of strings'),
        (("set", "Logical_Router", "ovn-cluster", "options={a=b"), '{a=b: missing "}" at end of data'),
        (("clear", "Logical_Router", "ovn-cluster", "name"), '"clear" operation cannot be applied to column name of table Logical_Router, which is not allowed to be empty'),
        (("find", "Logical_Switch_Port", "name:a=b"), "cannot specify key to check for non-map column name"),
        (("--format=foo", "list", "NB_Global"), 'unknown output format "foo"'),
    ],
)  # fmt: skip
def test_northbound_errors(nb: Database, argv: tuple[str, ...], stderr: str) -> None:
    """Mistakes are refused in the real tool's words, with exit code 1 and nothing printed."""
    result = call(nbctl(), nb, *argv)
    assert (result.stdout, masked(result.stderr), result.code) == ("", f"ovn-nbctl: {stderr}\n", 1)


def test_a_record_is_listed_with_all_columns_in_order(nb: Database) -> None:
    """``list`` shows _uuid first and the columns by name, padded to twenty characters."""
    lines = call(nbctl(), nb, "list", "Logical_Router").stdout.splitlines()
    assert [line.split(":")[0].rstrip() for line in lines] == ["_uuid", *ROUTER_COLUMNS]
    assert lines[2] == "enabled             : []"
    assert masked(lines[10]) == "ports               : [UUID]"


def test_show_prints_switches_then_routers(nb: Database) -> None:
    """``show`` is indented as the real one is."""
    expected = (
        "switch UUID (ovn-default)\n"
        "    port ovn-default-ovn-cluster\n        type: router\n        router-port: ovn-cluster-ovn-default\n"
        '    port web-0.default\n        addresses: ["00:00:00:11:22:33 10.16.0.10"]\n'
        "router UUID (ovn-cluster)\n"
        '    port ovn-cluster-ovn-default\n        mac: "00:00:00:A3:F8:18"\n        networks: ["10.16.0.1/16"]\n'
    )
    assert masked(call(nbctl(), nb, "show").stdout) == expected


def test_options_are_set_and_removed(nb: Database) -> None:
    """The fix of the routers and its undo do what they do on a real database."""
    tool = nbctl()
    call(tool, nb, "clear", "Logical_Router", "ovn-cluster", "options")
    done = call(
        tool, nb, "--timeout=30", "set", "Logical_Router", "ovn-cluster",
        "options:always_learn_from_arp_request=false", "options:dynamic_neigh_routers=true",
    )  # fmt: skip
    assert (done.stdout, done.stderr, done.code) == ("", "", 0)
    assert (
        "always_learn_from_arp_request"
        in call(tool, nb, "get", "Logical_Router", "ovn-cluster", "options").stdout
    )
    call(tool, nb, "remove", "Logical_Router", "ovn-cluster", "options", "always_learn_from_arp_request")
    assert (
        call(tool, nb, "get", "Logical_Router", "ovn-cluster", "options").stdout
        == '{dynamic_neigh_routers="true"}\n'
    )


def test_a_failing_command_takes_the_whole_line_back(nb: Database) -> None:
    """Commands joined with -- are one transaction."""
    tool = nbctl()
    result = call(tool, nb, "set", "Logical_Router", "ovn-cluster", "options:a=b", "--", "lsp-del", "nope")
    assert result.code == 1
    assert "a=b" not in call(tool, nb, "get", "Logical_Router", "ovn-cluster", "options").stdout


def test_dry_run_changes_nothing(nb: Database) -> None:
    """``--dry-run`` leaves the rows alone."""
    call(nbctl(), nb, "--dry-run", "lsp-del", "web-0.default")
    assert call(nbctl(), nb, "lsp-get-up", "web-0.default").stdout == "up\n"


def test_a_follower_answers_only_without_leader_only(nb: Database) -> None:
    """Without --no-leader-only a follower is no database at all."""
    refused = call(nbctl(), nb, "list", "NB_Global", leader=False)
    assert refused.stderr == "ovn-nbctl: unix:/var/run/ovn/ovnnb_db.sock: database connection failed ()\n"
    assert call(nbctl(), nb, "--no-leader-only", "--timeout=10", "list", "NB_Global", leader=False).code == 0


def test_a_container_without_the_socket_says_so() -> None:
    """Where the socket is not mounted the tool cannot connect."""
    result = run(nbctl(), ("show",), Reach(None))
    assert (
        result.stderr
        == "ovn-nbctl: unix:/var/run/ovn/ovnnb_db.sock: database connection failed (No such file or directory)\n"
    )


def test_commands_that_are_not_staged_say_so(nb: Database) -> None:
    """A real command that is left out is not called unknown."""
    result = call(nbctl(), nb, "lr-nat-list", "ovn-cluster")
    assert result.code == 1
    assert "practice cluster does not stage it" in result.stderr
