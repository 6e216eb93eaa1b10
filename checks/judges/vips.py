"""The judge of Services in OVN: every port of a ClusterIP is a VIP, and its backends are the ready endpoints."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from checks.judges import lists
from checks.judges.wholes import judged, listing, mapping, text_of
from checks.model import JSON, Fact, Judgement, Row, Verdict
from kb.messages import message
from kb.safe import one_line

Facts = Mapping[str, Fact]
Params = Mapping[str, JSON]
SERVICE_LABEL = "kubernetes.io/service-name"
_OURS = ("cluster-", "vpc-")
"""How the names of the load balancers of Kube-OVN begin."""


@dataclass(slots=True)
class Balancers:
    """What the load balancers of OVN hold, by protocol and ``address:port``."""

    vips: dict[tuple[str, str], set[str]] = field(default_factory=dict)
    clusters: list[str] = field(default_factory=list)
    """VIPs of the load balancers of the default VPC."""
    ours: int = 0

    def backends(self, protocol: str, vip: str) -> set[str] | None:
        """The backends of a VIP; None where there is no such VIP."""
        found = [self.vips[key] for key in ((protocol, vip), ("", vip)) if key in self.vips]
        return set().union(*found) if found else None


def balancers_of(rows: Iterable[Mapping[str, Any]]) -> Balancers:
    """Load balancers from rows of name and vips (``VIP=BACKEND,… VIP=…``, as ``--data=bare`` prints a map)."""
    found = Balancers()
    for row in rows:
        name = str(row.get("name", ""))
        found.ours += name.startswith(_OURS)
        protocol = next((p for p in ("tcp", "udp", "sctp") if f"-{p}-" in name), "")
        for word in str(row.get("vips") or "").split():
            vip, _, backends = word.partition("=")
            held = {part for part in backends.split(",") if part}
            found.vips.setdefault((protocol, vip), set()).update(held)
            if name.startswith("cluster-"):
                found.clusters.append(vip)
    return found


def judge_service_vips(facts: Facts, params: Params, now: float) -> Judgement:
    """Services against the load balancers of OVN.

    Data: ``services``, ``vips``, ``missing``, ``wrong``, ``stale`` (VIPs of no Service).
    """
    lost = lists.failure(facts, "services", "slices", "balancers")
    if lost:
        return lost
    held = balancers_of(mapping(row) for row in listing(facts["balancers"].answers[0].value))
    services = [service for service in facts["services"].items if _addresses(service)]
    data: dict[str, JSON] = {"services": len(services), "vips": len(held.vips)}
    if not held.ours:
        return Judgement(Verdict.SKIPPED, message("vips.off"), data=data)
    endpoints = _endpoints(facts["slices"].items)
    settle = float(params["settle"])
    rows: list[Row] = []
    for service in services:
        born = lists.created(service)
        if not lists.terminating(service) and (born is None or now - born >= settle):
            key = (lists.namespace(service), lists.name(service))
            rows += _service_rows(service, endpoints.get(key, {}), held)
    rows += _stale(facts["services"].items, held)
    kinds = [row.data.get("kind") for row in rows]
    data |= {kind: kinds.count(kind) for kind in ("missing", "wrong", "stale")}
    if not rows:
        rows = [Row("OVN", Verdict.OK, message("vips.row", count=len(services)))] if services else []
    return judged(
        rows,
        well=message("vips.ok", count=len(services)),
        wrong=message("vips.bad"),
        none=message("vips.none"),
        data=data,
    )


def _addresses(service: lists.Object) -> list[str]:
    """The ClusterIPs of a Service; a headless or external one has none."""
    spec = lists.spec(service)
    if spec.get("type") == "ExternalName":
        return []
    several = [text_of(a) for a in listing(spec.get("clusterIPs"))] or [text_of(spec.get("clusterIP"))]
    return [address for address in several if address and address != "None"]


def joined(address: str, port: Any) -> str:
    """``address:port`` as OVN writes it, IPv6 in brackets."""
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"


Endpoints = dict[tuple[str, str], dict[tuple[str, str], set[str]]]


def _endpoints(slices: Iterable[lists.Object]) -> Endpoints:
    """Ready endpoints by Service, then by name and protocol of the port."""
    found: Endpoints = {}
    for piece in slices:
        if piece.get("addressType") == "FQDN":
            continue  # names are nothing that OVN can balance to
        service = text_of(mapping(lists.meta(piece).get("labels")).get(SERVICE_LABEL))
        ports = found.setdefault((lists.namespace(piece), service), {})
        ready = [
            str(address)
            for endpoint in listing(piece.get("endpoints"))
            # Unset means ready (discovery.k8s.io/v1, EndpointConditions).
            if mapping(mapping(endpoint).get("conditions")).get("ready") is not False
            for address in listing(mapping(endpoint).get("addresses"))
        ]
        for port in listing(piece.get("ports")):
            key = (text_of(mapping(port).get("name")), str(mapping(port).get("protocol") or "TCP").lower())
            number = mapping(port).get("port")
            ports.setdefault(key, set()).update(joined(address, number) for address in ready)
    return found


def _service_rows(
    service: lists.Object, endpoints: Mapping[tuple[str, str], set[str]], held: Balancers
) -> Iterable[Row]:
    name = f"{lists.namespace(service)}/{lists.name(service)}"
    for port in listing(lists.spec(service).get("ports")):
        protocol = str(mapping(port).get("protocol") or "TCP").lower()
        wanted = endpoints.get((text_of(mapping(port).get("name")), protocol), set())
        for address in _addresses(service):
            family = {backend for backend in wanted if backend.startswith("[") == (":" in address)}
            vip = joined(address, mapping(port).get("port"))
            row = _vip_row(f"{name} {protocol}/{vip}", family, held.backends(protocol, vip))
            if row:
                yield row


def _vip_row(target: str, wanted: set[str], have: set[str] | None) -> Row | None:
    """What is wrong with one VIP; a Service without ready endpoints is nothing that OVN could serve."""
    if have is None:
        if not wanted:
            return None
        text = message("vips.missing", backends=_few(wanted))
        return Row(target, Verdict.FAIL, text, data={"kind": "missing"})
    lacking, surplus = wanted - have, have - wanted
    if not lacking and not surplus:
        return None
    text = message("vips.wrong", lacking=_few(lacking), surplus=_few(surplus))
    verdict = Verdict.FAIL if surplus and not have & wanted else Verdict.WARN
    return Row(target, verdict, text, data={"kind": "wrong"})


def _few(backends: set[str]) -> str:
    shown = sorted(backends)[:4]
    return one_line(", ".join(shown) + (f" … ({len(backends)})" if len(backends) > 4 else ""), 200) or "-"


def _stale(services: Iterable[lists.Object], held: Balancers) -> Iterable[Row]:
    """VIPs of the default VPC that no Service has (any address written down in one counts)."""
    known: set[str] = set()
    for service in services:
        spec, status = lists.spec(service), lists.status(service)
        known.update(_addresses(service))
        known.update(str(a) for a in listing(spec.get("externalIPs")))
        known.add(text_of(spec.get("loadBalancerIP")))
        ingress = listing(mapping(status.get("loadBalancer")).get("ingress"))
        known.update(text_of(mapping(entry).get("ip")) for entry in ingress)
        notes = mapping(lists.meta(service).get("annotations")).values()
        known.update(part.strip() for note in notes for part in str(note).split(",") if len(str(note)) < 200)
    for vip in dict.fromkeys(held.clusters):
        address = vip.rpartition(":")[0].strip("[]")
        if address and address not in known:
            yield Row(one_line(vip, 80), Verdict.WARN, message("vips.stale"), data={"kind": "stale"})
