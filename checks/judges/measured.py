"""Judges over what only Prometheus measures: kubelets' client certificates, PLEG, latency of the API server.

Where there is no Prometheus, or it has no such series, nothing is judged: they are skipped and say so.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from checks.judges.lists import failure
from checks.judges.pernode import bad, folded, graded, leading, nodes_of, unread
from checks.model import JSON, Fact, Judgement, Row, Verdict
from kb.messages import message

DAY = 86_400.0


def _unmeasured(facts: Mapping[str, Fact], read: str) -> Judgement | None:
    """Skipped where nobody measures it, unknown where Prometheus may not be asked."""
    fact = facts.get(read)
    errors = {fact.error} if fact and fact.error else {a.error for a in fact.failed} if fact else set()
    if fact is not None and not fact.good and errors == {"absent"}:
        return Judgement(Verdict.SKIPPED, message("measured.nobody"))
    return failure({read: fact}, read) if fact is not None and fact.error else None


def _number(samples: Sequence[Mapping[str, Any]], pick: Any) -> float | None:
    values = [float(s["value"]) for s in samples if isinstance(s.get("value"), int | float)]
    known = [v for v in values if math.isfinite(v)]
    return pick(known) if known else None


def _by_node(facts: Mapping[str, Fact], read: str, pick: Any, row: Callable[[str, float], Row]) -> list[Row]:
    """A row of every node from the number picked of its samples; unknown where there is none."""
    rows = []
    for at in nodes_of(facts, read):
        found = None if at.failed(read) else _number(at.value(read), pick)
        if answer := at.failed(read):
            rows.append(unread(at.target, answer))
        elif found is None:
            data = {"reason": "unparsable"}
            rows.append(Row(at.target, Verdict.UNKNOWN, message("measured.unread"), data=data))
        else:
            rows.append(row(at.target, found))
    return rows


# --- by node --------------------------------------------------------------------------------------------------------


def judge_kubelet_client(facts: Mapping[str, Fact], params: Mapping[str, JSON], now: float) -> Judgement:
    """Days until the client certificate of each kubelet ends; without it the node becomes NotReady."""
    if lost := _unmeasured(facts, "ttl"):
        return lost

    def row(target: str, left: float) -> Row:
        days = left / DAY
        verdict = (
            Verdict.FAIL
            if days <= float(params["fail"])
            else Verdict.WARN
            if days <= float(params["warn"])
            else Verdict.OK
        )
        text = message("measured.client-row", days=round(days, 1))
        return Row(target, verdict, text, value=round(days, 1), data={"days": round(days, 1)})

    rows = _by_node(facts, "ttl", min, row)
    least = min((float(r.value) for r in rows if isinstance(r.value, int | float)), default=None)
    data: dict[str, JSON] = {
        "total": len(rows),
        "bad": len(bad(rows)),
        "days": least,
        "worst": leading(rows),
    }
    which = "client-bad" if bad(rows) else "client-ok"
    return folded(rows, message(f"measured.{which}", **data), value=least, data=data)


def judge_pleg(facts: Mapping[str, Fact], params: Mapping[str, JSON], now: float) -> Judgement:
    """The 99th percentile of how long a kubelet takes to list its containers anew, in seconds, by node."""
    if lost := _unmeasured(facts, "relist"):
        return lost

    def row(target: str, slowest: float) -> Row:
        seconds = round(slowest, 2)
        text = message("measured.pleg-row", seconds=seconds)
        return Row(target, graded(seconds, params), text, value=seconds, data={"seconds": seconds})

    rows = _by_node(facts, "relist", max, row)
    most = max((float(r.value) for r in rows if isinstance(r.value, int | float)), default=None)
    data: dict[str, JSON] = {
        "total": len(rows),
        "bad": len(bad(rows)),
        "seconds": most,
        "worst": leading(rows),
    }
    which = "pleg-bad" if bad(rows) else "pleg-ok"
    return folded(rows, message(f"measured.{which}", **data), value=most, data=data)


# --- by kind of request ---------------------------------------------------------------------------------------------


def judge_api_latency(facts: Mapping[str, Fact], params: Mapping[str, JSON], now: float) -> Judgement:
    """The 99th percentile of the API server's requests in seconds, by resource and verb or scope."""
    if lost := _unmeasured(facts, "latency") or failure(facts, "latency"):
        return lost
    rows: list[Row] = []
    for sample in facts["latency"].answers[0].value:
        labels = sample["labels"]
        words = [str(labels[k]) for k in ("verb", "resource", "subresource", "scope") if labels.get(k)]
        seconds = _number([sample], max)
        if seconds is None:
            continue
        shown = round(seconds, 3)
        text = message("measured.api-row", seconds=shown)
        rows.append(
            Row(" ".join(words) or "?", graded(shown, params), text, value=shown, data={"seconds": shown})
        )
    if not rows:
        return Judgement(Verdict.SKIPPED, message("measured.nobody"))
    slowest = max(rows, key=lambda row: float(row.value or 0))
    data: dict[str, JSON] = {
        "total": len(rows),
        "bad": len(bad(rows)),
        "seconds": slowest.value,
        "worst": slowest.target,
    }
    which = "api-bad" if bad(rows) else "api-ok"
    order = sorted(rows, key=lambda row: -float(row.value or 0))[:100]
    return folded(order, message(f"measured.{which}", **data), value=slowest.value, data=data)
