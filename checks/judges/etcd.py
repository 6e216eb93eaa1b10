"""Judge of etcd's members: quorum, leader, size of the database against its quota, alarms."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from checks.judges.lists import Object, name, number, spec
from checks.judges.pernode import bad, folded, leading, nobody, nodes_of, unread
from checks.model import JSON, Fact, Judgement, Row, Verdict
from kb.messages import message

QUOTA = 2 * 1024**3
"""Bytes of etcd's default ``--quota-backend-bytes``."""
_ALARM = re.compile(r"^memberID:(\d+)\s+alarm:(\w+)", re.MULTILINE)
_FLAG = re.compile(r"--quota-backend-bytes[= ](\d{1,15})")


def judge_etcd_status(facts: Mapping[str, Fact], params: Mapping[str, JSON], now: float) -> Judgement:
    """``endpoint status`` of every member, asked of itself, with the alarms and the quota of its own pod's command.

    The members must name one leader; a database above `warn` or `fail` of its quota, or an alarm, stops writes.
    """
    if lost := nobody(facts, "status"):
        return lost
    quotas = {name(pod): _quota(pod) for pod in facts["pods"].items} if "pods" in facts else {}
    rows = []
    leaders: set[object] = set()
    for at in nodes_of(facts, "status", "alarms"):
        if answer := at.failed("status", "alarms"):
            rows.append(unread(at.target, answer))
            continue
        found = _status(at.value("status"))
        if found is None:
            text = message("etcd.unread")
            rows.append(Row(at.target, Verdict.UNKNOWN, text, data={"reason": "unparsable"}))
            continue
        leaders.add(found["leader"])
        alarms = sorted({kind for _, kind in _ALARM.findall(str(at.value("alarms")))} - {"NONE"})
        rows.append(_row(at.target, found, quotas.get(at.pod) or QUOTA, alarms, params))
    seen = [row for row in rows if row.verdict is not Verdict.UNKNOWN]
    split = len(leaders) > 1
    data: dict[str, JSON] = {
        "total": len(rows),
        "bad": len(bad(rows)),
        "worst": leading(rows),
        "leaders": len(leaders - {0}),
        "alarms": ",".join(sorted({a for row in seen for a in str(row.data["alarms"]).split(",") if a})),
        "share": max((float(row.value or 0) for row in seen), default=None),
        "largest": max((int(str(row.data["megabytes"])) for row in seen), default=None),
    }
    if split:
        text = message("etcd.split", leaders=len(leaders))
        rows.append(Row("leader", Verdict.FAIL, text, data={"alarms": "", "megabytes": 0}))
    which = "bad" if bad(rows) else "ok"
    return folded(rows, message(f"etcd.{which}", **data), value=data["share"], data=data)


def _status(value: Any) -> Mapping[str, Any] | None:
    """The member's own entry of ``-w json``: ``[{"Endpoint": …, "Status": {…}}]``."""
    first = value[0] if isinstance(value, list) and value and isinstance(value[0], Mapping) else {}
    found = first.get("Status")
    if not isinstance(found, Mapping) or number(found.get("dbSize")) is None or "leader" not in found:
        return None
    return found


def _row(
    target: str, found: Mapping[str, Any], quota: int, alarms: list[str], params: Mapping[str, JSON]
) -> Row:
    size, used = number(found.get("dbSize")) or 0, number(found.get("dbSizeInUse"))
    share = round(size / quota, 2)
    header = found.get("header")
    mine = header.get("member_id") if isinstance(header, Mapping) else None
    data: dict[str, JSON] = {
        "megabytes": size // 2**20,
        "in_use": None if used is None else used // 2**20,
        "quota": quota // 2**20,
        "leader": found["leader"] == mine,
        "term": number(found.get("raftTerm")),
        "behind": (number(found.get("raftIndex")) or 0) - (number(found.get("raftAppliedIndex")) or 0),
        "version": str(found.get("version") or ""),
        "alarms": ",".join(alarms),
    }
    if alarms or found["leader"] == 0:
        text = message("etcd.alarm" if alarms else "etcd.no-leader", alarms=data["alarms"])
        return Row(target, Verdict.FAIL, text, value=share, data=data)
    verdict = (
        Verdict.FAIL
        if share >= float(params["fail"])
        else Verdict.WARN
        if share >= float(params["warn"]) or int(str(data["behind"])) >= int(params["behind"])
        else Verdict.OK
    )
    return Row(target, verdict, message("etcd.row", **data), value=share, data=data)


def _quota(pod: Object) -> int | None:
    """The quota on the command line of an etcd pod."""
    containers = spec(pod).get("containers")
    for one in containers if isinstance(containers, list) else ():
        words = [*(one.get("command") or ()), *(one.get("args") or ())] if isinstance(one, Mapping) else []
        if match := _FLAG.search(" ".join(map(str, words))[:20_000]):
            return int(match[1]) or None
    return None
