"""Judge of the kernel settings of the nodes that the network depends on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from checks.judges.pernode import bad, folded, leading, nobody, nodes_of, unread
from checks.model import JSON, Fact, Judgement, Row, Verdict
from kb.messages import message

FORWARD = "net/ipv4/ip_forward"
BRIDGE = "net/bridge/bridge-nf-call-iptables"
RECYCLE = "net/ipv4/tcp_tw_recycle"


def judge_host_sysctls(facts: Mapping[str, Fact], params: Mapping[str, JSON], now: float) -> Judgement:
    """ip_forward off fails; tcp_tw_recycle on warns; nodes that differ from most in bridge-nf-call-iptables warn.

    Which value of bridge-nf-call-iptables is right depends on use (kube-proxy in iptables mode wants 1, a Linux
    bridge for virtual machines 0), so only a difference between nodes is told.
    """
    if lost := nobody(facts, "sysctls"):
        return lost
    found = list(nodes_of(facts, "sysctls"))
    values = {
        at.target: {str(e["name"]): str(e["value"]) for e in at.value("sysctls")}
        for at in found
        if not at.failed("sysctls")
    }
    bridge = Counter(v.get(BRIDGE, "-") for v in values.values())
    usual = bridge.most_common(1)[0][0] if bridge else "-"
    rows = []
    for at in found:
        if answer := at.failed("sysctls"):
            rows.append(unread(at.target, answer))
        else:
            rows.append(_row(at.target, values[at.target], usual))
    data: dict[str, JSON] = {
        "total": len(rows),
        "bad": len(bad(rows)),
        "worst": leading(rows),
        "forward_off": sum(v.get(FORWARD) == "0" for v in values.values()),
        "bridge_on": bridge.get("1", 0),
        "bridge_off": bridge.get("0", 0),
        "bridge_absent": bridge.get("-", 0),
    }
    which = "sysctls-bad" if bad(rows) else "sysctls-ok"
    return folded(rows, message(f"hostnet.{which}", **data), value=len(bad(rows)), data=data)


def _row(target: str, values: Mapping[str, str], usual: str) -> Row:
    bridge = values.get(BRIDGE, "-")
    data: dict[str, JSON] = {
        "forward": values.get(FORWARD, ""),
        "bridge": bridge,
        "probing": values.get("net/ipv4/tcp_mtu_probing", "-"),
        "recycle": values.get(RECYCLE, "-"),
        "usual": usual,
    }
    if FORWARD not in values:
        return Row(target, Verdict.UNKNOWN, message("hostnet.unread"), data={"reason": "unparsable"})
    if values[FORWARD] == "0":
        return Row(target, Verdict.FAIL, message("hostnet.no-forward"), data=data)
    if values.get(RECYCLE) == "1":
        return Row(target, Verdict.WARN, message("hostnet.recycle"), data=data)
    if bridge != usual:
        return Row(target, Verdict.WARN, message("hostnet.bridge", **data), data=data)
    return Row(target, Verdict.OK, message("hostnet.row", **data), data=data)
