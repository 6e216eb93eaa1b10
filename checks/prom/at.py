"""Where Prometheus answers: a Service behind the API server, or a URL; how Services are known for one. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from checks.cluster import Object, Resource
from checks.prom.selecting import matching
from kb.messages import message
from kb.said import BadValue

QUERY_PATH = "/api/v1/query"
EVENTS = Resource("", "v1", "events")
KEPT = ("metadata.labels", "spec.ports", "spec.type")
"""What is read of a Service to know it for Prometheus, as paths for `checks.keep`."""
_SERVICE = re.compile(
    r"(?P<namespace>[a-z0-9]([-a-z0-9]*[a-z0-9])?)/(?:(?P<scheme>https?):)?"
    r"(?P<name>[a-z0-9]([-a-z0-9.]*[a-z0-9])?)(?::(?P<port>[a-z0-9-]+))?(?P<prefix>/[A-Za-z0-9._~/-]*)?"
)
_SIGNS: tuple[tuple[str, frozenset[str]], ...] = (
    ("app.kubernetes.io/name", frozenset({"prometheus", "kube-prometheus-stack-prometheus"})),
    ("operated-prometheus", frozenset({"true"})),
    ("app", frozenset({"kube-prometheus-stack-prometheus", "prometheus", "rancher-monitoring-prometheus"})),
    ("app.kubernetes.io/name", frozenset({"thanos-query", "vmsingle", "victoria-metrics-single"})),
)
"""Labels that Services of Prometheus carry (kube-prometheus, the operator, Helm charts), and of what speaks its API."""
_OTHERS = frozenset(
    {"alertmanager", "node-exporter", "pushgateway", "exporter", "kube-state-metrics", "metrics"}
)
"""Components under the same application label that do not answer queries."""
_PORTS = ("web", "http-web", "http", "http-query", "prometheus")


@dataclass(frozen=True, slots=True)
class PrometheusAt:
    """A Service (`namespace`, `name`, `port`) or a `url`; both empty: it has to be found."""

    namespace: str = ""
    name: str = ""
    port: str = ""
    scheme: str = ""
    prefix: str = ""
    """Path before ``/api/v1``, where it is not served at the root."""
    url: str = ""
    token_file: str = ""
    """File with the bearer token for the URL; read for every query, because tokens change."""
    ca_file: str = ""
    """Certificates that the URL's server is checked against, instead of the system's."""
    match: tuple[tuple[str, str], ...] = ()
    """Labels and values that choose this cluster's series where one Prometheus has those of several."""

    @classmethod
    def service(cls, text: str) -> PrometheusAt:
        """The Service written ``namespace/[https:]name[:port][/prefix]``; raises ValueError."""
        match = _SERVICE.fullmatch(text)
        if not match:
            raise BadValue(message("checks.no-service", text=repr(text)))
        scheme = "https" if match["scheme"] == "https" else ""
        prefix = (match["prefix"] or "").rstrip("/")
        return cls(match["namespace"], match["name"], match["port"] or "", scheme, prefix)

    @property
    def address(self) -> str:
        """The name of the Service as proxy URLs and RBAC rules have it: ``https:prometheus-k8s:web``."""
        return ":".join(part for part in (self.scheme, self.name, self.port) if part)

    @property
    def shown(self) -> str:
        """Where it is and what is chosen there, for people."""
        chosen = ", ".join(matching(label, value) for label, value in self.match)
        return f"{self} {{{chosen}}}" if chosen else str(self)

    def __str__(self) -> str:
        return self.url or f"{self.namespace}/{self.address}{self.prefix}"


def candidates(services: Iterable[Object]) -> tuple[PrometheusAt, ...]:
    """The Services that look like Prometheus, the surest first, then by namespace and name."""
    found = []
    for service in services:
        meta = _mapping(service, "metadata")
        rank = _rank(_mapping(meta, "labels"), str(meta.get("name", "")))
        port = _port(_mapping(service, "spec"))
        if rank is not None and port and _mapping(service, "spec").get("type") != "ExternalName":
            name, scheme = port
            at = PrometheusAt(str(meta.get("namespace", "")), str(meta.get("name", "")), name, scheme)
            found.append((rank, at.namespace, at.name, at))
    return tuple(at for *_, at in sorted(found, key=lambda one: one[:3]))


def _rank(labels: Mapping[str, Any], name: str) -> int | None:
    component = str(labels.get("app.kubernetes.io/component", labels.get("component", "")))
    if component in _OTHERS or any(name.endswith(f"-{other}") for other in _OTHERS):
        return None
    ranks = [rank for rank, (label, values) in enumerate(_SIGNS) if labels.get(label) in values]
    return min(ranks, default=None)


def _port(spec: Mapping[str, Any]) -> tuple[str, str] | None:
    """The port that queries go to, by its name or its number, and the scheme it speaks."""
    ports = spec.get("ports")
    known = [port for port in ports if isinstance(port, Mapping)] if isinstance(ports, list) else []
    if not known:
        return None
    named = {str(port.get("name", "")): port for port in known}
    best = next((named[name] for name in _PORTS if name in named), known[0])
    number, name = best.get("port"), str(best.get("name", ""))
    secure = name.startswith("https") or number == 443 or str(best.get("appProtocol", "")) == "https"
    if not isinstance(number, int) or isinstance(number, bool):
        return None
    return str(number), "https" if secure else ""


def _mapping(value: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    inner = value.get(key)
    return inner if isinstance(inner, Mapping) else {}
