"""The API server's own health checks: which of them fail, at which endpoint, and what that means."""

from __future__ import annotations

from collections.abc import Mapping

from checks.judges.lists import failure
from checks.judges.wholes import judged
from checks.model import JSON, Fact, Judgement, Row, Verdict
from kb.messages import message

PATHS = {"ready": "/readyz", "live": "/livez"}
STOPPING = "shutdown"
"""Fails at readyz while a server that is asked to end lets its clients go."""
ETCD = "etcd"
"""What begins so is judged by ``etcd.reached``."""


def judge_api_health(facts: Mapping[str, Fact], params: Mapping[str, JSON], now: float) -> Judgement:
    """A row per check of /readyz and /livez but those of etcd, and an unknown one per endpoint without an answer."""
    lost = {read: failure(facts, read) for read in PATHS}
    if (first := lost["ready"]) is not None and lost["live"] is not None:
        return first
    found: dict[str, dict[str, bool]] = {}
    for read in PATHS:
        for row in facts[read].items if read in facts and not lost[read] else ():
            if not row["name"].startswith(ETCD) and not row["excluded"]:
                found.setdefault(row["name"], {})[read] = row["ok"]
    rows = [_row(name, found[name]) for name in found]
    rows += [
        Row(
            PATHS[read],
            Verdict.UNKNOWN,
            gap.summary,
            data={"reason": gap.reason},
        )
        for read, gap in lost.items()
        if gap is not None
    ]
    return judged(
        rows,
        well=message("apihealth.well", total=len(found)),
        wrong=message(
            "apihealth.wrong", count=sum(not all(one.values()) for one in found.values()), total=len(found)
        ),
        none=message("apihealth.none"),
    )


def _row(name: str, said: Mapping[str, bool]) -> Row:
    """What a check says at the endpoints that have it."""
    data: dict[str, JSON] = {read: said[read] for read in said}
    if not said.get("live", True):
        return Row(name, Verdict.FAIL, message("apihealth.dead"), data=data)
    if not said.get("ready", True):
        if name == STOPPING:
            return Row(name, Verdict.WARN, message("apihealth.stopping"), data=data)
        return Row(name, Verdict.FAIL, message("apihealth.unready"), data=data)
    return Row(name, Verdict.OK, message("apihealth.passes"), data=data)
