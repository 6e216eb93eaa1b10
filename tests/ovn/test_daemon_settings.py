"""Checks of log levels, flow limits and links on real daemons."""

from __future__ import annotations

from checks.model import Result, Verdict
from tests.ovn.conftest import Bed


def says(bed: Bed, check: str, verdict: Verdict) -> Result:
    result = bed.check(check)
    assert result.verdict is verdict, (check, result.summary.en, [r.text.en for r in result.judgement.rows])
    return result


def test_daemons_as_installed_are_ok(bed: Bed) -> None:
    """An idle ovs-vswitchd keeps the limit it begins with; no module is at DBG; no interface of OVN is down."""
    for check in ("ovs.log-level", "ovn.log-level", "ovs.datapath-flows", "ovs.interface-drops"):
        assert says(bed, check, Verdict.OK).evidence


def test_a_module_left_at_dbg_is_named(bed: Bed) -> None:
    """As after an investigation: in ovs-vswitchd, and in the northbound database of one member."""
    node = bed.daemons.node
    node.run("ovs-appctl", "vlog/set", "bridge:file:dbg")
    bed.daemons.appctl(0, "nb", "vlog/set", "raft:file:dbg")
    try:
        assert says(bed, "ovs.log-level", Verdict.WARN).judgement.data["ovs"] == ["bridge"]
        found = says(bed, "ovn.log-level", Verdict.WARN)
        assert (found.judgement.value, found.judgement.data["north"]) == (1, ["raft"])
    finally:
        node.run("ovs-appctl", "vlog/set", "bridge:file:info")
        bed.daemons.appctl(0, "nb", "vlog/set", "raft:file:info")
    says(bed, "ovs.log-level", Verdict.OK)


def test_an_interface_that_is_down_is_seen(bed: Bed) -> None:
    """Only interfaces of OVN count: the bridge's own is down on every node."""
    says(bed, "ovs.link-state", Verdict.OK)
    node = bed.daemons.node
    node.run("ovs-appctl", "netdev-dummy/set-admin-state", "aabbccddeeff_h", "down")
    try:
        assert says(bed, "ovs.link-state", Verdict.WARN).judgement.data["down"] == ["aabbccddeeff_h"]
    finally:
        node.run("ovs-appctl", "netdev-dummy/set-admin-state", "aabbccddeeff_h", "up")
