"""Judge of the connectivity matrix: what kube-ovn-pinger on every node says of pods, nodes, DNS and the API server."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from checks.judges.lists import failure, name, spec
from checks.judges.pernode import bad, folded, leading, nobody, nodes_of, unread
from checks.model import JSON, Fact, Judgement, Row, Verdict
from kb.messages import message

SHOWN = 500
EVERYBODY = "*"
"""The target of pings that are counted together."""


def judge_pinger(facts: Mapping[str, Fact], params: Mapping[str, JSON], now: float) -> Judgement:
    """Lost pings from and to every node, and failures of DNS and the API server as each node saw them.

    Data: `lost` and `sent` pings, `dns` and `api` nodes with failures, `target` that most was lost to, `sources` that
    lost something; table `pairs` ``{source, target, kind, sent, lost}`` of every pair with losses. One bad node is a
    fault of that node; all nodes failing at DNS is a fault of DNS. Lost between pods and not between the same nodes
    is a fault of the tunnel.
    """
    if lost := nobody(facts, "log") or failure(facts, "pods"):
        return lost
    homes = {name(p): str(spec(p).get("nodeName") or "") for p in facts["pods"].items}
    rows: list[Row] = []
    lossy: dict[tuple[str, str, str], list[int]] = {}
    sent = 0
    for at in nodes_of(facts, "log"):
        if answer := at.failed("log"):
            rows.append(unread(at.target, answer))
            continue
        entries = _entries(at.value("log"))
        counts = _counted(entries, homes)
        lossy |= {(at.target, *key): count for key, count in counts.items() if count[1]}
        sent += sum(count[0] for count in counts.values())
        rows.append(_row(at.target, entries, counts, params))
    towards: dict[str, int] = defaultdict(int)
    for (_, target, _), (_, gone) in lossy.items():
        if target != EVERYBODY:
            towards[target] += gone
    for answer in facts["towards"].good if "towards" in facts else ():
        for series in answer.value:
            towards[str(series["labels"].get("target_node_name", ""))] += round(float(series["value"]))
    data: dict[str, JSON] = {
        "total": len(rows),
        "bad": len(bad(rows)),
        "sent": sent,
        "lost": sum(count[1] for count in lossy.values()),
        "pods_lost": sum(count[1] for (_, _, kind), count in lossy.items() if kind == "pod"),
        "nodes_lost": sum(count[1] for (_, _, kind), count in lossy.items() if kind == "node"),
        "sources": len({source for source, _, _ in lossy}),
        "target": max(sorted(towards), key=towards.__getitem__, default=""),
        "dns": sum(bool(row.data.get("dns")) for row in rows),
        "api": sum(bool(row.data.get("api")) for row in rows),
        "worst": leading(rows),
    }
    table = tuple(
        {"source": source, "target": target, "kind": kind, "sent": pings, "lost": gone}
        for (source, target, kind), (pings, gone) in sorted(lossy.items())[:SHOWN]
    )
    which = "bad" if bad(rows) else "ok"
    text = message(f"connectivity.{which}", **data)
    return folded(rows, text, value=data["lost"], data=data, tables={"pairs": table})


def _entries(value: Sequence[Mapping[str, Any]] | Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Lines of a log as they are; numbers of Prometheus, which tells nothing of single targets, in the same form."""
    if not isinstance(value, Mapping):
        return list(value)
    numbers = {str(e["what"]): round(float(e["value"])) for e in value["numbers"]}
    entries: list[Mapping[str, Any]] = [
        {
            "kind": kind,
            "name": EVERYBODY,
            "sent": numbers.get(f"{kind}_sent", 0),
            "lost": numbers.get(f"{kind}_lost", 0),
        }
        for kind in ("pod", "node")
        if f"{kind}_sent" in numbers
    ]
    for key, bad_word in (("dns", "unresolved"), ("api", "unconnected")):
        if numbers.get(key):
            entries.append({bad_word: True})
    return entries


Counts = Mapping[tuple[str, str], list[int]]
"""Sent and lost by target and kind."""


def _counted(entries: Sequence[Mapping[str, Any]], homes: Mapping[str, str]) -> Counts:
    """The pings of one source."""
    found: dict[tuple[str, str], list[int]] = defaultdict(lambda: [0, 0])
    for entry in entries:
        if "kind" not in entry:
            continue
        named = str(entry["name"])
        target = homes.get(named, named) if entry["kind"] == "pod" else named
        count = found[(target, str(entry["kind"]))]
        count[0] += int(entry["sent"])
        count[1] += int(entry["lost"]) if "lost" in entry else _of_rate(entry)
    return found


def _of_rate(entry: Mapping[str, Any]) -> int:
    """Lost pings where an old pinger writes a rate, in percent or a hundredfold of it: what is above 0 is a loss."""
    rate, sent = float(entry["rate"]), int(entry["sent"])
    return min(sent, max(1, round(sent * rate / 100))) if rate > 0 else 0


def _row(
    source: str, entries: Sequence[Mapping[str, Any]], counts: Counts, params: Mapping[str, JSON]
) -> Row:
    sent, gone = (sum(count[i] for count in counts.values()) for i in (0, 1))
    if not sent:
        text = message("connectivity.silent")
        return Row(source, Verdict.UNKNOWN, text, data={"reason": "unparsable"})
    asked = sum("resolved" in e or "unresolved" in e for e in entries)
    dns, api = (sum(key in e for e in entries) for key in ("unresolved", "unconnected"))
    share = 100 * gone / sent
    data: dict[str, JSON] = {
        "sent": sent, "lost": gone, "share": round(share, 1), "dns": dns, "api": api,
        "targets": sum(bool(count[1]) for count in counts.values()), "of": len(counts),
    }  # fmt: skip
    verdict = Verdict.WARN if gone or dns or api else Verdict.OK
    if share > float(params["fail"]) or (asked and dns == asked):
        verdict = Verdict.FAIL
    which = "row-bad" if verdict is not Verdict.OK else "row"
    return Row(source, verdict, message(f"connectivity.{which}", **data), value=gone, data=data)
