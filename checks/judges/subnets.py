"""Judges over the numbers of Subnets: capacity, the recount of objects, and the range the controller remembers.

Pure functions of the lists; what a number counts follows the release, see `checks.judges.counting`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from checks.judges import addresses
from checks.judges.counting import Shelf
from checks.judges.lists import (
    Object,
    failure,
    name,
    number,
    spec,
    status,
    terminating,
)
from checks.judges.versions import Version, running_versions, show_version
from checks.model import JSON, Fact, Judgement, Row, Verdict, worst
from kb.messages import message
from kb.text import Text

# --- capacity -------------------------------------------------------------------------------------------------------


def judge_subnet_capacity(facts: Mapping[str, Fact], params: Mapping[str, JSON], now: float) -> Judgement:
    """Used addresses against what the CIDR can give; above it fails, none left fails, few left warns."""
    if bad := failure(facts, "subnets"):
        return bad
    rows: list[Row] = []
    table: list[dict[str, JSON]] = []
    for subnet in facts["subnets"].items:
        for family in (4, 6):
            row = _capacity_row(subnet, family, float(params.get("low_percent", 5)))
            if row is not None:
                rows.append(row)
                table.append(dict(row.data))
    over = [r for r in table if r.get("over")]
    full = [r for r in table if r.get("full")]
    low = [r for r in table if r.get("low")]
    highest = max((int(r["percent"]) for r in table if r.get("percent") is not None), default=0)
    unread = sum(row.verdict == Verdict.UNKNOWN for row in rows)
    if over:
        first = over[0]
        text = message("ipam.capacity-over", count=len(over), **_brief(first))
    elif full:
        text = message("ipam.capacity-full", count=len(full), **_brief(full[0]))
    elif low:
        text = message("ipam.capacity-low", count=len(low), **_brief(low[0]))
    elif unread:
        text = message("ipam.capacity-unread", count=unread, total=len(rows))
    else:
        text = message("ipam.capacity-ok", total=len(rows), percent=highest)
    verdict = worst(tuple(row.verdict for row in rows))
    return Judgement(
        verdict,
        text,
        value=highest,
        reason="unparsable" if verdict == Verdict.UNKNOWN else "",
        data={"over": len(over), "full": len(full), "low": len(low), "highest_percent": highest},
        tables={"subnets": tuple(table), "over": tuple(over), "full": tuple(full)},
        rows=tuple(rows),
    )


def _brief(row: Mapping[str, JSON]) -> dict[str, Any]:
    return {key: row[key] for key in ("name", "using", "capacity", "available")}


def _capacity_row(subnet: Object, family: int, low_percent: float) -> Row | None:
    target = name(subnet)
    try:
        room = addresses.capacity(spec(subnet), family)
    except ValueError as error:
        text = message("ipam.subnet-unparsable", name=target, why=str(error))
        return Row(target, Verdict.UNKNOWN, text, data={"name": target}) if family == 4 else None
    if room is None:
        return None
    using = number(status(subnet).get(f"v{family}usingIPs"))
    available = number(status(subnet).get(f"v{family}availableIPs"))
    data: dict[str, JSON] = {
        "name": target,
        "family": family,
        "cidr": str(addresses.networks(str(spec(subnet).get("cidrBlock", "")))[family]),
        "capacity": room,
        "using": using,
        "available": available,
        "percent": None,
    }
    if using is None or available is None:
        return Row(target, Verdict.UNKNOWN, message("ipam.no-status", name=target), data=data)
    percent = 100 if room == 0 else using * 100 // room
    over = using > room
    full = not over and available == 0 and room > 0
    low = not over and not full and room > 0 and (room - using) * 100 < room * low_percent
    data |= {"percent": percent, "over": over, "full": full, "low": low}
    verdict = Verdict.FAIL if over or full else Verdict.WARN if low else Verdict.OK
    text = message("ipam.capacity-row", using=using, capacity=room, available=available)
    return Row(target, verdict, text, value=using, data=data)


# --- recount --------------------------------------------------------------------------------------------------------


def version_of(facts: Mapping[str, Fact]) -> Version | None:
    """The one Kube-OVN version that runs; None where none or several can be read."""
    versions = running_versions(facts["cni_pods"].items) if "cni_pods" in facts else ()
    return versions[0] if len(versions) == 1 else None


def judge_subnet_recount(facts: Mapping[str, Fact], params: Mapping[str, JSON], now: float) -> Judgement:
    """The status counter of every Subnet against the objects that stand for it; a difference is a stale status."""
    if bad := failure(facts, "subnets", "ips", "vips", "eips", "ovn_eips"):
        return bad
    version, shelf = version_of(facts), Shelf(facts)
    settle = float(params.get("settle", 60))
    rows = tuple(_recount_row(subnet, shelf, version, now, settle) for subnet in facts["subnets"].items)
    table = tuple(dict(row.data) for row in rows)
    stale = [r for r in table if r.get("stale") and not r["terminating"]]
    leaving = [r for r in table if r.get("stale") and r["terminating"]]
    more = [r for r in stale if int(r["status"]) > int(r["counted"])]
    verdict = worst(tuple(row.verdict for row in rows))
    shown = show_version(version) if version else "?"
    if bad_rows := [*stale, *leaving]:
        first = bad_rows[0]
        text = message(
            "ipam.recount-stale",
            count=len(bad_rows),
            name=first["name"],
            status=first["status"],
            counted=first["counted"],
        )
    elif verdict == Verdict.UNKNOWN:
        text = message("ipam.recount-unknown", version=shown)
    else:
        text = message("ipam.recount-ok", total=len(rows))
    return Judgement(
        verdict,
        text,
        value=len(stale) + len(leaving),
        reason="unparsable" if verdict == Verdict.UNKNOWN else "",
        remedy=message("ipam.recount-remedy") if verdict == Verdict.UNKNOWN else Text(),
        data={
            "stale": len(stale),
            "stale_high": len(more),
            "stale_terminating": len(leaving),
            "version": shown,
        },
        tables={"subnets": table, "stale": tuple(stale)},
        rows=rows,
    )


def _recount_row(subnet: Object, shelf: Shelf, version: Version | None, now: float, settle: float) -> Row:
    target = name(subnet)
    family = 6 if spec(subnet).get("protocol") == "IPv6" else 4
    using = number(status(subnet).get(f"v{family}usingIPs"))
    data: dict[str, JSON] = {"name": target, "status": using, "terminating": terminating(subnet)}
    try:
        counted = shelf.counted(subnet, now, settle)
    except ValueError as error:
        text = message("ipam.subnet-unparsable", name=target, why=str(error))
        return Row(target, Verdict.UNKNOWN, text, data=data)
    totals = counted.totals(subnet, version)
    data |= {
        "counted": max(totals),
        "ips": counted.ips,
        "excluded": counted.excluded,
        "vips": counted.vips,
        "eips": counted.eips,
        "ovn_eips": counted.ovn_eips,
        "young": counted.young,
    }
    if using is None:
        return Row(target, Verdict.UNKNOWN, message("ipam.no-status", name=target), data=data)
    fits = any(total - counted.young <= using <= total for total in totals)
    verdict = Verdict.OK if fits else Verdict.FAIL
    # Between the rules of unknown versions a number that fits one of them proves nothing.
    if fits and version is None and len(totals) > 1:
        verdict = Verdict.UNKNOWN
    data |= {"stale": not fits}
    return Row(target, verdict, message("ipam.recount-row", **data), value=using, data=data)


# --- range ----------------------------------------------------------------------------------------------------------


def judge_subnet_range(facts: Mapping[str, Fact], params: Mapping[str, JSON], now: float) -> Judgement:
    """The used range in the status (from 1.12) against the used number: more addresses were forgotten in memory."""
    if bad := failure(facts, "subnets"):
        return bad
    nothing = {"larger": 0, "smaller": 0, "empty": 0}
    subnets = [s for s in facts["subnets"].items if _has_range(s)]
    if not subnets:
        return Judgement(Verdict.SKIPPED, message("ipam.range-skipped"), data=nothing)
    rows = tuple(row for subnet in subnets for row in _range_rows(subnet))
    kinds = {kind: sum(row.data.get("kind") == kind for row in rows) for kind in nothing}
    verdict = worst(tuple(row.verdict for row in rows))
    bad_rows = [row for row in rows if row.verdict in (Verdict.FAIL, Verdict.WARN)]
    if bad_rows:
        text = message("ipam.range-bad", count=len(bad_rows), name=bad_rows[0].target, **_pair(bad_rows[0]))
    elif verdict == Verdict.UNKNOWN:
        text = message("ipam.range-unparsable")
    else:
        text = message("ipam.range-ok", total=len(rows))
    return Judgement(
        verdict,
        text,
        value=len(bad_rows),
        reason="unparsable" if verdict == Verdict.UNKNOWN else "",
        data=kinds,
        rows=rows,
    )


def _pair(row: Row) -> dict[str, Any]:
    return {"ranged": row.data["ranged"], "using": row.data["using"]}


def _has_range(subnet: Object) -> bool:
    return any(f"v{family}usingIPrange" in status(subnet) for family in (4, 6))


def _range_rows(subnet: Object) -> Iterable[Row]:
    target = name(subnet)
    for family in (4, 6):
        using = number(status(subnet).get(f"v{family}usingIPs"))
        text = status(subnet).get(f"v{family}usingIPrange")
        try:
            if (
                using is None
                or text is None
                or family not in addresses.networks(str(spec(subnet)["cidrBlock"]))
            ):
                continue
            ranged = addresses.range_count(str(text))
        except (ValueError, KeyError) as error:
            yield Row(
                target,
                Verdict.UNKNOWN,
                message("ipam.subnet-unparsable", name=target, why=str(error)),
                data={},
            )
            continue
        kind = (
            "empty"
            if using and not ranged
            else "larger"
            if ranged > using
            else "smaller"
            if ranged < using
            else ""
        )
        verdict = Verdict.FAIL if kind == "empty" else Verdict.WARN if kind else Verdict.OK
        data = {"name": target, "ranged": ranged, "using": using, "kind": kind}
        yield Row(
            target, verdict, message("ipam.range-row", ranged=ranged, using=using), value=ranged, data=data
        )
