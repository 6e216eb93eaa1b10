"""Judges over Services, their EndpointSlices, and what the API server calls through them: webhooks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from checks.judges.lists import Object, failure, labels, name, namespace, spec, terminating
from checks.judges.pernode import bad, folded, leading
from checks.judges.shapes import split, told
from checks.model import JSON, Fact, Judgement, Row, Verdict
from kb.messages import message

SERVICE = "kubernetes.io/service-name"


def ready_endpoints(slices: Iterable[Object]) -> Counter[tuple[str, str]]:
    """Ready endpoints by namespace and Service; a Service that has a slice and no ready one counts 0."""
    found: Counter[tuple[str, str]] = Counter()
    for piece in slices:
        owner = labels(piece).get(SERVICE)
        if not owner:
            continue
        listed = piece.get("endpoints")
        count = sum(_ready(e) for e in (listed if isinstance(listed, list) else ()))
        found[(namespace(piece), owner)] += count
    return found


def _ready(endpoint: object) -> bool:
    """`ready` left out means ready (discovery.k8s.io/v1)."""
    conditions = endpoint.get("conditions") if isinstance(endpoint, Mapping) else None
    state = conditions.get("ready") if isinstance(conditions, Mapping) else None
    return isinstance(endpoint, Mapping) and state is not False


# --- services -------------------------------------------------------------------------------------------------------


def judge_service_endpoints(facts: Mapping[str, Fact], params: Mapping[str, JSON], now: float) -> Judgement:
    """Services that select pods and have no ready endpoint: connections to them are refused or time out.

    Workloads that were scaled to zero look the same, so single ones warn and only a share of `fail` fails.
    """
    if lost := failure(facts, "services", "slices"):
        return lost
    ready = ready_endpoints(facts["slices"].items)
    known, broken = split(facts["services"].items, "spec")
    services = [s for s in known if _selects(s) and not terminating(s)]
    empty = [s for s in services if not ready[(namespace(s), name(s))]]
    rows = []
    for service in sorted(empty, key=lambda s: (namespace(s), name(s))):
        sliced = (namespace(service), name(service)) in ready
        data: dict[str, JSON] = {
            "namespace": namespace(service),
            "name": name(service),
            "type": str(spec(service).get("type") or "ClusterIP"),
            "address": str(spec(service).get("clusterIP") or ""),
            "sliced": sliced,
        }
        text = message(
            "services.not-ready" if sliced else "services.no-slice", address=data["address"] or "-"
        )
        rows.append(Row(f"{namespace(service)}/{name(service)}", Verdict.WARN, text, data=data))
    counts: dict[str, JSON] = {
        "total": len(services),
        "empty": len(rows),
        "worst": rows[0].target if rows else "",
        "system": sum(row.data["namespace"] == "kube-system" for row in rows),
    }
    verdict = Verdict.WARN if rows else Verdict.OK
    if services and len(rows) >= int(params["least"]) and len(rows) / len(services) >= float(params["fail"]):
        verdict = Verdict.FAIL
    if not services and not broken:
        return Judgement(Verdict.SKIPPED, message("services.none"))
    return told(
        rows,
        broken,
        message("services.empty" if rows else "services.ok", **counts),
        verdict=verdict,
        value=len(rows),
        data=counts,
        tables={"services": tuple(dict(row.data) for row in rows)},
    )


def _selects(service: Object) -> bool:
    return bool(spec(service).get("selector")) and spec(service).get("type") != "ExternalName"


# --- DNS ------------------------------------------------------------------------------------------------------------


def judge_dns_endpoints(facts: Mapping[str, Fact], params: Mapping[str, JSON], now: float) -> Judgement:
    """Ready endpoints of the DNS Service, over all its slices: none fails, fewer than `least` warn."""
    if lost := failure(facts, "slices"):
        return lost
    slices = facts["slices"].items
    # with two IP families every pod stands in a slice of each: the family that has fewer counts
    families: dict[str, list[Object]] = {}
    for piece in slices:
        families.setdefault(str(piece.get("addressType") or ""), []).append(piece)
    counts = {kind: sum(ready_endpoints(mine).values()) for kind, mine in families.items()}
    least = min(counts, key=counts.__getitem__, default="")
    ready = counts.get(least, 0)
    known = sum(len(e) for s in families.get(least, ()) if isinstance(e := s.get("endpoints"), list))
    nodes = {
        str(e.get("nodeName"))
        for s in slices
        for e in (s.get("endpoints") or () if isinstance(s.get("endpoints"), list) else ())
        if _ready(e) and e.get("nodeName")
    }
    data: dict[str, JSON] = {
        "service": params["service"],
        "slices": len(slices),
        "ready": ready,
        "known": known,
        "nodes": len(nodes),
    }
    if not slices:
        return Judgement(Verdict.FAIL, message("services.dns-no-slice", **data), value=0, data=data)
    verdict = Verdict.FAIL if not ready else Verdict.WARN if ready < int(params["least"]) else Verdict.OK
    which = "dns-ok" if verdict is Verdict.OK else "dns-few"
    return Judgement(verdict, message(f"services.{which}", **data), value=ready, data=data)


# --- webhooks -------------------------------------------------------------------------------------------------------


def judge_webhooks(facts: Mapping[str, Fact], params: Mapping[str, JSON], now: float) -> Judgement:
    """Admission webhooks without a ready endpoint: with failurePolicy Fail what they match cannot be written."""
    if lost := failure(facts, "validating", "mutating", "slices"):
        return lost
    ready = ready_endpoints(facts["slices"].items)
    rows = [
        _webhook_row(kind, config, hook, ready)
        for kind in ("validating", "mutating")
        for config in sorted(facts[kind].items, key=name)
        for hook in hooks(config)
    ]
    if not rows:
        return Judgement(Verdict.SKIPPED, message("services.no-webhooks"))
    data: dict[str, JSON] = {
        "total": len(rows),
        "blocking": sum(row.verdict is Verdict.FAIL for row in rows),
        "idle": sum(row.verdict is Verdict.WARN for row in rows),
        "worst": leading(rows),
    }
    which = "webhooks-bad" if bad(rows) else "webhooks-ok"
    return folded(rows, message(f"services.{which}", **data), value=len(bad(rows)), data=data)


def hooks(config: Object) -> Iterator[Mapping[str, Any]]:
    """The webhooks of an admission configuration."""
    found = config.get("webhooks")
    for hook in found if isinstance(found, list) else ():
        if isinstance(hook, Mapping):
            yield hook


def _webhook_row(kind: str, config: Object, hook: Mapping[str, Any], ready: Counter[tuple[str, str]]) -> Row:
    target = f"{name(config)}/{hook.get('name') or '?'}"
    client = hook.get("clientConfig")
    service = client.get("service") if isinstance(client, Mapping) else None
    policy = str(hook.get("failurePolicy") or "Fail")
    data: dict[str, JSON] = {
        "kind": kind,
        "policy": policy,
        "timeout": hook.get("timeoutSeconds") or 10,
        "service": "",
        "ready": None,
    }
    if not isinstance(service, Mapping):
        if isinstance(client, Mapping) and client.get("url"):
            return Row(target, Verdict.OK, message("services.webhook-url"), data=data)
        return Row(
            target, Verdict.UNKNOWN, message("services.webhook-odd"), data={**data, "reason": "unparsable"}
        )
    key = (str(service.get("namespace") or ""), str(service.get("name") or ""))
    data |= {"service": "/".join(key), "ready": ready[key]}
    if ready[key]:
        text = message("services.webhook-row", service=data["service"], ready=ready[key], policy=policy)
        return Row(target, Verdict.OK, text, value=ready[key], data=data)
    which = "webhook-blocks" if policy == "Fail" else "webhook-idle"
    verdict = Verdict.FAIL if policy == "Fail" else Verdict.WARN
    return Row(target, verdict, message(f"services.{which}", service=data["service"]), value=0, data=data)
