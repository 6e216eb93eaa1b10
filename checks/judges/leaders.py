"""Judge of the control plane's leaders by their Leases: seen also where its pods are hosted elsewhere."""

from __future__ import annotations

from collections.abc import Mapping

from checks.judges.lists import failure, name, namespace, spec, unix
from checks.judges.pernode import bad, folded, leading
from checks.model import JSON, Fact, Judgement, Row, Verdict
from kb.messages import message

LEASES = ("kube-controller-manager", "kube-scheduler")


def judge_control_leaders(facts: Mapping[str, Fact], params: Mapping[str, JSON], now: float) -> Judgement:
    """Seconds since the controller manager and the scheduler renewed their Lease; skipped where neither keeps one."""
    if lost := failure(facts, "leases"):
        return lost
    found = {name(x): x for x in facts["leases"].items if namespace(x) == "kube-system" and name(x) in LEASES}
    if not found:
        return Judgement(Verdict.SKIPPED, message("leaders.none"))
    rows = []
    for which in sorted(found):
        renewed = unix(spec(found[which]).get("renewTime"))
        if renewed is None:
            text = message("leaders.unread")
            rows.append(Row(which, Verdict.UNKNOWN, text, data={"reason": "unparsable"}))
            continue
        age = max(0, int(now - renewed))
        holder = str(spec(found[which]).get("holderIdentity") or "")
        old = Verdict.FAIL if age > float(params["fail"]) else Verdict.WARN
        verdict = Verdict.OK if age <= float(params["warn"]) and holder else old
        data: dict[str, JSON] = {"holder": holder, "age": age}
        key = "row" if holder else "nobody"
        rows.append(
            Row(which, verdict, message(f"leaders.{key}", holder=holder, age=age), value=age, data=data)
        )
    ages = [int(row.value) for row in rows if isinstance(row.value, int)]
    whole: dict[str, JSON] = {
        "total": len(rows),
        "oldest": max(ages, default=None),
        "worst": leading(rows),
    }
    which = "bad" if bad(rows) else "ok"
    return folded(rows, message(f"leaders.{which}", **whole), value=whole["oldest"], data=whole)
