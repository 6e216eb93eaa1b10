"""The judge of the logs of the OVN database servers: damage, elections and long polls as they wrote them down."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from checks.judges.pernode import log_clock, nobody, nodes_of, unread
from checks.judges.wholes import judged
from checks.model import JSON, Fact, Judgement, Row, Verdict
from kb.messages import message
from kb.safe import one_line

Facts = Mapping[str, Fact]
Params = Mapping[str, JSON]
_DAMAGE = re.compile(
    r"inconsistent data|attempts to truncate log|advances commit index|write failed|No space left on device"
)
"""What ovsdb-server says of a file that it cannot write or understand (ovsdb/raft.c, ovsdb/log.c)."""
_ELECTION = re.compile(r"^term \d+: .*starting election")
_POLL = re.compile(r"^Unreasonably long (\d{1,9})ms poll interval")


def judge_db_logs(facts: Facts, params: Params, now: float) -> Judgement:
    """Damage in the last day, elections and the longest poll of the last hour (both spans are params).

    Data: ``damage`` (lines), ``elections``, ``longest_poll`` (ms), of all servers.
    """
    lost = nobody(facts, "nb", "sb")
    if lost:
        return lost
    rows: list[Row] = []
    for at in nodes_of(facts, "nb", "sb"):
        for database in ("nb", "sb"):
            target = f"{at.pod or at.target} {database}"
            if failed := at.failed(database):
                rows.append(unread(target, failed))
            else:
                clock = log_clock(at, database, now)
                rows.append(_log_row(target, at.value(database) or (), clock, params))
    known = [row.data for row in rows if "elections" in row.data]
    return judged(
        rows,
        well=message("ovndb.logs-ok", total=len(rows)),
        wrong=message("ovndb.logs-bad"),
        none=message("ovndb.no-central"),
        data={
            "damage": sum(int(data["damage"]) for data in known),
            "elections": sum(int(data["elections"]) for data in known),
            "longest_poll": max((int(data["longest_poll"]) for data in known), default=0),
        },
    )


def _log_row(target: str, lines: Sequence[Mapping[str, Any]], clock: float, params: Params) -> Row:
    day, hour = clock - float(params["damage_window"]), clock - float(params["window"])
    recent = [line for line in lines if float(line["at"]) >= hour]
    damage = [line for line in lines if float(line["at"]) >= day and _DAMAGE.search(str(line["text"]))]
    elections = sum(bool(_ELECTION.match(str(line["text"]))) for line in recent)
    polls = [int(found[1]) for line in recent if (found := _POLL.match(str(line["text"])))]
    data = {"damage": len(damage), "elections": elections, "longest_poll": max(polls, default=0)}
    if damage:
        said = one_line(str(damage[-1]["text"]), 200)
        text = message("ovndb.log-damage", count=len(damage), said=said)
        return Row(target, Verdict.FAIL, text, data=data)
    if elections >= int(params["elections"]):
        text = message("ovndb.log-elections", count=elections, poll=data["longest_poll"])
        return Row(target, Verdict.WARN, text, data=data)
    if data["longest_poll"] >= int(params["poll"]):
        return Row(target, Verdict.WARN, message("ovndb.log-poll", poll=data["longest_poll"]), data=data)
    return Row(target, Verdict.OK, message("ovndb.log-row", **data), data=data)
